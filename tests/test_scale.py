"""A corpus in parts: the same tables however it is cut, on whatever runs it, and after whatever stops it."""

import csv
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from conftest import CASES, article
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import compare, encoder, groups, loaded, measures, parts, run, scale, tables, voice
from analysis.corpus import articles_frame, finished, load_corpus, load_tables
from analysis.inputs import plain
from analysis.measures import MEASURES, Measure, find_spans, score, sentences_frame
from analysis.model import AnalysisError
from analysis.text import sentences
from analysis.writing import alone

ROOT = Path(__file__).parents[1]
TEXTS = sorted((CASES / "known_groups").glob("*.txt"))
TABLES = ("articles", "blocks", "sentences", "spans", "scores", "failures")
RULES = {"voice": "rules"}


def corpus(path: Path, number: int = 12) -> Path:
    """A table of articles, no two of them near copies, whose ids are in no order and no numbers."""
    paragraphs = [p for text in TEXTS for p in text.read_text(encoding="utf-8").split("\n\n")]
    draw = random.Random(0)
    rows = []
    for i in range(number):
        text = "\n\n".join(draw.sample(paragraphs, 4))
        rows.append({"id": f"{(i * 7) % number:03}", "text": f"{text} It was the year {i}.", "outlet": "NA"})
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def written(out: Path) -> dict[str, bytes]:
    return {name: (out / f"{name}.parquet").read_bytes() for name in TABLES}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the articles, and in `whole` their tables."""
    folder = tmp_path_factory.mktemp("measured")
    scale.measure(corpus(folder / "a.jsonl"), folder / "whole", **RULES)
    return folder


@pytest.fixture
def whole(measured: Path, tmp_path: Path) -> dict[str, bytes]:
    """The tables; they and their articles lie in the test's folder, to be changed."""
    shutil.copytree(measured, tmp_path, dirs_exist_ok=True)
    return written(tmp_path / "whole")


def test_tables_are_those_of_the_functions(tmp_path: Path) -> None:
    source = corpus(tmp_path / "a.jsonl")
    done, _ = scale.measure(source, tmp_path / "out", voice="model")
    articles = sorted(load_corpus(source).articles, key=lambda article: article.article_id)
    spans = find_spans(articles)
    spans.attrs.clear()
    read = {name: pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in TABLES}
    pd.testing.assert_frame_equal(read["articles"], articles_frame(articles))
    pd.testing.assert_frame_equal(read["spans"], spans)
    assert done["counts"] == {name: len(table) for name, table in read.items()}
    assert json.loads((tmp_path / "out" / "run.json").read_bytes()) == done
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".parquet", ".json"}, "nothing unfinished is left"


@pytest.mark.parametrize(("part", "characters", "joined"), [(1, 10**6, 500), (5, 10**6, 500), (100, 2_000, 500)])
def test_however_it_is_cut(tmp_path, monkeypatch, whole, part, characters, joined) -> None:
    monkeypatch.setattr(scale, "PART", part)
    monkeypatch.setattr(scale, "PART_CHARACTERS", characters)
    scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", **RULES)
    assert written(tmp_path / "out") == whole


def test_row_groups_are_a_matter_of_size_alone(tmp_path, monkeypatch) -> None:
    source = corpus(tmp_path / "a.jsonl")
    scale.measure(source, tmp_path / "out", kind="csv", **RULES)
    monkeypatch.setattr(parts, "JOINED", 5)
    scale.measure(source, tmp_path / "again", kind="csv", **RULES)
    for name in TABLES:
        assert (tmp_path / "out" / f"{name}.csv").read_bytes() == (tmp_path / "again" / f"{name}.csv").read_bytes()


def in_parquet(source: Path, folder: Path) -> None:
    pd.read_json(source, lines=True, dtype=False).to_parquet(folder / "t.parquet")


def in_csv(source: Path, folder: Path) -> None:
    pd.read_json(source, lines=True, dtype=False).to_csv(folder / "t.csv", index=False)


def compressed(source: Path, folder: Path) -> None:
    (folder / "t.jsonl.gz").write_bytes(gzip.compress(source.read_bytes()))


