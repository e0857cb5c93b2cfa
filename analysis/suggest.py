"""Targets to begin with: the names that articles mention most, as a TOML file in the form of `data/targets.toml`.

A name is a run of capitals inside a sentence. Nothing here knows the world: who is an actor, on which side, under which
names, is for the reader to say. The file is a draft, and no measure makes or takes one by itself.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from analysis.clauses import closed_class
from analysis.lexicons import index, load_lexicon, match, phrase_form
from analysis.model import AnalysisError, Article
from analysis.text import Sentence, sentences
from analysis.writing import write_atomic

HEAD = """# A suggestion of targets, to be edited: the names that these articles mention most, known by their capitals.
# Merge those that are one actor, delete what is no target, say its side and kind, add what else the articles call them.
# The head of data/targets.toml says how phrases are written. To use it: -p targets=PATH, or --targets PATH.\n"""
Name = tuple[str, ...]
TITLED = 0.6  # share of capitals from which a sentence is written like a headline, where they show no name
PEOPLE = ("ese", "ish", "nch", "tch", "lsh", "wiss", "ean")  # ends of adjectives in the list of nationalities
INNER = dict.fromkeys(("of", "de", "da", "del", "van", "von", "bin", "al", "&"), "o") | {"the": "t"}  # inside names
NAME = re.compile("(?<!N)N{1,6}(?:ot?N{1,4}){0,2}(?![NTx])")  # the letters of `_letters`
THING = re.compile("ai|api|ceo|cfo|covid(-19)?|dna|dns|gdp|gps|id|ip|it|lgbt|llm|tv|vpns?|.{1,40}-(.{,20}ed|born|era)")
KIND = re.compile(  # capitals of adjectives and directions, which are no actor by themselves
    "african|arab|asian|catholic|christ.+|democratic|european|god|internet|islamic|jewish|muslim|republican|western"
    "|(nor|sou)th(ern|east|west)?|eastern|central|new|great|latin|middle"
)


def write_suggestion(articles: Sequence[Article], out: Path, most: int = 15, *, force: bool = False) -> str:
    """Write the `most` frequent names to `out`; says so. AnalysisError for none, or a file that is there."""
    if out.exists() and not force:
        raise AnalysisError(f"{out}: is there already, perhaps with edits; name another file, or add --force")
    made = [HEAD]
    for name, phrases, mentions, several in [*suggested(articles)][: max(most, 1)]:
        note = f"{mentions} mentions in {several} of {len(articles)} articles"
        facts = zip(("name", "side", "kind", "phrases", "note"), (name, "", "", phrases, note), strict=True)
        made.append("[[target]]\n" + "".join(f"{key} = {json.dumps(v, ensure_ascii=False)}\n" for key, v in facts))
    if len(made) == 1:
        raise AnalysisError("no name is mentioned twice in these articles; write targets as data/targets.toml does")
    write_atomic(out, "\n".join(made).encode("utf-8"))
    return f"{len(made) - 1} names in {out}: a suggestion; edit it, then give it as -p targets={out}"


