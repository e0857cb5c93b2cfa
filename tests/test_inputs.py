"""What can be opened is read record by record; what cannot is a record that says why."""

import gzip
import io
import json
import os
import re
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from analysis import inputs
from analysis.corpus import load_corpus
from analysis.inputs import files, records
from analysis.model import AnalysisError

ROW = json.dumps({"id": "a", "text": "It rained."})


def reasons(path: Path) -> list[tuple[int | None, str]]:
    return [(record.line, str(record.content)) for record in records(path) if isinstance(record.content, Exception)]


@pytest.mark.parametrize("length", [99, 100, 101, 199, 200, 201, 350])
def test_a_row_that_is_too_long_costs_itself(tmp_path, monkeypatch, length) -> None:
    monkeypatch.setattr(inputs, "ROW_LIMIT", 100)
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join([ROW, "x" * length, ROW]))
    (failed,) = reasons(path)
    assert failed[0] == 2 and ("100 characters" in failed[1]) == (length >= 100)
    assert [r.line for r in records(path)] == [1, 2, 3]


def test_a_broken_archive_is_refused(tmp_path) -> None:
    whole = gzip.compress("\n".join([ROW] * 1000).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.jsonl.gz").write_bytes(ROW.encode())
    (tmp_path / "bad.jsonl.gz").write_bytes(whole[:20] + b"\0\xff" * 5 + whole[30:])
    for name in ("cut", "none", "bad"):
        ((line, reason),) = reasons(tmp_path / f"{name}.jsonl.gz")
        assert line is None and reason.endswith("copy or compress it again")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "jsonl.gz", "parquet"])
