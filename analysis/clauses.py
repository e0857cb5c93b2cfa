"""Noun phrases and clause boundaries, read off closed-class words, capitals and punctuation; no parser, no tagger.

A phrase is a pair of token indices, end exclusive. Every walk is bounded by `LONGEST` tokens, so reading is linear.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from analysis.lexicons import load_lexicon
from analysis.text import Quotation, Sentence

LONGEST = 40  # tokens; the longest source phrase that the walks look for, appositions included
NOMINAL = {"name", "word", "number", "determiner", "possessive", "genitive"}
LINKS = {"of", "for", "from", "at", "in", "on", "with", "to"}  # prepositions that may stand inside a source's name

Phrase = tuple[int, int]


class Reading(NamedTuple):
    """A sentence as the patterns see it: folded forms, the kind of each token, the outermost quotation it is in (-1)."""

    sentence: Sentence
    raw: str
    forms: tuple[str, ...]
    kinds: tuple[str, ...]
    quoted: tuple[int, ...]

    def kind(self, at: int) -> str:
        """Kind of a token; "edge" outside the sentence."""
        return self.kinds[at] if 0 <= at < len(self.kinds) else "edge"

    def form(self, at: int) -> str:
        """Folded form of a token; empty outside the sentence."""
        return self.forms[at] if 0 <= at < len(self.forms) else ""

    def offsets(self, phrase: Phrase) -> tuple[int, int]:
        """Raw offsets of a phrase."""
        return self.sentence.tokens[phrase[0]].start, self.sentence.tokens[phrase[1] - 1].end


@cache
def closed_class() -> Mapping[str, str]:
    """Closed-class words and their class, from `data/lexicons/function_words.csv`."""
    return {" ".join(form): entry.label for form, entry in load_lexicon("function_words").entries.items()}


def read(raw: str, sentence: Sentence, quotations: Sequence[Quotation], verbs: frozenset[int]) -> Reading:
    """Give each token its kind; `verbs` are the indices of the tokens that may be cues."""
    quoted = [-1] * len(sentence.tokens)
    at = 0
    for i, token in enumerate(sentence.tokens):
        while at < len(quotations) and quotations[at].end <= token.start:
            at += 1
        if at < len(quotations) and quotations[at].start <= token.start:
            quoted[i] = at
    kinds: list[str] = []
    for i, token in enumerate(sentence.tokens):
        kinds.append(_kind(token.form, raw[token.start].isupper(), kinds[-1] if kinds else "edge", i in verbs))
    return Reading(sentence, raw, tuple(t.form for t in sentence.tokens), tuple(kinds), tuple(quoted))


def _kind(form: str, capital: bool, before: str, verb: bool) -> str:
    label = closed_class().get(form.rstrip("."), "")
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
    if verb:
        return "verb"
    if form[0].isdigit():
        return "number"
    return "adverb" if form.endswith("ly") and len(form) > 5 else "word"


def verb_group(reading: Reading, at: int) -> int:
    """Index where the auxiliaries and adverbs before a verb begin."""
    while reading.kind(at - 1) in ("auxiliary", "adverb") or (reading.form(at - 1) == "to"):
        at -= 1
    return at


def phrase_before(reading: Reading, end: int, floor: int) -> Phrase | None:
    """The noun phrase that ends at `end`: back to the word that can only begin one, or to what cannot be in one."""
    at = end
    while at > max(floor, end - LONGEST) and _inside(reading, at - 1, end):
        at -= 1
    while at < end and (reading.kinds[at] in ("preposition", "conjunction", "adverb", "time", "mark")):
        led_in = reading.kinds[at] == "preposition"
        at += 1
        if led_in:  # "In a speech Trump": the phrase after a preposition that opens the clause is not the subject
            at = _second_phrase(reading, at, end)
    for start in range(end - 1, at, -1):
        opens = reading.kinds[start] in ("determiner", "possessive")
        if opens and reading.kinds[start - 1] not in ("preposition", "conjunction", "genitive", "determiner", "mark"):
            at = start
            break
    return (
        (at, end)
        if at < end and any(reading.kinds[i] in ("name", "word", "determiner") for i in range(at, end))
        else None
    )


def _inside(reading: Reading, at: int, end: int) -> bool:
    kind, form = reading.kinds[at], reading.forms[at]
    if kind in NOMINAL or (kind == "mark" and form in ("&", "-", "#", "$", "%")):
        return True
    if kind == "preposition":
        return form in LINKS and at + 1 < end
    if form == "and":
        return (
            reading.kind(at + 1) in ("name", "determiner")
            and reading.kind(at - 1) == "name"
            or (reading.kind(at + 1) == "word" and reading.kind(at - 1) == "word")
        )
    return False


def _second_phrase(reading: Reading, at: int, end: int) -> int:
    names = end
    while names > at and reading.kinds[names - 1] == "name":
        names -= 1
    if at < names < end and reading.kinds[names - 1] not in ("preposition", "conjunction", "genitive", "determiner"):
        return names
    for start in range(end - 1, at, -1):
        if reading.kinds[start] == "determiner" and reading.kinds[start - 1] not in ("preposition", "determiner"):
            return start
    return end - 1 if reading.kind(end - 1) == "word" and at < end - 1 and reading.forms[end - 1].endswith("s") else end


def subject_before(reading: Reading, verb: int, floor: int = 0) -> Phrase | None:
    """The subject of the verb group that begins at `verb`: a pronoun, a noun phrase, or one with its apposition."""
    last = verb - 1
    if last < floor:
        return None
    if reading.kinds[last] in ("subject", "relative") or reading.forms[last] in (
        "this",
        "others",
        "many",
        "some",
        "one",
    ):
        return (last, verb)
    if reading.forms[last] not in (",", ")"):
        return phrase_before(reading, verb, floor)
    end, at = last, last - 1
    for _ in range(4):  # "Cory James, 22, of Flint, Mich., said": appositions in turn, leftward
        while at > floor and reading.forms[at] not in (",", "(", ";", ":", "--") and last - at < LONGEST:
            at -= 1
        if at <= floor or reading.forms[at] not in (",", "("):
            return None
        head = phrase_before(reading, at, floor)
        starts = head and (reading.kinds[head[0]] in ("name", "determiner", "possessive"))
        if head and starts and not (reading.kind(head[0] - 1) == "preposition"):
            keeps = reading.kind(at + 1) in ("determiner", "word", "possessive", "name") or reading.forms[at] == "("
            return (head[0], end + (reading.forms[last] == ")")) if keeps else (head[0], at)
        at -= 1
    return None


def phrase_after(reading: Reading, at: int) -> Phrase | None:
    """The noun phrase that begins at `at`, with its apposition where one is closed by a comma or the sentence's end."""
    first = at
    if reading.kind(at) in ("subject", "object"):
        return (at, at + 1)
    while at < first + LONGEST and _continues(reading, at):
        at += 1
    while at > first and reading.kinds[at - 1] in ("preposition", "conjunction", "determiner", "adverb"):
        at -= 1
    if at == first or not any(reading.kinds[i] in ("name", "word") for i in range(first, at)):
        return None
    stop = apposition(reading, at)
    return (first, stop)


