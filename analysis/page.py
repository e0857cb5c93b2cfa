"""Anatomy of a pasted page: which characters are headline, caption, body or furniture, and of which article.

Every character is in exactly one block. A block begins at its first visible character and runs up to that of the
next one, so that line breaks and blank lines belong to the block before them. What a line shows by itself is told in
`lines`; here its place and its repeats decide. Known limits: a lone caption without credit, full stop or copy is taken
for a subhead, and the first of several headlines without date, byline or copy for the headline.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, takewhile
from typing import NamedTuple

from analysis.lines import CAPTION, HEADING, PERSON, Line, read_lines
from analysis.model import MEASURED_ROLES, Article, Block
from analysis.text import sentences

SUBHEAD = 14  # words at most; a longer line without a full stop is body text that lost it
ECHO = 7  # words at most of a line that may come again in running text, or in another line, without being a copy
STANDFIRST = 40  # words at most of prose between a headline and its byline, and of a teaser or a comment
SETTING = ("kicker", "dateline", "byline", "notice", "furniture")  # what is neither text nor headed by text
NEAR = 30  # lines that are looked at around one, so that time grows with the page and no faster
TITLE = 60  # characters at most of an inferred title, as on the axes of the figures


class PageArticle(NamedTuple):
    """One article of a page; the blocks of all its articles partition the page. Facts not given are empty strings."""

    blocks: tuple[Block, ...]
    title: str
    title_is_inferred: bool
    author: str
    date: str


def anatomy(raw: str) -> list[PageArticle]:
    """The articles of a page, in order; their blocks add up to the page. A page without a visible character has none.

    >>> [a] = anatomy("Ferry runs again\\n3 July 2025\\n\\nThe ferry to Holm runs again.\\n\\nShare")
    >>> a.title, a.date, [b.role for b in a.blocks]
    ('Ferry runs again', '2025-07-03', ['headline', 'dateline', 'paragraph', 'furniture'])
    """
    lines = read_lines(raw)
    if not lines:
        return []
    for step in (_mark_menus, _mark_links, _mark_repeats, _mark_neighbours):
        step(lines)
    for line in lines if not any(line.role == "paragraph" for line in lines) else ():
        if line.role == "heading":
            line.be("paragraph", "the page has no full sentence: taken as it is")
    starts = [line.start for line in lines]
    ends = dict(zip(starts, [*starts[1:], len(raw)], strict=True))
    made = [_assemble(raw, _settle(part), ends) for part in _articles(lines)]
    if starts[0]:
        blank = Block(0, starts[0], "furniture", False, "blank before the first line")
        made[0] = made[0]._replace(blocks=(blank, *made[0].blocks))
    return made


def inferred_title(raw: str, blocks: Sequence[Block]) -> str:
    """The first sentence of the first kept block, cut at a word to at most 60 characters; "" if nothing is kept."""
    kept = next((raw[block.start : block.end][: TITLE + 20] for block in blocks if block.kept), "")
    found = sentences(Article("title", kept, (Block(0, len(kept), "paragraph", True),))) if kept else ()
    first = " ".join(kept[: found[0].end].split()) if found else ""
    return first if len(first) <= TITLE else first[:TITLE].rsplit(" ", 1)[0][: TITLE - 1] + "…"


def _mark_menus(lines: list[Line]) -> None:
    """Three different names of sections or buttons in a row, two of them sections, are a menu."""
    for small, run in groupby(lines, key=lambda line: line.role in ("kicker", "furniture")):
        entries = list(run)
        kinds = {line.key: line.role for line in entries}
        if small and len(kinds) > 2 and [*kinds.values()].count("kicker") > 1:
            for line in entries:
                line.be("furniture", "entry of a menu")


def _mark_links(lines: list[Line]) -> None:
    """What follows “Related” (up to running text) or “Comments” (up to a new article) is furniture as well."""
    reach, prose = "", 0
    for i, line in enumerate(lines):
        if line.reach == "links" or (line.reach == "end" and prose > STANDFIRST):
            reach = line.reach
        elif _ends_links(reach, lines[i : i + NEAR]):
            reach = ""
        elif reach and line.role != "notice":
            line.be("furniture", "under a heading of links or comments")
        prose += line.words * (line.role == "paragraph")


def _ends_links(reach: str, lines: Sequence[Line]) -> bool:
    """Whether text goes on after links, or a heading, a date or byline and more prose than a teaser's come at once."""
    if reach == "links" and (lines[0].role == "paragraph" or lines[0].reason == "a time of day"):
        return True
    rest = [line for line in lines[1:] if line.role not in ("kicker", "furniture")]
    if lines[0].role != "heading" or lines[0].words < 4 or not rest or rest[0].role not in ("dateline", "byline"):
        return False
    return sum(n.words * (n.role == "paragraph") for n in takewhile(lambda n: n.role != "heading", rest)) > STANDFIRST