def in_files_in_other_order(source: Path, folder: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    for number, some in enumerate((lines[8:], lines[:3], lines[3:8])):
        (folder / f"{number}.jsonl").write_text("\n".join(reversed(some)), encoding="utf-8")


@pytest.mark.parametrize("store", [in_parquet, in_csv, compressed, in_files_in_other_order])
def test_however_it_is_stored(tmp_path, whole, store) -> None:
    folder = tmp_path / "stored"
    folder.mkdir()
    store(tmp_path / "a.jsonl", folder)
    for source in (folder, folder / "*"):
        scale.measure(source, tmp_path / "out", **RULES)
        assert written(tmp_path / "out") == whole


def test_what_two_parts_share_is_seen(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(scale, "PART", 1)
    lines = corpus(tmp_path / "a.jsonl", 4).read_text().splitlines()
    copy = json.dumps(json.loads(lines[0]) | {"id": "copy"})
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, lines[0], copy, "{", json.dumps({"id": "x\ud800"})]))
    done, _ = scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    failures = pd.read_parquet(tmp_path / "out/failures.parquet")
    assert list(failures["line"]) == [5, 7, 8] and "must differ" in failures["reason"][0]
    flags = pd.read_parquet(tmp_path / "out/articles.parquet").set_index("article_id")["flags"]
    assert [name for name, flag in flags.items() if "near copy of 000" in flag] == ["copy"]
    assert done["counts"]["articles"] + done["counts"]["failures"] == 8, "rows out and rows failed are rows in"


def broken(name: str, **changes: object) -> tuple[Measure, ...]:
    return tuple(replace(m, **changes) if m.name == name else m for m in MEASURES)


def test_a_measure_that_raises_costs_itself_alone(tmp_path, monkeypatch, whole) -> None:
    errors = [ValueError("x"), MemoryError(), RecursionError(), KeyError("\ud800"), SystemError()]
    raised = {f"{n:03}": error for n, error in enumerate(errors, 5)}

    def fails(article, voices):
        if article.article_id in raised:
            raise raised[article.article_id]
        yield from detect(article, voices)

    detect = loaded.detect
    fails.__module__ = detect.__module__
    table = tuple(replace(m, detect=fails) if m.detect is detect else m for m in MEASURES)
    monkeypatch.setattr(parts, "find_spans", lambda *a, **k: find_spans(*a, table, **k))
    monkeypatch.setattr(parts, "score", lambda *a, **k: measures.score(*a, measures=table, **k))
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    before, after = (pd.read_parquet(tmp_path / o / "scores.parquet") for o in ("whole", "out"))
    lost = before["article_id"].isin(raised) & (before["measure"] == "loaded")
    pd.testing.assert_frame_equal(before[~lost].reset_index(drop=True), after)
    failures = pd.read_parquet(tmp_path / "out/failures.parquet").sort_values("article_id")
    assert list(failures["article_id"]) == list(raised) and set(failures["stage"]) == {"loaded"}
    assert set(failures["path"]) == {"a.jsonl"}
    for error, reason in zip(errors, failures["reason"], strict=True):
        assert type(error).__name__ in reason


def endless() -> None:
    endless()


def not_text() -> bytes:
    return "\ud800".encode()


FAULTS = {  # ten ways of failing
    "a value": lambda: int("x"),
    "a key": lambda: {}["\ud800"],
    "an index": lambda: [][0],
    "a type": lambda: "" + 1,
    "an attribute": lambda: None.start,
    "a division": lambda: 1 / 0,
    "no end": endless,
    "not text": not_text,
    "no memory": lambda: b"x" * sys.maxsize,
    "no file": lambda: Path("/nowhere/at all").read_bytes(),
}


DETECTORS = {f"{m.detect.__module__}.{m.detect.__name__}": m.detect for m in MEASURES}
DETECTORS["analysis.voice.detect"] = voice.detect


def tables_of(articles, table=MEASURES) -> dict[str, pd.DataFrame]:
    with encoder.left_out():
        spans = find_spans(articles, table, voice="rules")
        scores = score(spans, articles, measures=table).drop(columns="parts")
        return {"spans": spans, "scores": scores, "sentences": sentences_frame(articles, spans)}


@pytest.fixture(scope="module")
def several() -> tuple:
    """Articles of one sentence, two, and so on, one for each way of failing and one more at both ends."""
    read = [load_corpus(text).articles[0] for text in TEXTS]
    said = [" ".join(a.raw[s.start : s.end].split()) for a in read for s in sentences(a) if s.role == "paragraph"]
    articles = [article(" ".join(said[3 * n : 4 * n + 2]), f"{n:02}") for n in range(len(FAULTS) + 2)]
    assert len({len(sentences(a)) for a in articles}) == len(articles)
    return articles, tables_of(articles)


