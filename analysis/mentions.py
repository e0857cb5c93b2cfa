"""What one mention of a source tells by itself: its name, type, whether it is named, and its country.

Reads capitals, closed-class words and word lists only; it knows no world.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from analysis.clauses import Offsets, closed_class
from analysis.lexicons import Hit, index, load_lexicon, match
from analysis.text import Token

BREAKS = (",", "(", "who", "which", "--", "—", "–")  # after these another phrase tells more
MADE = re.compile(r"[a-z]{3,}ed|seen|written|drawn|led")
LINKS = "Fobw"  # letters of the prepositions that end the head of a phrase, see `clauses`
INNER = {"of", "the", "and", "&", "for", "de", "van", "von", "al", "bin", "del", "la", "le", "da", "der", "den", "ter"}
INNER |= {"di", "du", "dos", "das", "do", "ibn", "bint", "abu"}  # small words inside names
PREFIXED = re.compile(r"(?:al|el|ul|as|ad|an|ar|at|az|d)[-’'](?=[^\W\d_])[^a-zß-ÿ]")  # "al-Rifai" has a capital, too
DEMONYM = re.compile(r"(?:(?<!vatic)ans?|ese|i?sh|ch|is?|ards?|[wm][ao]m?[ae]n|eks?)$")
# What follows a name and is no part of it; papers where their name has capitals; and who shows a man or a woman
AFTER_NAME = ("mp", "mep", "msp", "kc", "qc", "obe", "mbe", "cbe", "phd", "md", "jr", "sr")
PAPERS = ("post", "record", "review")
BODIES = ("corporate", "media", "ngo", "expert")  # an official or a president of one of these speaks for it
OFFICES = ("minister", "chancellor", "senator", "mp", "governor", "mayor", "secretary")  # but not these, of a portfolio
MALE = {"mr", "sir", "lord", "king", "prince", "father", "son", "brother", "husband", "boy", "uncle", "grandfather"}
FEMALE = {"mrs", "ms", "miss", "dame", "madam", "lady", "queen", "princess", "mother", "daughter", "sister", "wife"}
FEMALE |= {"widow", "girl", "aunt", "grandmother"}


@dataclass
class Known:
    """A source as known so far; later mentions add to it."""

    name: str
    parts: tuple[str, ...]  # folded parts of the proper name, if it has one
    kind: str
    named: bool
    person: bool | None  # None: a lone capitalised word may be either
    plural: bool
    document: bool
    nouns: frozenset[str]
    gender: str = ""


def describe(raw: str, words: Sequence[Token]) -> tuple[Known, str, Offsets | None]:
    """What one mention tells by itself, its country, and where that stands."""
    types, nations = index("source_types", "source_roles"), index("nationalities")
    capital = [raw[word.start].isupper() or bool(PREFIXED.match(raw, word.start)) for word in words]
    forms = [word.form for word in words]
    hits = list(match(forms, types))
    called = {hit.last for hit in hits if hit.head in ("mr", "mrs")}
    hits = [hit for hit in hits if hit.first not in called]  # "Mr. King" is none
    papers = {i for i in range(1, len(words)) if forms[i] in PAPERS and capital[i] and capital[i - 1]}  # "Velden Post"
    hits = [hit._replace(label="media") if hit.last - 1 in papers else hit for hit in hits]
    sides = [hit for hit in match(forms, nations) if capital[hit.first]]
    core = next((i for i, word in enumerate(words) if i and word.form in BREAKS), len(words))
    if {*forms[core + 2 : core + 3]} & closed_class().keys() and forms[core + 1][-3:] == "ing":  # "Ann Lee, opening a"
        hits = [hit for hit in hits if hit.last <= core]
    held = {i for hit in hits for i in range(hit.first, hit.last)}  # "Secretary of State Ann Lee" has one head
    first, head = 0, _head(words, capital, 0, core, held)
    document = any(hit.label == "document" and hit.last == head + 1 for hit in hits)
    if document:
        first, core = _publisher(words, capital, core)
        head = _head(words, capital, first, core, held)
    roles = [hit for hit in hits if hit.lexicon == "source_roles" and hit.first >= first]
    bodies = [hit for hit in hits if hit.lexicon == "source_types" and hit.first >= first]
    body = next((hit.label for hit in bodies if hit.last == head + 1), "")
    roles.sort(key=lambda hit: hit.last != head + 1)  # the head tells most
    if body:  # "Farmers' Union" is no farmer
        roles = [hit for hit in roles if hit.first > head]
    titles = [hit for hit in roles if hit.last <= head]
    proper, inner = capital[head] and not _is_common(words, head, hits), INNER | {"'"} if body else INNER
    parts = _proper(words, capital, titles, first, head, inner) if proper else ()
    parts += _rest(words, capital, head + 1, core) if parts and body else ()
    crowd = not parts and words[head].form.endswith("s")
    if not (crowd or document):
        last = next((i for i in range(core + 1, len(words)) if not capital[i]), len(words))
        near = head == core - 1 or any(hit.last == core for hit in bodies)
        role = not parts or forms[0] in closed_class() or any(hit.last == head + 1 for hit in hits)  # not "Lee, R-Ohio"
        if near and role and last > core + 1 and [*forms, ","][last] in (*BREAKS, "of"):  # its chairman, Pavel Rusk
            inside = [hit for hit in hits if core < hit.first and hit.last < last]
            parts = _proper(words, capital, inside, core + 1, last - 1, INNER)
    person = False if body or document else True if roles or len(parts) > 1 else None
    if len(parts) == 1 and forms[0] == "the" and not (titles or body or document):  # the Centers for Disease Control
        parts += _rest(words, capital, head + 1, core)
    name = raw[words[first].start : words[core - 1].end]
    if parts:
        name = raw[parts[0].start : parts[-1].end]
        sides = [h for h in sides if not person or not parts[0].start <= words[h.first].start < parts[-1].end]
    elif words[first].form in closed_class() or any(hit.first == first for hit in hits):
        is_name = any(capital[first + 1 : first + 2]) or name[1:2].isupper()  # "White House officials", "CIA officials"
        name = name if is_name and words[first].form not in closed_class() else name[:1].lower() + name[1:]
    before = [hit for hit in bodies if not titles or hit.first < core]
    kind = _kind(roles, before, body) or ("document" if document else "anonymous collective" if crowd else "")
    if parts and kind == "unnamed individual":  # "her rival Otto Falk" has a name
        kind = next((hit.label for hit in bodies if hit.label in BODIES), "")
    if sides and not kind and parts == tuple(words[sides[0].first : sides[0].last]):
        kind = "government"  # a country or a capital that speaks
        last = parts[-1].form
        several = (*(part.form for part in parts[:-1]), last[:-1]) in load_lexicon("nationalities").entries
        if DEMONYM.search(last) and (several or forms[0] in ("the", "a", "an", "one")):  # "the Italian", "Ukrainians"
            crowd, parts = bool(re.search("(?:s|ese|sh|ch)$", last)), ()
            kind = "anonymous collective" if crowd else "unnamed individual"
            name, person = raw[words[0].start : words[core - 1].end], not crowd
            name = name[:1].lower() + name[1:] if forms[0] in closed_class() else name
    named = bool(parts) or (bool(body) and not document and any(capital[max(first, 1) : head]))
    plural = crowd or any(word.form == "and" for word in words[first:core])
    documents = (words[hit.last - 1].form for hit in hits if hit.label == "document")
    nouns = frozenset([words[head].form, *(hit.head.split()[-1] for hit in roles), *documents])
    shown = [form for i, form in enumerate(forms[: head + 1]) if i in held or form == "'s"]
    proper = tuple(part.form for part in parts)
    known = Known(name, proper, kind, named, person, plural, document, nouns, _gender(shown))
    country_at = (words[sides[0].first].start, words[sides[0].last - 1].end) if sides else None
    return known, sides[0].label if sides else "", country_at


def _gender(forms: Sequence[str]) -> str:
    """ "m" or "f" where titles and nouns, past an owner's ("Mr. Lind's wife"), show one of them alone."""
    forms = forms[max((i + 1 for i, form in enumerate(forms) if form == "'s"), default=0) :]
    male = any(form in MALE or (form[-3:] == "man" and form[-5:] != "woman") for form in forms)
    female = any(form in FEMALE or form[-5:] == "woman" for form in forms)
    return "" if male == female else "m" if male else "f"


