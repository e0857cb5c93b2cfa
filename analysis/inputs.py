"""Files opened and read: a folder, a file or a pattern in; what should become articles out, one record at a time.

The only module that opens input files. Tables are streamed, row by row, so that their size does not matter.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import count
from pathlib import Path
from typing import IO, Any, NamedTuple

from analysis.columns import ALIASES, our_names
from analysis.model import AnalysisError, Failure

ROOT = Path(__file__).parents[1]
FACTS = ("title", "author", "date", "outlet", "kind", "topic", "url", "language")
SIZE_LIMITS = {".txt": 4_000_000, ".html": 20_000_000, ".htm": 20_000_000}
TABLES = (".csv", ".jsonl", ".jsonl.gz", ".parquet")
KINDS = ", ".join((*SIZE_LIMITS, *TABLES))
PASSED = re.compile(r"(?i)\.|readme|index\.csv$")  # files that are no articles
KNOWN = {name: ours for ours, others in ALIASES.items() for name in (ours, *others)} | {"lp": "text", "td": "text"}
BAD = re.compile("[\udc80-\udcff]")  # a byte that could not be decoded, as "surrogateescape" keeps it
ROW_LIMIT = 20_000_000  # characters of a row of a table: more than the longest article takes
CHUNK = 1 << 20  # characters read at a time where a whole file has to be looked through
MISSING = {"id": "no id: number the articles", "text": "no text: of Media Cloud's list, save the pages at url as .html"}


class Record(NamedTuple):
    """What should become an article or several: a file's text or a table's row (or why it cannot be read)."""

    path: str  # the file's name
    line: int | None  # of a table
    content: str | Mapping[str, Any] | Exception
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its article is or would be called: by the id of a row or the stem of a file; "" if there is neither."""
        own = our_names(self.content).get("id") if isinstance(self.content, Mapping) else None
        return plain(own) if isinstance(own, str) else Path(self.path).stem * (self.line is None)


def files(path: str | Path) -> list[Path]:
    """The files of a folder or a pattern (hidden ones, READMEs, `index.csv` and subfolders passed over), or one file.

    In order of their paths. A relative path is looked for in the working directory, then in the project's root.
    AnalysisError where there is nothing of that name.
    """
    with suppress(OSError, ValueError):
        for place in (Path(path), ROOT / path):
            folder = place.is_dir()
            if place.exists() and not folder:
                return [place]
            there = sorted(place.iterdir() if folder else place.parent.glob(place.name))
            found = [file for file in there if not (PASSED.match(file.name) or file.is_dir())]
            if folder or found:
                return found
    raise AnalysisError(f"{str(path)[:200]}: no file or folder that can be read; give one of {KINDS}, or a pattern")


def plain(text: str) -> str:
    """The text with what no table can hold (NUL, lone surrogates) replaced, one for one."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; AnalysisError for what is no regular file."""
    if not path.is_file():
        raise AnalysisError("not a regular file")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def records(path: Path) -> Iterator[Record]:
    """The records of one file, at least one; what cannot be read of it is a record too, and no error leaves this."""
    name, number = plain(path.name), None
    kind = next((kind for kind in (*SIZE_LIMITS, *TABLES) if name.lower().endswith(kind)), "")
    try:
        if not kind:
            raise AnalysisError(f"files of this kind are not read; give {KINDS}")
        if not path.is_file():
            raise AnalysisError("not a regular file")
        if (size := path.stat().st_size) > SIZE_LIMITS.get(kind, size):
            raise AnalysisError(f"{size:,} bytes, more than {SIZE_LIMITS[kind]:,}; split it")
        if kind in SIZE_LIMITS:
            yield Record(name, None, *_whole(path))
            return
        for number, *read in _rows(path, kind):
            yield Record(name, number, *read)
        if number is None:
            raise AnalysisError("no rows in it")
    except Exception as error:  # the parsers raise what they like, and one file must not cost the others
        if isinstance(error, (EOFError, gzip.BadGzipFile, zlib.error)):
            error = AnalysisError(f"{error}; it is cut, damaged or no archive: copy or compress it again")
        yield Record(name, None, AnalysisError(f"nothing read after row {number}: {error}") if number else error)


