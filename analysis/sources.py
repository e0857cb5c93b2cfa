"""Who a source is, of all that its mentions tell (`mentions`), and which mentions are of the same source.

Two people of one surname are told apart by full names, and a pronoun goes to the last source or subject that fits.
References: Pew Research Center (2005), State of the News Media (what identifies a source); Hobbs (1978), Lingua 44,
311-338 (recency as the baseline).
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from copy import copy
from functools import cache, lru_cache
from typing import NamedTuple

from analysis.clauses import Offsets, closed_class
from analysis.lexicons import load_lexicon
from analysis.mentions import INNER, Known, describe
from analysis.text import tokens

LOOK_BACK = 12  # mentions; a pronoun whose antecedent is further away is left open
NAME = re.compile(r"\b[A-Z][\w-]*")
TITLE = re.compile(r"\b((?:(?:[\w’'-]+|[A-Z]\w*\.) ){1,5})$")
APPOSITION = re.compile(r", (?:the|a|an) ((?:[\w-]+ ){0,4}?[\w-]+)(?=,| (?:of|for|at|from|in) )")
OFFICE = re.compile(r"(?:['’]s)? (?:campaign|administration|candidacy|presidency|cabinet)\b")  # of a politician
INSIDE = re.compile(r"(?<=[\w,;] )[A-Z][\w-]*(?:[’'][A-Z]\w*)?")  # a capital that no beginning of a sentence explains
STUDY = {"report", "study", "paper", "research", "analysis", "survey", "poll"}  # names of one document
AROUND = 80  # characters read to each side of a name
GENDERS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}
NUMBERS = {"they": True, "them": True, "their": True, "it": False, "its": False}  # several or not


class Source(NamedTuple):
    """What a mention tells: canonical name ("" if unknown), type, named or not, country and the word that shows it."""

    name: str = ""
    kind: str = ""
    named: bool = False
    country: str = ""
    country_at: Offsets | None = None


def identify(raw: str, mentions: Mapping[Offsets, str]) -> dict[Offsets, Source]:
    """Who each mention is, from places in the raw text: a "source", the "subject" of a sentence, "whom".

    Pronouns may refer to sources and subjects, to "whom" no other than a "who" right after it.

    >>> text = "Mira Okafor, spokesperson for the ministry, smiled. She spoke. Okafor left."
    >>> found = identify(text, {(0, 42): "subject", (52, 55): "source", (63, 69): "source"})
    >>> [(source.name, source.kind, source.named) for source in found.values()][1:]
    [('Mira Okafor', 'government', True), ('Mira Okafor', 'government', True)]
    """
    recent: list[Known] = []
    by_name: dict[str, Known] = {}
    found: dict[Offsets, tuple[Known | None, str, Offsets | None]] = {}
    inside, whom = {*INSIDE.findall(raw)}, {}
    for (start, end), role in sorted(mentions.items()):
        form, label, told, country, at = _told(raw[start:end])
        near = recent[: -LOOK_BACK - 1 : -1]
        known = copy(told)
        if label in tuple("SOPRT"):
            before = whom.get(start - 2) if label == "R" else None
            known = before or _antecedent(form, near)
        elif known:
            if raw[end : end + 2].strip().isdecimal() or raw.startswith(", which", end):
                known.person = known.person or False  # Hall 7, Flight 90
            if not known.kind and form in ("its", "their") and (owner := _antecedent(form, near)):
                known.kind = owner.kind  # "its director"
            if role == "subject" and _only_opens(raw, known, start, inside) and not known.kind:
                known, country, at = None, "", None
            else:
                known = _merge(known, near, by_name)
        if known:
            whom[end] = known
            if role != "whom":
                recent.append(known)
        found[start, end] = known, country, at and (start + at[0], start + at[1])
    _give_types(raw, [known for known, *_ in found.values() if known])
    return {place: Source(k.name, k.kind, k.named, *shown) if k else Source() for place, (k, *shown) in found.items()}


@lru_cache(maxsize=20_000)  # the same few are mentioned over and over
def _told(mention: str) -> tuple[str, str, Known | None, str, Offsets | None]:
    """The first word of a mention, its label if a closed-class word stands alone, and else what `describe` tells."""
    words = tokens(mention)
    words = tuple(w._replace(form=w.form.rstrip(".") or w.form) if w.form[-1] == "." else w for w in words)
    words = words[: next((i for i in range(len(words), 1, -1) if words[i - 1].form not in (".", ",")), 1)]  # "Inc."
    if len(words) > 2 and words[0].form in ("he", "she", "they", "it") and words[1].form not in INNER:
        words = words[:1]  # a clause that was taken for a source ("she was not allowed to speak"): who is meant
    form = words[0].form
    label = closed_class()[form].label if len(words) == 1 and form in closed_class() else ""
    return form, label, *((None, "", None) if label in tuple("SOPRTW") else describe(mention, words))  # W: nobody


def _only_opens(raw: str, known: Known, start: int, inside: Set[str]) -> bool:
    """Whether a name is one word that opens a sentence and has a capital nowhere else: perhaps a verb ("Let")."""
    before = raw[max(start - 3, 0) : start]
    opens = not before.strip() or "\n" in before or before.rstrip()[-1] in '.?!:"”’'
    alone = len(known.parts) == 1 and known.person is None and raw.startswith(known.name, start)
    return opens and alone and known.name not in inside


def _antecedent(form: str, near: Sequence[Known]) -> Known | None:
    """The last fitting source: a person for he and she, several or a body for they, a body for it, the last for who."""
    if gender := GENDERS.get(form):
        fits = [k for k in near if k.person is not False and not k.plural and k.gender in ("", gender)]
        known = next((k for k in fits if k.named), next(iter(fits), None))
        if known:
            known.gender, known.person = gender, True
        return known
    if form not in NUMBERS:
        return near[0] if near and form in ("who", "which", "that", "whom") else None
    if NUMBERS[form]:
        return next((k for k in near if k.plural or _is_body(k)), None)
    return next((k for k in near if not k.plural and not k.person), None)


def _is_body(known: Known) -> bool:
    return (known.person is False and not known.document) or (known.person is None and known.name.isupper())


def _merge(new: Known, near: Sequence[Known], by_name: dict[str, Known]) -> Known:
    """The source known before that this mention names again, richer by what the mention adds; else the new one."""
    old = (_same_name(new, by_name) if new.parts else _same_noun(new, near)) or new
    if new.parts and old is not new:
        if len(new.parts) > len(old.parts) and old.person is not False:
            old.name, old.parts = new.name, new.parts
        if old.document and not new.document:  # Taylor's letter, then Taylor
            old.kind, old.person = old.kind * (old.kind != "document"), new.person
            old.document = new.person is False  # the report of a body goes on as that body
        if old.document or not new.document:
            old.kind = old.kind or new.kind
        old.person = new.person if old.person is None else old.person
        old.nouns |= new.nouns
        old.gender = old.gender or new.gender
    if old.parts:
        by_name.setdefault(old.parts[0], old)
        for key in (" ".join(old.parts), old.parts[-1], *_initials(old.parts)):
            by_name[key] = old
    return old


def _same_name(new: Known, by_name: dict[str, Known]) -> Known | None:
    """By full name, then by its last part: one name holds the other, or is the other's initials."""
    for key in (" ".join(new.parts), new.parts[-1]):
        old = by_name.get(key)
        apart = old and old.gender and new.gender and old.gender != new.gender  # Mr. and Mrs. Trump
        if old and not apart and (new.document or not (old.person and new.person is False)):
            held = {*new.parts} <= {*old.parts} or {*old.parts} <= {*new.parts}
            if held or new.parts[0] in _initials(old.parts):
                return old
    return None