def _is_common(words: Sequence[Token], head: int, hits: Sequence[Hit]) -> bool:
    """Whether the head is a listed common noun ("Officials", "Evidence", "a Labour MP"), capital or not."""
    labels = ("document", "anonymous collective")
    opening, led = [hit for hit in hits if hit.first == head == 0], words[0].form in closed_class()
    several = words[head].form[-1] == "s" and head < 2 + led  # "the House Republicans", not "the United Auto Workers"
    if several or (led and words[0].form != "the"):  # "a Labour MP"
        opening += [hit for hit in hits if hit.lexicon == "source_roles" and hit.last == head + 1]
    return any(h.lexicon == "source_roles" or h.label in labels or h.head != words[0].form for h in opening)


def _head(words: Sequence[Token], capital: Sequence[bool], first: int, core: int, held: Set[int]) -> int:
    """Index of the head noun: the last word before the first preposition."""
    closed = closed_class()
    free = (i for i in range(first + 1, core) if i not in held and words[i].form in closed)
    last = next((i for i in free if closed[words[i].form].label in LINKS), core) - 1
    while last > first + 1 and not capital[last] and MADE.fullmatch(words[last].form):  # "a study published in"
        last -= 1
    return last - 1 if last > first and words[last].form in ("'s", "'") else last


