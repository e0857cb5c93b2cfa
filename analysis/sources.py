"""Who a source is: its name, type, whether it is named, its country side; and which mentions are the same source.

Works on mentions in text order with closed-class words, capitals and word lists. It knows no gender of names and no
world: two people of one surname are told apart only by their full names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from analysis.clauses import LINKS, closed_class
from analysis.lexicons import Index, index, load_lexicon, match
from analysis.text import Token, tokens

LOOK_BACK = 12  # mentions; a pronoun whose antecedent is further away is left open
PERSON_PRONOUNS = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}
OTHER_PRONOUNS = {"they": True, "them": True, "their": True, "it": False, "its": False}  # plural or not
BODIES = ("corporate", "media", "ngo", "expert")


class Mention(NamedTuple):
    """A stretch of raw text that names somebody: as a source, as a sentence's subject, or by the way ("name").

    Pronouns refer to sources and subjects; a name by the way only completes a short name.
    """

    start: int
    end: int
    role: str = "source"


class Source(NamedTuple):
    """What a mention tells: canonical name ("" if unknown), type, named or not, the country and the word that shows it."""

    name: str
    kind: str
    named: bool
    country: str = ""
    country_at: tuple[int, int] | None = None


@dataclass
class Known:
    """A source as known so far; later mentions add to it."""

    name: str
    kind: str
    named: bool
    person: bool | None  # None: a lone capitalised word may be either
    plural: bool
    document: bool
    names: tuple[str, ...] = ()
    heads: set[str] = field(default_factory=set)
    gender: str = ""
    spoke: bool = False


@cache
def _words() -> tuple[Index, Index]:
    return index(map(load_lexicon, ("source_types", "source_roles"))), index([load_lexicon("nationalities")])


def identify(raw: str, mentions: Sequence[Mention]) -> list[Source]:
    """One source for each mention, in the order given, which is that of the text.

    >>> text = "Chen Binhua, spokesperson for the office, smiled. He spoke. Chen left."
    >>> found = identify(text, [Mention(0, 40, "subject"), Mention(50, 52), Mention(60, 64)])
    >>> [source.name for source in found]
    ['Chen Binhua', 'Chen Binhua', 'Chen Binhua']
    """
    recent: list[Known] = []
    by_name: dict[str, Known] = {}
    found: list[tuple[Known | None, str, tuple[int, int] | None]] = []
    for mention in mentions:
        words = [
            t._replace(form=t.form.rstrip(".") or t.form)
            for t in tokens(raw[mention.start : mention.end], mention.start)
        ]
        known, country, at = None, "", None
        if len(words) == 1 and closed_class().get(words[0].form) in ("subject", "object", "possessive", "relative"):
            known = _antecedent(words[0].form, recent)
        elif words:
            profile, country, at = _profile(raw, words)
            known = _merge(profile, recent, by_name)
        if known:
            known.spoke |= mention.role == "source"
            if mention.role != "name":
                recent.append(known)
        found.append((known, country, at))
    return [Source(k.name, k.kind, k.named, country, at) if k else Source("", "", False) for k, country, at in found]


def _antecedent(form: str, recent: Sequence[Known]) -> Known | None:
    """The last fitting source: a person for he and she, a body or several people for they, a body for it."""
    near = recent[: -LOOK_BACK - 1 : -1]
    if form in ("who", "which", "that", "whom"):
        return near[0] if near else None
    if gender := PERSON_PRONOUNS.get(form):
        fits = [k for k in near if k.person is not False and not k.plural and k.gender in ("", gender)]
        known = next((k for k in fits if k.named), fits[0] if fits else None)
        if known:
            known.gender, known.person = gender, True
        return known
    if form not in OTHER_PRONOUNS:
        return None
    plural = OTHER_PRONOUNS[form]
    fits = [k for k in near if not k.person and (k.plural or not plural)]
    return next((k for k in fits if k.plural == plural), fits[0] if fits else None)


def _merge(new: Known, recent: Sequence[Known], by_name: dict[str, Known]) -> Known:
    """The source known before that this mention names again, richer by what the mention adds; else the new one."""
    old = _same_name(new, by_name) if new.names else _same_noun(new, recent)
    if old is None:
        old = new
    elif new.names:
        if len(new.names) > len(old.names) and old.person is not False:
            old.name, old.names = new.name, new.names
        old.kind = old.kind or new.kind
        old.person = new.person if old.person is None else old.person
        old.heads |= new.heads
    if old.names:
        by_name[" ".join(old.names)] = by_name[old.names[-1]] = old
        by_name.setdefault(old.names[0], old)
        by_name["".join(part[0] for part in old.names)] = old
    elif not old.document:
        by_name[old.name] = old
    return old


def _same_name(new: Known, by_name: dict[str, Known]) -> Known | None:
    for key in (" ".join(new.names), new.names[-1]):
        old = by_name.get(key)
        if old and old.names and (set(new.names) <= set(old.names) or set(old.names) <= set(new.names)):
            return old if not (old.person and new.person is False) else None
        if old and len(new.names) == 1 and key == "".join(part[0] for part in old.names):
            return old
    return None


def _same_noun(new: Known, recent: Sequence[Known]) -> Known | None:
    """ "The company", "the report", "the professor": the last source of that kind; a report is its publisher's."""
    near = recent[: -LOOK_BACK - 1 : -1]
    same = next((k for k in near if k.name == new.name), None)
    if same or not new.name.startswith(("the ", "this ", "that ")) or new.plural or " " in new.name.split(" ", 1)[1]:
        return same
    if new.document:
        return next((k for k in near[:4] if k.spoke and (k.document or k.person is False)), None)
    fits = (k for k in near if k.heads & new.heads or (k.kind == new.kind and k.named and k.person == new.person))
    return next(fits, None) if new.kind else None