@pytest.mark.filterwarnings("ignore:.*the measure is missing")
@pytest.mark.parametrize("what", [*DETECTORS, *(m.name for m in MEASURES if m.parts)])
def test_whatever_fails_in_some_articles_costs_the_others_nothing(monkeypatch, several, what) -> None:
    """Each fault in an article of its own, told by its number of sentences."""
    articles, whole = several
    faults = dict(zip([len(sentences(a)) for a in articles[1:-1]], FAULTS.values(), strict=True))
    others = [a.article_id for a in articles[1:-1]]
    own = DETECTORS[what] if what in DETECTORS else next(m.parts for m in MEASURES if m.name == what)

    def finds(article, *more):
        yield from own(article, *more)
        faults.get(len(sentences(article)), int)()

    def counts(reading):
        return faults[reading.size]() if reading.size in faults else own(reading)

    finds.__module__ = own.__module__
    stage = own.__module__.removeprefix("analysis.") if what in DETECTORS else what
    if what in DETECTORS:
        table = tuple(replace(m, detect=finds) if m.detect is own and stage != "attribution" else m for m in MEASURES)
        if stage in ("attribution", "voice"):
            monkeypatch.setattr(f"analysis.{stage}.detect", finds)
    else:
        table = broken(what, parts=counts)
    made = tables_of(articles, table)
    failures = [*made["spans"].attrs["failures"], *made["scores"].attrs["failures"]]
    assert [(f["article_id"], f["stage"]) for f in failures] == [(other, stage) for other in others]
    for name, rows in made.items():
        kept, before = (t[~t["article_id"].isin(others)].reset_index(drop=True) for t in (rows, whole[name]))
        pd.testing.assert_frame_equal(kept, before)
    if stage not in ("attribution", "voice"):  # without which no voice is known
        lost = [m.name for m in MEASURES if stage in (m.name, m.detect.__module__.removeprefix("analysis."))]
        own_rows, before = (t["scores"][t["scores"]["article_id"].isin(others)] for t in (made, whole))
        before = before[~before["measure"].isin(lost)]
        pd.testing.assert_frame_equal(own_rows.reset_index(drop=True), before.reset_index(drop=True))


def test_an_article_that_takes_too_long_is_given_up(tmp_path, monkeypatch, whole) -> None:
    def hangs(article, voices):
        while article.article_id == "005":
            time.sleep(0.01)
        yield from detect(article, voices)

    detect = loaded.detect
    monkeypatch.setattr(parts, "SECONDS", 10)
    monkeypatch.setattr(parts, "find_spans", lambda *a, **k: find_spans(*a, broken("loaded", detect=hangs), **k))
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    (failure,) = pd.read_parquet(tmp_path / "out/failures.parquet").itertuples()
    assert (failure.line, failure.article_id) == (12, "005") and "too long" in failure.reason
    kept = pd.read_parquet(tmp_path / "out/articles.parquet")["article_id"]
    assert list(kept) == [f"{i:03}" for i in range(12) if i != 5]