def suggested(articles: Sequence[Article]) -> Iterator[tuple[str, list[str], int, int]]:
    """(name, phrases, mentions, articles) of names with two mentions or more, the most frequent first.

    A last name alone counts for the most frequent full name in its article; bodies, countries and acronyms have none.
    """
    read = [[(a.raw, s, words) for s in sentences(a) if (words := _words(a.raw, s))] for a in articles]
    case = Counter()  # of each word: with a capital inside a sentence, less without one
    for *_, words in (sentence for own in read for sentence in own):
        case.update(word for before, word in pairwise(words) if word[0].isupper() and before[-1].isalnum())
        case.subtract(word.capitalize() for word in words if word[0].islower())
    spelt, where = defaultdict(Counter), defaultdict(set)
    for number, own in enumerate(read):
        for name, surface in (found for sentence in own for found in _names(*sentence, case)):
            spelt[name][surface] += 1
            where[name].add(number)
    alone = {name: own.total() for name, own in spelt.items() if len(name) == 1 and not "".join(own).isupper()}
    common = {*index("source_types", "source_roles"), *index("nationalities")}
    for name in sorted(spelt, key=lambda name: (-spelt[name].total(), name)):
        first, last = name[:1], name[-1:]
        person = alone.get(first, 0) < alone.get(last, 0) and last[0] not in common and not KIND.fullmatch(first[0])
        if person and "of" not in name and where[last] & where[name]:
            spelt[name] += spelt.pop(last)
            where[name] |= where.pop(last)
            del alone[last]
    taken = set()
    for name in sorted(spelt, key=lambda name: (-spelt[name].total(), -len(where[name]), name)):
        surfaces = sorted(spelt[name], key=lambda surface: (" " not in surface, -spelt[name][surface], surface))
        pairs = [(phrase_form(surface), surface) for surface in surfaces]
        if (phrases := [phrase for form, phrase in pairs if form and form not in taken]) and spelt[name].total() > 1:
            taken |= {form for form, _ in pairs}
            yield phrases[0], phrases, spelt[name].total(), len(where[name])


def _words(raw: str, sentence: Sentence) -> list[str]:
    """Words and marks of a paragraph's sentence that is no headline: US stays, DeepSeek is Deepseek, Mr. is Mr."""
    pairs = [(raw[token.start : token.end], token.form.rstrip(".") or token.form) for token in sentence.tokens]
    headline = sum(word[0].isupper() for word, _ in pairs[1:]) > max(3, TITLED * sentence.words)
    if headline or sentence.role != "paragraph":
        return []
    return [f.upper() if f[1:] and w.isupper() else f.capitalize() if w[0].isupper() else f for w, f in pairs]


def _names(raw: str, sentence: Sentence, words: Sequence[str], case: Counter[str]) -> Iterator[tuple[Name, str]]:
    """(name, as it stands) of each mention; initials do not count, and an abbreviated country goes by its name."""
    countries = load_lexicon("nationalities").entries
    for found in NAME.finditer(_letters(words, case)):
        own = sentence.tokens[slice(*found.span())]
        surface = " ".join(raw[own[0].start : own[-1].end].split())
        if name := tuple(word.lower() for word in words[slice(*found.span())] if len(word) > 1):
            country = tuple(countries[name].head.lower().split()) if name in countries else name
            name = country if surface.replace(".", "").isupper() else name
            alike = (*name[:-1], f"{name[-1]}s"), (*name[:-1], name[-1][:-1])  # German, Germans
            people = name != country and (any(form in countries for form in alike) or name[-1].endswith(PEOPLE))
            rare = len(own) == 1 and case[words[found.start()]] <= 0
            if not (people or rare or KIND.fullmatch(name[-1])) and not re.search(r"[^\w.&'’/ -]", surface):
                yield name, surface


def _letters(words: Sequence[str], case: Counter[str]) -> str:
    """A letter a word: N part of a name, T title, o and t what stands inside names, x other capitals, . the rest."""
    capital = [*(word[0].isupper() for word in words), False]
    forms = [word.lower() for word in words]
    hits = [hit for hit in match(forms, index("source_types", "source_roles")) if capital[hit.first]]
    after = {hit.first for hit in hits if hit.lexicon == "source_types"}  # the Justice Department
    roles = [hit for hit in hits if hit.lexicon == "source_roles" and hit.last not in after]
    titles = {i for h in roles if capital[h.last] or words[h.last - 1][-1] != "s" for i in range(h.first, h.last)}
    letters = ""
    for i, (word, form) in enumerate(zip(words, forms, strict=True)):
        begins = i == 0 or not (words[i - 1][-1].isalnum() or words[i - 1] in ",&")
        part = case[word] > 0 or not begins or (capital[i + 1] and not case[word])
        shut = form in closed_class() and not (word.isupper() and len(word) > 1)
        name = "x" if shut else "N" if part and not THING.fullmatch(form) else "."
        letters += "T" if i in titles else name if capital[i] else INNER.get(form, ".")
    return letters
