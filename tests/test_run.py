"""The command line, on small notebooks and corpora of the tests' own."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from analysis import counts, run
from analysis.model import AnalysisError
from analysis.writing import alone

CORPUS = Path(__file__).parent / "cases" / "corpus"
PARAMETERS = 'articles: str = "data/articles"\nout: str = "figures"\nvoice: str = "rules"\nseed: int = 0'
DRAW = """
import sys
import pandas as pd
from matplotlib.figure import Figure
from analysis.figures import save_figure
rows = pd.DataFrame({"voice": [voice], "seed": [seed], "python": [sys.executable]})
for name in ["NAMES"]:
    save_figure(Figure(), f"STEM/{name}", data=rows, alt="a", caption="c", out=out)
"""


def notebook(folder: Path, stem: str, *cells: str, parameters: str = PARAMETERS, names: str = "one") -> None:
    """Write a notebook of the given cells, or of one that saves the named figures."""
    cells = cells or (DRAW.replace("STEM", stem).replace("NAMES", names.replace(" ", '", "')),)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    made.cells = [nbformat.v4.new_code_cell(source) for source in (parameters, *cells)]
    made.cells[0].metadata["tags"] = ["parameters"]
    folder.mkdir(exist_ok=True)
    nbformat.write(made, folder / f"{stem}.ipynb")


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Two small notebooks in place of the project's, and a place for what is built."""
    monkeypatch.setattr(run, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(run, "BUILD", tmp_path / "build")
    (kernel := tmp_path / "user/kernels/python3").mkdir(parents=True)  # of another interpreter
    (kernel / "kernel.json").write_text('{"argv": ["no-such-python"], "display_name": "", "language": "python"}')
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "user"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    notebook(tmp_path / "notebooks", "01_first", parameters=f"{PARAMETERS}\nweight: float = 0.5\nquick: bool = False")
    notebook(tmp_path / "notebooks", "02_second", names="one two")
    return tmp_path


def command(project: Path, *arguments: str) -> int:
    return run.main(["run", "--articles", str(CORPUS), "--out", str(project / "figures"), *arguments])


def figures(project: Path) -> list[str]:
    return [entry["name"] for entry in json.loads((project / "figures" / "index.json").read_text())]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_run_leaves_figures_and_executed_notebooks(project, capsys):
    assert command(project, "-p", "voice=quotes", "-p", "seed=7", "-p", "weight=1") == 0
    assert figures(project) == ["01_first/one", "02_second/one", "02_second/two"]
    assert "figures: 3 in" in capsys.readouterr().out
    (row,) = pd.read_csv(project / "figures/02_second/two.csv").itertuples(index=False)
    assert (row.voice, row.seed, row.python) == ("quotes", 7, sys.executable)
    assert sorted(p.name for p in (project / "build").iterdir()) == ["01_first.ipynb", "02_second.ipynb"]
    made = {"01_first", "02_second", "index.json", "read", "report.html"}
    assert {p.name for p in (project / "figures").iterdir()} == made


@pytest.mark.usefixtures("in_process")
def test_a_later_run_removes_what_it_no_longer_draws_and_nothing_else(project):
    assert command(project, "--only", "02") == 0
    (project / "figures/mine.txt").write_text("kept")
    (project / "figures/02_second/mine.csv").write_text("kept")
    notebook(project / "notebooks", "01_first")
    notebook(project / "notebooks", "02_second", names="two")
    assert command(project, "--only", "01") == 0
    assert figures(project) == ["01_first/one", "02_second/one", "02_second/two"]
    assert command(project, "--only", "02_s") == 0
    assert figures(project) == ["01_first/one", "02_second/two"]
    (project / "notebooks/02_second.ipynb").rename(project / "notebooks/03_third.ipynb")
    notebook(project / "notebooks", "03_third")
    assert command(project) == 0
    assert figures(project) == ["01_first/one", "03_third/one"]
    assert (project / "figures/mine.txt").exists() and (project / "figures/02_second/mine.csv").exists()
    assert not (project / "figures/02_second/two.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "colour=blue"], "-p colour: unknown parameter; valid are quick, seed, voice, weight"),
        (["--only", "02", "-p", "weight=1"], "-p weight: unknown parameter; valid are seed, voice"),
        (["-p", "seed=many"], "-p seed=many: not int"),
        (["-p", "seed=0.5"], "-p seed=0.5: not int"),
        (["-p", "seed=true"], "-p seed=true: not int"),
        (["-p", "quick=1"], "-p quick=1: not bool"),
        (["-p", "weight=x"], "-p weight=x: not float"),
        (["-p", "voice=rule"], "-p voice=rule: valid are quotes, rules, model"),
        (["--out", str(CORPUS)], "holds the articles; --out needs another folder"),
        (["-p", "out=elsewhere"], "-p out: use --out"),
        (["-p", "articles=elsewhere"], "-p articles: use --articles"),
        (["--only", "09"], "no notebook 09*.ipynb; there are 01_first, 02_second"),
        (["--articles", "no/such/folder"], "no/such/folder: no"),
        (["--articles", "EMPTY"], "no article"),
        (["--out", __file__], "a file; --out needs another folder"),
    ],
)
def test_unusable_arguments_run_nothing(project, capsys, arguments, message):
    (project / "empty").mkdir()
    assert command(project, *(a.replace("EMPTY", str(project / "empty")) for a in arguments)) == 2
    assert message in capsys.readouterr().err
    assert not (project / "figures").exists() and not (project / "build").exists()