def index_files(found: Sequence[Path]) -> list[Path]:
    """`index.csv` beside the files that were found, its name in large or small letters."""
    return sorted(file for file in found[0].parent.glob("*") if file.name.lower() == "index.csv")


def read_index(found: Sequence[Path]) -> tuple[dict[str, tuple[int, dict[str, str]]], list[Failure]]:
    """By article or file, the line of `index.csv` that names it and the facts that it gives; and its bad lines.

    Lines for others that lie beside the files `found` are passed over. AnalysisError where it cannot be read at all.
    """
    path, index, failures = found[0].parent / "index.csv", {}, []
    try:
        there = index_files(found)
        if len(there) > 1:
            raise AnalysisError(f"there are {' and '.join(file.name for file in there)}: keep one")
        for path in there:
            if not path.is_file():
                raise AnalysisError("not a regular file; mend or delete it")
            for number, row in _csv_rows(io.StringIO(_whole(path)[0], newline=""), {"article_id"}):
                if isinstance(row, Exception):
                    failures.append(Failure(path.name, number, "", "index", str(row)))
                elif (name := row["article_id"]) in index:
                    failures.append(Failure(path.name, number, name, "index", f"is on line {index[name][0]} already"))
                elif unknown := {*row} - {"article_id", "note", *FACTS}:
                    raise AnalysisError(f"no column {', '.join(unknown)}; known are {', '.join(FACTS)} and note")
                else:
                    index[name] = number, {key: row[key] for key in FACTS if row.get(key)}
    except (AnalysisError, OSError) as error:
        raise AnalysisError(f"{path}: {error}") from error
    others = {file.stem for file in path.parent.iterdir()} - {file.stem for file in found} if index else set()
    return {name: line for name, line in index.items() if name not in others}, failures


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _encoding(path: Path) -> tuple[str, tuple[str, ...]]:
    """The codec of a table, found by going through all of it, and a flag if it is not UTF-8 or what its mark says.

    No guess beyond these: it is cp1252 where more bytes are not UTF-8 than characters beyond ASCII are, so that
    one bad byte does not turn all others of a file into mojibake.
    """
    with _open(path) as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16", ()
    bad = beyond = 0
    with _open(path) as stream, io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape") as text:
        while chunk := text.read(CHUNK):
            bad += len(BAD.findall(chunk))
            beyond += len(chunk) - len(chunk.encode("ascii", "ignore"))
    return ("cp1252", ("decoded as cp1252",)) if bad > beyond - bad else ("utf-8-sig", ())


def _whole(path: Path) -> tuple[str, tuple[str, ...]]:
    """A file's text, and a flag if it is cp1252; AnalysisError with the place of the first byte if it is neither."""
    data = path.read_bytes()
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(codec), ()
    except UnicodeDecodeError as error:
        if codec != "utf-16":
            with suppress(UnicodeDecodeError):
                return data.decode("cp1252"), ("decoded as cp1252",)
        at = error.start + len(data) - len(error.object)  # a mark is not in `object`
        byte, line = f"byte {data[at]:#x} at offset {at}", data.count(b"\n", 0, at) + 1
        codec = codec.removesuffix("-sig").upper()
        raise AnalysisError(f"line {line}: {byte} is not {codec}; save it as UTF-8") from error


def _rows(path: Path, kind: str) -> Iterator[tuple[int, Any, tuple[str, ...]]]:
    """The number, content and flags of each row of a table."""
    if kind == ".parquet":
        yield from ((number, row, ()) for number, row in _parquet_rows(path))
        return
    codec, flags = _encoding(path)
    ends = "" if kind == ".csv" else "\n"
    with _open(path) as stream, io.TextIOWrapper(stream, codec, "surrogateescape", newline=ends) as text:
        rows = _csv_rows(text, {"id", "text"}) if kind == ".csv" else _jsonl_rows(text)
        yield from ((number, row, flags) for number, row in rows)