def _mark_repeats(lines: list[Line]) -> None:
    """Short blocks repeated back to back are captions; running text said twice on a page counts once."""
    seen: dict[str, int] = {}
    inside = False  # past the first headline, which may be repeated back to back as well
    for i, line in enumerate(lines):
        copies = [n for n in lines[i + 1 : i + 3] if n.key == line.key]
        refrain = len(copies) == 1 and copies[0] is not lines[i + 1] and lines[i + 1].role == "paragraph"
        after = next((n for n in lines[i + 1 : i + NEAR] if n.key != line.key), None)
        headline = line.role == "heading" and (not inside or (after and after.role == "dateline"))
        text = line.role in ("paragraph", "heading", "caption")
        if text and copies and not refrain and not headline and 1 < line.words <= CAPTION:
            for copy in [line, *copies]:
                copy.be("caption", "short block repeated back to back")
        inside |= line.role in ("paragraph", "dateline", "byline") or bool(headline and line.words > 3 and not copies)
        if line.role == "paragraph" and line.words > ECHO and seen.setdefault(line.key, line.start) != line.start:
            line.copy_of = seen[line.key]


def _mark_neighbours(lines: list[Line]) -> None:
    """What is a byline or a headline because of the line before or after it.

    A person's name alone beside the date, or between the last paragraph and what is no text, is a byline; a name is
    words with capitals that the page never writes without them ("Climate Change" is none). A sentence that comes after
    no text, right above a byline or date, is a headline with a full stop.
    """
    common = {word for line in lines for word in re.findall(r"\b[a-z]\w*", line.text)}
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        ends = (not after or after.role in ("notice", "furniture")) and before and before.role == "paragraph"
        dated = any(n and n.role == "dateline" for n in (before, after))
        is_name = PERSON.fullmatch(line.text) and not common & {*line.key.split()}
        if line.role == "heading" and (ends or dated) and is_name:
            line.name, line.reach = line.text, "close" if ends else ""
            line.be("byline", "a name alone after the last paragraph" if ends else "a name alone beside the date")
        above = after and (after.date or after.role == "byline") and (not before or before.role in SETTING)
        if line.role == "paragraph" and line.words <= HEADING and above:
            line.be("heading", "sentence right above a byline or date")


def _articles(lines: list[Line]) -> Iterator[list[Line]]:
    """Cut the page between two paragraphs where one article has ended or a headline announces the next."""
    body = [i for i, line in enumerate(lines) if line.role == "paragraph" and line.copy_of is None]
    left = sum(lines[i].words for i in body)  # words of body text from here on
    first, seen, prose, had = 0, 0, 0, set[str]()
    for before, after in pairwise(body):
        had |= {line.role for line in lines[seen:before] if line.role != "dateline" or line.date}
        gap = lines[before + 1 : after]
        prose, left, seen = prose + lines[before].words, left - lines[before].words, before
        opener = next((n for n, line in enumerate(gap) if line.role == "heading" and _leads(gap, n, had)), len(gap))
        standfirst = "heading" in had and prose <= STANDFIRST
        closed = any(line.reach == "close" or (line.role == "byline" and not standfirst) for line in gap[:opener])
        own = {"furniture", "notice", "caption"} | ({"byline", "dateline"} - had)
        if opener < len(gap) or (closed and left > STANDFIRST):
            cut = before + 1 + max((n + 1 for n, line in enumerate(gap[:opener]) if line.role in own), default=0)
            yield lines[first:cut]
            first, seen, prose, had = cut, cut, 0, set()
    yield lines[first:]


def _leads(gap: Sequence[Line], n: int, had: set[str]) -> bool:
    """Whether a heading between two paragraphs is a headline: dated, signed, under a kicker, or printed again."""
    later = gap[n + 1 : n + NEAR]
    told = any(line.date or (line.role == "byline" and line.reach != "close") for line in later)
    before = gap[n - 1].role if n else ""
    return told or before in {"kicker"} | (had & {"byline"}) or any(line.key == gap[n].key for line in later[1:])


