"""What can be read is read, what cannot is a row in `failures`, and nothing but AnalysisError is ever raised."""

import gzip
import json
import os
import tempfile
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from conftest import article as plain
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import corpus, find_spans, inputs, score
from analysis.corpus import articles_frame, blocks_frame, load_corpus
from analysis.model import AnalysisError, Article

CASES = Path(__file__).parent / "cases"


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def reasons(failures: pd.DataFrame) -> dict[tuple, str]:
    lines = [None if pd.isna(line) else line for line in failures["line"]]
    return dict(zip(zip(failures["path"], lines, failures["article_id"], strict=True), failures["reason"], strict=True))


def check_conservation(articles: tuple[Article, ...]) -> None:
    """The blocks of all articles of a file hold each of its characters once."""
    by_raw: dict[str, list[Article]] = {}
    for article in articles:
        by_raw.setdefault(article.raw, []).append(article)
    for raw, sharing in by_raw.items():
        blocks = sorted({(b.start, b.end) for article in sharing for b in article.blocks})
        assert "".join(raw[start:end] for start, end in blocks) == raw


def test_supplied_corpus_with_its_index() -> None:
    read = load_corpus()
    first, second = [a for a in read.articles if a.article_id.startswith("000_")]
    assert first.raw == second.raw and first.kind == second.kind == "opinion"
    assert (first.author, second.author) == ("Mao Paishou", "")  # the page signs only the first
    assert read.failures.empty and {len(digest) for digest in read.hashes.values()} == {64}
    check_conservation(read.articles)


def test_every_page_of_the_cases_is_conserved() -> None:
    read = load_corpus(CASES / "pages")
    texts = list((CASES / "pages").glob("*.txt"))
    assert {a.article_id.rsplit("-", 1)[0] for a in read.articles} == {p.stem for p in texts}
    assert set(read.failures["path"]) == {p.with_suffix(".toml").name for p in texts}
    check_conservation(read.articles)


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    write(
        tmp_path, a__txt="The ferry runs again.", b__csv="id,text\n007,NA\n", c__jsonl='{"id": "j", "text": "It sank."}'
    )
    write(tmp_path, README__md="Not an article.", d__pdf="%PDF", **{".hidden": "x"})
    (tmp_path / "folder.txt").mkdir()
    read = load_corpus(tmp_path)
    assert [(a.article_id, a.raw) for a in read.articles] == [
        ("a", "The ferry runs again."),
        ("007", "NA"),
        ("j", "It sank."),
    ]
    assert reasons(read.failures).keys() == {("d.pdf", None, "d")}
    assert set(read.hashes) == {"a.txt", "b.csv", "c.jsonl"}


def test_csv_rows_cost_only_themselves(tmp_path: Path) -> None:
    table = 'id,text,date\n1,"one\n\ntwo",\n2,"un"quoted,x\n,no id,\n3,\n4,four,2020\n1,again,\n5,"never closed\n'
    read = load_corpus(write(tmp_path, t__csv=table) / "t.csv")
    assert [(a.article_id, a.raw, a.date) for a in read.articles] == [("1", "one\n\ntwo", ""), ("4", "four", "2020")]
    assert [b.role for b in read.articles[0].blocks] == ["paragraph", "paragraph"]
    assert sorted(read.failures["line"]) == [5, 6, 7, 9, 10]
    assert len(read.articles) + len(read.failures) == 7, "rows out and rows failed are rows in"


def test_jsonl_lines_cost_only_themselves(tmp_path: Path) -> None:
    good = {
        "id": "a",
        "text": "It rained.\u2028Still.",
        "title": "Rain",
        "author": "Ann Lee",
        "kind": None,
        "other": [1],
    }
    lines = [json.dumps(good, ensure_ascii=False), "{", "[" * 99_999, "7", '{"id": 7, "text": "x"}', "", '{"id": "b"}']
    read = load_corpus(write(tmp_path, t__jsonl="\n".join(lines)) / "t.jsonl")
    [article] = read.articles
    assert (article.title, article.title_is_inferred, article.author, article.kind) == ("Rain", False, "Ann Lee", "")
    assert list(read.failures["line"]) == [2, 3, 4, 5, 7]


@pytest.mark.parametrize("table", ["", "id\n1\n", "id,text,text\n1,a,b\n", "text\nx\n"])
def test_a_table_without_its_columns_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(AnalysisError, match=r"no article in it; .*columns"):
        load_corpus(write(tmp_path, t__csv=table))