def command(source: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "analysis", "measure", str(source), "--out", str(out), "--voice", "rules", *more]


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path, monkeypatch, whole) -> None:
    """Kills of whole processes are those of `python -m training.faults`."""
    monkeypatch.setattr(scale, "PART", 1)
    own, out, kept = parts.measure_part, tmp_path / "out", 0
    for least in (3, 6):  # killed when so many are there
        if not (child := os.fork()):
            parts.measure_part = lambda *part: (own(*part), time.sleep(0.5))[0]  # so that the kill meets it alive
            with suppress(BaseException):
                scale.measure(tmp_path / "a.jsonl", out, **RULES)
            os._exit(0)
        while len([*out.glob(".unfinished/*.json")]) < least and os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert not [*out.glob("*.parquet")], "never a table under its name before all is done"
        assert len([*out.glob(".unfinished/*.json")]) >= max(kept, least), "what was finished is kept"
        kept = len([*out.glob(".unfinished/*.json")])
    scale.measure(tmp_path / "a.jsonl", out, **RULES)
    assert written(out) == whole and not (out / ".unfinished").exists()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_killed_at_random_moments_it_still_ends_with_the_same_bytes(tmp_path, monkeypatch, whole, seed) -> None:
    """Three kills; more, and of whole processes, by `python -m training.faults`."""
    monkeypatch.setattr(scale, "PART", 1)
    draw, kills, out = random.Random(seed), 0, tmp_path / "out"
    while kills < 3:
        if not (child := os.fork()):
            with suppress(BaseException):
                scale.measure(tmp_path / "a.jsonl", out, **RULES)
            os._exit(0)
        time.sleep(draw.uniform(0, 1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1
    scale.measure(tmp_path / "a.jsonl", out, **RULES)
    assert written(out) == whole and {p.suffix for p in out.iterdir()} == {".parquet", ".json"}


def test_killed_while_it_writes_what_it_did_nothing_is_left(tmp_path, whole) -> None:
    own, out = parts.joined, tmp_path / "out"
    if not (child := os.fork()):
        die = partial(setattr, os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        parts.joined = lambda *given: (own(*given), die())[0]
        with suppress(BaseException):
            scale.measure(tmp_path / "a.jsonl", out, **RULES)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL and finished(out) is None
    scale.measure(tmp_path / "a.jsonl", out, **RULES)
    assert written(out) == whole and {p.suffix for p in out.iterdir()} == {".parquet", ".json"}


def test_other_parameters_begin_anew(tmp_path, whole) -> None:
    (tmp_path / "out/.unfinished").mkdir(parents=True)
    (tmp_path / "out/.unfinished/plan").write_text("of another run")
    (tmp_path / "out/.unfinished/000000.json").write_text("of another run")
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    assert written(tmp_path / "out") == whole


def unfinished(source: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the parts of a run that was stopped when all were there."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(parts, "joined", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        scale.measure(source, out, **RULES)
    return out / ".unfinished"


@pytest.mark.parametrize("left", [0, 100])
@pytest.mark.parametrize("suffix", ["json", "articles", "scores"])
def test_what_a_crash_of_the_machine_cut_is_measured_again(tmp_path, monkeypatch, whole, suffix, left) -> None:
    monkeypatch.setattr(scale, "PART", 4)
    folder = unfinished(tmp_path / "a.jsonl", tmp_path / "out", monkeypatch)
    size = (cut := folder / f"000001.{suffix}").stat().st_size
    os.truncate(cut, left)
    os.truncate(cut, size if left else 0)  # as long as it was, but for zeros
    measured, own = [], parts.measure_part
    monkeypatch.setattr(parts, "measure_part", lambda *part: (measured.append(part[0]), own(*part))[1])
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    assert measured == [1] and written(tmp_path / "out") == whole


def test_a_second_run_is_refused(tmp_path, whole, capsys) -> None:
    pytest.importorskip("fcntl")
    with alone(tmp_path / "whole"):
        assert run.main(command(tmp_path / "a.jsonl", tmp_path / "whole")[3:]) == 2
    assert "another run writes here" in capsys.readouterr().err
    assert written(tmp_path / "whole") == whole and not (tmp_path / "whole/.unfinished").exists()


def test_without_all_its_parts_nothing_is_joined(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(scale, "PART", 4)
    own = parts.measure_part
    lost = tmp_path / "out/.unfinished/000001.json"
    monkeypatch.setattr(parts, "measure_part", lambda *part: (own(*part), lost.unlink(missing_ok=True))[0])
    with pytest.raises(FileNotFoundError, match=r"000001\.json"):
        scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", **RULES)
    assert not [*(tmp_path / "out").glob("*.*t")]


@pytest.mark.parametrize("name", ["index.csv", "Index.CSV"])
def test_other_facts_begin_anew(tmp_path, monkeypatch, name) -> None:
    source, index = corpus(tmp_path / "a.jsonl"), tmp_path / name
    monkeypatch.setattr(scale, "PART", 4)
    index.write_text("article_id,topic\n000,old\n011,old\n")
    folder = unfinished(source, tmp_path / "out", monkeypatch)
    (folder / "000002.json").unlink()
    index.write_text("article_id,topic\n000,new\n011,new\n")
    measured, own = [], parts.measure_part
    monkeypatch.setattr(parts, "measure_part", lambda *part: (measured.append(part[0]), own(*part))[1])
    done, _ = scale.measure(source, tmp_path / "out", **RULES)
    assert measured == [0, 1, 2] and done["inputs"].keys() == {"a.jsonl", name}


def test_other_word_lists_begin_anew(tmp_path, monkeypatch) -> None:
    source = corpus(tmp_path / "a.jsonl")
    folder = unfinished(source, tmp_path / "out", monkeypatch)
    plan = (folder / "plan").read_bytes()
    shutil.copytree(scale.LEXICONS, tmp_path / "lists")
    (tmp_path / "lists/hedges.csv").write_text("other")
    monkeypatch.setattr(scale, "LEXICONS", tmp_path / "lists")
    assert unfinished(source, tmp_path / "out", monkeypatch) and (folder / "plan").read_bytes() != plan


def test_what_is_read_of_the_projects_data_is_in_the_plan() -> None:
    script = "import sys; seen = set(); sys.addaudithook(lambda e, a: e == 'open' and seen.add(str(a[0])))\n"
    script += (
        "from analysis import scale; scale.measure(sys.argv[1], sys.argv[2], voice='rules'); print(*seen, sep='\\n')"
    )
    with tempfile.TemporaryDirectory() as out:
        ran = [sys.executable, "-c", script, str(CASES / "corpus"), out]
        seen = subprocess.run(ran, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    read = {path for path in map(Path, seen) if path.is_relative_to(ROOT / "data")}
    known = {*scale.DATA, *scale.LEXICONS.iterdir(), scale.TARGETS, encoder.CARD}
    assert {*scale.DATA} <= read and not {path for path in read - known if path.is_file()}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_what_is_joined_in_part_is_not_taken_for_finished(tmp_path, monkeypatch, whole, kind) -> None:
    """Nor do tables of the other kind stay beside those that are written."""

    def full(path, *more):
        if path.stem == "spans":
            raise OSError(28, "disk full", str(path))
        return own(path, *more)

    own, out = parts.table_writer, tmp_path / "whole"
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr(parts, "table_writer", full)
        scale.measure(tmp_path / "a.jsonl", out, kind=kind, **RULES)
    assert finished(out) is None
    scale.measure(tmp_path / "a.jsonl", out, kind=kind, **RULES)
    assert sorted(path.name for path in out.iterdir()) == sorted(["run.json", *(f"{name}.{kind}" for name in TABLES)])


def test_tables_that_no_run_wrote_stay(tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/articles.csv").write_text("mine")
    scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", **RULES)
    assert (tmp_path / "out/articles.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["a.jsonl", "index.csv"])
def test_what_changes_while_it_is_measured_is_refused(tmp_path, monkeypatch, whole, name) -> None:
    def changes(*part):
        (tmp_path / name).write_text((tmp_path / "a.jsonl").read_text() + "\n")
        return own(*part)

    own, source = parts.measure_part, tmp_path / "a.jsonl"
    with monkeypatch.context() as patch, pytest.raises(AnalysisError, match=f"changed while .*: {name}; measure again"):
        patch.setattr(parts, "measure_part", changes)
        scale.measure(source, tmp_path / "whole", **RULES)
    assert written(tmp_path / "whole") == whole, "of the run before"
    (tmp_path / "index.csv").unlink(missing_ok=True)
    scale.measure(source, tmp_path / "whole", **RULES)
    assert written(tmp_path / "whole") == whole


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are UTF-8")
@pytest.mark.parametrize(("name", "around"), [(b"\xff\xe9", {}), ("été".encode(), ASCII)])
def test_names_need_not_be_text(tmp_path, whole, name, around) -> None:
    source, out = tmp_path / os.fsdecode(name + b".jsonl"), tmp_path / os.fsdecode(name)
    shutil.copy(tmp_path / "a.jsonl", source)
    done = subprocess.run(command(source, out), cwd=ROOT, env=os.environ | around, capture_output=True)
    assert not done.returncode and b"tables in" in done.stdout, done.stderr
    assert {table: (out / f"{table}.parquet").read_bytes() for table in TABLES} == whole


@pytest.mark.parametrize("scheduler", ["bogus", "foo://x:1", "tcp://x", "tcp://127.0.0.1:x", "tls://127.0.0.1:1"])
def test_an_address_that_is_none_is_refused(tmp_path, scheduler) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(AnalysisError, match="tcp://HOST:PORT"):
        scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", scheduler=scheduler, **RULES)


@pytest.mark.parametrize("workers", [-1, 0, 1_001, 10**20])
def test_a_number_of_workers_that_is_none_is_refused(tmp_path, workers) -> None:
    with pytest.raises(AnalysisError, match="from 1 to 1,000"):
        scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", workers=workers, **RULES)


FAULT = """
import os
from dataclasses import replace
from analysis import loaded, measures, parts
def fault(article, voices):
    if article.article_id == "005":
        os._exit(3)
    yield from detect(article, voices)
detect = loaded.detect
fault.__module__ = detect.__module__
table = tuple(replace(m, detect=fault) if m.detect is detect else m for m in measures.MEASURES)
parts.find_spans = lambda *a, **k: measures.find_spans(*a, table, **k)
"""


def test_on_dask_a_worker_that_dies_costs_one_article_and_the_rest_is_the_same(tmp_path, monkeypatch, whole) -> None:
    (tmp_path / "fault.py").write_text(FAULT)
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__PRELOAD", str(tmp_path / "fault.py"))
    monkeypatch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "1ms")  # as if it were long in coming back
    script = "import sys; from analysis import run, scale; scale.PART = 3\n"
    script += "if __name__ == '__main__': sys.exit(run.main(sys.argv[1:]))"
    arguments = command(tmp_path / "a.jsonl", tmp_path / "out", "--workers", "2")[3:]
    assert subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, timeout=300).returncode == 1
    (died,) = pd.read_parquet(tmp_path / "out/failures.parquet").itertuples()
    assert (died.line, died.article_id) == (12, "005") and "died" in died.reason
    for name in TABLES[:-1]:
        before, after = (pd.read_parquet(tmp_path / o / f"{name}.parquet") for o in ("whole", "out"))
        pd.testing.assert_frame_equal(before[before["article_id"] != "005"].reset_index(drop=True), after)


@pytest.mark.parametrize(("end", "late"), [("os._exit(3)", False), ("time.sleep(60)", True)])
def test_what_a_worker_had_in_hand_outlives_it(tmp_path, end, late) -> None:
    """A death before anything was in hand is told from one before it; an earlier place leaves nothing behind."""
    job = parts.Job(tmp_path, {}, "rules", tmp_path, in_worker=True, seconds=1)
    script = "import os, sys, time; from pathlib import Path; from analysis import parts; folder = Path(sys.argv[1])\n"
    script += "job = parts.Job(folder, {}, 'rules', folder, in_worker=True, seconds=1)\n"
    script += (
        f"for place in parts._timed(((n, n) for n in (12345, 7)), folder / '000004.at', job):\n    if place == 7: {end}"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True)
    assert done.returncode and not done.stderr
    assert parts.in_hand(job, 4) == (7, late)
    assert parts.in_hand(job, 4) == (-1, False)


def test_a_full_disk_is_named_and_nothing_broken_stays(tmp_path, whole) -> None:
    script = "import resource, sys; from py3langid import classify; from analysis.run import main; classify('x')\n"
    script += "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); sys.exit(main(sys.argv[1:]))"
    job = command(tmp_path / "a.jsonl", tmp_path / "out")
    done = subprocess.run([sys.executable, "-c", script, *job[3:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "error: " in done.stderr and str(tmp_path / "out") in done.stderr
    assert not [*(tmp_path / "out").glob("*.parquet")] and not [*(tmp_path / "out").rglob(".0*")]
    assert run.main(job[3:]) == 0, "with room again, it goes on"
    assert written(tmp_path / "out") == whole


def test_ids_and_facts_come_out_as_they_went_in(tmp_path) -> None:
    facts = ["NA", "None", "007", "12345678901234567890", "😀", "=1+1", "nan", "null", "1e5", "a,b", "-", " x "]
    rows = [{"id": fact, "text": f"It rained {n} times.", "outlet": fact} for n, fact in enumerate(facts)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", **RULES)
    read = pd.read_parquet(tmp_path / "out/articles.parquet")
    assert list(read["article_id"]) == list(read["outlet"]) == sorted(facts)


@pytest.mark.parametrize(
    "changes",
    [{"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"}, {"PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8"}],
)
def test_nothing_around_it_shows(tmp_path, whole, changes) -> None:
    subprocess.run(command(tmp_path / "a.jsonl", tmp_path / "out"), cwd=ROOT, env=os.environ | changes, check=True)
    assert written(tmp_path / "out") == whole


def test_without_any_article_the_failures_are_written(tmp_path, capsys) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a"}\n')
    assert run.main(["measure", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out")]) == 1
    assert {name: len(pd.read_parquet(tmp_path / f"out/{name}.parquet")) for name in TABLES} == {
        **dict.fromkeys(TABLES, 0),
        "failures": 1,
    }
    assert "failed: a.jsonl, line 1, a, read" in capsys.readouterr().err


def test_more_workers_without_dask_say_what_to_install(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(AnalysisError, match="pip install"):
        scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", workers=2, **RULES)


def test_the_lines_for_spark(tmp_path) -> None:
    """What docs/scale.md says of Spark, on a local one."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install pyspark, and a JVM")
    lines = (ROOT / "docs/scale.md").read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    session = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.master('local[2]').getOrCreate()\n"
    (tmp_path / "job.py").write_text(session + lines)
    scale.measure(corpus(tmp_path / "articles.jsonl"), tmp_path / "out")
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    job = {"env": os.environ | {"PYTHONPATH": paths, "PYSPARK_PYTHON": sys.executable}, "cwd": tmp_path}
    subprocess.run([sys.executable, "job.py"], check=True, **job)
    ours, theirs = (pd.read_parquet(tmp_path / name) for name in ("out/scores.parquet", "scores"))
    order = ["article_id", "measure", "label", "voice"]
    pd.testing.assert_frame_equal(*(t.sort_values(order).reset_index(drop=True) for t in (ours, theirs)))


def grouped(source: Path) -> Path:
    """Articles in the order of their ids, of three outlets, two topics and three months; a copy; hostile facts."""
    rows = [json.loads(line) for line in corpus(source, 30).read_text().splitlines()]
    for i, row in enumerate(sorted(rows, key=lambda row: row["id"])):
        row |= {"outlet": ("Post", 'E"cho, =1\n', "NA")[i % 7 // 3], "topic": "toll" if i % 5 else "war"}
        row |= {"date": f"2025-0{i % 3 + 1}-11", "title": f"-Title {i}"}
    rows = [*sorted(rows, key=lambda row: row["id"]), rows[0] | {"id": "copy"}]
    source.write_text("\n".join(map(json.dumps, rows)))
    return source


@pytest.fixture(scope="module", params=["parquet", "csv"])
def measured_groups(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Articles of several groups, their tables, and of which kind these are; only to be read."""
    folder = tmp_path_factory.mktemp("groups")
    source = grouped(folder / "a.jsonl")
    scale.measure(source, folder / "out", kind=request.param, **RULES)
    return source, folder / "out", request.param


@pytest.mark.parametrize(("by", "chosen"), [("outlet", {}), ("month", {"topic": "toll", "outlets": ["Post", "NA"]})])
def test_groups_from_the_tables_are_those_from_the_texts(measured_groups, by, chosen) -> None:
    source, out, kind = measured_groups
    made, articles = (
        load_tables(finished(out), tables.SUMMARY.values(), **chosen),
        load_corpus(source, **chosen).articles,
    )
    assert made.parameters["voice"] == "rules" and set(made.hashes) == {f"articles.{kind}", f"scores.{kind}"}
    with encoder.left_out():
        pages = [
            groups.means(tables.summary_scores(scores), facts, by)
            for scores, facts in (
                (made.scores, made.facts),
                (score(find_spans(articles, voice="rules"), articles), articles_frame(articles)),
            )
        ]
    assert len(made.facts) == len(articles) and len(set(pages[0]["group"])) == 3 - (by == "outlet" and bool(chosen))
    differences = [groups.difference(page).drop(columns="unit") for page in pages]
    pd.testing.assert_frame_equal(*differences, check_dtype=False)
    assert len(differences[0]) > 9


def test_names_that_a_spreadsheet_would_run_come_back_as_they_went_in(tmp_path) -> None:
    rows = [
        {"id": f"={i}", "text": "It rained. It was a good day.", "outlet": "@Post", "topic": "'t"} for i in range(3)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    scale.measure(tmp_path / "a.jsonl", tmp_path / "out", kind="csv", **RULES)
    made = load_tables(tmp_path / "out", [("tone", "tone", "author")], outlets=["@Post"])
    assert [*made.facts["article_id"]] == [*made.scores["article_id"]] == [row["id"] for row in rows][: len(made.facts)]
    assert {*made.facts["topic"]} == {"'t"}


def test_a_table_of_somebody_elses_is_not_written_over(tmp_path) -> None:
    (tmp_path / "articles.csv").write_text("mine")
    source = corpus(tmp_path / "news.jsonl")
    with pytest.raises(AnalysisError, match=r"articles\.csv: not known to be of `measure`"):
        scale.measure(source, tmp_path, kind="csv", **RULES)
    assert {path.name for path in tmp_path.iterdir()} == {"articles.csv", "news.jsonl"}
    assert (tmp_path / "articles.csv").read_text() == "mine"


def test_no_more_of_the_tables_is_held_than_is_asked_for(tmp_path) -> None:
    scale.measure(corpus(tmp_path / "a.jsonl"), tmp_path / "out", **RULES)
    made = load_tables(tmp_path / "out", [("tone", "tone", "author")])
    assert set(zip(*(made.scores[key] for key in groups.KEYS), strict=True)) == {("tone", "tone", "author")}
    assert len(made.scores) <= len(made.facts) == 12 and "k" not in made.scores


def test_tables_are_refused_where_they_cannot_serve(tmp_path, capsys) -> None:
    out = tmp_path / "out"
    scale.measure(corpus(tmp_path / "a.jsonl"), out, **RULES)
    assert finished(out) == out and finished(tmp_path) is None
    for arguments in (["--articles", str(out)], ["-p", f"corpus={out}"], ["--articles", str(out), "--only", "02"]):
        assert run.main(["run", "--out", str(tmp_path / "figures"), *arguments]) == 2
        assert "no texts; 06_comparison takes them" in capsys.readouterr().err
    settled = ["--only", "06", "-p", f"corpus={out}", "-p", "voice=quotes"]
    assert run.main(["run", "--out", str(tmp_path / "figures"), *settled]) == 2
    assert "-p voice: was settled" in capsys.readouterr().err and not (tmp_path / "figures").exists()
    with pytest.raises(AnalysisError, match="compare groups"):
        compare.differences(load_tables(out, tables.SUMMARY.values()).scores, {})
    with pytest.raises(AnalysisError, match="no article of the outlets"):
        load_tables(out, tables.SUMMARY.values(), outlets=["Post"])
    for broken_file in (b"PAR1", b""):
        (out / "scores.parquet").write_bytes(broken_file)
        with pytest.raises(AnalysisError, match="measure again"):
            load_tables(out, tables.SUMMARY.values())
    for about in ("", "[]", "{}", '{"parameters": {}}', '{"parameters": {"format": "csv"}}', '{"parameters": 1}'):
        (out / "run.json").write_text(about)
        with pytest.raises(AnalysisError, match="measure again"):
            load_tables(out, tables.SUMMARY.values())
    (out / "run.json").unlink()
    assert finished(out) is None


PIECES = [
    "“",
    "”",
    '"',
    "'",
    "‘",
    "(",
    "[",
    "—",
    " said ",
    " Ann Lee",
    " the mayor",
    "Mr. ",
    "U.S. ",
    " not ",
    "terrible",
]
PIECES += [
    "\n",
    "\r",
    "\n\n",
    "\t",
    "\0",
    "\ud800",
    "\u2028",
    "\u0301",
    "😀",
    "İ",
    "ﬁ",
    "<b>",
    "&amp;",
    "…",
    "1,000.5",
    ". ",
]
TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)
ROW = st.fixed_dictionaries(
    {"id": st.text(max_size=2), "text": TEXT}, optional={"title": TEXT, "outlet": st.none() | TEXT}
)
STORES = [".jsonl", ".jsonl.gz", ".csv", ".parquet"]


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5), st.sampled_from(STORES), st.binary(max_size=40), st.booleans())
def test_whatever_comes_is_measured_or_named(rows, kind, more, page) -> None:
    """Rows out and rows failed are rows in; blocks hold every character, spans and sentences point into the text."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "in")
        folder.mkdir()
        if kind.startswith(".jsonl"):
            lines = "\n".join(map(json.dumps, rows)).encode()
            (folder / f"a{kind}").write_bytes(gzip.compress(lines) if kind.endswith("gz") else lines)
        else:
            cells = [{key: plain(cell) if isinstance(cell, str) else None for key, cell in row.items()} for row in rows]
            frame = pd.DataFrame(cells, columns=["id", "text", "title", "outlet"])
            csv_bytes = frame.to_csv(index=False, quoting=csv.QUOTE_ALL).encode()
            (folder / "a.csv").write_bytes(csv_bytes) if kind == ".csv" else frame.to_parquet(folder / "a.parquet")
        (folder / f"page{'.txt' if page else '.html'}").write_bytes(more)
        done, failures = scale.measure(folder, Path(name, "out"), **RULES)
        made = {table: pd.read_parquet(Path(name, "out", f"{table}.parquet")) for table in TABLES}
        articles = load_corpus(folder, copies=True).articles if done["counts"]["articles"] else ()
    raws = {article.article_id: article.raw for article in articles}
    assert sorted(raws) == list(made["articles"]["article_id"])
    from_rows = [name for name in raws if not name.startswith("page")]  # the ids of rows are shorter
    assert len(failures) == len(made["failures"]) and all(failure.reason for failure in failures)
    assert len(from_rows) + sum(failure.path.startswith("a.") for failure in failures) == len(rows)
    for name, blocks in made["blocks"].groupby("article_id"):
        ends = [0, *blocks["end"]]
        assert list(blocks["start"]) == ends[:-1] and ends[-1] == len(raws[name])
    for span in made["spans"].itertuples():
        assert raws[span.article_id][span.start : span.end] == span.text and span.text
    for row in made["sentences"].itertuples():
        assert 0 <= row.start < row.end <= len(raws[row.article_id])
