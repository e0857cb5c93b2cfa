"""The lines of a pasted page, and what each shows by its own words and form, wherever it stands.

Phrases that give a line away stand in `data/page.csv`: the phrase, the role it shows, where in the line it has to
stand, and how far it reaches. The other rules are about form.
"""

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

from analysis.model import ROLES, AnalysisError
from analysis.text import fold

PHRASES = Path(__file__).parents[1] / "data" / "page.csv"
PLACES = ("whole", "start", "inside", "end")
HEADING = 25  # words at most of a headline, a byline, a line of a menu
WIDEST = 100  # characters; a longer line was not broken by hand (RFC 2646 asks for 72, few editors go beyond 100)
CAPTION = 60  # words at most of a caption, a notice or a box

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
_CLOCK = r"(?<![\w.:])(?:(\d{1,2})[:.](\d\d)(?::\d\d)?\s?(?:([ap])\.?m\b\.?|z)?|(\d{1,2})\s?([ap])\.?m\b\.?)(?!\w)"
_TIME = re.compile(_CLOCK, re.IGNORECASE)
_NAME = r"[^\W\d_a-z][\w'.-]{1,30}"
PERSON = re.compile(rf"{_NAME}(?: (?:{_NAME}|[A-Z]|al|bin|da|de|del|der|di|la|van|von)){{1,4}}")
_PEOPLE = re.compile(
    rf"{PERSON.pattern}(?:(?:, {PERSON.pattern}){{0,4}},? (?:and|&) {PERSON.pattern})?"
    r"(?=$|\s?[|,•·(/–—-]| (?:in|for|on|at) )"
)
_SENTENCE = re.compile(r".*[.!?…][\"')\]]{0,3}$")
_SMALL = "a|an|and|as|at|but|by|for|from|in|of|on|or|the|to|vs|with"  # words that titles leave in lower case
_TITLE_QUESTION = re.compile(  # "Who Is Ann Lee?"
    rf"(?=\S+ \S+ )(?:(?:(?:{_SMALL})|[\"'(]{{0,2}}[^\sa-z\"'(]\S*) )*[\"'(]{{0,2}}[^\W\d_a-z]\S*[?!][\"')]{{0,2}}$"
)
_NUMBERED = re.compile(r"(?:#|No\. ?)?\d{1,2}[.):]\s\D")
_BULLET = re.compile(r"[-–—•*·▪‣]\s")


@dataclass(slots=True)
class Line:
    """A line, or lines that were one before they were wrapped; its role may also be `heading`, still to be settled."""

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


def read_lines(raw: str) -> list[Line]:
    """The lines that hold text, each with the role that it shows; hard-wrapped lines are put together again.

    Lines count as wrapped where many of those that follow at once begin with a word that had no room on the line
    before, most of these words are in lower case, and few lines are long.
    """
    spans = [m.span() for m in re.finditer(r"\S(?:[^\r\n]*\S)?", raw)]
    width = max((end - start for start, end in spans if end - start <= WIDEST), default=0)
    joints = []  # for each line: whether the next one follows at once, and whether wrapping tore the two apart
    for (start, end), (after, after_end) in pairwise(spans):
        follows = raw[end:after].replace("\r\n", "\n").replace("\r", "\n").count("\n") == 1
        word = len(raw[after:after_end].split(None, 1)[0])
        joints.append((follows, follows and end - start <= WIDEST and end - start + 1 + word > 0.9 * width))
    torn = [raw[span[0]] for span, (_, is_torn) in zip(spans[1:], joints, strict=True) if is_torn]
    long = sum(end - start for start, end in spans if end - start > WIDEST)
    wrapped = width >= 40 and 5 * len(torn) >= 2 * sum(follows for follows, _ in joints) and 5 * long < len(raw)
    wrapped = wrapped and 2 * sum(map(str.islower, torn)) >= len(torn)
    joined = spans[:1]
    for (_, is_torn), span in zip(joints, spans[1:], strict=True):
        joined[-1:] = [(joined[-1][0], span[1])] if wrapped and is_torn else [joined[-1], span]
    texts = [" ".join(fold(raw[start:end])[0].split()) for start, end in joined]
    words = [re.findall(r"\w+", text.casefold()) for text in texts]
    made = [Line(start, t, " ".join(w), len(w)) for (start, _), t, w in zip(joined, texts, words, strict=True)]
    for line in made:
        _look(line)
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
    month = parts.get("m") or 1 + _MONTHS.split("|").index(parts["b"].lower())
    clock = _TIME.search(f"{text[found.end() :]} {text[: found.start()]}")
    hour, half = (int(clock[1] or clock[4]), (clock[3] or clock[5] or "").lower()) if clock else (0, "")
    hour = hour % 12 + 12 * (half == "p") if half else hour
    try:
        when = datetime(int(parts["y"]), int(month), int(parts["d"]), hour, int(clock[2] or 0) if clock else 0)
    except ValueError:
        return ""
    return when.isoformat(" ", "minutes") if clock else when.date().isoformat()