DATABASES = {
    "ours": ({"id": "007", "text": " It rained.\n\nStill. "}, {}),
    "ours in other case": ({"ID": "007", " Text ": " It rained.\n\nStill. ", "Title": "Rain"}, {"title": "Rain"}),
    "Media Cloud, with texts of one's own": (
        {
            "stories_id": "007",
            "publish_date": "2025-07-03",
            "title": "Rain",
            "url": "https://example.org/a",
            "language": "en",
            "media_name": "The Holm Gazette",
            "text": " It rained.\n\nStill. ",
        },
        {
            "title": "Rain",
            "date": "2025-07-03",
            "url": "https://example.org/a",
            "language": "en",
            "outlet": "The Holm Gazette",
        },
    ),
    "Nexis Uni": (
        {
            "id": "007",
            "Headline": "Rain",
            "Byline": "Bo Dahl",
            "Publication": "The Holm Gazette",
            "Date": "July 3, 2025",
            "Article": " It rained.\n\nStill. ",
        },
        {"title": "Rain", "author": "Bo Dahl", "outlet": "The Holm Gazette", "date": "July 3, 2025"},
    ),
    "Factiva": (
        {
            "AN": "007",
            "HD": "Rain",
            "BY": "Bo Dahl",
            "SN": "The Holm Gazette",
            "PD": "3 July 2025",
            "LA": "English",
            "LP": " It rained.\n",
            "TD": "Still. ",
        },
        {
            "title": "Rain",
            "author": "Bo Dahl",
            "outlet": "The Holm Gazette",
            "date": "3 July 2025",
            "language": "English",
        },
    ),
    "both names": (
        {"id": "007", "AN": "8", "text": " It rained.\n\nStill. ", "body": "x", "headline": "Rain", "HD": "y"},
        {"title": "Rain"},
    ),
}


@pytest.mark.parametrize(("row", "facts"), DATABASES.values(), ids=DATABASES)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_columns_of_media_databases(tmp_path: Path, row: dict[str, str], facts: dict[str, str], kind: str) -> None:
    table = json.dumps(row) if kind == "jsonl" else pd.DataFrame([row]).to_csv(index=False)
    [article] = load_corpus(write(tmp_path, **{f"t__{kind}": "\ufeff" + table})).articles
    assert (article.article_id, article.raw) == ("007", " It rained.\n\nStill. ")
    told = {"author": "", "date": "", "outlet": "", "language": "", "url": "", "kind": "", "topic": ""} | facts
    assert {key: getattr(article, key) for key in told} == told
    assert article.title_is_inferred == ("title" not in facts)


@pytest.mark.parametrize(
    ("table", "todo"),
    [
        (
            "id,media_name,publish_date,title,url\n1,Holm,2025-07-03,Rain,https://example.org\n",
            "no text: .* save the pages at url",
        ),
        ("Headline,Body\nRain,It rained.\n", "no id: number the articles"),
    ],
)
def test_a_table_that_lacks_texts_or_ids_says_what_to_do(tmp_path: Path, table: str, todo: str) -> None:
    with pytest.raises(AnalysisError, match=todo):
        load_corpus(write(tmp_path, t__csv=table))


def test_what_is_no_string_is_no_fact_of_a_database(tmp_path: Path) -> None:
    row = {"id": "a", "text": "It rained.", "source": {"name": "x"}, "by": 7, "publication": "The Holm Gazette"}
    bad = [
        {"AN": 7, "TD": "It rained."},
        {"AN": "b", "LP": None, "TD": ""},
        {"AN": "c", "LP": "It rained.", "TD": None},
    ]
    read = load_corpus(write(tmp_path, t__jsonl="\n".join(map(json.dumps, [row, *bad]))))
    assert [(a.article_id, a.raw, a.author, a.outlet) for a in read.articles] == [
        ("a", "It rained.", "", "The Holm Gazette"),
        ("c", "It rained.", "", ""),
    ]
    assert [*read.failures["line"]] == [2, 3]


LANGUAGES = tomllib.loads((CASES / "own_articles" / "languages.toml").read_text(encoding="utf-8"))["case"]


def test_texts_in_another_language_are_refused(tmp_path: Path) -> None:
    table = "\n".join(json.dumps({"id": str(i), "text": case["text"]}) for i, case in enumerate(LANGUAGES))
    read = load_corpus(write(tmp_path, t__jsonl=table))
    assert [a.article_id for a in read.articles] == [str(i) for i, case in enumerate(LANGUAGES) if not case["language"]]
    assert all("only English" in reason for reason in read.failures["reason"])
    with pytest.raises(AnalysisError, match="no article in it; not in English"):
        load_corpus(write(tmp_path, a__txt=LANGUAGES[0]["text"]) / "a.txt")