@pytest.mark.parametrize("arguments", [[], ["run", "-p", "seed"], ["measure", "x"], ["measure", "x", "--voice", "y"]])
def test_malformed_arguments(arguments):
    with pytest.raises(SystemExit) as stopped:
        run.main(arguments)
    assert stopped.value.code == 2


def test_a_folder_whose_index_is_not_ours_is_refused(project, capsys):
    (project / "figures").mkdir()
    (project / "figures/index.json").write_text('{"a": 1}')
    assert command(project) == 2
    assert "not a list of figures" in capsys.readouterr().err


@pytest.mark.usefixtures("in_process")
def test_an_index_cannot_make_us_remove_files_elsewhere(project):
    (project / "figures").mkdir()
    (project / "precious.csv").write_text("kept")
    (project / "figures/index.json").write_text('[{"files": ["../precious.csv", "/etc/hostname"]}]')
    assert command(project, "--only", "01") == 0
    assert (project / "precious.csv").exists()


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("pandas_misspelt = 1\nraise ValueError('first\\nlast line')", "cell In [4] (pandas_misspelt = 1): last line"),
        ("import os; os._exit(3)", "cell In [4] (import os; os._exit(3)): Kernel died"),
        ("import time; time.sleep(30)", "cell In [4] (import time; time.sleep(30)): A cell timed out"),
    ],
)
def test_a_failing_cell_is_named_and_leaves_the_figures_alone(project, capsys, monkeypatch, cell, reason):
    if "sleep" in cell:
        monkeypatch.setattr(run, "CELL_SECONDS", 8)
    (project / "figures/02_second").mkdir(parents=True)
    (project / "figures/02_second/one.csv").write_text("of an earlier run")
    before = tree(project / "figures")
    notebook(project / "notebooks", "02_second", DRAW.replace("STEM", "02_second").replace("NAMES", "one"), cell)
    assert command(project, "--only", "02", "-p", "seed=1") == 1
    error = capsys.readouterr().err
    assert f"02_second.ipynb, {reason}" in error and str(project / "build/02_second.ipynb") in error
    assert cell in [c.source for c in nbformat.read(project / "build/02_second.ipynb", as_version=4).cells]
    assert tree(project / "figures") == before and not list((project / "figures").glob(".*"))


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_tidies_up(project, stop, code):
    notebook(project / "notebooks", "01_first", "import time; time.sleep(60)")
    script = "import sys, runpy; from pathlib import Path; from analysis import run\n"
    script += "run.NOTEBOOKS, run.BUILD = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))\n"
    script += "runpy.run_module('analysis', run_name='__main__')"
    places = [str(project / "notebooks"), str(project / "build")]
    arguments = ["run", "--articles", str(CORPUS), "--out", str(project / "figures"), "--only", "01"]
    command = [sys.executable, "-c", script, *places, *arguments]
    heed = partial(signal.signal, stop, signal.SIG_DFL)  # what a shell starts in the background ignores Ctrl-C
    job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    executed = project / "build/01_first.ipynb"
    while job.poll() is None and not (executed.exists() and '"start_time": "2' in executed.read_text()):
        time.sleep(0.1)  # until papermill has started the second cell
    os.kill(job.pid, stop)
    _, error = job.communicate(timeout=30)
    assert job.returncode == code, error
    assert "Traceback" not in error
    assert list((project / "figures").iterdir()) == []


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_measure_writes_the_six_tables(project, capsys, kind):
    assert run.main(["measure", str(CORPUS), "--out", str(project / "tables"), "--format", kind]) == 0
    read = pd.read_parquet if kind == "parquet" else pd.read_csv
    tables = {p.stem: read(p) for p in (project / "tables").glob(f"*.{kind}")}
    assert tables.keys() == {"articles", "blocks", "sentences", "spans", "scores", "failures"}
    assert len(tables["articles"]) == 3 and len(tables["failures"]) == 0
    assert "parts" not in tables["scores"]
    assert all(table["article_id"].is_monotonic_increasing for table in tables.values())
    assert "3 articles" in capsys.readouterr().out


