"""Who a source is: name, type, whether it is named, country side; and which mentions are of the same source.

Reads capitals, closed-class words and word lists only. It knows no world: two people of one surname are told apart by
full names, and a pronoun goes to the last source or subject that fits. References: Pew Research Center (2005), State
of the News Media (what identifies a source); Hobbs (1978), Lingua 44, 311-338 (recency as the baseline).
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from analysis.clauses import closed_class
from analysis.lexicons import Hit, index, load_lexicon, match
from analysis.text import Token, tokens

LOOK_BACK = 12  # mentions; a pronoun whose antecedent is further away is left open
NAME = re.compile(r"\b[A-Z][\w-]*")
TITLE = re.compile(r"\b((?:(?:[\w’'-]+|[A-Z]\w*\.) ){1,5})$")
APPOSITION = re.compile(r", (?:the|a|an) ((?:[\w-]+ ){0,4}?[\w-]+)(?=,| (?:of|for|at|from|in) )")
OFFICE = re.compile(r"(?:['’]s)? (?:campaign|administration|candidacy|presidency|cabinet)\b")  # of a politician
AROUND = 80  # characters read to each side of a name
GENDERS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}
NUMBERS = {"they": True, "them": True, "their": True, "it": False, "its": False}  # several or not
PRONOUNS = ("he", "she", "they", "it")
LINKS = "Fobw"  # letters of the prepositions that end the head of a phrase, see `clauses`
INNER = {"of", "the", "and", "&", "for", "de", "van", "von", "al", "bin", "del", "la", "le", "da"}  # inside names
BODIES = ("corporate", "media", "ngo", "expert")  # an official or a president of one of these speaks for it


class Mention(NamedTuple):
    """A stretch of raw text that names a source or a sentence's subject, to which pronouns may refer."""

    start: int
    end: int
    role: str = "source"


class Source(NamedTuple):
    """What a mention tells: canonical name ("" if unknown), type, named or not, country and the word that shows it."""

    name: str = ""
    kind: str = ""
    named: bool = False
    country: str = ""
    country_at: tuple[int, int] | None = None


@dataclass
class _Known:
    """A source as known so far; later mentions add to it."""

    name: str
    parts: tuple[str, ...]  # folded parts of the proper name, if it has one
    kind: str
    named: bool
    person: bool | None  # None: a lone capitalised word may be either
    plural: bool
    document: bool
    nouns: set[str]
    gender: str = ""
    spoke: bool = False


def identify(raw: str, mentions: Sequence[Mention]) -> list[Source]:
    """One source for each mention, in the order given, which is that of the text.

    >>> text = "Mira Okafor, spokesperson for the ministry, smiled. She spoke. Okafor left."
    >>> found = identify(text, [Mention(0, 42, "subject"), Mention(52, 55), Mention(63, 69)])
    >>> [(source.name, source.kind, source.named) for source in found[1:]]
    [('Mira Okafor', 'government', True), ('Mira Okafor', 'government', True)]
    """
    recent: list[_Known] = []
    by_name: dict[str, _Known] = {}
    found: list[tuple[_Known | None, str, tuple[int, int] | None]] = []
    for mention in mentions:
        words = tokens(raw[mention.start : mention.end], mention.start)
        words = tuple(w._replace(form=w.form.rstrip(".") or w.form) if w.form[-1] == "." else w for w in words)
        if len(words) > 2 and words[0].form in PRONOUNS and words[1].form not in INNER:
            words = words[:1]  # a clause that was taken for a source ("she was not allowed to speak"): who is meant
        entry = closed_class().get(words[0].form) if len(words) == 1 else None
        country, at = "", None
        if entry and entry.label in "SOPRT":
            known = _antecedent(words[0].form, recent[: -LOOK_BACK - 1 : -1])
        else:
            known, country, at = _describe(raw, words)
            if raw[mention.end : mention.end + 2].strip().isdecimal():  # Hall 7, Flight 90
                known.person = known.person or False
            known = _merge(known, recent[: -LOOK_BACK - 1 : -1], by_name)
        if known:
            known.spoke |= mention.role == "source"
            recent.append(known)
        found.append((known, country, at))
    _give_types(raw, [known for known, *_ in found if known])
    return [Source(k.name, k.kind, k.named, country, at) if k else Source() for k, country, at in found]