def test_near_copies_count_once_or_are_flagged(tmp_path: Path) -> None:
    wire = (CASES / "known_groups" / "wire.txt").read_text(encoding="utf-8")
    column = (CASES / "known_groups" / "column.txt").read_text(encoding="utf-8")
    write(tmp_path, a__txt=column, b__txt=wire, c__txt=wire.replace("Toll on Askel", "A toll on the Askel"))
    write(tmp_path, index__csv="article_id,outlet\nc,The Holm Gazette\n")
    once, all_three = load_corpus(tmp_path), load_corpus(tmp_path, copies=True)
    assert [a.article_id for a in once.articles] == ["a", "b"]
    assert once.failures[["path", "article_id", "stage"]].to_dict("records") == [
        {"path": "c.txt", "article_id": "c", "stage": "copy"}
    ]
    assert "near copy of b" in once.failures["reason"][0] and "counts once" in once.failures["reason"][0]
    assert all_three.failures.empty and [len(a.flags) for a in all_three.articles] == [0, 0, 1]
    assert all_three.articles[2].outlet == "The Holm Gazette"


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
COLUMNS = ["title", "author", "outlet", "HD", "byline", "Publication", "source", "body", "TD", "AN"]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), CELLS), CELLS, CELLS)
def test_our_columns_come_out_string_for_string(others: dict[str, str], name: str, text: str) -> None:
    row = {**others, "id": f"a{name}", "text": f"It rained. {text}"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "t.jsonl").write_text(json.dumps(row), encoding="utf-8")
        [article] = load_corpus(folder).articles
    assert (article.article_id, article.raw) == (row["id"], row["text"])
    assert (article.author, article.outlet) == (
        row.get("author", row.get("byline", "")),
        row.get("outlet", row.get("Publication", row.get("source", ""))),
    )


@pytest.mark.parametrize(
    ("data", "raw", "flags"),
    [
        ("Das Café.".encode(), "Das Café.", ()),
        (b"\xef\xbb\xbfHolm.", "Holm.", ()),
        ("Holm.".encode("utf-16"), "Holm.", ()),
        ("“Holm”, a café.".encode("cp1252"), "“Holm”, a café.", ("decoded as cp1252",)),
        (b"He said\0 so.", "He said\ufffd so.", ("NUL or lone surrogate replaced",)),
        ("Itâ€™s late.".encode(), "Itâ€™s late.", ("looks wrongly decoded (mojibake)",)),
        (b"One.\r\n\r\nTwo.", "One.\r\n\r\nTwo.", ()),
    ],
)
def test_decoding(tmp_path: Path, data: bytes, raw: str, flags: tuple[str, ...]) -> None:
    [article] = load_corpus(write(tmp_path, a__txt=data)).articles
    assert (article.raw, article.flags) == (raw, flags)


def test_lone_surrogates_of_json_are_replaced_one_for_one(tmp_path: Path) -> None:
    [article] = load_corpus(write(tmp_path, a__jsonl=rb'{"id": "\ud800", "text": "a\ud800b"}')).articles
    assert (article.article_id, article.raw, len(article.flags)) == ("\ufffd", "a\ufffdb", 1)


@pytest.mark.parametrize(
    "data", [b"\x81 not cp1252", b"\xff\xfe\x00\xd8", b"", b" \n ", b"Share\nFacebook\n", b"\xe2\x80\x8b"]
)
def test_what_has_no_text_is_a_failure(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, a__txt=data, b__txt="The ferry runs.")
    read = load_corpus(tmp_path)
    assert [a.article_id for a in read.articles] == ["b"]
    assert reasons(read.failures).keys() == {("a.txt", None, "a")}


def test_sizes_are_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(inputs.SIZE_LIMITS, ".txt", 50)
    monkeypatch.setattr(corpus, "TEXT_LIMIT", 40)
    write(tmp_path, a__txt="x" * 51, b__txt="y" * 45, c__txt="Fine.")
    read = load_corpus(tmp_path)
    assert [a.article_id for a in read.articles] == ["c"]
    assert ["50" in reason or "40" in reason for reason in reasons(read.failures).values()] == [True, True]
    assert "a.txt" not in read.hashes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")  # reading it would wait forever
    with pytest.raises(AnalysisError, match="not a regular file"):
        load_corpus(tmp_path)


@pytest.mark.parametrize("path", ["no/such/folder", "\0", "x" * 5000])
def test_a_missing_path_says_what_to_give(path: str) -> None:
    with pytest.raises(AnalysisError, match="give one of"):
        load_corpus(path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="it is empty"):
        load_corpus(tmp_path)


