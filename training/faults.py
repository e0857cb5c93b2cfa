"""What the tests show on a few articles, on many: a run is killed, is shared out, or meets what fails; prints only.

    python -m training.faults [--articles 1000] [--kills 20]

Exit code 1 if any promise is broken: the same bytes after all kills, and with 1, 2 and 4 workers; of two runs at once
into one folder, one is refused; of workers that hang, exit or crash, and of measures that raise, a row in `failures`
for the article at fault, and all others whole.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pandas as pd

from analysis import attribution, measures, parts, scale, voice
from analysis.inputs import ROOT
from analysis.measures import MEASURES
from training.bench import write_texts

RAISE = (ValueError("x"), KeyError("\ud800"), IndexError(), TypeError("x"), AttributeError("x"), ZeroDivisionError())
RAISE += (RecursionError(), MemoryError(), UnicodeError("\ud800"), OSError("no number"))
TABLES = ("articles", "blocks", "sentences", "spans", "scores", "failures")
FATAL = {"hang": "time.sleep(9999)", "exit": "os._exit(3)", "crash": "ctypes.string_at(0)"}
PRELOAD = """
import ctypes, os, time
from dataclasses import replace
from analysis import loaded, measures, parts
def fault(article, voices):
    if article.article_id == "7":
        {what}
    yield from detect(article, voices)
detect = loaded.detect
fault.__module__ = detect.__module__
table = tuple(replace(m, detect=fault) if m.detect is detect else m for m in measures.MEASURES)
parts.find_spans = lambda *a, **k: measures.find_spans(*a, table, **k)
"""
SECONDS = "import sys; from analysis import parts, run; parts.SECONDS = 20\n"  # a worker's first article takes several
SECONDS += "if __name__ == '__main__': sys.exit(run.main(sys.argv[1:]))"


def job(source: Path, out: Path, *more: str, **options) -> subprocess.Popen:
    arguments = ["measure", str(source), "--out", str(out), "--voice", "rules", *more]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-c", SECONDS, *arguments], cwd=ROOT, **quiet, **options)


def written(out: Path) -> dict[str, bytes]:
    return {name: (out / f"{name}.parquet").read_bytes() for name in TABLES}


def unlike(one: Path, other: Path, left_out: set[str]) -> list[str]:
    """The tables that are not the same but for the rows of these articles."""
    found = []
    for name in TABLES[:-1]:
        read = [pd.read_parquet(out / f"{name}.parquet") for out in (one, other)]
        kept = [table[~table["article_id"].isin(left_out)].reset_index(drop=True) for table in read]
        found += [name] * (not kept[0].equals(kept[1]))
    return found


def killed(source: Path, out: Path, whole: Path, kills: int) -> str:
    begun = time.monotonic()
    job(source, out).wait()
    lasts, draw, met = time.monotonic() - begun, random.Random(0), 0
    while met < kills:
        run = job(source, out)
        time.sleep(draw.uniform(0, lasts))
        run.send_signal(signal.SIGKILL)
        met += run.wait() == -signal.SIGKILL  # else it had ended, and the next begins anew
    assert job(source, out).wait() == 0
    return "" if written(out) == written(whole) and not (out / ".unfinished").exists() else "other bytes"


def shared_out(source: Path, out: Path, whole: Path, workers: int) -> str:
    assert job(source, out, "--workers", str(workers)).wait() == 0
    return "" if written(out) == written(whole) else "other bytes"


def twice(source: Path, out: Path, whole: Path, _: None) -> str:
    ended = sorted(run.wait() for run in [job(source, out), job(source, out)])
    return "" if ended == [0, 2] and written(out) == written(whole) else f"exit codes {ended}, or other bytes"


def fatal(source: Path, out: Path, whole: Path, what: str) -> str:
    preload = out.with_suffix(".py")
    preload.write_text(PRELOAD.format(what=what), encoding="utf-8")
    told = job(source, out, "--workers", "2", env=os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(preload)})
    failures = pd.read_parquet(out / "failures.parquet") if told.wait() == 1 else pd.DataFrame({"article_id": []})
    wrong = unlike(whole, out, {"7"})
    return "" if list(failures["article_id"]) == ["7"] and not wrong else f"{wrong}, failures {len(failures)}"


def raising(source: Path, out: Path, whole: Path, error: Exception) -> str:
    """Each detector fails in an article of its own and each count in another; its stage must be named, for it alone."""
    detectors = [*dict.fromkeys(m.detect for m in MEASURES), voice.detect]
    counted = [m for m in MEASURES if m.parts]
    stages = {str(2 * i): d.__module__.removeprefix("analysis.") for i, d in enumerate(detectors)}
    names = {str(2 * i + 1): m.name for i, m in enumerate(counted)}

    def finds(own: Callable, culprit: str) -> Callable:
        def detect(article, *more, **options) -> Iterator:
            yield from own(article, *more, **options)
            if article.article_id == culprit:
                raise error

        detect.__module__ = own.__module__
        return detect

    made = dict(zip(detectors, map(finds, detectors, stages), strict=True))
    table = tuple(replace(m, detect=made[m.detect]) if m.detect is not attribution.detect else m for m in MEASURES)

    def scored(spans, articles):
        return measures.score(spans, ((setattr(now, "id", a.article_id), a)[1] for a in articles), measures=counting)

    now = argparse.Namespace(id="")
    counting = tuple(replace(m, parts=counts(m, names, now, error)) if m.parts else m for m in MEASURES)
    with (
        patch.object(attribution, "detect", made[attribution.detect]),
        patch.object(voice, "detect", made[voice.detect]),
        patch.object(parts, "find_spans", lambda *a, **k: measures.find_spans(*a, table, **k)),
        patch.object(parts, "score", scored),
    ):
        scale.measure(source, out, voice="rules")
    failures = pd.read_parquet(out / "failures.parquet")
    named = dict(zip(failures["article_id"], failures["stage"], strict=True))
    wrong = unlike(whole, out, {*stages, *names})
    return "" if named == stages | names and not wrong else f"{wrong}, named {named}"


def counts(
    measure: measures.Measure, culprits: Mapping[str, str], now: argparse.Namespace, error: Exception
) -> Callable:
    def count(reading):
        if culprits.get(now.id) == measure.name:
            raise error
        return measure.parts(reading)

    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--articles", type=int, default=1000, help="at least 50 (1000)")
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    broken = 0
    with TemporaryDirectory() as folder:
        source, whole = write_texts(options.articles, Path(folder)), Path(folder, "whole")
        scale.measure(source, whole, voice="rules")
        checks = [(f"killed {options.kills} times, then run to the end", killed, options.kills)]
        checks += [(f"{n} workers", shared_out, n) for n in (1, 2, 4)]
        checks += [("two runs at once, of which one is refused", twice, None)]
        checks += [(f"a worker's {name}", fatal, what) for name, what in FATAL.items()]
        checks += [(f"{type(error).__name__} in each measure", raising, error) for error in RAISE]
        for number, (what, check, given) in enumerate(checks):
            begun = time.monotonic()
            said = check(source, Path(folder, str(number)), whole, given)
            broken += bool(said)
            print(f"{said or 'holds'}: {what} ({time.monotonic() - begun:.0f} s)", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