def _csv_rows(text: IO[str], needed: set[str]) -> Iterator[tuple[int, Any]]:
    """The number of its first line, and a row as a dict, or the error that it is; refuses columns that do not fit."""
    csv.field_size_limit(ROW_LIMIT)  # the limit on text is checked elsewhere, with a clearer message
    rows, columns = csv.reader(text, strict=True), []
    while True:
        first = rows.line_num + 1
        try:
            cells = next(rows)
            if not columns:
                columns = _checked(cells, needed) if cells else []
            elif bad := BAD.search(",".join(cells)):
                yield first, _undecoded(bad)
            elif len(cells) == len(columns):
                yield first, dict(zip(columns, cells, strict=True))
            elif cells:
                raise csv.Error(f"not {len(columns)} cells")
        except StopIteration:
            break
        except csv.Error as error:
            lost = rows.line_num - first  # a quotation mark takes all lines up to the next, or to the end
            problem = f"not read, with {lost:,} more line{'s' * (lost > 1)}: {error}" if lost else str(error)
            problem += "; quote cells that hold a comma, close the quotation marks, and double those inside"
            if not columns:
                raise AnalysisError(f"line {first}: {problem}") from error
            yield first, AnalysisError(problem)
    if not columns:
        raise AnalysisError(f"empty; its first line names the columns, {' and '.join(sorted(needed))} among them")


def _undecoded(bad: re.Match[str]) -> AnalysisError:
    """Why a row is refused for one byte: `bad` as "surrogateescape" writes it, in the text of the row."""
    byte, before = ord(bad[0]) - 0xDC00, bad.string[: bad.start()]
    return AnalysisError(f"byte {byte:#x} after {before[-20:]!r} is not in the file's encoding; save it as UTF-8")


def _checked(columns: list[str], needed: set[str]) -> list[str]:
    """Columns of a table, refused where one is lacking, under whatever name, or stands there twice."""
    missing = sorted(needed - our_names({name: name for name in columns}).keys())
    if missing or len({*columns}) < len(columns):
        needs = [" and ".join(sorted(needed)), *(MISSING[name] for name in missing if name in MISSING)]
        if len(columns) == 1 and re.search("[;\t]", columns[0]):
            needs[1:] = ["separate cells by commas"]
        raise AnalysisError(f"columns are {', '.join(columns)}; needed, once each, are {'; '.join(needs)}")
    return columns


def _jsonl_rows(text: IO[str]) -> Iterator[tuple[int, Any]]:
    for number in count(1):
        line = text.readline(ROW_LIMIT)
        if len(line) == ROW_LIMIT and not line.endswith("\n"):
            yield number, AnalysisError(f"more than {ROW_LIMIT:,} characters; split it")
            while line and not line.endswith("\n"):
                line = text.readline(ROW_LIMIT)
        elif bad := BAD.search(line):
            yield number, _undecoded(bad)
        elif line.strip():
            try:
                row = json.loads(line)
                yield number, row if isinstance(row, dict) else AnalysisError("not a JSON object")
            except (ValueError, RecursionError) as error:
                yield number, AnalysisError(f"not JSON: {error}")
        elif not line:
            return


def _parquet_rows(path: Path) -> Iterator[tuple[int, Any]]:
    """The number of a row, and its known columns as a dict, or the error that it is; each is read by itself."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as table:
        ours = {name: KNOWN.get(name.strip().lower()) for name in _checked(table.schema_arrow.names, {"id", "text"})}
        batches = table.iter_batches(100, columns=[name for name in ours if ours[name]])
        for number, one in enumerate((batch.slice(i, 1) for batch in batches for i in range(len(batch))), start=1):
            try:
                (row,) = one.to_pylist()
                yield number, {name: cell if ours[name] in MISSING else _fact(cell) for name, cell in row.items()}
            except Exception as error:  # what Arrow holds and Python does not: a date far off, bytes that are no text
                yield number, error


def _fact(cell: Any) -> Any:
    """A date, a time or a whole number as text; what is none of them, and an id or a text, stays as it is.

    >>> from datetime import datetime
    >>> _fact(datetime(2026, 1, 20)), _fact(datetime(2026, 1, 20, 18, 30)), _fact(2026), _fact("x"), _fact(None)
    ('2026-01-20', '2026-01-20T18:30:00', '2026', 'x', None)
    """
    if isinstance(cell, date):
        return cell.isoformat().removesuffix("T00:00:00")  # of a table made with pandas, whose dates are times
    return str(cell) if isinstance(cell, int) else cell