def test_relative_paths_hold_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_corpus("data/articles").articles
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", articles=b"")
    with pytest.raises(AnalysisError):  # what lies in the working folder comes first
        load_corpus("data/articles")


def test_index_fills_in_and_never_overrides(tmp_path: Path) -> None:
    page = "Ferry sinks at its mooring\n3 July 2025\n\nThe ferry sank on Sunday night."
    write(tmp_path, a__txt=page, b__txt="It rained all day in Holm.")
    lines = ["a,Other,Bo Dahl,1999-01-01,his desk", "b,Rain,,,ours", "z,,,,", "b,too short", "a,Third,Ada Holm,,"]
    index = "\n".join(["article_id,title,author,date,note", *lines])
    read = load_corpus(write(tmp_path, index__csv=index))
    a, b = read.articles
    assert (a.title, a.author, a.date) == ("Ferry sinks at its mooring", "Bo Dahl", "2025-07-03")
    assert (b.title, b.title_is_inferred, b.author) == ("Rain", False, "")
    told = reasons(read.failures)
    assert told.keys() == {("index.csv", 4, "z"), ("index.csv", 5, ""), ("index.csv", 6, "a")}
    assert told["index.csv", 6, "a"] == "is on line 2 already"
    assert ("index.csv", 3, "b") not in reasons(load_corpus(tmp_path / "a.txt").failures), (
        "a file that was not asked for"
    )


@pytest.mark.parametrize(
    "index", ["article_id,autor\na,x\n", "id,author\na,x\n", b"article_id\n\x81", "article_id,note,note\n"]
)
def test_an_index_that_cannot_be_read_is_an_error(tmp_path: Path, index: str | bytes) -> None:
    with pytest.raises(AnalysisError, match=r"index\.csv"):
        load_corpus(write(tmp_path, a__txt="It rained.", index__csv=index))


def test_a_quotation_mark_left_open_in_the_index_is_named_where_it_opens(tmp_path: Path) -> None:
    index = 'article_id,author\na,Bo Dahl\nb,"Ann Lee\nc,x\nd,x\n'
    [failure] = load_corpus(write(tmp_path, a__txt="It rained.", index__csv=index)).failures.to_dict("records")
    assert failure["line"] == 3 and "with 2 more lines" in failure["reason"]


@pytest.mark.parametrize("name", ["Index.csv", "INDEX.CSV"])
def test_an_index_in_capitals_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("article_id,author\na,Bo Dahl\nz,x\n")
    read = load_corpus(write(tmp_path, a__txt="It rained all day in Holm."))
    assert [a.author for a in read.articles] == ["Bo Dahl"] and [*read.failures["line"]] == [3]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("kind", ["pipe", "dangling link", "two"])
def test_an_index_that_is_no_file_or_two_is_an_error(tmp_path: Path, kind: str) -> None:
    write(tmp_path, a__txt="It rained all day in Holm.")
    if kind == "pipe":
        os.mkfifo(tmp_path / "index.csv")  # reading it would wait forever
    elif kind == "dangling link":
        (tmp_path / "index.csv").symlink_to(tmp_path / "none.csv")
    else:
        write(tmp_path, index__csv="article_id\n", Index__csv="article_id\n")
        if len([*tmp_path.iterdir()]) == 2:
            pytest.skip("large and small letters are one here")
    with pytest.raises(
        AnalysisError, match=r"index\.csv: (not a regular file|there are Index\.csv and index\.csv: keep one)"
    ):
        load_corpus(tmp_path)


def test_an_index_line_for_a_file_holds_for_its_articles(tmp_path: Path) -> None:
    (tmp_path / "three.txt").write_bytes((CASES / "pages" / "three.txt").read_bytes())
    read = load_corpus(write(tmp_path, index__csv="article_id,outlet\nthree,The Holm Gazette\n"))
    assert [(a.article_id, a.outlet) for a in read.articles] == [(f"three-{n}", "The Holm Gazette") for n in (1, 2, 3)]


def test_ids_are_unique_over_the_corpus(tmp_path: Path) -> None:
    write(tmp_path, a__csv="id,text\nb,one\n", b__txt="It rained.")
    read = load_corpus(tmp_path)
    assert [a.raw for a in read.articles] == ["one"]
    assert "differ" in reasons(read.failures)["b.txt", None, "b"]