def test_a_table_without_rows_is_a_failure(tmp_path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    empty = io.BytesIO()
    pd.DataFrame({"id": [], "text": []}, dtype="str").to_parquet(empty)
    made = {"csv": b"id,text\n", "jsonl": b" \n\n", "jsonl.gz": gzip.compress(b""), "parquet": empty.getvalue()}
    path.write_bytes(made[kind])
    assert reasons(path) == [(None, "no rows in it")]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_without_commas_is_told_so(tmp_path, mark: str) -> None:
    (tmp_path / "t.csv").write_text(f"id{mark}text\na{mark}It rained.\n")
    assert [reason.split("; ")[-1] for _, reason in reasons(tmp_path / "t.csv")] == ["separate cells by commas"]


def test_a_parquet_needs_its_columns(tmp_path) -> None:
    pd.DataFrame({"id": ["a"], "body text": ["x"]}).to_parquet(tmp_path / "t.parquet")
    ((line, reason),) = reasons(tmp_path / "t.parquet")
    assert line is None and reason.startswith("columns are id, body text; needed, once each, are id and text; no text")
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    assert len(reasons(tmp_path / "t.parquet")) == 1


@pytest.mark.parametrize("column", ["date", "publish_date", "text", "other"])
def test_a_bad_value_in_parquet_costs_its_row_or_nothing(tmp_path, column: str) -> None:
    far = pa.array([0, 10**13, 0], pa.timestamp("s"))
    broken = pa.array([b"It rained.", b"\xff", b"It rained."]).view(pa.string())
    columns = {"id": list("abc"), "text": ["It rained."] * 3, column: broken if column == "text" else far}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert [line for line, _ in reasons(tmp_path / "t.parquet")] == [2] * (column != "other")
    assert [record.line for record in records(tmp_path / "t.parquet")] == [1, 2, 3]


def test_a_parquet_that_breaks_off_says_after_which_row(tmp_path) -> None:
    path = tmp_path / "t.parquet"
    rows = pa.table({"id": list(map(str, range(300))), "text": ["It rained."] * 300})
    pq.write_table(rows, path, row_group_size=200, compression="none", use_dictionary=False)
    at = pq.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    ((line, reason),) = reasons(path)
    assert line is None and reason.startswith("nothing read after row 200: ")


def test_other_names_of_columns_in_parquet(tmp_path) -> None:
    pd.DataFrame({"AN": ["007"], "Body": ["It rained."], "SN": [None]}).to_parquet(tmp_path / "t.parquet")
    (article,) = load_corpus(tmp_path / "t.parquet").articles
    assert (article.article_id, article.raw, article.outlet) == ("007", "It rained.", "")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_file_whose_name_is_no_text(tmp_path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff.txt")  # noqa: PTH118
    try:
        with open(path, "w") as stream:  # noqa: PTH123
            stream.write("It rained.")
    except OSError:
        pytest.skip("no such names here")
    read = load_corpus(tmp_path)
    assert [a.article_id for a in read.articles] == ["\ufffd"] and list(read.hashes) == ["\ufffd.txt"]


@pytest.mark.parametrize("column", ["date", "Date", "publish_date"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", ""])
def test_a_date_in_parquet_is_its_iso_text_and_an_id_stays_strict(tmp_path, column: str, unit: str) -> None:
    dates = pa.array([datetime(2026, 1, 20), None], pa.timestamp(unit) if unit else pa.date32())
    columns = {"id": ["a", "b"], "text": ["It rained.", "It stopped."], column: dates, "topic": [3, 4]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    facts = [(a.date, a.topic) for a in load_corpus(tmp_path / "t.parquet").articles]
    assert facts == [("2026-01-20", "3"), ("", "4")]
    pq.write_table(pa.table(columns | {"id": dates}), tmp_path / "t.parquet")
    with pytest.raises(AnalysisError, match="no article in it; id: empty, missing or no string"):
        load_corpus(tmp_path / "t.parquet")


def test_a_text_in_two_columns_of_a_parquet(tmp_path) -> None:
    pd.DataFrame({"AN": ["7"], "LP": ["It rained."], "TD": ["It stopped."]}).to_parquet(tmp_path / "t.parquet")
    assert load_corpus(tmp_path).articles[0].raw == "It rained.\nIt stopped."


def test_a_pattern_finds_files_in_order(tmp_path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / name).write_text(ROW)
    assert [path.name for path in files(tmp_path / "*.jsonl")] == ["a.jsonl", "b.jsonl"]
    with pytest.raises(AnalysisError, match="no file or folder"):
        files(tmp_path / "*.csv")


def test_a_pattern_passes_over_what_a_folder_does(tmp_path) -> None:
    for name in ("a.csv", "index.csv", "README.md", ".hidden"):
        (tmp_path / name).write_text("id,text\n")
    (tmp_path / "sub.csv").mkdir()
    assert [path.name for path in files(tmp_path / "*.csv")] == ["a.csv"]
    assert files(tmp_path / "*") == files(tmp_path)


ROWS = "7,It rained.\n" * 5


@pytest.mark.parametrize(
    ("table", "line", "lost"),
    [
        (f'id,text\n{ROWS}x,"open\n{ROWS}', 7, 5),
        (f'id,text\n{ROWS}x,"open\n{ROWS}8,"It rained."\n{ROWS}', 7, 6),
        (f'id,text\n{ROWS}x,"open\n{ROWS}8,",and"\n{ROWS}', 7, 6),
        (f'\nid,text\n"two\nlines",x\nx,"open\n{ROWS}', 5, 5),
    ],
)
def test_a_quotation_mark_that_is_not_closed_is_named_where_it_opens(
    tmp_path, table: str, line: int, lost: int
) -> None:
    (tmp_path / "t.csv").write_text(table)
    ((number, reason),) = reasons(tmp_path / "t.csv")
    assert number == line and reason.startswith(f"not read, with {lost} more lines: ")
    assert "close the quotation marks" in reason


def test_a_quotation_mark_in_the_first_line_or_no_line_is_told(tmp_path) -> None:
    for table, told in (('id,"text\n1,x\n', "line 1: not read, with 1 more line: "), ("\n", "empty; its first line")):
        (tmp_path / "t.csv").write_text(table)
        ((line, reason),) = reasons(tmp_path / "t.csv")
        assert line is None and reason.startswith(told)


def row(name: str, text: str, kind: str) -> str:
    made = json.dumps({"id": name, "text": text}, ensure_ascii=False) if kind == "jsonl" else f'{name},"{text}"'
    return f"{made}\n"


@pytest.mark.parametrize("bad", [b"\xe9", b"\x81"])  # the one is a letter of cp1252, the other is not
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_bad_byte_costs_its_row(tmp_path, kind: str, bad: bytes) -> None:
    good, head = row("a", "“Café”", kind), "id,text\n" * (kind == "csv")
    broken = row("b", "a caf? in Holm", kind).encode().replace(b"?", bad)
    (tmp_path / f"t.{kind}").write_bytes((head + good).encode() + broken + good.encode())
    first, second, third = records(tmp_path / f"t.{kind}")
    assert first.content == third.content == {"id": "a", "text": "“Café”"} and first.flags == ()
    assert second.line == 2 + len(head.splitlines()) and f"byte {bad[0]:#x} after " in str(second.content)
    assert "a caf' is not" in str(second.content)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_table_in_cp1252_is_read_as_such_but_for_a_byte_that_it_lacks(tmp_path, kind: str) -> None:
    good, head = row("a", "“CAFÉ”, naïve", kind).encode("cp1252"), b"id,text\n" * (kind == "csv")  # É” is UTF-8, too
    (tmp_path / f"t.{kind}").write_bytes(head + good * 2 + row("b", "?", kind).encode().replace(b"?", b"\x81") + good)
    *two, bad, last = records(tmp_path / f"t.{kind}")
    assert {(r.content["text"], r.flags) for r in (*two, last)} == {("“CAFÉ”, naïve", ("decoded as cp1252",))}
    assert "byte 0x81" in str(bad.content)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("“It rained.”\n".encode() + b"caf\xe9", "line 2: byte 0xe9 at offset 20 is not UTF-8"),
        (b"\xef\xbb\xbf" + "“It rained.”\n".encode() + b"caf\xe9", "line 2: byte 0xe9 at offset 23 is not UTF-8"),
        (b"It\nrained \x81", "line 2: byte 0x81 at offset 10 is not CP1252"),
        (b"\xff\xfe\x00\xd8", "line 1: byte 0x0 at offset 2 is not UTF-16"),
    ],
)
@pytest.mark.parametrize("name", ["t.txt", "index.csv"])
def test_a_file_that_cannot_be_decoded_is_refused_with_the_place(tmp_path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    if name == "t.txt":
        assert reasons(tmp_path / name) == [(None, f"{told}; save it as UTF-8")]
    else:
        with pytest.raises(AnalysisError, match=re.escape(told)):
            inputs.read_index([tmp_path / "a.txt"])
