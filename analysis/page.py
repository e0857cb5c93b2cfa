"""Anatomy of a pasted page: which characters are headline, caption, body or furniture, and of which article.

Every character is in exactly one block. A block begins at its first visible character and runs up to that of the
next one, so that line breaks and blank lines belong to the block before them. Phrases that give a line away stand in
`data/page.csv`; the other rules are about form and place. Known limit: a lone caption without credit, full stop or
copy is taken for a subhead.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby, pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

from analysis.model import MEASURED_ROLES, ROLES, AnalysisError, Article, Block
from analysis.text import fold, sentences

PHRASES = Path(__file__).parents[1] / "data" / "page.csv"
WIDEST = 100  # characters; a longer line was not broken by hand (RFC 2646 asks for 72, few editors go beyond 100)
HEADING, SUBHEAD, CAPTION, ECHO = 25, 14, 60, 7  # words at most; up to ECHO words repeated in prose may be style
STANDFIRST = 60  # words of prose at most between a headline and its byline
TITLE = 60  # characters at most of an inferred title, as on the axes of the figures

_YEAR, _DAY, _LATE_DAY = r"(?P<y>\d{4})", r"(?P<d>\d{1,2})(?:st|nd|rd|th)?", r"(?P<d>1[3-9]|2\d|3[01])"
_MONTH, _NUMBER = r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?", r"(?P<m>\d{1,2})"
_DATES = [
    re.compile(rf"(?<!\w)(?:{pattern})(?!\d)", re.I)
    for pattern in (
        rf"{_YEAR}[-/.]{_NUMBER}[-/.]{_DAY}",
        rf"{_MONTH}\s{{1,3}}{_DAY},?\s{{1,3}}{_YEAR}",
        rf"{_DAY}\s{{1,3}}(?:of )?{_MONTH},?\s{{1,3}}{_YEAR}",
        rf"{_DAY}\.{_NUMBER}\.{_YEAR}",
        rf"{_LATE_DAY}/{_NUMBER}/{_YEAR}",  # 03/07/2025 is left open: March or July?
        rf"{_NUMBER}/{_LATE_DAY}/{_YEAR}",
    )
]
_TIME = re.compile(r"(?<![\w.:])(\d{1,2})(?:[:.](\d\d)(?::\d\d)?\s?([ap])?|\s?([ap]))(?:\.?m\b\.?)?(?!\w)", re.I)
_NAME = r"[^\W\d_a-z][\w'.-]{1,30}"
_PERSON = rf"{_NAME}(?: (?:{_NAME}|[A-Z]|al|bin|da|de|del|der|di|la|van|von)){{1,4}}"
_PEOPLE = re.compile(rf"{_PERSON}(?:(?:, {_PERSON}){{0,4}},? (?:and|&) {_PERSON})?(?=$|\s?[|,•·(/–—-]| in | for )")
_STOP = re.compile(r"[.!?…][\"')\]]{0,3}$")
_TITLE_QUESTION = re.compile(r"(?=(?:\S+ ){2})(?:(?:[^\sa-z]\S*|[a-z']{1,3}) )*[^\sa-z]\S*[?!]$")  # "Who Is Ann Lee?"
_NUMBERED = re.compile(r"(?:#|No\. ?)?\d{1,2}[.):]?\s\D")
_BULLET = re.compile(r"[-–—•*·▪‣]\s")


class PageArticle(NamedTuple):
    """One article of a page; the blocks of all its articles partition the page. Facts not given are empty strings."""

    blocks: tuple[Block, ...]
    title: str
    title_is_inferred: bool
    author: str
    date: str


@dataclass(slots=True)
class _Line:
    """A line, or lines that were one before they were wrapped. The role `heading` is for the later steps to settle."""

    start: int
    text: str
    key: str  # its words alone, by which repeats are known
    words: int
    role: str = ""
    reason: str = ""
    reach: str = ""  # links | end: what follows is furniture too; close: its article is over
    name: str = ""
    date: str = ""
    copy_of: int | None = None

    def be(self, role: str, reason: str) -> None:
        self.role, self.reason = role, reason


def anatomy(raw: str) -> list[PageArticle]:
    """The articles of a page, in order; their blocks add up to the page. A page without a visible character has none.

    >>> [a] = anatomy("Ferry runs again\\n3 July 2025\\n\\nThe ferry to Holm runs again.\\n\\nShare")
    >>> a.title, a.date, [b.role for b in a.blocks]
    ('Ferry runs again', '2025-07-03', ['headline', 'dateline', 'paragraph', 'furniture'])
    """
    lines = _lines(raw)
    for line in lines:
        _look(line)
    for step in (_menus, _zones, _repeats, _lone_names):
        step(lines)
    if not any(line.role == "paragraph" for line in lines):
        for line in lines:
            if line.role == "heading":
                line.be("paragraph", "the page has no full sentence: taken as it is")
    articles = [_settle(part) for part in _articles(lines)]
    ends = [*(line.start for line in lines[1:]), len(raw)]
    blocks = {
        line.start: Block(
            line.start, end, line.role, line.role in MEASURED_ROLES and line.copy_of is None, line.reason, line.copy_of
        )
        for line, end in zip(lines, ends, strict=True)
    }
    made = [_page_article(raw, part, [blocks[line.start] for line in part]) for part in articles]
    if lines and lines[0].start:
        blank = Block(0, lines[0].start, "furniture", False, "blank before the first line")
        made[0] = made[0]._replace(blocks=(blank, *made[0].blocks))
    return made


def parse_date(text: str) -> str:
    """The first date of a text, as "YYYY-MM-DD HH:MM" or "YYYY-MM-DD"; "" if none, or if it can be read two ways.

    >>> parse_date("Published: 3 July 2025 at 9:51 pm BST"), parse_date("03/07/2025")
    ('2025-07-03 21:51', '')
    """
    found = min(filter(None, (p.search(text) for p in _DATES)), key=lambda m: m.start(), default=None)
    if found is None:
        return ""
    parts = found.groupdict()
    month = parts.get("m") or datetime.strptime(parts["b"], "%b").month
    clock = _TIME.search(f"{text[found.end() :]} {text[: found.start()]}")
    hour, minute, half = (clock[1], clock[2] or 0, clock[3] or clock[4]) if clock else (0, 0, None)
    if half:
        hour = int(hour) % 12 + 12 * (half in "pP")
    try:
        when = datetime(int(parts["y"]), int(month), int(parts["d"]), int(hour), int(minute))
    except ValueError:
        return ""
    return when.isoformat(" ", "minutes") if clock else when.date().isoformat()


def _lines(raw: str) -> list[_Line]:
    """The lines that hold text; in hard-wrapped text, those that the wrapping tore apart are one again."""
    spans = [m.span() for m in re.finditer(r"\S(?:[^\r\n]*\S)?", raw)]
    width = max((end - start for start, end in spans if end - start <= WIDEST), default=0)
    joints = []  # for each line: whether the next one follows at once, and begins with a word that had no room on it
    for (start, end), (after, after_end) in pairwise(spans):
        follows = raw[end:after].replace("\r\n", "\n").replace("\r", "\n").count("\n") == 1
        word = len(raw[after:after_end].split(None, 1)[0])
        joints.append((follows, follows and end - start <= WIDEST and end - start + 1 + word > 0.9 * width))
    torn = [raw[start:end] for (start, end), (_, is_torn) in zip(spans, joints, strict=False) if is_torn]
    long = sum(end - start for start, end in spans if end - start > WIDEST)
    wrapped = width >= 40 and len(torn) > 0.5 * sum(follows for follows, _ in joints)
    wrapped = wrapped and long < 0.2 * len(raw) and sum(map(bool, map(_STOP.search, torn))) < 0.5 * len(torn)
    joined = spans[:1]
    for (_, is_torn), span in zip(joints, spans[1:], strict=True):
        joined[-1:] = [(joined[-1][0], span[1])] if wrapped and is_torn else [joined[-1], span]
    texts = [(start, " ".join(fold(raw[start:end])[0].split())) for start, end in joined]
    words = [re.findall(r"\w+", text.casefold()) for _, text in texts]
    return [_Line(start, text, " ".join(key), len(key)) for (start, text), key in zip(texts, words, strict=True)]


@cache
def _phrases() -> dict[str, tuple[re.Pattern[str], dict[str, tuple[str, str]]]]:
    """For each place in a line: a pattern of its phrases, longest first, and the role and reach of each phrase."""
    places: dict[str, dict[str, tuple[str, str]]] = {"whole": {}, "start": {}, "inside": {}, "end": {}}
    with PHRASES.open(encoding="utf-8", newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            if row["where"] not in places or row["role"] not in ROLES or not row["phrase"]:
                raise AnalysisError(f"{PHRASES}, line {number}: give a phrase, a role and one of {', '.join(places)}")
            places[row["where"]][row["phrase"]] = row["role"], row["reach"]
    patterns = {}
    for place, facts in places.items():
        bounded = (
            r"(?<!\w)" * p[0].isalnum() + re.escape(p) + r"(?!\w)" * p[-1].isalpha()
            for p in sorted(facts, key=len, reverse=True)
        )
        before, after = "^" if place == "start" else "", r"\W?$" if place == "end" else ""
        patterns[place] = re.compile(f"{before}({'|'.join(bounded)}){after}"), facts
    return patterns


def _look(line: _Line) -> None:
    """Give a line the role that its own words and form show: some phrase, else a paragraph or, if short, a heading."""
    lowered = line.text.lower().strip(" *_#")
    if not line.key:
        line.be("furniture", "no words in it")
    elif line.words <= HEADING and (_is_byline(line, lowered) or _is_made_of_phrases(line, lowered)):
        line.date = parse_date(line.text)
    elif line.words <= CAPTION and any(_has_phrase(line, lowered, place) for place in ("start", "inside", "end")):
        pass
    elif _BULLET.match(line.text):
        line.be("paragraph", "item of a list")
    elif _NUMBERED.match(line.text) and line.words <= 10:
        line.be("heading", "numbered line")
    elif line.words > HEADING or (line.text[-1] in ":;," and line.words > 5) or _ends_sentence(line.text):
        line.be("paragraph", "running text")
    else:
        line.be("heading", "short line without a full stop")


def _ends_sentence(text: str) -> bool:
    return bool(_STOP.search(text)) and not _TITLE_QUESTION.match(text)


def _has_phrase(line: _Line, lowered: str, place: str) -> bool:
    pattern, facts = _phrases()[place]
    found = pattern.search(lowered)
    role, line.reach = facts[found[1]] if found else ("", "")
    if found and role != "byline":
        line.be(role, f"has “{found[1]}” ({place})")
    return bool(found) and role != "byline"


def _is_byline(line: _Line, lowered: str) -> bool:
    """Whether the line is “By” and people, or people and a journalist's title; also keeps their names."""
    (start, starts), (inside, insides) = _phrases()["start"], _phrases()["inside"]
    found, title = start.search(lowered), inside.search(lowered)
    by = bool(found) and starts[found[1]][0] == "byline"
    plain = line.text.strip(" *_#")
    people = _PEOPLE.match(plain[found.end() :].lstrip(": ") if by else plain)
    if not people or not (by or (title and insides[title[1]][0] == "byline" and title.start() > len(people[0]))):
        return False
    line.name = people[0]
    line.be("byline", "“by” and a name" if by else "a name and a journalist's title")
    return line.text[-1] not in "!?:;"


