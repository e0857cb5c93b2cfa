"""Anatomy of a pasted page: which characters are headline, caption, body or furniture, and of which article.

Every character is in exactly one block. What a line shows by itself is told in `lines`; here its place and its repeats
decide.

Known limits: a lone caption without credit, full stop or copy is taken for a subhead; and the headline is the first of
several headings that look like one, among menus often another line.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise, takewhile
from textwrap import shorten

from analysis.lines import CAPTION, HEADING, PERSON, WORD, Line, read_lines, without_dateline
from analysis.model import MEASURED_ROLES, Article, Block
from analysis.text import sentences

SUBHEAD = 14  # words at most; a longer line without a full stop is body text that lost it
ECHO = 7  # words at most of a line that may come again in running text, or in another line, without being a copy
STANDFIRST = 40  # words at most of prose between a headline and its byline, and of a teaser or a comment
MENU = 8  # lines without running text that part it; labels that are a menu
TEASER = 100  # words of running text between menus that are kept, however long another stretch is
BESIDE = 3  # lines at most between running text and a list that belongs to it
LITTLE = 60  # words of an article, from which it is one even beside a long one
OFTEN = 6  # copies from which a heading is none
NEAR = 30  # lines that are looked at around one, so that time grows with the page and no faster
TITLE = 60  # characters at most of an inferred title, as on the axes of the figures
_SITE = re.compile(r" [|–—-] (?=[^|–—]{3,40}$)")  # what browsers put behind a headline


def anatomy(raw: str, name: str = "page") -> list[Article]:
    """The articles of a page, in order, by its name and, if they are several, their number: "page-1".

    Their blocks add up to the page. A page without a visible character has none.

    >>> [a] = anatomy("Ferry runs again\\n3 July 2025\\n\\nThe ferry to Holm runs again.\\n\\nShare")
    >>> a.title, a.date, [b.role for b in a.blocks]
    ('Ferry runs again', '2025-07-03', ['headline', 'dateline', 'paragraph', 'furniture'])
    """
    lines = read_lines(raw)
    _mark_menus(lines)
    _mark_links(lines)
    _mark_captions(lines)
    _mark_neighbours(lines)
    _mark_questions(lines)
    _mark_little(lines)
    articles = [*_articles(lines)] if lines else []
    for own in articles:
        _settle(own)
    _mark_copies(lines)
    names = [name] if len(articles) == 1 else [f"{name}-{number}" for number, _ in enumerate(articles, start=1)]
    return [_assembled(name, raw, own) for name, own in zip(names, articles, strict=True)]


def inferred_title(raw: str, blocks: Sequence[Block]) -> str:
    """The first sentence of the first kept block, cut at a word to at most 60 characters; "" if nothing is kept."""
    kept = [replace(b, end=min(b.end, b.start + TITLE + 20)) for b in blocks if b.kept][:1]
    found = sentences(Article("title", raw, tuple(kept)))
    return shorten(raw[found[0].start : found[0].end], TITLE, placeholder="…") if found else ""


def _mark_links(lines: list[Line]) -> None:
    """What follows “Related” (up to running text) or “Comments” (up to a dated headline) is furniture as well."""
    reach, prose = "", 0
    for i, line in enumerate(lines):
        opens = line.role == "heading" and line.words > 3 and _signed(lines[i + 1 : i + (2 if prose else 4)])
        text_goes_on = reach == "links" and (line.role == "paragraph" or line.reason == "a time of day")
        if line.reach == "links" or (line.reach == "end" and prose > STANDFIRST):
            reach = line.reach
        elif opens or text_goes_on:
            reach = ""
        elif reach and line.role != "notice":
            line.be("furniture", "under a heading of links or comments")
        prose += line.words * (line.role == "paragraph")


def _signed(lines: Iterable[Line]) -> bool:
    """Whether a date or byline is among these lines, before the short label of another headline."""
    for line in lines:
        if line.date or line.role == "byline":
            return True
        if line.words < 4 and line.role in ("kicker", "heading"):
            break
    return False


def _mark_captions(lines: list[Line]) -> None:
    """Short blocks repeated back to back (A A, or A B A B) are captions, but for a headline and a refrain in prose."""
    inside = False  # past the headline
    for i, line in enumerate(lines):
        refrain = [n.role for n in lines[i + 1 : i + 2]] == ["paragraph"]
        copies = [n for n in lines[i + 1 : i + 2 + (not refrain)] if n.key == line.key]
        text = line.role in ("paragraph", "caption") or (line.role == "heading" and inside)
        first_headline = line.role == "heading" and line.words > 3 and not copies
        inside = inside or first_headline or line.role in ("paragraph", "dateline", "byline")
        if text and copies and 1 < line.words <= CAPTION:
            for copy in [line, *copies]:
                copy.be("caption", "short block repeated back to back")


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
        above = after and (after.date or after.role == "byline")
        first = not before or before.role in ("kicker", "byline", "notice", "furniture")
        if line.role == "paragraph" and line.words <= HEADING and above and first:
            line.be("heading", "sentence right above a byline or date")


def _mark_questions(lines: Sequence[Line]) -> None:
    """Short questions that stand alone above running text are headings: the first line, or three or more of them."""
    asked = []
    for i, line in enumerate(lines[:-1]):
        if line.role == "paragraph" and line.words <= SUBHEAD and re.fullmatch(r"[^.!?\"“”]+\?", line.text):
            after = lines[i + 1]
            asked += [(i, line)] * (after.role == "paragraph" and after.words > SUBHEAD and after.text[-1] != "?")
    for i, line in asked:
        if len(asked) > 2 or not any(n.key for n in lines[:i]):
            line.be("heading", "a question above running text")


def _mark_menus(lines: list[Line]) -> None:
    """What stands among menus is furniture: lists and short lines, text that is little beside the most in one piece.

    A heading that comes again and again announces no article.
    """
    for short, run in groupby(lines, key=lambda line: line.words < 4 and line.role != "paragraph"):
        labels = [*run]
        for line in labels:
            if short and len(labels) >= MENU and line.role == "heading":
                line.be("furniture", "in a menu")
    times = Counter(line.key for line in lines if line.role == "heading")
    pieces: list[list[int]] = []
    for i, line in enumerate(lines):
        if line.role == "paragraph" and line.reason != "item of a list":
            if not pieces or i - pieces[-1][-1] > MENU:
                pieces.append([])
            pieces[-1].append(i)
    sizes = [sum(lines[i].words for i in piece) for piece in pieces]
    enough = min(TEASER, max(sizes, default=0) / 4)
    kept = [piece for piece, size in zip(pieces, sizes, strict=True) if size >= enough]
    near = {i for piece in kept for i in range(piece[0] - BESIDE, piece[-1] + BESIDE + 1)}
    for i, line in enumerate(lines):
        if line.role == "paragraph" and pieces and i not in near:
            line.be("furniture", "among menus")
        elif times[line.key] >= OFTEN:
            line.be("furniture", "comes again and again")


def _articles(lines: list[Line]) -> Iterator[list[Line]]:
    """Cut the page between two paragraphs where one article has ended or a headline announces the next."""
    body = [i for i, line in enumerate(lines) if line.role == "paragraph"]
    left = sum(lines[i].words for i in body)  # words of body text from here on
    first, prose = 0, 0
    for before, after in pairwise(body):
        gap = lines[before + 1 : after]
        prose, left = prose + lines[before].words, left - lines[before].words
        opener = next((n for n in range(len(gap)) if _is_headline(gap, n)), len(gap))
        signed = prose > STANDFIRST and any(line.role == "byline" for line in gap[:opener])
        closed = signed or any(line.reach == "close" for line in gap[:opener])
        if opener < len(gap) or (closed and left > STANDFIRST):
            had = {line.role for line in lines[first:before]}
            own = {"furniture", "notice", "caption"} | ({"byline", "dateline"} - had)
            cut = before + 1 + max((n + 1 for n, line in enumerate(gap[:opener]) if line.role in own), default=0)
            yield lines[first:cut]
            first, prose = cut, 0
    yield lines[first:]


def _mark_little(lines: list[Line]) -> None:
    """A comment or teaser, of little text where one article has most of it, is none: nothing is cut there then."""
    articles = [*_articles(lines)]
    prose = [sum(line.words for line in own if line.role == "paragraph") for own in articles]
    most = max(prose) if 2 * max(prose) > sum(prose) else 0
    for own, words in zip(articles, prose, strict=True):
        for line in own if words < LITTLE and 4 * words < most else ():
            line.be("furniture", "little text beside the page's article")


def _is_headline(gap: Sequence[Line], n: int) -> bool:
    """Whether a line between two paragraphs is a heading that is dated, signed, under a kicker, or printed again."""
    later = gap[n + 1 : n + NEAR]
    told = any(line.date or (line.role == "byline" and line.reach != "close") for line in later)
    under_kicker = n > 0 and gap[n - 1].role == "kicker"
    return gap[n].role == "heading" and (told or under_kicker or any(line.key == gap[n].key for line in later[1:]))


def _settle(lines: Sequence[Line]) -> None:
    """Settle what the headings and dates of one article are, and which last paragraph says who its author is."""
    authors = "|".join(re.escape(line.name) for line in lines if line.name)
    for line in [line for line in lines if line.role == "paragraph"][-2:]:
        if authors and re.match(rf"(?:{authors}) (?:is|was|has|writes|covers)\b", line.text, re.IGNORECASE):
            line.be("notice", "about the author")
    body = [i for i, line in enumerate(lines) if line.role == "paragraph"]
    first, last = (body[0], body[-1]) if body else (len(lines), len(lines))
    headline = _headline(lines[:first], {word for i in body[:NEAR] for word in _longer(lines[i])})
    stem = headline and _stem(headline)
    for i, line in enumerate(lines):
        if line.role == "dateline" and first < i < last:
            if line.reason == "a date" and ":" not in line.date and lines[i - 1].role != "byline":
                line.be("subhead", "a date that heads what follows")
        elif line.role != "heading":
            continue
        elif headline and _stem(line) == stem:
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


def _mark_copies(lines: Sequence[Line]) -> None:
    """Point each copy to its first block: what a page says twice counts once, unless it is a short sentence.

    A line that a paragraph beside it repeats word for word is a pull quote: a caption, and a copy as well.
    """
    seen: dict[tuple[str, bool], int] = {}
    for i, line in enumerate(lines):
        if line.role == "headline" or not line.key or (line.role == "paragraph" and line.words <= ECHO):
            continue
        beside = [n for n in lines[max(i - 3, 0) : i + 4] if n.role == "paragraph" and n.words > line.words]
        echoed = next((n for n in beside if f" {line.key} " in f" {n.key} "), None)
        first = seen.setdefault((line.key, line.role in MEASURED_ROLES), line.start)
        least = 2 if line.text[0] in "\"“‘'" else ECHO
        if echoed and line.role in ("paragraph", "subhead") and least < line.words <= CAPTION:
            line.be("caption", "repeats words of a paragraph beside it")
            line.copy_of = echoed.start
        elif first != line.start:
            line.copy_of = first


def _headline(head: Sequence[Line], said: set[str]) -> Line | None:
    """Of the headings near the text, the one that is likely its headline, given the words of the text.

    Of four words or more, right above a date or byline, with two in five of its longer words in the text, printed more
    often: the first that has most of it. Of its copies it is the shortest, because browsers put the site's name behind.
    """
    timed = {i + 1 for i, line in enumerate(head) if line.reason == "a time of day"}  # of a live page's entries
    near = [(line, head[i + 1 : i + 4]) for i, line in enumerate(head) if i not in timed][-NEAR:]
    headings = [(n, _stem(n), after) for n, after in near if n.role == "heading" and n.words <= HEADING]
    copies = Counter(stem for _, stem, _ in headings)

    def likely(heading: tuple[Line, str, Sequence[Line]]) -> tuple[bool, int, int]:
        line, stem, after = heading
        own = _longer(line)
        return line.words > 3, _signed(after) + (5 * len(own & said) > 2 * len(own)), copies[stem]

    opening = [*takewhile(lambda line: line.role == "heading", (line for line in head if line.key))]
    if (
        1 < len(opening) == len(headings) == len(copies) < 4 and opening[0].words > 3
    ):  # a headline, and what stands below it
        return opening[0]
    _, best, _ = max(headings, default=(None, "", ()), key=likely)
    return min((line for line, stem, _ in headings if stem == best), default=None, key=lambda line: len(line.text))


def _longer(line: Line) -> set[str]:
    return {word for word in line.key.split() if len(word) > 3}


def _stem(line: Line) -> str:
    """A headline's words without the site's name that browsers put behind it ("… | The Holm Gazette")."""
    return " ".join(WORD.findall(_SITE.split(line.text)[0].casefold()))


def _assembled(name: str, raw: str, lines: Sequence[Line]) -> Article:
    kept = (n.role in MEASURED_ROLES and n.copy_of is None for n in lines)
    blocks = [Block(n.start, n.end, n.role, k, n.reason, n.copy_of) for n, k in zip(lines, kept, strict=True)]
    blocks = without_dateline(raw, blocks)
    headlines = (raw[b.start : b.end] for b in blocks if b.role == "headline" and b.kept)
    headline = " ".join(next(headlines, "").split())
    told = [n for n in lines if n.role in ("dateline", "byline")]
    author = next((n.name for n in told if n.name), "")
    date = next((n.date for n in sorted(told, key=lambda n: "updated" in n.key.split()[:2]) if n.date), "")
    return Article(name, raw, blocks, headline or inferred_title(raw, blocks), not headline, author, date)
