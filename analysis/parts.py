"""A part of a corpus: measured, laid down, and joined with the others into the six tables.

What a part gave lies in two files of a folder: `<number>.rows`, a record batch for each article and table, and
`<number>.json`, which says what is where; written last, it marks the part as finished.
"""

import faulthandler
import gc
import json
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import encoder
from analysis.copies import near_copies, sketch
from analysis.corpus import TAKEN, Index, articles_frame, articles_of, blocks_frame, unmet
from analysis.figures import table_writer, write_atomic
from analysis.inputs import Record, plain
from analysis.measures import find_spans, score, sentences_frame
from analysis.model import (
    ARTICLE_COLUMNS,
    BLOCK_COLUMNS,
    SCORE_COLUMNS,
    SENTENCE_COLUMNS,
    SPAN_COLUMNS,
    Article,
    Failure,
)

SECONDS = 60  # an article that takes longer in one step (reading, spans, scores, sentences) is given up
TOO_LONG = "took too long and was given up; split it, or leave it out"
JOINED = 500  # articles of a row group
COLUMNS = {"articles": ARTICLE_COLUMNS, "blocks": BLOCK_COLUMNS, "sentences": SENTENCE_COLUMNS}
COLUMNS |= {"spans": SPAN_COLUMNS, "scores": SCORE_COLUMNS, "failures": [*Failure._fields]}
WHOLE = {"sentence", "start", "end", "words", "sentences"}
TYPES = dict.fromkeys(WHOLE, "int64") | {"title_is_inferred": "bool", "kept": "bool"}
TYPES |= {"duplicate_of": "Int64", "line": "Int64"}
TEXT = {"article_id", "role", "layer", "label", "text", "voice", "source_id", "group", "detail", "measure", "unit"}
T = TypeVar("T")


def schema(table: str) -> pa.Schema:
    """The Arrow schema of one of the tables, whatever its rows."""
    other = "float64" if table in ("sentences", "spans", "scores") else "str"
    types = {c: TYPES.get(c, "str" if c in TEXT else other) for c in COLUMNS[table]}
    frame = pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in types.items()})
    return pa.Schema.from_pandas(frame, preserve_index=False)


class GivenUp(BaseException):
    """An article took too long; holds its place among the records of its part. No `except Exception` catches it."""


@dataclass(frozen=True)
class Job:
    """What the measuring of any part needs to know, in a worker too."""

    folder: Path
    index: Index
    voice: str
    targets: Path
    in_worker: bool = False
    seconds: float = SECONDS
    passed: Mapping[int, str] = field(default_factory=dict)  # records of the part given up, and why


def in_hand(path: Path, seconds: float) -> tuple[int, bool]:
    """Which record a worker had in hand when it died (-1: none), and whether its time was up."""
    try:
        place, begun = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return -1, False
    return int(place), time.time() - float(begun) >= seconds


def _timed(items: Iterable[tuple[int, T]], path: Path, job: Job) -> Iterator[T]:
    """The things of (place, thing) pairs, each while a clock runs: at its end, the place is given up.

    A worker ends itself, for nothing else stops what hangs in a thread; `path` then says what it had in hand.
    """
    alarm = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread() and not job.in_worker
    try:
        for place, thing in items:
            if job.in_worker:
                write_atomic(path, f"{place} {time.time()}".encode())
                faulthandler.dump_traceback_later(job.seconds, exit=True, file=_nowhere())
            elif alarm:
                signal.signal(signal.SIGALRM, partial(_give_up, place))
                signal.setitimer(signal.ITIMER_REAL, job.seconds)
            yield thing
    finally:
        if job.in_worker:
            faulthandler.cancel_dump_traceback_later()
        elif alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _nowhere() -> IO[str]:
    return Path(os.devnull).open("w", encoding="ascii")


def _give_up(place: int, *_: object) -> None:
    raise GivenUp(place)


