"""A part of a corpus: measured, laid down, and joined with the others into the six tables.

What a part gave lies in files of a folder: `<number>.<table>`, an Arrow file with a record batch for each article, and
`<number>.json`, which names the articles; written last, it marks the part as finished.
"""

import faulthandler
import gc
import json
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import encoder, model
from analysis.copies import near_copies, sketch
from analysis.corpus import TAKEN, Index, articles_frame, blocks_frame, gathered, unmet
from analysis.inputs import Record, digest, plain
from analysis.measures import find_spans, score, sentences_frame
from analysis.model import AnalysisError, Failure
from analysis.writing import table_writer, write_atomic

SECONDS = 60  # an article that takes longer in one step (reading, spans, scores, sentences) is given up
TOO_LONG = "took too long and was given up; split it, or leave it out"
JOINED = 500  # articles of a row group
COLUMNS = {"articles": model.ARTICLE_COLUMNS, "blocks": model.BLOCK_COLUMNS, "sentences": model.SENTENCE_COLUMNS}
COLUMNS |= {"spans": model.SPAN_COLUMNS, "scores": model.SCORE_COLUMNS, "failures": [*Failure._fields]}
TYPES = dict.fromkeys(("sentence", "start", "end", "words", "sentences"), "int64")
TYPES |= {"title_is_inferred": "bool", "kept": "bool", "duplicate_of": "Int64", "line": "Int64"}
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


def in_hand(job: Job, number: int) -> tuple[int, bool]:
    """Which record of a part a worker had in hand when it died (-1: none), and whether its time was up; asked once."""
    path = job.folder / f"{number:06}.at"
    with suppress(OSError, ValueError):
        place, _, traceback = path.read_bytes().partition(b"\n")
        path.unlink()
        return int(place), bool(traceback)
    return -1, False


def _timed(items: Iterable[tuple[int, T]], path: Path, job: Job) -> Iterator[T]:
    """The things of (place, thing) pairs, each while a clock runs: at its end, the place is given up.

    A worker ends itself, for nothing else stops what hangs in a thread. `path` says what it has in hand, in a line of
    one length, written over each time; its traceback follows when the time is up.
    """
    alarm = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread() and not job.in_worker
    with path.open("wb", buffering=0) if job.in_worker else nullcontext() as hand:
        try:
            for place, thing in items:
                if hand:
                    hand.seek(0)
                    hand.write(f"{place:09}\n".encode())
                    faulthandler.dump_traceback_later(job.seconds, exit=True, file=hand)
                elif alarm:
                    signal.signal(signal.SIGALRM, partial(_give_up, place))
                    signal.setitimer(signal.ITIMER_REAL, job.seconds)
                yield thing
        finally:
            if hand:
                faulthandler.cancel_dump_traceback_later()
            elif alarm:
                signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(place: int, *_: object) -> None:
    raise GivenUp(place)


def measure_part(number: int, batch: Sequence[Record], passed: Mapping[int, str], job: Job) -> int:
    """Measure the records of a part but those given up (`passed`, with why); what it gave lies in its files then."""
    warnings.filterwarnings("ignore", ".*the measure is missing")  # it is a row of the failures
    part = job.folder / f"{number:06}"
    timed = partial(_timed, path=part.with_suffix(".at"), job=job)
    failures = [Failure(*batch[i][:2], batch[i].name, "measure", reason) for i, reason in sorted(passed.items())]
    records = timed((i, (i, record)) for i, record in enumerate(batch) if i not in passed)
    made, refused = gathered(records, job.index)
    articles = [article for _, article in made.values()]
    gc.disable()  # the search for cycles takes a fifth of the time, and measuring makes none
    try:
        with nullcontext() if job.voice == "model" else encoder.left_out():
            spans = find_spans(timed(made.values()), voice=job.voice, targets=job.targets)
            scores = score(spans, timed(made.values())).drop(columns="parts")
            sentences = sentences_frame(timed(made.values()), spans)
    finally:
        gc.enable()
    failures += refused
    for fields in [*spans.attrs["failures"], *scores.attrs["failures"]]:
        path, line = batch[made[fields["article_id"]][0]][:2]
        failures.append(Failure(**fields | {"path": path, "line": line}))
    tables = {"articles": articles_frame(articles), "blocks": blocks_frame(articles), "sentences": sentences}
    tables |= {"spans": spans, "scores": scores}
    for table, frame in tables.items():
        write_atomic(part.with_suffix(f".{table}"), _by_article(frame, schema(table), list(made)))
    rows = [(name, *batch[i][:2], sketch(article).tolist()) for name, (i, article) in made.items()]
    told = {"articles": rows, "failures": failures, "hashes": {t: digest(part.with_suffix(f".{t}")) for t in tables}}
    write_atomic(part.with_suffix(".json"), json.dumps(told).encode())
    part.with_suffix(".at").unlink(missing_ok=True)
    return number