def _is_made_of_phrases(line: _Line, lowered: str) -> bool:
    """Whether the line is nothing but dates, numbers and phrases that pages put around an article."""
    pattern, facts = _phrases()["whole"]
    rest = lowered
    for form in _DATES:
        rest = form.sub(" ", rest)
    dated, timed = rest != lowered, bool(_TIME.search(rest))
    rest = _TIME.sub(" ", rest)
    found = [facts[phrase] for phrase in pattern.findall(rest)]
    left = len(re.findall(r"[^\W\d_]+", pattern.sub(" ", rest)))
    roles, line.reach = {role for role, _ in found}, max((reach for _, reach in found), default="")
    if dated and left <= 3 and line.text[-1] != ".":
        line.be("dateline", "a date and a place" if left else "a date")
    elif (
        left
        or line.text[-1] in ".!?"
        or not (timed or found)
        or (roles == {"dateline"} and not re.search(r"\d", lowered))
    ):
        return False
    elif timed or "dateline" in roles:
        line.be("dateline", "a time without a date")
    elif roles == {"kicker"} and len(found) < 3:
        line.be("kicker", "name of a section")
    else:
        line.be("furniture", "words of menus and buttons")
    return True


def _menus(lines: list[_Line]) -> None:
    """Three different names of sections or buttons in a row, two of them sections, are a menu."""
    for small, run in groupby(lines, key=lambda line: line.role in ("kicker", "furniture")):
        entries = list(run)
        kinds = {line.key: line.role for line in entries}
        if small and len(kinds) > 2 and list(kinds.values()).count("kicker") > 1:
            for line in entries:
                line.be("furniture", "entry of a menu")


