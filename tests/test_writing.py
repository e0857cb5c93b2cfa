"""Files are written whole or not at all, and no cell of a table is a formula."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from analysis.writing import csv_bytes, write_atomic


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_cell_or_header_is_a_formula(start):
    table = csv_bytes(pd.DataFrame({f"{start}head": pd.Categorical([f"{start}x"])})).decode()
    assert list(csv.reader(io.StringIO(table, newline=""))) == [[f"'{start}head"], [f"'{start}x"]]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (5.5e-17, "0.0"),
        (-1e-12, "0.0"),
        (2.9999999999, "3.0"),
        (1000003.0, "1000003.0"),
        (0.12345649, "0.123456"),
        (-2.5, "-2.5"),
        (float("inf"), "inf"),
        (float("nan"), '""'),
        (None, '""'),
        (True, "True"),
        (7, "7"),
    ],
)
def test_numbers_are_rounded_the_same_on_every_platform(value, cell):
    assert csv_bytes(pd.DataFrame({"v": pd.Series([value], dtype=object)}), digits=6).decode() == f'"v"\n{cell}\n'
    if isinstance(value, float):
        assert csv_bytes(pd.DataFrame({"v": [value]}), digits=6).decode() == f'"v"\n{cell}\n'


def test_without_digits_floats_are_whole():
    assert csv_bytes(pd.DataFrame({"v": [1 / 3]})) == b'"v"\n0.3333333333333333\n'


def test_a_named_index_is_kept():
    assert csv_bytes(pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="word"))) == b'"word","n"\n"a",1\n'


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    write_atomic(tmp_path / "a.csv", b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(OSError, match=r"disk full: .*a\.csv"):
        write_atomic(tmp_path / "a.csv", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.csv", b"old")]