def _by_article(frame: pd.DataFrame, own: pa.Schema, names: Sequence[str]) -> bytes:
    """The rows of a table as an Arrow file that has a record batch, maybe an empty one, for each of the articles."""
    rows, sink = pa.RecordBatch.from_pandas(frame, own, preserve_index=False), pa.BufferOutputStream()
    sizes = frame["article_id"].value_counts().reindex(names, fill_value=0)
    with pa.ipc.new_file(sink, own) as writer:
        for end, size in zip(sizes.cumsum(), sizes, strict=True):
            writer.write_batch(rows.slice(end - size, size))
    return sink.getvalue().to_pybytes()


def whole(part: Path) -> bool:
    """Whether a part, given as its `.json`, is there as it was written: of a crash of the machine, files come cut."""
    with suppress(OSError, ValueError, LookupError, TypeError, AnalysisError):
        hashes = json.loads(part.read_bytes())["hashes"]
        return all(digest(part.with_suffix(f".{table}")) == own for table, own in hashes.items())
    return False


def joined(
    folder: Path, planned: Sequence[Path], out: Path, kind: str, index: Index, failures: list[Failure]
) -> dict[str, int]:
    """Write the tables from the parts, sorted by article, and count their rows; `failures` gains those of the parts.

    The parts are given by their `.json`; OSError where one is not there.
    """
    places: dict[str, tuple[Path, int]] = {}
    sketches: dict[str, np.ndarray] = {}
    met: set[str] = set()
    for part in planned:
        told = json.loads(part.read_bytes())
        failures += [Failure(*row) for row in told["failures"]]
        for number, (name, path, line, own) in enumerate(told["articles"]):
            met |= {name, Path(path).stem}
            if name in places:
                failures.append(Failure(path, line, name, "read", TAKEN))
            else:
                places[name], sketches[name] = (part, number), np.array(own, dtype=np.uint32)
    order = sorted(places)
    copies = near_copies({name: sketches[name] for name in order})
    failures += unmet(index, met)
    counts = dict.fromkeys(COLUMNS, 0)
    for table in COLUMNS:
        chunks = _chunks([places[name] for name in order], table) if table != "failures" else [_failed(failures)]
        with table_writer(out / f"{table}.{kind}", schema(table), folder) as write:
            for chunk in chunks:
                counts[table] += len(chunk)
                write(_flagged(chunk, copies) if table == "articles" else chunk)
    return counts


def _chunks(places: Sequence[tuple[Path, int]], table: str) -> Iterator[pa.Table]:
    """The rows of a table for articles, given as (part, number in it), JOINED of them at a time."""
    for first in range(0, len(places), JOINED):
        chunk, batches = places[first : first + JOINED], {}
        for part, own in groupby(sorted(chunk), key=itemgetter(0)):  # so that each file is opened once
            with part.with_suffix(f".{table}").open("rb") as stream, pa.ipc.open_file(stream) as reader:
                batches |= {place: reader.get_batch(place[1]) for place in own}
        yield pa.Table.from_batches([batches[place] for place in chunk])


def _flagged(articles: pa.Table, copies: Mapping[str, str]) -> pa.Table:
    """The articles, near copies among them flagged."""
    flags, names = articles["flags"].to_pylist(), articles["article_id"].to_pylist()
    said = ["; ".join(filter(None, (flag, copies.get(name)))) for name, flag in zip(names, flags, strict=True)]
    return articles.set_column(articles.schema.get_field_index("flags"), "flags", pa.array(said, pa.large_string()))


def _failed(failures: Sequence[Failure]) -> pa.Table:
    ordered = sorted(failures, key=lambda row: (row.path, row.line or 0, *row[2:]))
    cleaned = [[plain(cell) if isinstance(cell, str) else cell for cell in row] for row in ordered]
    return pa.Table.from_pylist([dict(zip(Failure._fields, row, strict=True)) for row in cleaned], schema("failures"))