def _settle(lines: list[Line]) -> list[Line]:
    """Settle what the headings and dates of one article are, and which of its blocks are copies."""
    body = [i for i, line in enumerate(lines) if line.role == "paragraph" and line.copy_of is None]
    first, last = (body[0], body[-1]) if body else (len(lines), len(lines))
    headline = _headline(lines[:first])
    dated, prose = False, 0
    for i, line in enumerate(lines):
        prose += line.words * (line.role == "paragraph")
        if line.role == "dateline":
            labelled = line.reason == "a date, labelled"
            under_standfirst = not dated and prose <= STANDFIRST and (labelled or lines[i - 1].role == "byline")
            if i < first or i > last or under_standfirst:
                dated = dated or bool(line.date)
            elif labelled or ":" in line.date or not line.date:
                line.be("furniture", "time stamp")
            else:
                line.be("subhead", "a date that heads what follows")
        elif line.role != "heading":
            continue
        elif headline and _stem(line) == _stem(headline):
            line.be("headline", "the headline" if line is headline else "copy of the headline")
            line.copy_of = None if line is headline else headline.start
        elif i < first and line.words < 4:
            line.be("kicker", "short label beside the headline")
        elif i > first and line.words > SUBHEAD:
            line.be("paragraph", "running text without a full stop")
        elif i > first and (lines[i - 1].text.endswith(":") or lines[i - 1].reason == "item after a colon"):
            line.be("paragraph", "item after a colon")
        elif i > last or (headline and line.start < headline.start):
            line.be("furniture", "line outside headline and text")
        else:
            line.be("subhead", "short line without a full stop, before text")
    _mark_copies(lines)
    return lines


def _mark_copies(lines: Sequence[Line]) -> None:
    """Point each copy to its first block; a line that a paragraph beside it repeats word for word is a caption."""
    seen: dict[str, int] = {}
    for i, line in enumerate(lines):
        if line.copy_of is not None or not line.key or (line.role == "paragraph" and line.words <= ECHO):
            continue
        beside = [n for n in lines[max(i - 3, 0) : i + 4] if n.role == "paragraph" and n.words > line.words]
        echoed = next((n for n in beside if f" {line.key} " in f" {n.key} "), None)
        if echoed and line.role in ("paragraph", "subhead") and ECHO < line.words <= CAPTION:
            line.be("caption", "repeats words of a paragraph beside it")
            line.copy_of = echoed.start
        elif seen.setdefault(line.key, line.start) != line.start:
            line.copy_of = seen[line.key]


def _headline(head: Sequence[Line]) -> Line | None:
    """The heading before the text that is printed most often; of those, the first with four words, outside a menu.

    Of its copies it is the shortest, because browsers put the site's name behind it.
    """
    copies = Counter(_stem(line) for line in head if line.role == "heading")
    crowded = {b.start for a, b, c in zip(head, head[1:], head[2:], strict=False) if a.words < 4 > c.words}
    ranks = [
        (line.words > 3, copies[_stem(line)], line.start not in crowded, -n, line)
        for n, line in enumerate(line for line in head if line.role == "heading" and line.words <= HEADING)
    ]
    best = max(ranks, default=None, key=lambda rank: rank[:4])
    return best and min((rank[-1] for rank in ranks if _stem(rank[-1]) == _stem(best[-1])), key=lambda n: len(n.text))


def _stem(line: Line) -> str:
    """A headline's words without the site's name that browsers put behind it ("… | The Holm Gazette")."""
    return " ".join(re.findall(r"\w+", re.split(r" [|–—-] (?=[^|–—]{3,40}$)", line.text)[0].casefold()))


def _assemble(raw: str, lines: Sequence[Line], ends: dict[int, int]) -> PageArticle:
    blocks = tuple(
        Block(n.start, ends[n.start], n.role, n.role in MEASURED_ROLES and n.copy_of is None, n.reason, n.copy_of)
        for n in lines
    )
    headlines = (raw[b.start : b.end] for b in blocks if b.role == "headline" and b.kept)
    headline = " ".join(next(headlines, "").split())
    told = [n for n in lines if n.role in ("dateline", "byline")]
    dates = [n.date for n in sorted(told, key=lambda n: "updated" in n.key.split()[:2]) if n.date]
    author = next((n.name for n in told if n.name), "")
    return PageArticle(blocks, headline or inferred_title(raw, blocks), not headline, author, next(iter(dates), ""))
