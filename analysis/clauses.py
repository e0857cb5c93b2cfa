"""Noun phrases, subjects and verb groups, read off closed-class words, capitals and punctuation; no parser, no tagger.

Word order stands in for grammar, so an unknown verb ("lawyers caution") is read as a noun and inverted or elliptic
clauses are missed. A phrase is a pair of token indices, end exclusive. Every walk is bounded: reading is linear.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from analysis.lexicons import Hit, load_lexicon
from analysis.model import Entry
from analysis.text import Quotation, Sentence

LONGEST = 40  # tokens; the longest source that the walks look for, appositions included
NEAR = 25  # tokens between a cue and its content: addressee, time, place
NOMINAL = {"name", "word", "number", "determiner", "possessive", "genitive", "plural"}
GLUE = {"&", "-", "#", "$", "%", "(", ")"}  # marks that may stand inside a source
LINKS = {"of", "for", "from", "at", "in", "on", "with", "to", "by"}  # prepositions that may, and that end its head
DOUBTING = {"so-called", "supposed", "ostensible", "alleged"}  # before a quoted phrase: the author's scare quote
ADDRESSED = {"tell", "ask", "remind", "warn", "assure", "inform", "convince", "notify", "persuade", "advise"}

Phrase = tuple[int, int]


class Reading(NamedTuple):
    """A sentence as the patterns see it: folded forms, kinds, and the outermost quotation each token is in, or -1."""

    sentence: Sentence
    raw: str
    forms: tuple[str, ...]
    kinds: tuple[str, ...]
    quoted: tuple[int, ...]

    def kind(self, at: int) -> str:
        """Kind of a token: a closed class, name, number, verb (a cue), adverb, mark, word; "edge" outside."""
        return self.kinds[at] if 0 <= at < len(self.kinds) else "edge"

    def form(self, at: int) -> str:
        """Folded form of a token; empty outside the sentence."""
        return self.forms[at] if 0 <= at < len(self.forms) else ""

    def offsets(self, phrase: Phrase) -> tuple[int, int]:
        """Raw offsets of a phrase."""
        return self.sentence.tokens[phrase[0]].start, self.sentence.tokens[phrase[1] - 1].end

    def find(self, forms: Iterable[str], start: int, end: int) -> int | None:
        """The first token from start to end, outside quotations, that is one of the forms."""
        inside = range(max(start, 0), min(end, len(self.forms)))
        return next((i for i in inside if self.forms[i] in forms and self.quoted[i] < 0), None)


@cache
def closed_class() -> Mapping[str, Entry]:
    """Closed-class words from `data/lexicons/function_words.csv`: label is the class, head the first of its group."""
    return {" ".join(form): entry for form, entry in load_lexicon("function_words").entries.items()}


@cache
def _nouns() -> Mapping[str, str]:
    lists = map(load_lexicon, ("source_types", "source_roles"))
    return {form[0]: entry.label for words in lists for form, entry in words.entries.items() if len(form) == 1}


def is_noun(form: str, label: str = "") -> bool:
    """Whether a word stands in the lists of bodies, documents and persons, under the label if one is given."""
    return form in _nouns() and _nouns()[form].startswith(label)


def read(raw: str, sentence: Sentence, outer: Sequence[Quotation], verbs: frozenset[int]) -> Reading:
    """Kinds and quotations of a sentence's tokens; `verbs` are the indices that may be cues, `outer` all quotations."""
    quoted, kinds = [], []
    at = max(bisect_right(outer, (sentence.start,)) - 1, 0)
    for i, token in enumerate(sentence.tokens):
        while at < len(outer) and outer[at].end <= token.start:
            at += 1
        quoted.append(at if at < len(outer) and outer[at].start <= token.start else -1)
        before = kinds[-1] if kinds else "edge"
        kinds.append(_kind(token.form, raw[token.start].isupper(), before, i in verbs))
    return Reading(sentence, raw, tuple(t.form for t in sentence.tokens), tuple(kinds), tuple(quoted))


def _kind(form: str, capital: bool, before: str, verb: bool) -> str:
    entry = closed_class().get(form.rstrip("."))
    label = entry.label if entry else ""
    if form in ("'s", "'"):
        return "genitive" if before in NOMINAL else "auxiliary" if form == "'s" else "mark"
    if not any(map(str.isalnum, form)):
        return "mark"
    if capital and before not in ("edge", "mark") and label not in ("time", "subject", "determiner"):
        return "name"
    if label:
        return label
    if capital and not (verb and before == "edge"):
        return "name"
    if verb and not is_noun(form):
        return "verb"
    adverb = form.endswith("ly") and len(form) > 5 and not is_noun(form)
    return "number" if form[0].isdigit() else "adverb" if adverb else "word"


def helpers(reading: Reading, verb: int) -> tuple[int, set[str]]:
    """Where the auxiliaries, adverbs and "to" before a verb begin, and the heads of these auxiliaries."""
    at = verb
    while reading.kind(at - 1) in ("auxiliary", "adverb") or reading.form(at - 1) == "to":
        at -= 1
    return at, {closed_class()[form].head for form in reading.forms[at:verb] if form in closed_class()}


