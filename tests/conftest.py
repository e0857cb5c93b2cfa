"""What several tests share: cases as data, and articles made from plain paragraphs."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from analysis.model import Article, Block

CASES = Path(__file__).parent / "cases"
ROOT = CASES.parents[1]
LONGEST = ("test_notebooks", "test_scale", "test_run")  # they execute notebooks and start processes
TOGETHER = {"test_report": "report", "test_browser": "report", "test_known_groups": "known groups"}  # share a fixture


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker ends with one; what shares a costly fixture on one worker."""
    places = dict(zip((*LONGEST, *TOGETHER), range(len(items)), strict=False))
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items:
        if group := TOGETHER.get(item.path.stem):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def supplied_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the project's figures with the report of its articles; only to be read."""
    from analysis import find_spans, load_corpus
    from analysis.report import write_report

    folder = tmp_path_factory.mktemp("report") / "figures"
    shutil.copytree(ROOT / "figures", folder)
    corpus = load_corpus()
    write_report(corpus, find_spans(corpus.articles), folder, sorted(ROOT.glob("notebooks/*.ipynb")))
    return folder


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`python -m analysis run` runs cells here, as IPython does in a kernel, which takes seconds to start.

    The style is matplotlib's own to begin with, as in a fresh kernel. No executed notebook is left. A png is empty, for
    the svg, whose layout is the same, is drawn; the supplied page and what is hostile are drawn twice, by papermill.
    """
    import matplotlib
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    from analysis import run

    drawn = Figure.savefig

    def savefig(fig: Figure, out: object, *, format: str, **options: object) -> None:
        assert max(fig.get_size_inches()) * matplotlib.rcParams["savefig.dpi"] < 2**16, "no png can be so large"
        if format != "png":
            drawn(fig, out, format=format, **options)

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(run, "_execute", run_cells)
    monkeypatch.setattr(Figure, "savefig", savefig)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
    pyplot.close("all")


def run_cells(path: Path, parameters: dict[str, object]) -> None:
    """The cells of a notebook one after another, each value displayed; raises what a cell raises."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook
    from traitlets.config import Config

    made = parameterize_notebook(load_notebook_node(str(path)), parameters)
    shell = InteractiveShell(user_module=ModuleType(path.stem), config=Config({"HistoryManager": {"enabled": False}}))
    for cell in made.cells:
        if cell.cell_type == "code":
            with capture_output():
                done = shell.run_cell(cell.source)
            done.raise_error()


def cases(name: str, failure: str = "known_failure") -> list:
    """The cases of tests/cases/<name>.toml as parameters; one with the key of a known failure is a strict xfail."""
    table = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    marks = [[pytest.mark.xfail(reason=c[failure], strict=True)] if failure in c else [] for c in table]
    return [
        pytest.param(c, marks=m, id=f"{i}-{c['text'][:30]}") for i, (c, m) in enumerate(zip(table, marks, strict=True))
    ]


def article(text: str, article_id: str = "a", role: str = "paragraph") -> Article:
    """An article whose blocks are the lines of a text, all of one role."""
    lines = re.finditer(r"[^\n]+\n*|\n+", text)
    return Article(article_id, text, tuple(Block(m.start(), m.end(), role, True) for m in lines if m.group().strip()))