@cache
def _phrases() -> dict[str, tuple[re.Pattern[str], dict[str, tuple[str, str]]]]:
    """For each place in a line: a pattern of its phrases, longest first, and the role and reach of each phrase."""
    places: dict[str, dict[str, tuple[str, str]]] = {place: {} for place in PLACES}
    with PHRASES.open(encoding="utf-8", newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            if row["where"] not in places or row["role"] not in ROLES or not row["phrase"]:
                raise AnalysisError(f"{PHRASES}, line {number}: give a phrase, a role and one of {', '.join(places)}")
            places[row["where"]][row["phrase"]] = row["role"], row["reach"]
    patterns = {}
    for place, facts in places.items():
        phrases = "|".join(map(re.escape, sorted(facts, key=len, reverse=True)))
        before, after = "^" if place == "start" else "", r"\W?$" if place == "end" else ""
        patterns[place] = re.compile(rf"{before}(?:(?<!\w)|(?=\W))({phrases})(?:(?<=\W)|(?!\w)){after}"), facts
    return patterns


def _look(line: Line) -> None:
    """Give a line the role that its phrases show; without them it is a paragraph or, if short, a heading."""
    lowered = line.text.lower().strip(" *_#")
    if not line.key:
        line.be("furniture", "no words in it")
    elif line.words > CAPTION or len(line.text) > 20 * CAPTION:
        line.be("paragraph", "running text")
    elif line.words <= HEADING and (_is_byline(line, lowered) or _is_made_of_phrases(line, lowered)):
        line.date = parse_date(line.text)
    elif any(_has_phrase(line, lowered, place) for place in ("start", "inside", "end")):
        pass
    elif _BULLET.match(line.text):
        line.be("paragraph", "item of a list")
    elif _NUMBERED.match(line.text) and line.words <= 10:
        line.be("heading", "numbered line")
    elif line.words > HEADING or (line.text[-1] in ":;," and line.words > 5):
        line.be("paragraph", "running text")
    elif _SENTENCE.match(line.text) and not _TITLE_QUESTION.match(line.text):
        line.be("paragraph", "running text: ends as a sentence")
    else:
        line.be("heading", "short line without a full stop")


def _has_phrase(line: Line, lowered: str, place: str) -> bool:
    pattern, facts = _phrases()[place]
    found = pattern.search(lowered)
    role, line.reach = facts[found[1]] if found else ("", "")
    if found and role != "byline":
        line.be(role, f"has the phrase “{found[1]}”")
    return line.role != ""


def _is_byline(line: Line, lowered: str) -> bool:
    """Whether the line is “by” and people, or people and a journalist's title; keeps their names."""
    (start, starts), (inside, insides) = _phrases()["start"], _phrases()["inside"]
    found, title = start.search(lowered), inside.search(lowered)
    by = bool(found) and starts[found[1]][0] == "byline"
    plain = line.text.strip(" *_#")
    people = _PEOPLE.match(plain[found.end() :].lstrip(": ") if by else plain)
    titled = bool(people and title) and insides[title[1]][0] == "byline" and title.start() > people.end()
    if people and (by or titled) and line.text[-1] not in ".!?:;":
        line.name = people[0]
        line.be("byline", "“by” and a name" if by else "a name and a journalist's title")
    return line.role != ""


def _is_made_of_phrases(line: Line, lowered: str) -> bool:
    """Whether the line is nothing but dates, numbers and phrases that pages put around an article."""
    pattern, facts = _phrases()["whole"]
    rest = lowered
    for form in _DATES:
        rest = form.sub(" ", rest)
    dated, timed = rest != lowered, bool(_TIME.search(rest))
    rest = _TIME.sub(" ", rest)
    found = [facts[phrase] for phrase in pattern.findall(rest)]
    left = re.findall(r"[^\W\d_]+", pattern.sub(" ", rest))
    roles = {role for role, _ in found}
    told = timed or (found and (roles != {"dateline"} or re.search(r"\d", lowered)))
    if line.text[-1] in "?!":
        return False
    if dated and (not left or (len(left) <= 3 and re.match(r"[^\d,|]{3,30}[,|]", line.text))):
        line.be("dateline", "a date and a place" if left else "a date, labelled" if "dateline" in roles else "a date")
    elif left or not told or line.text[-1] == ".":
        return False
    elif timed or roles == {"dateline"}:
        line.be("dateline", "a time of day" if timed else "an age")
    elif roles == {"kicker"} and len(found) < 3:
        line.be("kicker", "name of a section")
    else:
        line.be("furniture", "words of menus and buttons")
        line.reach = max(reach for _, reach in found)
    return True
