"""A sentence as a string of letters, one a token, and the phrases that regular expressions find in it; no parser.

Finite-state patterns in a cascade stand in for grammar (Abney 1996, Partial parsing via finite-state cascades), so an
unknown verb is read as a noun. A closed-class word has the letter of `function_words.csv`: D Q determiner,
P possessive, S O R pronoun (subject, object, relative), T that, L plural, B H X auxiliary, A adverb, & c C conjunction,
F o b w I preposition, Y time. The rest: N name, W word, v word in -ed or -ing, E document, # number, V cue, G genitive,
q in quotation marks, g mark inside a name, - dash, the marks , : ; . ? ( ) themselves, M other marks.
A phrase is a pair of token indices, end exclusive. Every walk is bounded: reading is linear.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from analysis.lexicons import Hit, load_lexicon
from analysis.model import Entry
from analysis.text import Quotation, Sentence, touched

LONGEST = 40  # tokens; the longest source that is looked for, appositions included
NOMINAL = "NWELDQPG#)"
MARKS = dict.fromkeys("&#$%-", "g") | dict.fromkeys(("--", "–", "—"), "-") | {c: c for c in ",:;.?()"} | {"!": "?"}
MARKED = "Mq,:;.?-()"  # after these a capital may be that of a closed-class word

_PART = r"[DQP#]*(?:[NWELg#()]|[vA](?=[vWEL]))*[NWEL)]"
PHRASE = rf"{_PART}(?:(?:G|[Fobw]|(?<=N)&(?=[ND])|(?<=[WEL])&(?=[WEL]))(?:{_PART}|#+))*"
NAMING = rf"(?>[SO]|{PHRASE}(?:,{PHRASE}(?=[,.]|$))?)"  # a phrase with its apposition, as long as it goes
_HEAD = rf"(?<![FobwI])(?=[NDQP]){PHRASE}"  # a phrase that an apposition may follow
SUBJECTS = (  # before a verb, the nearest
    re.compile(rf"(?:[SRTQ]|{PHRASE})$"),  # X said
    re.compile(rf"{_HEAD},{PHRASE}(?=,$)"),  # X, a baker, said
    re.compile(rf"{_HEAD}(?=,[^,;:-]+,$)"),  # X, who bakes, said
    re.compile(rf"{_HEAD}(?=(?:,[^,;:-]+){{2}},$)"),  # X, 22, of Velden, said
)
OPENING = re.compile(rf"[MCcA&(a]*(?:[FobwIYV][^,]{{0,40}},)?[MCcA]*({NAMING})")
FULL_NAME = re.compile("[DQP#NWE]*?N{2}(?=[Wv])")  # and what may be a verb

Phrase = tuple[int, int]
Offsets = tuple[int, int]  # into the raw text


class Reading(NamedTuple):
    """A sentence as the patterns see it: its tokens, and a letter each."""

    sentence: Sentence
    letters: str

    def offsets(self, phrase: Phrase) -> Offsets:
        """Raw offsets of a phrase."""
        return self.sentence.tokens[phrase[0]].start, self.sentence.tokens[phrase[1] - 1].end


@cache
def closed_class() -> Mapping[str, Entry]:
    """Closed-class words from `data/lexicons/function_words.csv`: label is the letter, head the first of its group."""
    return {" ".join(form): entry for form, entry in load_lexicon("function_words").entries.items()}


@cache
def _nouns() -> Mapping[str, str]:
    lists = map(load_lexicon, ("source_types", "source_roles"))
    found = {form[0]: entry.label for words in lists for form, entry in words.entries.items() if len(form) == 1}
    return {form: "E" if label == "document" else "W" for form, label in found.items()}


def read(raw: str, sentence: Sentence, outer: Sequence[Quotation], verbs: frozenset[int]) -> Reading:
    """The letters of a sentence's tokens; `verbs` are the indices that may be cues, `outer` all quotations."""
    letters, last, inside = [], "", touched(sentence.start, sentence.end, outer)
    for i, (start, _, form, _) in enumerate(sentence.tokens):
        quoted = inside and touched(start, start + 1, inside)
        last = "q" if quoted else _letter(form, raw[start].isupper(), last, i in verbs)
        letters.append(last)
    return Reading(sentence, "".join(letters))


