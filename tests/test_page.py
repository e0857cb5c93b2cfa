"""Pages of different make, each with the role of every line; and what must hold for any text."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.lines import PHRASES, PLACES, parse_date
from analysis.model import MEASURED_ROLES, ROLES, Article
from analysis.page import anatomy
from analysis.text import fold

PAGES = Path(__file__).parent / "cases" / "pages"
SUPPLIED = Path(__file__).parents[1] / "data" / "articles" / "000_a7b1ff757e40759d.txt"


def page_cases() -> list:
    cases = []
    for path in sorted(PAGES.glob("*.toml")):
        expected = tomllib.loads(path.read_text(encoding="utf-8"))
        known = expected.get("known_failure")
        marks = [pytest.mark.xfail(reason=known, strict=True)] if known else []
        cases.append(pytest.param(path.with_suffix(".txt"), expected, id=path.stem, marks=marks))
    return cases


def shown(raw: str, article: Article) -> list[str]:
    marks = ["+" if b.kept else "-" if b.duplicate_of is None else "=" for b in article.blocks]
    texts = [" ".join(raw[b.start : b.end].split()) for b in article.blocks]
    return [f"{b.role:<9} {mark} {text}".rstrip() for b, mark, text in zip(article.blocks, marks, texts, strict=True)]


def check_partition(raw: str, articles: list[Article]) -> None:
    blocks = [block for article in articles for block in article.blocks]
    assert "".join(raw[b.start : b.end] for b in blocks) == raw
    starts = {b.start for b in blocks}
    for b in blocks:
        assert b.kept == (b.role in MEASURED_ROLES and b.duplicate_of is None)
        assert b.duplicate_of is None or (b.duplicate_of in starts and b.duplicate_of != b.start)
        assert b.reason


def check_case(raw: str, expected: dict) -> None:
    articles = anatomy(raw)
    check_partition(raw, articles)
    assert len(articles) == len(expected["article"])
    for article, wanted in zip(articles, expected["article"], strict=True):
        lines = shown(raw, article)
        cut = [line[: len(want)] for line, want in zip(lines, wanted["blocks"], strict=False)]
        assert cut == wanted["blocks"] and len(lines) == len(wanted["blocks"])
        facts = {key: getattr(article, key) for key in ("title", "title_is_inferred", "author", "date")}
        assert facts.items() <= wanted.items()


@pytest.mark.parametrize(("path", "expected"), page_cases())
def test_every_line_has_its_role(path: Path, expected: dict) -> None:
    check_case(path.read_text(encoding="utf-8"), expected)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
@pytest.mark.parametrize(("path", "expected"), page_cases())
def test_line_endings_change_nothing(path: Path, expected: dict, newline: str) -> None:
    check_case(path.read_text(encoding="utf-8").replace("\n", newline), expected)


BROKEN_BY_HAND = {"indented", "wrapped"}  # no longer put together where most other lines are short
FIRST = {"score_line"}  # its headline is known by being the first line of all
WHOLE = [path for path in sorted(PAGES.glob("*.txt")) if path.stem not in BROKEN_BY_HAND | FIRST]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_menus_around_a_page_change_nothing_in_it(path: Path) -> None:
    raw = path.read_text(encoding="utf-8")
    menu = "Zoology Ceramics Geology Botany Optics Heraldry Falconry Cheese Tides Lichens".replace(" ", "\n")

    def kept(text: str) -> list[tuple[str, str]]:
        return [(b.role, text[b.start : b.end].strip()) for a in anatomy(text) for b in a.blocks if b.kept]

    assert kept(f"{menu}\n\n{raw}\n\n{menu}") == kept(raw)


def test_supplied_page() -> None:
    raw = SUPPLIED.read_bytes().decode("utf-8")
    first, second = anatomy(raw)
    check_partition(raw, [first, second])
    assert (first.title_is_inferred, first.author, first.date) == (False, "Mao Paishou", "2025-07-03 21:51")
    assert (second.title_is_inferred, second.author, second.date) == (True, "", "")
    assert Counter(b.role for b in first.blocks) == {
        "furniture": 1, "headline": 3, "kicker": 3, "dateline": 1, "paragraph": 16, "subhead": 4, "caption": 6,
        "byline": 1, "notice": 1,
    }  # fmt: skip
    assert Counter(b.role for b in second.blocks) == {"paragraph": 8, "caption": 8, "subhead": 1, "furniture": 1}
    kept = Counter(b.role for article in (first, second) for b in article.blocks if b.kept)
    assert kept == {"headline": 1, "paragraph": 24, "subhead": 5, "caption": 6}
    texts = [raw[b.start : b.end].strip() for article in (first, second) for b in article.blocks if b.kept]
    assert len(set(texts)) == len(texts), "something is measured twice"
    long_lines = {line.strip() for line in raw.splitlines() if len(line.split()) > 25}
    assert long_lines <= set(texts), "a body paragraph is lost"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-07-03 21:51 Last Updated At:21:51", "2025-07-03 21:51"),
        ("July 3, 2025", "2025-07-03"),
        ("Jul. 3 2025, 4 p.m.", "2025-07-03 16:00"),
        ("Thursday 3rd of July, 2025", "2025-07-03"),
        ("3 July 2025 at 21:51 BST", "2025-07-03 21:51"),
        ("12:05 AM EST, Mon January 6, 2020", "2020-01-06 00:05"),
        ("2025-07-03T21:51:09Z", "2025-07-03 21:51"),
        ("03.07.2025", "2025-07-03"),
        ("13/07/2025", "2025-07-13"),
        ("07/13/2025", "2025-07-13"),
        ("03/07/2025", ""),  # March or July
        ("July 3", ""),
        ("31 February 2025", ""),
        ("3 July 2025 at 25:99", ""),
        ("Room 2025-07", ""),
        ("no date at all", ""),
    ],
)
def test_dates(text: str, expected: str) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize("line", ["Climate Change", "Housing", "The Open Question", "New Harbour Office"])
def test_a_label_at_the_end_is_no_author(line: str) -> None:
    body = "Nobody in the new harbour office had an open question about climate change, or about housing, or the sea."
    assert anatomy(f"{body}\n\n{line}\n")[0].author == ""


@pytest.mark.parametrize(
    "line",
    [
        "Powered by the sun, the ferry crossed in an hour.",
        "Filed under seal, the papers name nobody.",
        "The model is licensed under terms that few have read.",
        "The app sends push notifications at night.",
        "Never miss a chance to look at the sea, he said.",
    ],
)
def test_prose_that_holds_the_words_of_a_notice_stays(line: str) -> None:
    (found,) = anatomy(f"The ferry to Holm runs again.\n\n{line}\n")
    assert [block.role for block in found.blocks] == ["paragraph", "paragraph"]


def test_phrases_are_written_as_lines_are_compared() -> None:
    import csv

    rows = list(csv.DictReader(PHRASES.open(encoding="utf-8", newline="")))
    assert all(row["phrase"] == fold(row["phrase"].lower())[0].strip() for row in rows)
    assert max(Counter((row["phrase"], row["where"]) for row in rows).values()) == 1
    assert {row["reach"] for row in rows} == {"", "links", "end", "close"}
    assert {row["where"] for row in rows} == {*PLACES} and {row["role"] for row in rows} <= {*ROLES}


KNOWN = """Share|By Ann Lee|Ann Lee|3 July 2025|Comments|Related articles|© 2020 Holm|News|* * *|A heading of five words
He was wrong.|Photo: Bo Dahl|\u200b||   |What was bought:"""
PIECES = st.one_of(st.sampled_from(re.split(r"[|\n]", KNOWN)), st.text(max_size=40))


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["\n", "\n\n", "\r\n", "\r"]))
def test_blocks_partition_any_text(pieces: list[str], newline: str) -> None:
    raw = newline.join(pieces)
    articles = anatomy(raw)
    if articles:
        check_partition(raw, articles)
    else:
        assert not raw.strip()


WORDS = ["he", "she", "was", "never", "wrong", "about", "the", "water", "bridge", "in", "Holm"]
SENTENCE = st.lists(st.sampled_from(WORDS), min_size=2, max_size=30)


@settings(max_examples=100, deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=12, unique_by=tuple), st.sampled_from([".", "?", "!", ".”"]))
def test_sentences_alone_are_all_paragraphs(sentences: list[list[str]], stop: str) -> None:
    raw = "\n\n".join(f"It {' '.join(words)} {number}{stop}" for number, words in enumerate(sentences))
    assert {(b.role, b.kept) for article in anatomy(raw) for b in article.blocks} == {("paragraph", True)}


def test_no_supplied_sentence_stands_in_the_cases() -> None:
    lines = {line.strip() for line in SUPPLIED.read_text(encoding="utf-8").splitlines() if len(line.split()) > 6}
    cases = " ".join(re.sub(r"\s+", " ", path.read_text(encoding="utf-8")) for path in PAGES.iterdir())
    assert not [line for line in lines if line in cases]


@pytest.mark.parametrize(
    "place", ["OSLO", "LA PAZ", "ST. VITH", "ZÜRICH", "PORT TERVEL/WEXBOROUGH", "WEXBOROUGH, Fenland, May 3"]
)
@pytest.mark.parametrize("dash", [" (Norpress) - ", " — "])
def test_a_place_in_capitals_before_the_text_is_no_text(place: str, dash: str) -> None:
    first, *_ = anatomy(f"{place}{dash}The roof of the hall was repaired.")[0].blocks
    assert (first.role, first.end) == ("dateline", len(place + dash))


@pytest.mark.parametrize("opening", ["NASA — ", "US — ", "EXCLUSIVE — ", "Oslo — ", "AL — "])
def test_what_is_no_place_stays_in_the_text(opening: str) -> None:
    first, *_ = anatomy(f"{opening}The roof of the hall was repaired.")[0].blocks
    assert first.role == "paragraph"