def test_saved_page() -> None:
    expected = tomllib.loads((CASES / "saved_page.toml").read_text(encoding="utf-8"))
    [article] = load_corpus(CASES / "saved_page.html").articles
    found = [f"{b.role} {article.raw[b.start : b.end]}" for b in article.blocks]
    assert [line[: len(want)] for line, want in zip(found, expected["blocks"], strict=True)] == expected["blocks"]
    assert not [word for word in expected["absent"] if word in article.raw]
    facts = {key: getattr(article, key) for key in ("title", "author", "date", "outlet", "url")}
    assert facts == {key: expected[key] for key in facts}
    assert article.flags == () and not article.title_is_inferred
    check_conservation((article,))


@pytest.mark.parametrize(("depth", "kept"), [(400, 30), (3_000, 0)])
def test_tags_nested_deep_cost_no_text_or_are_flagged(tmp_path: Path, depth: int, kept: int) -> None:
    shallow = "<p>" + "The ferry to Holm ran again on Sunday after a long winter. " * 30 + "</p>"
    deep = "<div>" * depth + "<p>" + "Nobody had asked for the bridge at all. " * 30 + "</p>" + "</div>" * depth
    [article] = load_corpus(write(tmp_path, a__html=f"<html><body>{shallow}{deep}</body></html>")).articles
    assert (article.raw.count("ferry"), article.raw.count("bridge")) == (30, kept)
    assert any("lost in parsing" in flag for flag in article.flags) == (kept == 0)


def test_frames(tmp_path: Path) -> None:
    page = "Ferry to Holm sinks\n\nCaption of it\n\nCaption of it\n\nThe ferry sank. Nobody was hurt."
    articles = load_corpus(write(tmp_path, a__txt=page)).articles
    [row] = articles_frame(articles).to_dict("records")
    assert (row["article_id"], row["title"], row["words"], row["sentences"]) == ("a", "Ferry to Holm sinks", 13, 4)
    blocks = blocks_frame(articles)
    assert list(blocks["duplicate_of"].isna()) == [True, True, False, True]
    assert "".join(page[start:end] for start, end in zip(blocks["start"], blocks["end"], strict=True)) == page


NAMES = st.sampled_from(["a.txt", "a.csv", "a.jsonl", "a.html", "a.jsonl.gz", "b.jsonl.gz", "a.parquet", "index.csv"])
TABLE = st.sampled_from(
    [b"id,text\n", b"article_id,title\n", b'{"id": "x", "text": "It rained."}\n', b'"', b"a,b\n", b"\xff"]
)
CONTENT = st.one_of(st.binary(max_size=60), st.lists(st.one_of(TABLE, st.binary(max_size=9)), max_size=5).map(b"".join))


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(NAMES, CONTENT, max_size=3))
def test_nothing_but_analysis_error_is_raised(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(gzip.compress(data) if name == "b.jsonl.gz" else data)
        try:
            read = load_corpus(folder)
        except AnalysisError:
            return
        check_conservation(read.articles)
        assert not articles_frame(read.articles).empty


def test_outlets_and_topic_choose_and_name_what_there_is(tmp_path: Path) -> None:
    rows = [("1", "A", "trade"), ("2", "B", "trade"), ("3", "A", "war")]
    made = "".join(f'{i},"It rained in town number {i}.",{outlet},{topic}\n' for i, outlet, topic in rows)
    path = tmp_path / "a.csv"
    path.write_text(f"id,text,outlet,topic\n{made}", encoding="utf-8")
    assert [a.article_id for a in load_corpus(path, outlets=["A"], topic="trade").articles] == ["1"]
    assert [a.article_id for a in load_corpus(path, outlets=["A", "B"]).articles] == ["1", "2", "3"]
    with pytest.raises(AnalysisError, match=r"on the topic 'sport'; there are .*'trade'"):
        load_corpus(path, topic="sport")


def test_captions_stay_accounted_for_when_they_are_left_out() -> None:
    with_them, without = load_corpus(), load_corpus(captions=False)
    check_conservation(without.articles)
    here, there = blocks_frame(with_them.articles), blocks_frame(without.articles)
    captions = here["kept"] & (here["role"] == "caption")
    assert captions.any() and not there.loc[captions, "kept"].any()
    assert set(there.loc[captions, "reason"]) == {"caption, left out as asked (captions=False)"}
    pd.testing.assert_frame_equal(here[~captions], there[~captions])
    assert articles_frame(without.articles)["words"].sum() < articles_frame(with_them.articles)["words"].sum()


def test_an_article_of_captions_alone_is_measured_as_nothing() -> None:
    only = corpus._without_captions(plain("The crane at the quay.", role="caption"))
    assert score(find_spans([only], voice="rules"), [only]).empty