@lru_cache(maxsize=100_000)
def _letter(form: str, capital: bool, before: str, verb: bool) -> str:
    entry = closed_class().get(form.rstrip("."))
    if form in ("'s", "'"):
        return "G" if before in NOMINAL else "B"
    if not any(map(str.isalnum, form)):
        return MARKS.get(form, "M")
    if capital and not (entry and (before in MARKED or entry.label in "YSDQ")) and not (verb and not before):
        return "N"
    if entry:
        return entry.label
    noun = _nouns().get(form)
    if verb and not noun:
        return "V"
    if noun or form[0].isdigit():
        return noun or "#"
    return "A" if form.endswith("ly") else "v" if form.endswith(("ed", "ing")) else "W"


def use(reading: Reading, verb: int) -> tuple[str, int]:
    """How a verb is used (active, passive, participle, infinitive), and where its auxiliaries and adverbs begin."""
    start = re.compile("[BHXAo]*$").search(reading.letters, max(verb - LONGEST, 0), verb).start()
    helpers = reading.letters[start:verb]
    if reading.sentence.forms[verb].endswith("ing"):
        return "active" if "B" in helpers else "participle", start
    return "infinitive" if "o" in helpers else "passive" if "B" in helpers else "active", start


def subject(reading: Reading, hit: Hit, start: int) -> Phrase | None:
    """The subject of a verb whose auxiliaries begin at `start`; None where there is none.

    A base form without do or will has several for a subject, or else is a noun ("the state report").
    """
    found = next(filter(None, (s.search(reading.letters, max(0, start - LONGEST), start) for s in SUBJECTS)), None)
    forms, bare = reading.sentence.forms, "X" not in reading.letters[start : hit.first]
    if not found or forms[hit.first] != hit.head.split()[0] or not bare:
        return found and found.span()
    last = found.start() + re.match("[^FobwI,]+", found[0]).end() - 1
    form = forms[last]
    several = reading.letters[last] in "LRTQ" or head(form) in ("they", "i") or "&" in found[0]
    return found.span() if several or (form.endswith("s") and not form.endswith(("ss", "us"))) else None


def opening_subject(reading: Reading, start: int = 0) -> Phrase | None:
    """The subject of the clause that a token opens, past an adverbial that a comma closes ("On Monday, ...")."""
    found = OPENING.match(reading.letters, start, start + 3 * LONGEST)
    return found and found.span(1)


def subjects(reading: Reading) -> Iterator[Phrase]:
    """What a later pronoun may mean: the subject that opens the sentence, or what a colon opens, and who owns it.

    What comes after people in the plural, or after a full name, is a verb, listed or not ("the authorities operate",
    "Mira Okafor met"). A sentence in capitals throughout is a heading, whose verbs look like names: it has none.
    """
    letters, forms = reading.letters, reading.sentence.forms
    if letters.count("N") > 3 and not re.search("[WvVAELq]", letters):
        return
    for start in (0, letters.find(":") + 1 or len(letters)):
        if phrase := opening_subject(reading, start):
            first, last = phrase
            people = (i + 1 for i in range(first, last - 1) if forms[i].endswith("s") and forms[i] in _nouns())
            last = next((end for end in people if letters[end] in "Wv"), last)
            named = FULL_NAME.match(letters, first, last) if "NN" in letters[first:last] else None
            last = named.end() if named and forms[named.end()] not in _nouns() else last
            yield first, last
            owner = letters.rfind("G", first, last)  # "the DPP's fear", but not "Norvik's Ministry"
            if owner > first and letters[last - 1] != "N" and forms[owner] == "'s":
                yield first, owner


def mentioned(reading: Reading) -> dict[Offsets, str]:
    """Whom later words may go on about: "whom" before ", who" and ", which", then each "subject"."""
    commas = (m.start() for m in re.finditer(",R", reading.letters))
    before = (SUBJECTS[0].search(reading.letters, max(0, comma - LONGEST), comma) for comma in commas)
    whom = {reading.offsets(phrase.span()): "whom" for phrase in before if phrase}
    return whom | {reading.offsets(phrase): "subject" for phrase in subjects(reading)}


def head(form: str) -> str:
    """First word of a closed-class word's group; of any other word, itself."""
    return closed_class()[form].head if form in closed_class() else form
