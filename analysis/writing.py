"""Files written whole or not at all: bytes, and tables as csv or parquet. Nothing here draws."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; makes its folder."""
    with _moved_to(path, path.with_name(f".{path.name}.{os.getpid()}")) as part:
        part.write_bytes(content)


@contextmanager
def table_writer(path: Path, schema: pa.Schema, folder: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Write a table of any length to a .parquet or .csv, whole or not at all; the file grows in `folder` meanwhile.

    What it gives takes the rows, chunk by chunk: each is a row group. OSError names the file.
    """
    with _moved_to(path, folder / path.name) as part:
        if path.suffix == ".csv":
            with part.open("wb") as stream:
                stream.write(csv_bytes(schema.empty_table().to_pandas()))
                yield lambda rows: stream.write(csv_bytes(rows.to_pandas(), header=False))
        else:
            with pq.ParquetWriter(part, schema) as writer:
                yield writer.write_table


@contextmanager
def _moved_to(path: Path, part: Path) -> Iterator[Path]:
    """A file to write, moved to `path` once it is whole, else removed; OSError names `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
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
