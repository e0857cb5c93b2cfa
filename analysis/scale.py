"""`measure`: a corpus into the six tables, part by part, on one process or on Dask's workers.

A part is some hundred records. What it gave lies in `<out>/.unfinished` until all are there; then they are joined, by
article id, into the tables. A run that was killed goes on with the parts that are missing: same bytes at the end.
"""

import json
import platform
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from analysis import encoder, parts
from analysis.inputs import Record, digest, files, index_files, plain, read_index, records
from analysis.lexicons import LEXICONS, NORMS, TARGETS, load_targets
from analysis.lines import PHRASES
from analysis.model import AnalysisError, Failure
from analysis.parts import TOO_LONG, GivenUp, Job
from analysis.text import ABBREVIATIONS
from analysis.writing import alone, write_atomic

PART, PART_CHARACTERS = 100, 1_000_000  # of a part, at most: what is in memory at once, and what a kill loses
TRIES = 2  # deaths of a worker with one article in hand until the article is held to be the cause
MOST = 1_000  # workers
# of a scheduler; asked before Dask is, for a Client that fails may hang the next one, when it is freed
ADDRESS = r"tcp://(\[[0-9a-fA-F:.]+\]|[^][:/\s]+):\d{1,5}"
DATA = (ABBREVIATIONS, NORMS, PHRASES)  # with the word lists, what measuring reads of the project's
Part = tuple[int, list[Record], dict[int, str]]  # its number, its records, and why some of them are given up


def measure(
    source: Path | str,
    out: Path,
    *,
    voice: str = "model",
    targets: Path | str = TARGETS,
    kind: str = "parquet",
    workers: int = 1,
    scheduler: str = "",
) -> tuple[dict[str, Any], list[Failure]]:
    """Write the six tables of `source` to `out` as `<table>.parquet` or `.csv`; what is in `run.json`, and failures.

    Sorted by article; a row group, or stretch of lines, is of 500 articles. `voice` "rules" or "quotes" leaves out the
    trained model, and all that it alone measures. One worker is this process, more are a local Dask cluster, and
    `scheduler` is the address of one that runs. AnalysisError for what cannot be read or written.
    """
    if not 1 <= workers <= MOST:
        raise AnalysisError(f"{workers} workers: give from 1 to {MOST:,}")
    if scheduler and not re.fullmatch(ADDRESS, scheduler):
        raise AnalysisError(f"--scheduler {scheduler}: no address; give it as tcp://HOST:PORT")
    begun, out = time.time(), Path(out)
    if not (found := files(source)):
        raise AnalysisError(f"{source}: no file in it")
    load_targets(targets)  # refused before anything runs
    parameters = {"source": source, "voice": voice, "targets": targets, "format": kind}
    plan = _plan(found, parameters)
    index, failures = read_index(found)
    with alone(out):
        folder, written = out / ".unfinished", json.dumps(plan, sort_keys=True).encode()
        there = [path for name in parts.COLUMNS if (path := out / f"{name}.{kind}").exists()]
        if there and not (folder / "plan").is_file() and not (out / "run.json").is_file():
            raise AnalysisError(f"{there[0]}: not known to be of `measure`; move it, or give another --out")
        if not (folder / "plan").is_file() or (folder / "plan").read_bytes() != written:  # of other inputs, or none
            for left in folder.glob("[!p]*"):  # the plan stays until the next is there: it says whose the tables are
                left.unlink()
            write_atomic(folder / "plan", written)
        job = Job(folder, index, voice, Path(targets), workers > 1 or bool(scheduler), parts.SECONDS)
        planned: list[Path] = []
        carry_out = partial(_on_dask, workers=workers, scheduler=scheduler) if job.in_worker else _here
        _watched(carry_out(_missing(found, folder, planned), job), folder)
        if (now := _plan(found, parameters)) != plan:
            names = sorted(dict(now["inputs"].items() ^ plan["inputs"].items())) or ["targets or word lists"]
            raise AnalysisError(f"changed while they were measured: {', '.join(names)}; measure again")
        _taken_away(out, kind)
        counts = parts.joined(folder, planned, out, kind, index, failures)
        done = plan | {"counts": counts, "seconds": round(time.time() - begun, 1), "workers": scheduler or workers}
        write_atomic(out / "run.json", (json.dumps(done, indent=2, ensure_ascii=False) + "\n").encode(), folder=folder)
        shutil.rmtree(folder)
    return done, failures