def test_measure_keeps_failures_and_says_so(project, capsys, monkeypatch):
    folder = project / "articles"
    folder.mkdir()
    lines = ['{"id": "a", "text": "=1+1, Ines Valcourt said."}', "not json", '{"id": "b", "text": "It is late."}']
    (folder / "good.jsonl").write_text("\n".join(lines))
    assert run.main(["measure", str(folder), "--out", str(project / "tables"), "--format", "csv"]) == 1
    (failure,) = pd.read_csv(project / "tables/failures.csv").itertuples()
    assert (failure.path, failure.line) == ("good.jsonl", 2)
    assert "failed: good.jsonl, line 2" in capsys.readouterr().err
    assert list(pd.read_csv(project / "tables/articles.csv")["article_id"]) == ["a", "b"]
    assert not [line for line in (project / "tables/spans.csv").read_text().splitlines() if ',"=' in line]


def test_measure_refuses_what_it_cannot_use(project, capsys):
    out = ["--out", str(project / "tables")]
    assert run.main(["measure", str(project / "nowhere"), *out]) == 2
    assert run.main(["measure", str(CORPUS), "--targets", str(project / "none.toml"), *out]) == 2
    assert "none.toml" in capsys.readouterr().err
    (project / "none").mkdir()
    assert run.main(["measure", str(project / "none"), *out]) == 2
    assert "none: no file in it" in capsys.readouterr().err
    assert run.main(["measure", str(CORPUS), "--out", str(CORPUS)]) == 2
    assert "holds the articles" in capsys.readouterr().err
    (project / "tables").write_text("a file in the way")
    assert run.main(["measure", str(CORPUS), *out]) == 2
    assert "tables: a file; --out needs another folder" in capsys.readouterr().err


def test_a_file_that_may_not_be_read_costs_itself(project, capsys, monkeypatch):
    opened = Path.open

    def may_open(path, *arguments, **options):
        if path.name == "b.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    folder = project / "articles"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(f"The ferry {name} sank on Sunday night, the harbour said.")
    monkeypatch.setattr(Path, "open", may_open)
    assert run.main(["measure", str(folder), "--voice", "rules", "--out", str(project / "tables")]) == 1
    assert "failed: b.txt, b, read: [Errno 13] Permission denied" in capsys.readouterr().err
    assert [article.article_id for article in run.load_corpus(folder).articles] == ["a"]