def _antecedent(form: str, near: Sequence[_Known]) -> _Known | None:
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


def _is_body(known: _Known) -> bool:
    return (known.person is False and not known.document) or (known.person is None and known.name.isupper())


def _merge(new: _Known, near: Sequence[_Known], by_name: dict[str, _Known]) -> _Known:
    """The source known before that this mention names again, richer by what the mention adds; else the new one."""
    old = (_same_name(new, by_name) if new.parts else _same_noun(new, near)) or new
    if new.parts and old is not new:
        if len(new.parts) > len(old.parts) and old.person is not False:
            old.name, old.parts = new.name, new.parts
        old.kind = old.kind or new.kind
        old.person = new.person if old.person is None else old.person
        old.nouns |= new.nouns
    if old.parts:
        by_name.setdefault(old.parts[0], old)
        for key in (" ".join(old.parts), old.parts[-1], "".join(part[0] for part in old.parts)):
            by_name[key] = old
    return old


def _same_name(new: _Known, by_name: dict[str, _Known]) -> _Known | None:
    """By full name, then by its last part: one name holds the other, or is the other's initials."""
    for key in (" ".join(new.parts), new.parts[-1]):
        old = by_name.get(key)
        if old and not (old.person and new.person is False):
            held = {*new.parts} <= {*old.parts} or {*old.parts} <= {*new.parts}
            if held or new.parts == ("".join(part[0] for part in old.parts),):
                return old
    return None


def _same_noun(new: _Known, near: Sequence[_Known]) -> _Known | None:
    """ "The company", "the report", "the professor": the last source of that kind; a report is its publisher's."""
    same = next((k for k in near if k.name == new.name), None)
    if same or new.plural or new.name.split(" ")[0] not in ("the", "this", "that") or new.name.count(" ") != 1:
        return same
    if new.document:
        return next((k for k in near[:4] if k.spoke and (k.document or k.person is False)), None)
    alike = (k for k in near if k.nouns & new.nouns or (k.kind == new.kind and k.named and k.person == new.person))
    return next(alike, None) if new.kind else None


def _describe(raw: str, words: Sequence[Token]) -> tuple[_Known, str, tuple[int, int] | None]:
    """What one mention tells by itself, its country, and where that stands."""
    types, nations = index("source_types", "source_roles"), index("nationalities")
    capital = [raw[word.start].isupper() for word in words]
    forms = [word.form for word in words]
    hits = list(match(forms, types))
    honours = {hit.last for hit in hits if hit.label == "honorific"}
    hits = [hit for hit in hits if hit.first not in honours]  # "Mr. King" is none
    sides = [hit for hit in match(forms, nations) if capital[hit.first]]
    core = next((i for i, word in enumerate(words) if i and word.form in (",", "(", "who", "which", "--")), len(words))
    first, head = 0, _head(words, 0, core)
    document = any(hit.label == "document" and hit.last == head + 1 for hit in hits)
    if document:
        first, core = _publisher(words, capital, core)
        head = _head(words, first, core)
    roles = [hit for hit in hits if hit.lexicon == "source_roles" and hit.first >= first]
    bodies = [hit for hit in hits if hit.lexicon == "source_types" and hit.first >= first]
    body = next((hit.label for hit in bodies if hit.last == head + 1), "")
    titles = [hit for hit in (*roles, *(sides if body else ())) if hit.last <= head]
    proper, inner = capital[head] and not _is_common(words, head, hits), INNER | {"'"} if body else INNER
    parts = _proper(words, capital, titles, first, head, inner) if proper else ()
    crowd = not parts and words[head].form.endswith("s")
    comma = [w.form for w in words[core : core + 1]] == [","]
    if comma and not (parts or crowd or document) and (head == core - 1 or any(hit.last == core for hit in bodies)):
        last = next((i for i in range(core + 1, len(words)) if not capital[i]), len(words))
        if last > core + 1 and (last == len(words) or words[last].form == ","):  # its chairman, Pavel Rusk
            inside = [hit for hit in hits if core < hit.first and hit.last < last]
            parts = _proper(words, capital, inside, core + 1, last - 1, INNER)
    person = False if body or document else True if roles or len(parts) > 1 else None
    name = raw[words[first].start : words[core - 1].end]
    if parts:
        name = raw[parts[0].start : parts[-1].end]
        sides = [h for h in sides if not person or not parts[0].start <= words[h.first].start < parts[-1].end]
    elif words[first].form in closed_class() or any(hit.first == first for hit in hits):
        is_name = any(capital[first + 1 : first + 2]) or name[1:2].isupper()  # "White House officials", "CIA officials"
        name = name if is_name and words[first].form not in closed_class() else name[:1].lower() + name[1:]
    kind = _kind(roles, bodies, body) or ("document" if document else "anonymous collective" if crowd else "")
    kind = "" if parts and kind == "unnamed individual" else kind  # "her rival Otto Falk" has a name
    if sides and not kind and len(parts) == sides[0].last - sides[0].first:
        kind = "government"  # a country or a capital that speaks
    named = bool(parts) or (bool(body) and not document and any(capital[max(first, 1) : head]))
    plural = crowd or any(word.form == "and" for word in words[first:core])
    nouns = {words[hit.last - 1].form for hit in roles} | {words[head].form}
    known = _Known(name, tuple(part.form for part in parts), kind, named, person, plural, document, nouns)
    country_at = (words[sides[0].first].start, words[sides[0].last - 1].end) if sides else None
    return known, sides[0].label if sides else "", country_at