def _plan(found: Sequence[Path], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """All that the tables depend on; parts of another plan are not theirs."""
    hashes = {}
    for file in filter(Path.is_file, [*found, *index_files(found)]):
        with suppress(PermissionError):  # a failure later, of this file alone
            hashes[plain(file.name)] = digest(file)
    names = ("framing-analysis", "nltk", "numpy", "onnxruntime", "pandas", "pyarrow", "vaderSentiment")
    card = digest(encoder.CARD) if encoder.MODEL.is_file() and encoder.CARD.is_file() else ""
    data = [(file.name, digest(file)) for file in (*DATA, *sorted(LEXICONS.glob("[!.]*"))) if file.is_file()]
    told = {"model": card, "data": sha256(json.dumps(data).encode()).hexdigest()}
    own = {"source": plain(Path(parameters["source"]).name), "targets": digest(Path(parameters["targets"]))}
    return {
        "inputs": hashes,
        "parameters": parameters | own,
        "versions": {name: version(name) for name in names} | {"python": platform.python_version()} | told,
    }


def _taken_away(out: Path, kind: str) -> None:
    """Remove what says that `out` is finished, before its tables change; and an earlier run's of the other kind."""
    done = out / "run.json"
    with suppress(OSError, ValueError, LookupError, TypeError):  # none, or not ours: then those tables are not, either
        if (was := json.loads(done.read_bytes())["parameters"]["format"]) in {"csv", "parquet"} - {kind}:
            for table in parts.COLUMNS:
                (out / f"{table}.{was}").unlink(missing_ok=True)
    done.unlink(missing_ok=True)


def _missing(found: Sequence[Path], folder: Path, planned: list[Path]) -> Iterator[Part]:
    """The parts that are not there, or not whole; `planned` gains all, by the file that is written last."""
    for number, batch in enumerate(_parts(found)):
        planned.append(folder / f"{number:06}.json")
        if not parts.whole(planned[-1]):
            yield number, batch, {}


def _parts(found: Sequence[Path]) -> Iterator[list[Record]]:
    part, size = [], 0
    for record in (record for file in found for record in records(file)):
        length = len(str(record.content))
        if part and (len(part) == PART or size + length > PART_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(record)
        size += length
    if part:
        yield part


def _watched(done: Iterable[int], folder: Path) -> None:
    """Go through the parts as they are finished, with a bar on a terminal and plain lines elsewhere."""
    from tqdm import tqdm

    kept = len([*folder.glob("*.json")])
    bar = tqdm(done, unit="part", initial=kept, mininterval=0.5, disable=None)
    for number, _ in enumerate(bar, start=kept + 1):
        if bar.disable and number % 10 == 0:
            print(f"{number} parts of up to {PART} articles", flush=True)


def _here(todo: Iterator[Part], job: Job) -> Iterator[int]:
    for number, batch, passed in todo:
        while True:
            try:
                yield parts.measure_part(number, batch, passed, job)
                break
            except GivenUp as error:
                passed[error.args[0]] = TOO_LONG


def _on_dask(todo: Iterator[Part], job: Job, *, workers: int, scheduler: str) -> Iterator[int]:
    """Send parts to the workers, few more than there are workers; a part whose worker died is sent again.

    The article that was in hand when a worker died is left out and reported when it happens for the second time.
    """
    try:
        import dask
        from dask.distributed import Client, KilledWorker, LocalCluster, as_completed
    except ImportError as error:
        raise AnalysisError("more workers than one need Dask: pip install 'framing-analysis[scale]'") from error
    dask.config.set({"distributed.scheduler.allowed-failures": 0})  # what a death means is ours to say
    dask.config.set({"distributed.scheduler.worker-saturation": 1.0})  # nor is a part blamed that waited beside another
    # else a worker that takes longer to come back, on a machine under load, is given up, and with the last all waits
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    dask.config.set({"distributed.worker.profile.enabled": False})  # takes a twelfth of a worker's time
    # else a worker gives back all memory at once that it frees, and asks for it again: ten of 105 s for 1,000 articles
    dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None})
    local = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with nullcontext(scheduler) if scheduler else LocalCluster(**local) as cluster, Client(cluster) as client:
        deaths: Counter[tuple[int, int]] = Counter()
        sent: dict[Any, Part] = {}
        waiting = as_completed()

        def send(part: Part) -> None:
            future = client.submit(parts.measure_part, *part, job, pure=False)
            sent[future] = part
            waiting.add(future)

        for part in islice(todo, 2 * max(workers, len(client.scheduler_info()["workers"]))):
            send(part)
        for future in waiting:
            number, _, passed = died = sent.pop(future)
            if future.status == "finished":
                yield future.result()
                for part in islice(todo, 1):
                    send(part)
            elif isinstance(error := future.exception(), KilledWorker):
                at, late = parts.in_hand(job, number)
                deaths[number, at] += 1
                if at < 0 and deaths[number, at] == TRIES:
                    raise AnalysisError("workers die before they have read an article; try --workers 1") from error
                if late or deaths[number, at] == TRIES:
                    passed[at] = TOO_LONG if late else "the process measuring it died, twice"
                send(died)
            else:
                raise error