def _continues(reading: Reading, at: int) -> bool:
    kind, form = reading.kind(at), reading.form(at)
    if kind in NOMINAL or form in ("&", "-", "#"):
        return True
    if kind == "preposition":
        return form in LINKS and reading.kind(at + 1) in NOMINAL
    return (
        form == "and"
        and reading.kind(at + 1) in ("name", "determiner", "word", "possessive")
        or (kind == "adverb" and reading.kind(at + 1) == "word")
    )


def apposition(reading: Reading, comma: int) -> int:
    """Index after an apposition that begins at the comma: it names or describes, and has no verb; else the comma."""
    if reading.form(comma) != "," or reading.kind(comma + 1) not in ("determiner", "possessive", "word", "number"):
        return comma
    at = comma + 1
    while at < comma + 16 and _continues(reading, at):
        at += 1
    return at if reading.form(at) in (",", ".", "") and at > comma + 2 else comma


def opening_subject(reading: Reading) -> Phrase | None:
    """The subject of a sentence's first clause, past an adverbial opening that a comma closes ("On Monday, ...")."""
    at = 0
    while reading.kind(at) in ("mark", "conjunction", "adverb") and reading.quoted[at] < 0:
        at += 1
    if reading.kind(at) in ("preposition", "time", "conjunction") or reading.form(at).endswith("ing"):
        at = next(
            (i + 1 for i in range(at, min(at + LONGEST, len(reading.forms))) if reading.forms[i] == ","),
            len(reading.forms),
        )
    if reading.kind(at) == "edge" or reading.quoted[at] >= 0:
        return None
    if reading.kinds[at] == "subject":
        return (at, at + 1)
    end = at
    while _continues(reading, end) and not (end > at and reading.kinds[end] == "word" and _verbal(reading, end)):
        end += 1
    while end > at and reading.kinds[end - 1] in ("preposition", "conjunction", "determiner", "adverb"):
        end -= 1
    return (at, apposition(reading, end)) if end > at else None


def _verbal(reading: Reading, at: int) -> bool:
    """A lower-case word that is likelier the verb: after a name, or with the ending of a past tense."""
    return reading.kinds[at - 1] == "name" or reading.forms[at].endswith("ed")
