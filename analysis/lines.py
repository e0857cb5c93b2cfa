"""The lines of a pasted page, and what each shows by its own words and form, wherever it stands.

Phrases that give a line away stand in `data/page.csv`: the phrase, the role it shows, where in the line it has to
stand, and how far it reaches. The other rules are about form.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

from analysis.model import Block
from analysis.text import fold

PHRASES = Path(__file__).parents[1] / "data" / "page.csv"
PLACES = {"whole": "%s", "start": "^%s", "inside": "%s", "end": r"%s\W?$", "before a name": "^%s", "after a name": "%s"}
WORD = re.compile(r"[^\W_]+")
HEADING = 25  # words at most of a headline, a byline, a line of a menu
CAPTION = 60  # words at most of a caption, a notice or a box
WIDEST = 100  # characters; a longer line was not broken by hand (RFC 2646 asks for 72, few editors go beyond 100)

_YEAR, _DAY, _LATE_DAY = r"(?P<y>\d{4})", r"(?P<d>\d{1,2})(?:st|nd|rd|th)?", r"(?P<d>1[3-9]|2\d|3[01])"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH, _NUMBER = rf"(?P<b>{_MONTHS})[a-z]{{0,6}}\.?", r"(?P<m>\d{1,2})"
_DATES = [
    re.compile(rf"(?<!\w)(?:{pattern})(?!\d)(?:t(?=\d\d:))?", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}[-/.]{_NUMBER}[-/.]{_DAY}",
        rf"{_MONTH}\s{{1,3}}{_DAY},?\s{{1,3}}{_YEAR}",
        rf"{_DAY}\s{{1,3}}(?:of )?{_MONTH},?\s{{1,3}}{_YEAR}",
        rf"{_DAY}\.{_NUMBER}\.{_YEAR}",
        rf"{_LATE_DAY}/{_NUMBER}/{_YEAR}",  # 03/07/2025 is left open: March or July?
        rf"{_NUMBER}/{_LATE_DAY}/{_YEAR}",
    )
]
_TIME = re.compile(  # 21:51, 9.51 pm, 4 p.m., 21:51:09Z
    r"(?<![\w.:])(?=\d\d?(?:[:.]\d\d|\s?[ap]\.?m))(\d\d?)(?:[:.](\d\d)(?::\d\d)?)?\s?(?:([ap])\.?m\b\.?|z)?(?!\w)", re.I
)
_CAPITAL, _IN_CAPITALS = "[A-ZÀ-ÖØ-Þ]", "A-ZÀ-ÖØ-Þ.'’/-"
_DATELINE = re.compile(  # OSLO, Norway, May 3 (Newsline) —
    r"\s*(?!(?:BREAKING|UPDATED?|WATCH|EXCLUSIVE|NASA|NATO|U\.S\.) )"
    rf"(?:(?:AL|EL|LA|ST)\.? )?{_CAPITAL}[{_IN_CAPITALS}]{{2,20}}(?: [{_IN_CAPITALS}]{{2,20}}){{0,3}}"
    r"(?:, [A-Z][\w.'’ ]{1,25}?)?"
    rf"(?:, (?i:{_MONTHS})[a-z.]{{0,7}} \d{{1,2}})?"
    r"(?: \([A-Z][\w ./-]{1,25}\))? ?(?:--|[—–]|(?<= )-) ?(?=[\"“‘'(]?[A-Z\d])"
)
_NAME = r"[^\W\d_a-z][\w'.-]{1,30}"
PERSON = re.compile(rf"{_NAME}(?: (?:{_NAME}|[A-Z]|al|bin|da|de|del|der|di|la|van|von)){{1,4}}")
_PEOPLE = re.compile(
    rf"{PERSON.pattern}(?:(?:, {PERSON.pattern}){{0,4}},? (?:and|&) {PERSON.pattern})?"
    r"(?=$|\s?[|,•·(/–—-]| (?:in|for|on|at) )"
)
_TITLE_QUESTION = re.compile(r"(?=.*\w \S)(?!.*(?<![\w'])[a-z\d]).*\?\W{0,3}$")  # "Who Is Ann Lee?"


@dataclass(slots=True)
class Line:
    """A line, or lines that were one before they were wrapped; its role may also be `heading`, still to be settled."""

    start: int
    end: int  # up to the next line, so that line breaks and blank lines belong to the line before them
    text: str  # folded, on one line
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


def read_lines(raw: str, *, of_page: bool = True) -> list[Line]:
    """The lines of a text, which together cover it, of a page each with its role; none if nothing is visible."""
    starts = _starts(raw)
    if starts and starts[0]:
        starts.insert(0, 0)  # what is blank before the first line is a line as well
    made = []
    for start, end in pairwise([*starts, len(raw)]):
        text = " ".join(fold(raw[start:end])[0].split())
        words = WORD.findall(text.casefold())
        made.append(Line(start, end, text, " ".join(words), len(words)))
        if of_page:
            _look(made[-1])
    return made


def without_dateline(raw: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks, with the dateline that opens the first paragraph ("OSLO (Newsline) — ") in a block of its own."""
    at = next((i for i, b in enumerate(blocks) if b.kept and b.role == "paragraph"), len(blocks))
    found = _DATELINE.match(raw, blocks[at].start, blocks[at].end) if at < len(blocks) else None
    if not found:
        return tuple(blocks)
    own = blocks[at]
    cut = Block(own.start, found.end(), "dateline", kept=False, reason="a place in capitals before the text")
    rest = (replace(b, duplicate_of=found.end()) if b.duplicate_of == own.start else b for b in blocks[at + 1 :])
    return (*blocks[:at], cut, replace(own, start=found.end()), *rest)