@pytest.mark.usefixtures("in_process")
def test_run_keeps_what_can_be_read_and_its_code_says_what_failed(project, capsys, monkeypatch):
    def broken(*given: object) -> bool:
        raise RuntimeError("of no sentence")

    folder = project / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry sank on Sunday night, the harbour said.")
    assert run.main(["run", "--articles", str(folder), "--out", str(project / "figures"), "--only", "01"]) == 0
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="of no sentence"):
        patch.setattr(counts, "tells", broken)
        assert run.main(["run", "--articles", str(folder), "--out", str(project / "figures"), "--only", "01"]) == 1
    (folder / "b.txt").write_bytes(b"\x81")
    assert run.main(["run", "--articles", str(folder), "--out", str(project / "figures"), "--only", "01"]) == 1
    assert "failed: b.txt" in capsys.readouterr().err and (project / "figures/report.html").exists()


def test_text_parameters_stay_text(project):
    assert run._typed("voice", "007", {"inferred_type_name": "str", "default": '"rules"'}) == "007"
    assert run._typed("quick", "True", {"inferred_type_name": "bool", "default": "False"}) is True
    assert run._typed("words", "[1, 2]", {"inferred_type_name": "list", "default": "[]"}) == [1, 2]
    with pytest.raises(AnalysisError):
        run._typed("seed", "1e3", {"inferred_type_name": "int", "default": "0"})


@pytest.mark.parametrize("given", ["articles.csv", "*.csv", ".", "link.csv"])
def test_no_output_takes_the_place_of_the_articles(project, capsys, given):
    (own := project / "own").mkdir()
    (own / "articles.csv").write_text('id,text\na,"It rained on Sunday, the harbour said."\n')
    (project / "link.csv").symlink_to(own / "articles.csv")
    before = tree(own)
    source = project / given if given == "link.csv" else own / given
    assert run.main(["measure", str(source), "--out", str(own), "--format", "csv"]) == 2
    assert f"{own}: holds the articles" in capsys.readouterr().err
    assert tree(own) == before


def test_a_table_of_articles_may_lie_beside_what_is_made_of_it(project):
    (own := project / "own").mkdir()
    (own / "mine.csv").write_text('id,text\na,"It rained on Sunday, the harbour said."\n')
    assert run.main(["measure", str(own / "mine.csv"), "--out", str(own), "--voice", "rules", "--format", "csv"]) == 0
    assert {file.name for file in own.iterdir()} >= {"mine.csv", "articles.csv", "run.json"}


@pytest.mark.parametrize(("name", "out"), [("report.html", "."), ("read/a.html", "."), ("read/a.html", "read")])
def test_no_report_takes_the_place_of_a_saved_page(project, capsys, name, out):
    page = project / "own" / name
    page.parent.mkdir(parents=True)
    page.write_text((CORPUS / "harbour.txt").read_text())
    page = page.rename(page.with_suffix(".txt"))
    assert run.main(["run", "--articles", str(page), "--out", str(project / "own" / out)]) == 2
    assert "holds the articles" in capsys.readouterr().err and list(tree(project / "own")) == [f"{name[:-5]}.txt"]


