"""Files written whole or not at all: bytes, and tables as csv or parquet. Nothing here draws."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.model import AnalysisError

try:
    import fcntl
except ImportError:  # as on Windows
    fcntl = None

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "figures"


def csv_bytes(table: pd.DataFrame, digits: int | None = None, header: bool = True) -> bytes:
    """A table as csv, without an unnamed index; a text cell that a spreadsheet would take for a formula gets a '.

    With `digits`, floats keep so many significant digits and at most nine decimals, so that platforms agree.

    >>> csv_bytes(pd.DataFrame({"word": ["=1+1", "calm"], "per_100": [-1 / 3, 2.0]}), digits=6)
    b'"word","per_100"\\n"\\'=1+1",-0.333333\\n"calm",2.0\\n'
    """
    cells = (table if table.index.names == [None] else table.reset_index()).rename(columns=_cell)
    for name in cells.columns[[not pd.api.types.is_numeric_dtype(kind) or bool(digits) for kind in cells.dtypes]]:
        cells[name] = cells[name].astype(object).map(_cell, digits=digits)
    # text is quoted always: else a lone carriage return in a cell would end its row
    return cells.to_csv(index=False, header=header, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).encode()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made, against a second run; the system lets go of what a dead process held.

    AnalysisError where another run has it. Where a system or its disks know no such locks, nothing is held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    with (path := folder / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = path.stat().st_ino == os.fstat(lock.fileno()).st_ino  # else who held it has just removed it
        except OSError as error:
            mine = not isinstance(error, BlockingIOError | FileNotFoundError)
        if not mine:
            raise AnalysisError(f"{folder}: another run writes here; wait until it has ended, or give another --out")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes, *, folder: Path | None = None) -> None:
    """Write a file whole or not at all; makes its folder. In `folder` it grows, if given, and outlasts a crash."""
    part = (folder or path.parent) / f".{path.name}.{os.getpid()}"
    with _moved_to(path, part, lasting=folder is not None) as stream:
        stream.write(content)


@contextmanager
def table_writer(path: Path, schema: pa.Schema, folder: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Write a table of any length to a .parquet or .csv, whole or not at all; the file grows in `folder` meanwhile.

    What it gives takes the rows, chunk by chunk: each is a row group. OSError names the file.
    """
    with _moved_to(path, folder / path.name, lasting=True) as stream:
        if path.suffix == ".csv":
            stream.write(csv_bytes(schema.empty_table().to_pandas()))
            yield lambda rows: stream.write(csv_bytes(rows.to_pandas(), header=False))
        else:
            with pq.ParquetWriter(stream, schema) as writer:  # of names, Arrow takes only those in UTF-8
                yield writer.write_table


@contextmanager
def _moved_to(path: Path, part: Path, lasting: bool) -> Iterator[IO[bytes]]:
    """A file to write, moved to `path` once it is whole, else removed; OSError names `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            if lasting:  # else the name may be there without the bytes; it takes ten milliseconds
                os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:  # of a full disk, the system does not say which file
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def _cell(value: object, digits: int | None = None) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    rounds = digits and isinstance(value, float) and value % 1  # 1000003.0 may be an offset
    return float(f"{round(value, 9) + 0.0:.{digits}g}") if rounds else value