def _profile(raw: str, words: Sequence[Token]) -> tuple[Known, str, tuple[int, int] | None]:
    """What one mention tells by itself."""
    types, nations = _words()
    core = _core(words)
    capital = [raw[t.start].isupper() for t in words]
    hits = list(match(words, types))
    sides = [
        h
        for h in match(words, nations)
        if capital[h.first]
        and (len(words[h.first].form) > 2 or raw[words[h.first].end - 1].isupper() or "." in words[h.first].form)
    ]
    head = _head(words, core)
    document = any(h.label == "document" and h.last == head + 1 for h in hits)
    first = 0
    if document:
        first, core = _speaker_of_document(words, capital, core)
        head = _head(words, core, first) if (first, core) != (0, _core(words)) else head
    roles = [h for h in hits if h.lexicon == "source_roles" and first <= h.first]
    bodies = [h for h in hits if h.lexicon == "source_types"]
    common = any(
        h.last == 1 and (h in roles or h.label in ("document", "anonymous collective") or h.head != words[0].form)
        for h in hits
    )
    names = _names(words, capital, [h for h in roles if h.last <= core], sides, common, first, head)
    body = any(h.last == head + 1 and h.lexicon == "source_types" for h in hits)
    person = False if body or document else True if roles or len(names) > 1 else None
    plural = (
        not names and words[head].form.endswith("s") and not body or any(t.form == "and" for t in words[first:core])
    )
    kind = _kind(roles, bodies, plural and not names, head)
    if names:
        name = raw[names[0].start : names[-1].end]
        sides = [h for h in sides if not person or not names[0].start <= words[h.first].start < names[-1].end]
    else:
        name = raw[words[first].start : words[core - 1].end]
        if closed_class().get(words[first].form) or any(h.first == first for h in hits):
            name = name[:1].lower() + name[1:]
    side = sides[0] if sides else None
    named = bool(names) or (body and not document and any(capital[i] for i in range(max(first, 1), head)))
    known = Known(
        name,
        kind,
        named,
        person,
        plural,
        document,
        tuple(t.form for t in names),
        {words[h.last - 1].form for h in roles} | {words[head].form},
    )
    return known, side.label if side else "", (words[side.first].start, words[side.last - 1].end) if side else None


def _core(words: Sequence[Token]) -> int:
    """Index where the mention's own phrase ends and its apposition or relative clause begins."""
    return next((i for i, t in enumerate(words) if i and t.form in (",", "(", "who", "which", "--")), len(words))


def _head(words: Sequence[Token], core: int, first: int = 0) -> int:
    """Index of the head noun: the last word before the first preposition."""
    stops = (i for i in range(first + 1, core) if words[i].form in LINKS | {"by"} and words[i - 1].form != "of")
    last = next(stops, core) - 1
    return last - 1 if last > first and words[last].form in ("'s", "'") else last


def _speaker_of_document(words: Sequence[Token], capital: Sequence[bool], core: int) -> tuple[int, int]:
    """Where a document names who made it ("research from X", "X's report"), that phrase; else the document itself."""
    for i in range(core - 1, 0, -1):
        if words[i].form in ("by", "from") and any(capital[i + 1 : core]):
            return i + 1, core
        if words[i].form == "'s" and capital[i - 1]:
            return 0, i
    return 0, core


def _names(words, capital, roles, sides, common, first: int, head: int) -> list[Token]:
    """The proper name in a mention's phrase: the capitals up to its head, after titles and nationalities."""
    if not capital[head]:
        return []
    start = head
    linking = {"of", "the", "and", "&", "for", "de", "van", "von", "al", "bin", "del", "la", "le", "da"}
    while start > first and (
        capital[start - 1] or (words[start - 1].form in linking and start - 1 > first and capital[start - 2])
    ):
        start -= 1
    for hit in [*roles, *sides]:
        if start <= hit.first and hit.last <= head and not (hit.first > start and hit in sides):
            start = max(start, hit.last)
    for i in range(start, head):
        if words[i].form == "'s":
            start = i + 1
    while start < head and (closed_class().get(words[start].form) or words[start].form in ("'s",)):
        start += 1
    if closed_class().get(words[start].form) or (start == head == 0 and common):
        return []
    return list(words[start : head + 1])


def _kind(roles, bodies, crowd: bool, head: int) -> str:
    """The role decides; who speaks for a body has the body's type; then the body that is the head, then a crowd."""
    role = next((h.label for h in roles if h.label != "honorific"), "")
    body = next((h.label for h in bodies if h.label not in ("document", "anonymous collective")), "")
    if role == "representative" or (role == "government" and body in BODIES):
        return body
    if role:
        return role
    at_head = next((h.label for h in bodies if h.last == head + 1), "")
    return at_head or body or ("anonymous collective" if crowd else "")
