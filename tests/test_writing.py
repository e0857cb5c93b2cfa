"""Files are written whole or not at all, and no cell of a table is a formula."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from analysis import writing
from analysis.model import AnalysisError
from analysis.writing import alone, csv_bytes, table_writer, write_atomic


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


def test_a_lasting_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, replace, fsync = [], Path.replace, os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("kept"), fsync(handle)))
    monkeypatch.setattr(Path, "replace", lambda *paths: (done.append("named"), replace(*paths)))
    write_atomic(tmp_path / "a.csv", b"new", folder=tmp_path)
    write_atomic(tmp_path / "a.csv", b"newer")
    assert done == ["kept", "named", "named"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are UTF-8")
def test_a_table_may_have_any_name(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.parquet")
    with table_writer(path, pa.schema({"n": pa.int64()}), tmp_path.parent) as write:
        write(pa.table({"n": [1]}))
    assert pd.read_parquet(io.BytesIO(path.read_bytes()))["n"].tolist() == [1]


def test_a_folder_is_held_by_one_run_and_let_go_when_its_process_dies(tmp_path):
    pytest.importorskip("fcntl")
    script = "import sys; from pathlib import Path; from analysis.writing import alone\n"
    script += "with alone(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=writing.ROOT, **pipes) as other:
        other.stdout.readline()
        with pytest.raises(AnalysisError, match="another run writes here"), alone(tmp_path):
            pass
        other.kill()
    with alone(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    assert not [*tmp_path.iterdir()]


def test_a_lock_that_was_removed_meanwhile_holds_nothing(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", lambda *_: (tmp_path / ".lock").unlink())
    with pytest.raises(AnalysisError, match="another run"), alone(tmp_path):
        pass


def test_without_locks_a_run_goes_on(tmp_path, monkeypatch):
    if writing.fcntl:
        monkeypatch.setattr(writing.fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(38, "not implemented")))
        with alone(tmp_path):
            pass
    monkeypatch.setattr(writing, "fcntl", None)
    with alone(tmp_path / "new"):
        assert not [*(tmp_path / "new").iterdir()]