LOOP = "loop"  # a link to itself


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["measure", "~nosuchuser/x", "--out", "y"], "argument source: '~nosuchuser/x': "),
        (["measure", LOOP, "--out", "y"], "loop"),
        (["measure", str(CORPUS), "--out", LOOP], "loop"),
        (["measure", str(CORPUS), "--out", ""], "argument --out: '': empty"),
        (["run", "--out", ""], "argument --out: '': empty"),
        (["run", "-p", "corpus=~nosuchuser/x"], "error: '~nosuchuser/x': "),
        (["measure", str(CORPUS), "--out", "y", "--workers", "9" * 20], "from 1 to 1,000"),
    ],
)
def test_paths_that_are_none_are_refused(project, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(project)
    (project / LOOP).symlink_to(LOOP)
    before = tree(project)
    try:
        code = run.main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2 and message in capsys.readouterr().err and tree(project) == before


@pytest.mark.parametrize("given", ["targets=none.toml", "lexicons=none", "targets=~nosuchuser/x"])
def test_files_that_parameters_name_are_read_before_anything_runs(project, capsys, given):
    name = given.partition("=")[0]
    notebook(project / "notebooks", "02_second", parameters=f'{PARAMETERS}\n{name}: str = "x"')
    assert command(project, "-p", given) == 2
    assert given.partition("=")[2] in capsys.readouterr().err
    assert not (project / "figures").exists() and not (project / "build").exists()


def test_a_line_on_the_terminal_is_one_line_and_moves_nothing(project, capsys):
    rows = [{"id": "\x1b[2J\nfailed: b", "text": ""}, {"id": "ü\u202e\ud800", "text": ""}]
    (project / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run.main(["measure", str(project / "a.jsonl"), "--out", str(project / "tables")]) == 1
    first, second = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed")]
    assert first.startswith("failed: a.jsonl, line 1, [U+001B][2J[U+000A]failed: b, read")
    assert second.startswith("failed: a.jsonl, line 2, ü[U+202E]")


def test_what_a_terminal_cannot_show_ends_no_run(project):
    out = project / "café"
    arguments = [sys.executable, "-m", "analysis", "measure", str(CORPUS), "--out", str(out), "--voice", "rules"]
    options = {"cwd": run.ROOT, "env": os.environ | {"PYTHONIOENCODING": "ascii"}, "capture_output": True}
    done = subprocess.run(arguments, **options)
    assert (done.returncode, done.stderr) == (0, b"") and b"caf\\xe9" in done.stdout


@pytest.mark.usefixtures("in_process")
def test_what_a_killed_run_left_is_removed_and_a_second_run_refused(project, capsys):
    (project / "figures/.new-abc/jupyter").mkdir(parents=True)
    with alone(project / "figures"):
        assert command(project, "--only", "01") == 2
    assert "another run writes here" in capsys.readouterr().err and (project / "figures/.new-abc").exists()
    assert command(project, "--only", "01") == 0
    assert not list((project / "figures").glob(".*"))


@pytest.mark.usefixtures("in_process")
def test_a_report_shows_figures_and_texts_of_its_own_articles_alone(project):
    about = "\nfrom analysis.corpus import load_corpus\nfrom analysis.figures import saver\n"
    draw = DRAW.replace("save_figure(Figure(), ", "saver('STEM', load_corpus(articles), out, '')(Figure(), ")
    draw = about + draw.replace("STEM/{name}", "{name}").replace(", out=out)", ")").replace("NAMES", "one")
    for stem in ("01_first", "02_second"):
        notebook(project / "notebooks", stem, draw.replace("STEM", stem).replace("alt=", "title=voice, alt="))
    report = project / "figures/report.html"
    assert command(project) == 0
    pages = {path.name for path in (project / "figures/read").iterdir()}
    assert len(pages) == 3 and all(f'id="{stem}"' in report.read_text() for stem in ("01_first", "02_second"))
    other = ["run", "--articles", str(CORPUS / "harbour.txt"), "--out", str(project / "figures"), "--only", "02"]
    assert run.main(other) == 0
    assert [path.stem.partition("-")[0] for path in (project / "figures/read").iterdir()] == ["harbour"]
    assert 'id="02_second"' in report.read_text() and 'id="01_first"' not in report.read_text()
    assert figures(project) == ["01_first/one", "02_second/one"], "the figures themselves stay"