def parse_date(text: str) -> str:
    """The first date of a text, as "YYYY-MM-DD HH:MM" or "YYYY-MM-DD"; "" if none, or if it can be read two ways.

    >>> parse_date("Published: 3 July 2025 at 9:51 pm BST"), parse_date("03/07/2025")
    ('2025-07-03 21:51', '')
    """
    found = min(filter(None, (p.search(text) for p in _DATES)), key=lambda m: m.start(), default=None)
    if found is None:
        return ""
    parts = found.groupdict()
    month = parts.get("m") or 1 + _MONTHS.split("|").index(parts["b"].lower())
    clock = _TIME.search(f"{text[found.end() :]} {text[: found.start()]}")
    hour, minute, half = clock.groups() if clock else (0, 0, None)
    hour = int(hour) % 12 + 12 * (half in "pP") if half else int(hour)
    try:
        when = datetime(int(parts["y"]), int(month), int(parts["d"]), hour, int(minute or 0))
    except ValueError:
        return ""
    return when.isoformat(" ", "minutes") if clock else when.date().isoformat()


def _starts(raw: str) -> list[int]:
    """Where the lines begin; lines that were broken by hand are put together again.

    A line is torn from the one before if its first word had no room there. A text is wrapped if two in five of its
    line breaks tear lines apart, and most of these lines go on in lower case.
    """
    spans = [m.span() for m in re.finditer(r"\S(?:[^\r\n]*\S)?", raw)]
    width = max((end - start for start, end in spans if end - start <= WIDEST), default=0)
    breaks, torn = 0, []
    for (start, end), (after, after_end) in pairwise(spans):
        if len(re.findall(r"\r\n?|\n", raw[end:after])) == 1:
            breaks += 1
            needed = end - start + 1 + len(raw[after:after_end].split(None, 1)[0])
            if end - start <= WIDEST and needed > 0.9 * width:
                torn.append(after)
    lower = sum(raw[start].islower() for start in torn)
    wrapped = width >= 40 and 5 * len(torn) >= 2 * breaks and 2 * lower >= len(torn)
    return sorted({start for start, _ in spans} - set(torn if wrapped else ()))