def _zones(lines: list[_Line]) -> None:
    """What follows “Related” (up to running text) or “Comments” (up to a new article) is furniture as well."""
    zone, prose = "", 0
    for i, line in enumerate(lines):
        if line.reach == "links" or (line.reach == "end" and prose > STANDFIRST):
            zone = line.reach
        elif zone and ((zone == "links" and line.role == "paragraph") or _starts_article(lines[i : i + 30])):
            zone = ""
        elif zone and line.role != "notice":
            line.be("furniture", "under a heading of links or comments")
        prose += line.words * (line.role == "paragraph")


def _starts_article(lines: Sequence[_Line]) -> bool:
    """Whether a heading, then a date or byline, then more prose than a teaser or a comment has come at once."""
    rest = [line for line in lines[1:] if line.role not in ("kicker", "furniture")]
    if lines[0].role != "heading" or lines[0].words < 4 or not rest or rest[0].role not in ("dateline", "byline"):
        return False
    return sum(n.words * (n.role == "paragraph") for n in takewhile(lambda n: n.role != "heading", rest)) > STANDFIRST


def _repeats(lines: list[_Line]) -> None:
    """Short blocks repeated back to back are captions; running text said twice on a page counts once."""
    seen: dict[str, int] = {}
    inside = False
    for i, line in enumerate(lines):
        copies = [n for n in lines[i + 1 : i + 3] if n.key == line.key]
        if len(copies) == 1 and copies[0] is not lines[i + 1] and lines[i + 1].role == "paragraph":
            copies = []  # a refrain
        dated = next((n.role for n in lines[i + 1 :] if n.key != line.key), "") == "dateline"
        if (
            copies
            and 1 < line.words <= CAPTION
            and (line.role in ("paragraph", "caption") or (line.role == "heading" and inside and not dated))
        ):
            for copy in [line, *copies]:
                copy.be("caption", "short block repeated back to back")
        inside = inside or line.role in ("paragraph", "dateline", "byline")
        if line.role == "paragraph" and line.words > ECHO and seen.setdefault(line.key, line.start) != line.start:
            line.copy_of = seen[line.key]