def _initials(parts: Sequence[str]) -> tuple[str, str]:
    """ "doj" of a Department of Justice, or "dj"."""
    return "".join(part[0] for part in parts), "".join(part[0] for part in parts if part not in INNER)


def _same_noun(new: Known, near: Sequence[Known]) -> Known | None:
    """ "The company", "the report", "the professor": the last source of that kind; a report goes on as itself."""
    same = next((k for k in near if k.name == new.name), None)
    if same or new.plural or new.name.split(" ")[0] not in ("the", "this", "that") or new.name.count(" ") != 1:
        return same
    if new.document:
        nouns = new.nouns | (STUDY if new.nouns & STUDY else set())
        return next((k for k in near if k.document and k.nouns & nouns), None)
    own = (new.kind, True, bool(new.person))
    alike = [k for k in near if k.nouns & new.nouns and not k.plural]
    if own != ("government", True, True):  # "the governor" is no other official
        alike += (k for k in near if (k.kind, k.named, bool(k.person)) == own)
    return next(iter(alike), None) if new.kind else None


def _give_types(raw: str, sources: Iterable[Known]) -> None:
    """Give persons without a type that of a title before or after their last name, or of their campaign, anywhere."""
    untyped = {id(k): k for k in sources if k.parts and k.person is not False and not k.kind}.values()
    types = {known.name.split()[-1]: "" for known in untyped}
    for word in NAME.finditer(raw) if types else ():
        if types.get(word[0]) == "":
            start, end = word.span()
            types[word[0]] = _title(raw[max(start - AROUND, 0) : start], raw[end : end + AROUND])
    for known in untyped:
        known.kind = types[known.name.split()[-1]]


def _title(before: str, after: str) -> str:
    """The type that a title right before or after a last name makes of it; "" without one."""
    for words in (m[1].replace(".", "").split() for m in (TITLE.search(before), APPOSITION.match(after)) if m):
        while words:
            kinds = (_titles().get(" ".join(words[i:]).lower()) for i in range(len(words)))
            if kind := next(filter(None, kinds), ""):
                return kind
            words = words[:-1] if words[-1][0].isupper() else []  # first names
    return "government" if OFFICE.match(after) else ""


@cache
def _titles() -> Mapping[str, str]:
    """Singular nouns of persons, and the type of source that they make of the name after them."""
    found = {" ".join(form): entry for form, entry in load_lexicon("source_roles").entries.items()}
    vague = ("honorific", "representative", "unnamed individual", "anonymous collective")
    return {form: e.label for form, e in found.items() if e.label not in vague and form[-1] != "s"}