@cache
def _phrases(place: str) -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    """A pattern of the phrases of one place in a line, longest first, and the role and reach of each phrase."""
    with PHRASES.open(encoding="utf-8", newline="") as handle:
        facts = {r["phrase"]: (r["role"], r["reach"]) for r in csv.DictReader(handle) if r["where"] == place}
    phrases = "|".join(map(re.escape, sorted(facts, key=len, reverse=True)))
    return re.compile(PLACES[place] % rf"(?:(?<!\w)|(?=\W))({phrases})(?:(?<=\W)|(?!\w))"), facts


def _look(line: Line) -> None:
    """Give a line the role that its phrases show; without them it is a paragraph or, if short, a heading."""
    if not line.key:
        line.be("furniture", "no words in it")
    elif line.words > CAPTION or len(line.text) > 20 * CAPTION:
        line.be("paragraph", "running text")
    elif line.words <= HEADING and (_is_byline(line) or _is_made_of_phrases(line)):
        line.date = parse_date(line.text)
    elif _has_phrase(line):
        pass
    elif line.words > HEADING or (line.words > 5 and line.text[-1] in ":;,"):
        line.be("paragraph", "running text")
    elif re.match(r"[-–—•*·▪‣]\s", line.text):
        line.be("paragraph", "item of a list")
    elif re.search(r"[.!?…][\"')\]]{0,3}$", line.text) and not _TITLE_QUESTION.match(line.text):
        line.be("paragraph", "running text: ends as a sentence")
    else:
        line.be("heading", "short line without a full stop")


def _is_byline(line: Line) -> bool:
    """Whether the line is “by” and people, or people and a journalist's title; keeps their names."""
    plain = re.sub(r"(?i)^(?:posted|published) on .{6,40}? (?=by )", "", line.text.strip(" *_#"))
    by, title = (_phrases(place)[0].search(plain.lower()) for place in ("before a name", "after a name"))
    people = _PEOPLE.match(plain[by.end() :].lstrip(": ") if by else plain)
    if not people or not (by or (title and title.start() > people.end())) or line.text[-1] in ".!?:;":
        return False
    line.name = people[0]
    line.be("byline", "“by” and a name" if by else "a name and a journalist's title")
    return True


def _is_made_of_phrases(line: Line) -> bool:
    """Whether the line is nothing but dates, numbers and phrases that pages put around an article."""
    pattern, facts = _phrases("whole")
    lowered = rest = line.text.lower()
    numbers = bool(re.search(r"\d", lowered))
    for form in _DATES if numbers else ():
        rest = form.sub(" ", rest)
    dated, timed = rest != lowered, bool(numbers and _TIME.search(rest))
    rest = _TIME.sub(" ", rest) if timed else rest
    found = [facts[phrase] for phrase in pattern.findall(rest)]
    roles = {role for role, _ in found}
    told = timed or (found and (roles != {"dateline"} or numbers))  # "2 days ago", but not "Monday"
    if re.search(r"[^\W\d_]", pattern.sub(" ", rest)) or not (dated or (told and line.text[-1] not in ".?!")):
        return False
    if dated:
        line.be("dateline", "a date, labelled" if "dateline" in roles else "a date")
    elif timed or roles == {"dateline"}:
        line.be("dateline", "a time of day" if timed else "an age")
    elif roles == {"kicker"} and len(found) < 3:
        line.be("kicker", "name of a section")
    else:
        line.be("furniture", "words of menus and buttons")
        line.reach = max(reach for _, reach in found)
    return True


def _has_phrase(line: Line) -> bool:
    """Whether a phrase shows the line's role from its start, from its end or anywhere in it."""
    for place in ("start", "inside", "end"):
        pattern, facts = _phrases(place)
        if found := pattern.search(line.text.lower().strip(" *_#")):
            role, line.reach = facts[found[1]]
            line.be(role, f"has the phrase “{found[1]}”")
            return True
    return False