def measure_part(number: int, batch: Sequence[Record], job: Job) -> int:
    """Measure the records of a part; its rows are then in `<number>.rows`, what they are in `<number>.json`."""
    warnings.filterwarnings("ignore", ".*the measure is missing")  # it is a row of the failures
    timed = partial(_timed, path=job.folder / f"{number:06}.at", job=job)
    failures = [Failure(*batch[i][:2], _name(batch[i]), "measure", reason) for i, reason in sorted(job.passed.items())]
    made: dict[str, tuple[int, Article]] = {}
    for i, record in timed((i, (i, record)) for i, record in enumerate(batch) if i not in job.passed):
        for read in articles_of(record, job.index):
            if isinstance(read, Failure):
                failures.append(read)
            elif read.article_id in made:
                failures.append(Failure(*record[:2], read.article_id, "read", TAKEN))
            else:
                made[read.article_id] = i, read
    articles = [article for _, article in made.values()]
    with _uncollected(), nullcontext() if job.voice == "model" else encoder.left_out():
        spans = find_spans(timed(made.values()), voice=job.voice, targets=job.targets)
        scores = score(spans, timed(made.values())).drop(columns="parts")
        sentences = sentences_frame(timed(made.values()), spans)
    failed = [*spans.attrs["failures"], *scores.attrs["failures"]]
    where = {name: batch[i][:2] for name, (i, _) in made.items()}
    for row in (Failure(**fields) for fields in failed):
        path, line = where[row.article_id]
        failures.append(row._replace(path=path, line=line))
    tables = {"articles": articles_frame(articles), "blocks": blocks_frame(articles), "sentences": sentences}
    content, places = _packed(tables | {"spans": spans, "scores": scores}, list(made))
    write_atomic(job.folder / f"{number:06}.rows", content)
    rows = [(name, *where[name], sketch(article).tobytes().hex()) for name, (_, article) in made.items()]
    write_atomic(
        job.folder / f"{number:06}.json",
        json.dumps({"articles": rows, "places": places, "failures": failures}).encode(),
    )
    (job.folder / f"{number:06}.at").unlink(missing_ok=True)
    return number


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles, which takes a fifth of the time: measuring makes none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _name(record: Record) -> str:
    """What a record would be called: the id of a row, the stem of a file."""
    content = record.content
    return plain(str(content.get("id", ""))) if isinstance(content, Mapping) else Path(record.path).stem


def _packed(tables: Mapping[str, pd.DataFrame], names: Sequence[str]) -> tuple[bytes, list[dict[str, list[int]]]]:
    """The rows of each article in each table as a record batch of their own, and where each begins and ends."""
    content: list[bytes] = []
    places: list[dict[str, list[int]]] = [{} for _ in names]
    at = 0
    for table, frame in tables.items():
        rows = pa.Table.from_pandas(frame, schema(table), preserve_index=False)
        sizes = frame["article_id"].value_counts().reindex(names, fill_value=0).to_numpy()
        for place, first, size in zip(places, np.cumsum(sizes) - sizes, sizes, strict=True):
            batches = rows.slice(int(first), int(size)).combine_chunks().to_batches()
            content.append(b"".join(batch.serialize().to_pybytes() for batch in batches))
            place[table] = [at, at := at + len(content[-1])]
    return b"".join(content), places


def joined(folder: Path, out: Path, kind: str, index: Index, failures: list[Failure]) -> dict[str, int]:
    """Write the tables from the parts, sorted by article, and count their rows; `failures` gains those of the parts."""
    told = [(part.with_suffix(".rows"), json.loads(part.read_bytes())) for part in sorted(folder.glob("*.json"))]
    failures += [Failure(*row) for _, part in told for row in part["failures"]]
    rows: dict[str, tuple[Path, dict[str, list[int]]]] = {}
    sketches: dict[str, np.ndarray] = {}
    met: set[str] = set()
    for file, part in told:
        for (name, path, line, own), places in zip(part["articles"], part["places"], strict=True):
            met |= {name, Path(path).stem}
            if name in rows:
                failures.append(Failure(path, line, name, "read", TAKEN))
            else:
                rows[name], sketches[name] = (file, places), np.frombuffer(bytes.fromhex(own), dtype=np.uint32)
    order = sorted(rows)
    copies = near_copies({name: sketches[name] for name in order})
    failures += unmet(index, met)
    counts = dict.fromkeys(COLUMNS, 0)
    for table in COLUMNS:
        own = schema(table)
        chunks = _chunks(rows, order, table, own) if table != "failures" else [_failed(failures)]
        with table_writer(out / f"{table}.{kind}", own, folder) as write:
            for chunk in chunks:
                counts[table] += len(chunk)
                write(_flagged(chunk, copies) if table == "articles" else chunk)
    return counts


def _chunks(
    rows: Mapping[str, tuple[Path, Mapping[str, Sequence[int]]]], order: Sequence[str], table: str, own: pa.Schema
) -> Iterator[pa.Table]:
    for first in range(0, len(order), JOINED):
        batches = []
        for file, places in (rows[name] for name in order[first : first + JOINED]):
            begin, end = places[table]
            if begin < end:  # else the article has none
                with file.open("rb") as stream:
                    stream.seek(begin)
                    batches.append(pa.ipc.read_record_batch(pa.py_buffer(stream.read(end - begin)), own))
        yield pa.Table.from_batches(batches, own)


def _flagged(articles: pa.Table, copies: Mapping[str, str]) -> pa.Table:
    """The articles, near copies among them flagged."""
    flags, names = articles["flags"].to_pylist(), articles["article_id"].to_pylist()
    said = ["; ".join(filter(None, (flag, copies.get(name)))) for name, flag in zip(names, flags, strict=True)]
    return articles.set_column(articles.schema.get_field_index("flags"), "flags", pa.array(said, pa.large_string()))


def _failed(failures: Sequence[Failure]) -> pa.Table:
    ordered = sorted(failures, key=lambda row: (row.path, row.line or 0, *row[2:]))
    cleaned = [[plain(cell) if isinstance(cell, str) else cell for cell in row] for row in ordered]
    return pa.Table.from_pylist([dict(zip(Failure._fields, row, strict=True)) for row in cleaned], schema("failures"))