def _is_common(words: Sequence[Token], head: int, hits: Sequence[Hit]) -> bool:
    """Whether a head that opens the mention is a listed common noun ("Officials", "Evidence"), capital or not."""
    labels = ("document", "anonymous collective")
    opening = [hit for hit in hits if hit.first == head == 0]
    return any(h.lexicon == "source_roles" or h.label in labels or h.head != words[0].form for h in opening)


def _head(words: Sequence[Token], first: int, core: int) -> int:
    """Index of the head noun: the last word before the first preposition."""
    closed = closed_class()
    links = (i for i in range(first + 1, core) if words[i].form in closed and closed[words[i].form].label in LINKS)
    last = next(links, core) - 1
    return last - 1 if last > first and words[last].form in ("'s", "'") else last


def _give_types(raw: str, sources: Iterable[_Known]) -> None:
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


def _publisher(words: Sequence[Token], capital: Sequence[bool], core: int) -> tuple[int, int]:
    """Where a document names who made it ("research from X", "X's report"), that phrase; else the document itself."""
    for i in range(core - 1, 0, -1):
        if words[i].form in ("by", "from") and any(capital[i + 1 : core]):
            return i + 1, core
        if words[i].form == "'s" and capital[i - 1]:
            return 0, i
    return 0, core


def _proper(
    words: Sequence[Token], capital: Sequence[bool], before: Sequence[Hit], first: int, head: int, inner: Set[str]
) -> tuple[Token, ...]:
    """The proper name that ends at the head: its capitals, after titles, nationalities, possessors and articles."""
    start = head
    while start > first and (
        capital[start - 1] or (words[start - 1].form in inner and start - 1 > first and capital[start - 2])
    ):
        start -= 1
    for hit in (h for h in before if words[h.last].form != "'"):  # "the Teachers' Union" is one name
        if start <= hit.first and (hit.lexicon == "source_roles" or hit.first == start):
            start = max(start, hit.last)
    owner = next((i for i in range(head, start, -1) if words[i].form == "'s"), start - 1)
    start = owner + 1
    while start < head and words[start].form in closed_class():
        start += 1
    return () if words[start].form in closed_class() else tuple(words[start : head + 1])


def _kind(roles: Sequence[Hit], bodies: Sequence[Hit], at_head: str) -> str:
    """The role decides; who speaks for a body or a person has their type; then the body that is the head; then any."""
    role = next((h.label for h in roles if h.label != "honorific"), "")
    other = next((h.label for h in roles if h.label not in ("honorific", "representative")), "")
    body = next((h.label for h in bodies if h.label not in ("document", "anonymous collective")), "")
    if role == "representative":
        return body or other
    return body if role == "government" and body in BODIES else role or at_head or body