def form_of(reading: Reading, hit: Hit) -> str:
    """Form of a verb hit: "base", "s", "ing" or "past"."""
    form = reading.forms[hit.first]
    if form.endswith("ing"):
        return "ing"
    return "base" if form == hit.head.split()[0] else "s" if form.endswith("s") else "past"


def phrase_before(reading: Reading, end: int, floor: int = 0) -> Phrase | None:
    """The noun phrase that ends at `end`: back to the word that can only begin one, or to what cannot be in one."""
    at = end
    while at > max(floor, end - LONGEST) and _inside(reading, at - 1, end):
        at -= 1
    while at < end and reading.kinds[at] in ("preposition", "conjunction", "adverb", "time", "mark"):
        at += 1
        if reading.kinds[at - 1] == "preposition" and reading.forms[at - 1] != "with":
            at = _second_phrase(reading, at, end)  # "In a speech Miller said": the subject comes after "a speech"
    for start in range(end - 1, at, -1):
        after = reading.kinds[start - 1] in ("preposition", "conjunction", "genitive", "determiner", "mark")
        if reading.kinds[start] in ("determiner", "possessive") and not after:
            at = start
            break
    return (at, end) if {"name", "word", "plural"} & {*reading.kinds[at:end]} else None


def _inside(reading: Reading, at: int, end: int) -> bool:
    kind, form = reading.kinds[at], reading.forms[at]
    if form == "and":
        around = reading.kind(at - 1), reading.kind(at + 1)
        return around in (("name", "name"), ("name", "determiner"), ("word", "word"))
    return kind in NOMINAL or form in GLUE or (form in LINKS and at + 1 < end)


def _second_phrase(reading: Reading, at: int, end: int) -> int:
    """Start of the last phrase in a stretch that begins with another one: a name, a determiner, or a bare plural."""
    names = end
    while names > at and reading.kinds[names - 1] == "name":
        names -= 1
    if at < names < end and reading.kinds[names - 1] in ("word", "time", "number", "mark"):
        return names
    for start in range(end - 1, at, -1):
        if reading.kinds[start] == "determiner" and reading.kinds[start - 1] not in ("preposition", "determiner"):
            return start
    return end - 1 if at < end - 1 and reading.kinds[end - 1] == "word" and reading.forms[end - 1][-1] == "s" else end


def subject_before(reading: Reading, verb: int) -> Phrase | None:
    """The subject of the verb group that begins at `verb`: a pronoun, a noun phrase, or one with its apposition."""
    last = verb - 1
    alone = reading.kind(last) == "determiner" and closed_class()[reading.form(last)].head in ("some", "another")
    if alone or reading.kind(last) in ("subject", "relative"):
        return (last, verb)
    if reading.form(last) not in (",", ")"):
        return phrase_before(reading, verb)
    at = last - 1
    for _ in range(4):  # "Cory Miller, 22, of Flint, said": appositions in turn, leftward
        while at > 0 and reading.forms[at] not in (",", "(", ";", ":", "--") and last - at < LONGEST:
            at -= 1
        if at <= 0 or reading.forms[at] not in (",", "("):
            return None
        head = phrase_before(reading, at)
        opens = head and reading.kinds[head[0]] in ("name", "determiner", "possessive")
        if head and opens and reading.kind(head[0] - 1) != "preposition":
            describes = reading.kind(at + 1) in NOMINAL - {"number"} or reading.forms[at] == "("
            return (head[0], last + (reading.forms[last] == ")") if describes else at)
        at -= 1
    return None


def phrase_after(reading: Reading, at: int) -> Phrase | None:
    """The noun phrase that begins at `at`, with its apposition; a pronoun is one by itself."""
    if reading.kind(at) in ("subject", "object"):
        return (at, at + 1)
    end = _phrase_end(reading, at, at + LONGEST)
    return (at, apposition(reading, end)) if {"name", "word", "plural"} & {*reading.kinds[at:end]} else None


def _phrase_end(reading: Reading, first: int, limit: int) -> int:
    end = first
    while end < limit and _continues(reading, end):
        end += 1
    while end > first and reading.kinds[end - 1] in ("preposition", "conjunction", "determiner", "adverb"):
        end -= 1
    return end


def _continues(reading: Reading, at: int) -> bool:
    form, after = reading.form(at), reading.kind(at + 1)
    if form == "and":
        return after in ("name", "determiner", "word", "possessive")
    joined = (form in LINKS and after in NOMINAL) or (reading.kind(at) == "adverb" and after == "word")
    return joined or reading.kind(at) in NOMINAL or form in GLUE


def apposition(reading: Reading, comma: int) -> int:
    """Index after an apposition that begins at the comma: it names or describes, and has no verb; else the comma."""
    if reading.form(comma) != "," or reading.kind(comma + 1) not in ("determiner", "possessive", "word", "number"):
        return comma
    end = _phrase_end(reading, comma + 1, comma + 16)
    return end if reading.form(end) in (",", ".", "") and end > comma + 2 else comma