def _lone_names(lines: list[_Line]) -> None:
    """A person's name alone beside the date, or between the last paragraph and what is no text, is a byline.

    A name is words with capitals that the page never writes without them ("Climate Change" is none).
    """
    common = {word for line in lines for word in re.findall(r"\b[a-z]\w*", line.text)}
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        ends = (
            before and before.role == "paragraph" and (not after or after.role in ("notice", "furniture", "dateline"))
        )
        dated = any(n and n.role == "dateline" for n in (before, after))
        plain = line.text.strip("-—– ")
        if (
            line.role == "heading"
            and (ends or dated)
            and re.fullmatch(_PERSON, plain)
            and not common & {*line.key.split()}
        ):
            line.name, line.reach = plain, "close" if ends else ""
            line.be("byline", "a name alone after the last paragraph" if ends else "a name alone beside the date")


def _articles(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Cut the page between two paragraphs where one article has ended or a headline announces the next."""
    body = [i for i, line in enumerate(lines) if line.role == "paragraph" and line.copy_of is None]
    first = 0
    for before, after in pairwise(body):
        article, gap = lines[first : before + 1], lines[before + 1 : after]
        had = {line.role for line in article if line.role != "dateline" or line.date}
        opener = next((n for n, line in enumerate(gap) if line.role == "heading" and _leads(gap, n, had)), len(gap))
        short = "heading" in had and sum(n.words * (n.role == "paragraph") for n in article) <= STANDFIRST
        over = any(line.reach == "close" or (line.role == "byline" and not short) for line in gap[:opener])
        own = {"furniture", "notice", "caption"} | ({"byline", "dateline"} - had)
        if over or opener < len(gap):
            cut = before + 1 + max((n + 1 for n, line in enumerate(gap[:opener]) if line.role in own), default=0)
            yield lines[first:cut]
            first = cut
    yield lines[first:]


def _leads(gap: Sequence[_Line], n: int, had: set[str]) -> bool:
    """Whether a heading between two paragraphs is a headline: dated, signed, under a kicker, or printed again."""
    told = any(line.date or (line.role == "byline" and line.reach != "close") for line in gap[n + 1 :])
    before = gap[n - 1].role if n else ""
    return told or before == "kicker" or (before in had & {"byline"}) or any(m.key == gap[n].key for m in gap[n + 2 :])


def _settle(lines: list[_Line]) -> list[_Line]:
    """Settle what the headings of one article are, and which of its blocks are copies."""
    body = [i for i, line in enumerate(lines) if line.role == "paragraph" and line.copy_of is None]
    first, last = (body[0], body[-1]) if body else (len(lines), len(lines))
    headline = _headline(lines[:first])
    for i, line in enumerate(lines):
        if headline and line.role == "heading" and _stem(line) == _stem(headline):
            line.be("headline", "the headline" if line is headline else "copy of the headline")
            line.copy_of = None if line is headline else headline.start
        elif line.role == "heading" and i < first and line.words < 4:
            line.be("kicker", "short label beside the headline")
        elif line.role == "heading" and (i > last or (headline and line.start < headline.start)):
            line.be("furniture", "line outside headline and text")
        elif line.role == "heading" and (line.words > SUBHEAD or lines[i - 1].text[-1] == ":") and i > first:
            line.be("paragraph", "running text without a full stop")
        elif line.role == "heading":
            line.be("subhead", "short line without a full stop, before text")
        elif line.role == "dateline" and first < i < last:
            whole_day = line.date and ":" not in line.date
            line.be(*(("subhead", "a date that heads what follows") if whole_day else ("furniture", "time stamp")))
    seen: dict[str, int] = {}
    for i, line in enumerate(lines):
        if line.copy_of is None and (line.role != "paragraph" or line.words > ECHO):
            echoed = [
                n
                for n in lines[max(i - 3, 0) : i + 4]
                if n.role == "paragraph" and f" {line.key} " in f" {n.key[1:-1]} "
            ]
            if echoed and line.role in ("paragraph", "subhead") and ECHO < line.words <= CAPTION:
                line.be("caption", "repeats words of a paragraph beside it")
                line.copy_of = echoed[0].start
            elif line.key and seen.setdefault(line.key, line.start) != line.start:
                line.copy_of = seen[line.key]
    return lines


def _headline(head: Sequence[_Line]) -> _Line | None:
    """The heading before the text that is printed most often, or else the first of four words and more."""
    headings = [line for line in head if line.role == "heading"]
    copies = Counter(map(_stem, headings))
    crowded = {b.start for a, b, c in zip(head, head[1:], head[2:], strict=False) if a.words < 4 > c.words}
    return max(
        headings,
        key=lambda n: (
            n.words > 3,
            copies[_stem(n)],
            n.start not in crowded,
            -len(n.text) if copies[_stem(n)] > 1 else 0,
            -n.start,
        ),
        default=None,
    )


def _stem(line: _Line) -> str:
    """A headline's key without the site's name that browsers put behind it ("… | The Holm Gazette")."""
    return " ".join(re.findall(r"\w+", re.split(r" [|–—-] (?=[^|–—]{3,40}$)", line.text)[0].casefold()))


def _page_article(raw: str, lines: Sequence[_Line], blocks: Sequence[Block]) -> PageArticle:
    headline = next((line.text for line in lines if line.role == "headline" and line.copy_of is None), "")
    dates = [line.date for line in sorted(lines, key=lambda line: "updated" in line.text.lower()) if line.date]
    author = next((line.name for line in lines if line.name), "")
    title = headline or inferred_title(raw, blocks)
    return PageArticle(tuple(blocks), title, not headline, author, next(iter(dates), ""))


def inferred_title(raw: str, blocks: Sequence[Block]) -> str:
    """The first sentence of the first kept block, cut at a word to at most 60 characters."""
    kept = [block for block in blocks if block.kept]
    beginning = raw[kept[0].start : kept[0].end][: 5 * TITLE] if kept else ""
    found = sentences(Article("title", beginning, (Block(0, len(beginning), "paragraph", True),))) if kept else ()
    first = " ".join(beginning[: found[0].end].split()) if found else ""
    return first if len(first) <= TITLE else first[: TITLE - 1].rsplit(" ", 1)[0] + "…"