def _publisher(words: Sequence[Token], capital: Sequence[bool], core: int) -> tuple[int, int]:
    """Where a document names who made it ("research from X", "X's report"), that phrase; else the document itself."""
    for i in range(core - 1, 0, -1):
        if words[i].form in ("by", "from") and any(capital[i + 1 : core]):
            return i + 1, core
        if words[i].form == "'s" and capital[i - 1]:
            return 0, i
    return 0, core


def _rest(words: Sequence[Token], capital: Sequence[bool], first: int, core: int) -> tuple[Token, ...]:
    """What goes on after the head of a body's name: "of Health", "for Fiscal Studies"."""
    last = at = first
    while at < core and (capital[at] or words[at].form in ("of", "for", "the", "and", "&")):
        at += 1
        last = at if capital[at - 1] else last
    return tuple(words[first:last])


def _proper(
    words: Sequence[Token], capital: Sequence[bool], before: Sequence[Hit], first: int, head: int, inner: Set[str]
) -> tuple[Token, ...]:
    """The proper name that ends at the head: its capitals, after titles, nationalities, possessors and articles."""
    while head > first and words[head].form in AFTER_NAME and capital[head - 1]:
        head -= 1
    start = at = head
    while at > first and (capital[at - 1] or words[at - 1].form in inner):
        at -= 1
        start = at if capital[at] else start
    start = max((hit.last for hit in before if start < hit.last), default=start)
    start = next((i + 1 for i in range(head, start, -1) if words[i].form == "'s"), start)
    closed = closed_class()  # but for what are first names, too: Per, Will, Jan
    small = [word.form in closed and closed[word.form].label not in "IXY" for word in words]
    while start < head and small[start]:
        start += 1
    return () if small[start] else tuple(words[start : head + 1])


def _kind(roles: Sequence[Hit], bodies: Sequence[Hit], at_head: str) -> str:
    """The role decides; who speaks for a body or a person has their type; then the body that is the head; then any."""
    role = next((h.label for h in roles if h.label != "honorific"), "")
    other = next((h.label for h in roles if h.label not in ("honorific", "representative")), "")
    body = next((h.label for h in bodies if h.label not in ("document", "anonymous collective")), "")
    if role == "representative":
        return body or other
    office = {h.head.split()[-1] for h in roles if h.label == role} & {*OFFICES[: -1 if body == "ngo" else None]}
    return body if role == "government" and body in BODIES and not office else role or at_head or body