def opening_subject(reading: Reading) -> Phrase | None:
    """The subject of a sentence's first clause, past an adverbial opening that a comma closes ("On Monday, ...")."""
    at = 0
    while reading.kind(at) in ("mark", "conjunction", "adverb") and reading.quoted[at] < 0:
        at += 1
    if reading.kind(at) in ("preposition", "time") or reading.form(at).endswith("ing"):
        at = (reading.find((",",), at, at + LONGEST) or len(reading.forms)) + 1
    if reading.kind(at) == "subject":
        return (at, at + 1)
    if reading.kind(at) == "edge" or reading.quoted[at] >= 0:
        return None
    limit = next((i for i in range(at + 1, min(at + LONGEST, len(reading.forms))) if _verbal(reading, i)), at + LONGEST)
    end = _phrase_end(reading, at, limit)
    return (at, apposition(reading, end)) if end > at else None


def _verbal(reading: Reading, at: int) -> bool:
    """A lower-case word that is likelier the verb: after a name, or with the ending of a past tense."""
    likely = reading.kinds[at - 1] == "name" and not is_noun(reading.forms[at])
    return reading.kinds[at] == "word" and (likely or reading.forms[at].endswith("ed"))


def active(reading: Reading, hit: Hit) -> tuple[int, Phrase] | None:
    """Start of the verb group and the subject of a cue that is an active finite verb; None where it is none."""
    group, auxiliaries = helpers(reading, hit.first)
    subject = subject_before(reading, group)
    if not subject or "to" in auxiliaries or reading.form(hit.last) == "by":
        return None
    if form_of(reading, hit) == "ing":  # finite after a form of be; "with users asking" has a subject as well
        return (group, subject) if "be" in auxiliaries or reading.form(subject[0] - 1) == "with" else None
    return (group, subject) if "be" not in auxiliaries else None


def agrees(reading: Reading, hit: Hit, subject: Phrase, start: int) -> bool:
    """Whether a form that may also be a noun is the verb of this subject: number agrees and content can begin."""
    form, (_, auxiliaries) = form_of(reading, hit), helpers(reading, hit.first)
    head = (reading.find(LINKS | {"who", ",", "("}, subject[0] + 1, subject[1]) or subject[1]) - 1
    noun, kind = reading.forms[head], reading.kinds[head]
    group = closed_class()[noun].head if noun in closed_class() else ""
    if form in ("past", "ing"):
        return True
    if form == "base" and not auxiliaries & {"do", "will"}:
        bare = reading.kinds[subject[0]] == "determiner" and subject[1] - subject[0] == 2 and not is_noun(noun)
        several = kind in ("plural", "relative") or group in ("they", "some") or "and" in reading.forms[slice(*subject)]
        if not several and (bare or not noun.endswith("s")):
            return False
    if form == "s" and (noun == "they" or (kind == "word" and noun.endswith("s"))):
        return False
    if kind in ("subject", "relative"):
        return True
    if form == "s" and is_noun(reading.forms[hit.first]):  # reports, notes: the noun unless that or a mark follows
        opens = reading.form(start) in ("that", ":") or reading.kind(start) == "subject"
        return opens or reading.quoted[start] >= 0
    return opens_clause(reading, start)


def opens_clause(reading: Reading, at: int) -> bool:
    """Whether a reported clause, a quotation or an object can begin at the token."""
    kinds = ("subject", "determiner", "possessive", "name", "relative", "conjunction", "object", "number", "plural")
    form = reading.form(at)
    return (
        reading.kind(at) in kinds
        or form.endswith("ing")
        or form == ":"
        or max(reading.quoted[at : at + 1], default=-1) >= 0
    )


def content_start(reading: Reading, hit: Hit) -> int | None:
    """Token where the content begins behind a cue, past an addressee, a time or a place; None where there is none."""
    at, end = hit.last, len(reading.forms)
    scare = reading.form(at) in DOUBTING and max(reading.quoted[at + 1 : at + 2], default=-1) >= 0
    if at >= end or scare or reading.forms[at] in (".", ";", ")"):
        return None
    if hit.lexicon == "cues_object" or reading.forms[at] in (":", "that") or reading.quoted[at] >= 0:
        return at
    if hit.head in ADDRESSED or reading.kinds[at] in ("preposition", "time", "adverb"):
        for i in range(at, min(at + NEAR, end)):
            pronoun = reading.kinds[i] == "subject" and i > at
            if pronoun or reading.forms[i] in ("that", ":") or reading.quoted[i] >= 0:
                return i
            if reading.forms[i] == ";":
                break
        if hit.head == "tell":
            at += 1
            while at < end - 1 and reading.kinds[at] == "name":
                at += 1
        while at < end - 1 and reading.kinds[at] in ("time", "number"):
            at += 1
    if reading.forms[at] == ",":
        return at + 1 if at + 1 < end and reading.quoted[at + 1] >= 0 else None
    return at
