"""`python -m analysis`: run the notebooks into figures and a report, measure into tables, recode, suggest targets."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from analysis import parts, recode, scale
from analysis.attribution import METHODS
from analysis.corpus import ARTICLES, Corpus, finished, load_corpus
from analysis.inputs import files
from analysis.lexicons import OWN_VALIDITY, TARGETS
from analysis.measures import find_spans, score
from analysis.model import AnalysisError, Failure
from analysis.suggest import write_suggestion
from analysis.writing import FIGURES, ROOT, alone

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build" / "notebooks"
OWN_OPTIONS = {"articles", "out"}
TAKES_TABLES = "06_comparison"  # of what `measure` wrote; the others show texts
SETTLED = {"voice", "targets", "lexicons", "captions"}  # when it was measured
SAID = 50  # failures said on stderr
KINDS = {"int": ["int"], "float": ["float", "int"], "bool": ["bool"], "list": ["list"]}  # what a parameter may be
CELL_SECONDS = 600  # ten times what the slowest cell takes on forty articles; papermill itself would wait for ever


class NotebookError(AnalysisError):
    """A notebook that did not run to its end; the message names the notebook, the cell and the exception."""


def run(articles: Path = ARTICLES, out: Path = FIGURES, only: str = "", given: Mapping[str, str] | None = None) -> int:
    """Execute the notebooks in order with papermill; their figures replace those in `out` when all have succeeded.

    `only` is how the one notebook's name begins, `given` maps parameters to values as typed. The executed notebooks,
    and the partial one of a run that failed, stay in `build/notebooks`. Figures that an earlier run listed in
    `out/index.json` and this one no longer draws are removed. AnalysisError before anything runs for what cannot be
    used, NotebookError for a failing cell. Of tables that `measure` wrote, TAKES_TABLES alone can be run, and no report
    is made. Returns 1 where an input or what a measure looks for failed, else 0.
    """
    from tqdm import tqdm

    from analysis.report import write_report

    given = dict(given or {})
    articles = _path(given.pop("corpus", articles))  # as tables are called in the documents
    plan = _plan(only, given)
    typed = {name: value for parameters in plan.values() for name, value in parameters.items()}
    chosen = {name: typed[name] for name in typed.keys() & {"outlets", "topic", "captions"}}
    made = [path.stem for path in plan] == [TAKES_TABLES] and finished(articles)
    if made and (settled := sorted(SETTLED & typed.keys())):
        raise AnalysisError(f"-p {settled[0]}: was settled when {articles} was measured; measure again")
    named = {name: typed[name] for name in typed.keys() & {"voice", "targets", "lexicons"}}
    find_spans((), **named)  # refuses what it cannot use
    corpus = None if made else _read(articles, **chosen)
    for folder in (out, out / "read"):
        _folder_apart(folder, articles)
    with alone(out):
        stale = [file for file in _listed(out) if Path(file).parent.name.startswith(only)]
        for left in out.glob(".new-*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        BUILD.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".new-", dir=out) as folder:  # inside: moving never crosses a file system
            fresh = Path(folder, "figures")
            with tqdm(plan.items(), unit="notebook", disable=None) as bar:
                for path, parameters in bar:
                    bar.set_postfix_str(path.stem)
                    _execute(path, parameters | {"articles": str(articles), "out": str(fresh)})
            _move(fresh, out, stale)
        failed = 0
        if corpus:
            spans = find_spans(corpus.articles, **named)
            measured = spans, score(spans, corpus.articles)
            failed = len(corpus.failures) + sum(len(table.attrs["failures"]) for table in measured)
            told = f"begin with {write_report(corpus, spans, out, sorted(NOTEBOOKS.glob('*.ipynb'))).name}"
        else:
            for page in (out / "report.html", *out.glob("read/*.html")):  # of other articles
                page.unlink(missing_ok=True)
            told = "no report, for tables hold no texts to show"
    print(f"figures: {len(_listed(out)) // 4} in {out}; {told}")
    return int(failed > 0)


def measure(a: argparse.Namespace) -> int:
    """Write the six tables of a corpus, part by part; a run that was stopped goes on."""
    _folder_apart(a.out, a.source, parts.COLUMNS)
    done, failures = scale.measure(**{name: given for name, given in vars(a).items() if name != "job"})
    _say(pd.DataFrame(failures, columns=Failure._fields))
    counts = {name: done["counts"][name] for name in ("articles", "spans", "failures")}
    told = ", ".join(f"{n:,} {name[: -1 if n == 1 else None]}" for name, n in counts.items())
    print(f"{told}: tables in {a.out}, {done['seconds']:,.0f} s")
    return int(counts["failures"] > 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; exit code 0, 1 for a failing cell or input, 2 for unusable arguments, 130 for Ctrl-C."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show must end no run
    parser = argparse.ArgumentParser(prog="python -m analysis", description="How articles frame what they report.")
    jobs = parser.add_subparsers(required=True, metavar="run | measure | targets | recode")
    job = jobs.add_parser("run", help="execute the notebooks into figures", description=run.__doc__.split("\n\n")[0])
    told = "folder, file or table (data/articles); with --only 06 also what `measure` wrote"
    job.add_argument("--articles", type=_path, default=ARTICLES, help=told)
    job.add_argument("--out", type=_path, default=FIGURES, help="folder of the figures (figures)")
    job.add_argument("--only", default="", metavar="03", help="one notebook, by the start of its name")
    job.add_argument("-p", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="a notebook parameter")
    job.set_defaults(job=lambda a: run(a.articles, a.out, a.only, dict(a.p)))
    job = jobs.add_parser("measure", help="write the tables of a corpus", description=scale.measure.__doc__)
    job.add_argument("source", type=_path, help="folder, file or table")
    job.add_argument("--out", type=_path, required=True, help="folder of the tables")
    job.add_argument("--voice", choices=list(METHODS), default="model", help="how voices are told apart (model)")
    job.add_argument("--targets", type=_path, default=TARGETS, help="TOML file (data/targets.toml)")
    job.add_argument("--format", dest="kind", choices=["parquet", "csv"], default="parquet")
    job.add_argument("--workers", type=int, default=1, help="processes; more than one by Dask (1)")
    job.add_argument("--scheduler", default="", metavar="tcp://HOST:PORT", help="a Dask scheduler that runs already")
    job.set_defaults(job=measure)
    job = jobs.add_parser("targets", help="suggest targets of stance: the names that the articles mention most")
    job.add_argument("source", type=_path, help="folder, file or table")
    job.add_argument("--out", type=_path, required=True, help="the TOML file to edit")
    job.add_argument("--most", type=int, default=15, help="names, at most (15)")
    job.add_argument("--force", action="store_true", help="write over a file that is there")
    job.set_defaults(job=lambda a: print(write_suggestion(_read(a.source).articles, a.out, a.most, force=a.force)))
    job = jobs.add_parser("recode", help="code sentences by hand, and see how well the machine agrees")
    steps = job.add_subparsers(required=True, metavar="export | import", description=recode.__doc__.split("\n\n")[0])
    job = steps.add_parser("export", help="write a sheet to code, and its key")
    job.add_argument("source", type=_path, nargs="?", default=ARTICLES, help="folder, file or table (data/articles)")
    job.add_argument("--layer", choices=list(recode.QUESTIONS), default="loaded", help="what to look for (loaded)")
    job.add_argument("--n", type=int, default=100, help="sentences with it, and as many without (100)")
    job.add_argument("--out", type=_path, required=True, help="the sheet; its key lies beside it, as NAME.key.csv")
    job.add_argument("--seed", type=int, default=0, help="of the draw, from 0 (0)")
    job.add_argument("--voice", choices=list(METHODS), default="model", help="how voices are told apart (model)")
    job.set_defaults(job=lambda a: print(recode.export(_read(a.source).articles, a.layer, a.n, a.out, a.seed, a.voice)))
    job = steps.add_parser("import", help="agreement, precision and recall from coded sheets")
    job.add_argument("sheets", type=_path, nargs="+", metavar="SHEET", help="the coded sheets, one a coder")
    job.add_argument("--key", type=_path, required=True, help="the key that was written with the sheet")
    job.add_argument("--validity", type=_path, default=OWN_VALIDITY, help="adds to it (data/validity.own.csv)")
    job.set_defaults(job=lambda a: print(recode.import_sheets(a.sheets, a.key, a.validity)))
    options = parser.parse_args(arguments)
    try:
        return options.job(options) or 0
    except (AnalysisError, OSError, argparse.ArgumentTypeError) as error:
        print(f"error: {_shown(str(error))}", file=sys.stderr)
        return 1 if isinstance(error, NotebookError) else 2
    except KeyboardInterrupt:
        print("interrupted; what was there before is as it was", file=sys.stderr)
        return 130


def _plan(only: str, given: Mapping[str, str]) -> dict[Path, dict[str, object]]:
    """For each notebook, the given values of the parameters that it declares, read as the type that it declares."""
    from papermill import inspect_notebook

    from analysis.groups import BY

    choices = {"voice": METHODS, "by": ("", *BY)}  # else a wrong one would stop the last notebook after minutes
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    declared = {path: inspect_notebook(str(path)) for path in notebooks if path.stem.startswith(only)}
    if not declared:
        raise AnalysisError(f"no notebook {only}*.ipynb; there are {', '.join(p.stem for p in notebooks) or 'none'}")
    names = sorted({name for known in declared.values() for name in known} - OWN_OPTIONS)
    for name in given:
        if name in OWN_OPTIONS:
            raise AnalysisError(f"-p {name}: use --{name}")
        if name not in names:
            raise AnalysisError(f"-p {name}: unknown parameter; valid are {', '.join(names) or 'none'}")
        if given[name] not in (valid := choices.get(name, (given[name],))):
            raise AnalysisError(f"-p {name}={given[name]}: valid are {', '.join(filter(None, valid))}")
    return {
        path: {name: _typed(name, text, known[name]) for name, text in given.items() if name in known}
        for path, known in declared.items()
    }


def _typed(name: str, text: str, parameter: Mapping[str, str]) -> object:
    kind, value = parameter["inferred_type_name"], text
    if kind != "str":
        with suppress(ValueError):
            value = json.loads({"True": "true", "False": "false", "None": "null"}.get(text, text))
    if kind in KINDS and type(value).__name__ not in KINDS[kind]:
        raise AnalysisError(f"-p {name}={text}: not {kind}; the notebook's own value is {parameter['default']}")
    return value


def _execute(path: Path, parameters: Mapping[str, object]) -> None:
    """Run a notebook; a NotebookError names the last cell that papermill started, by its number and first line."""
    import nbformat
    from papermill import PapermillExecutionError, execute_notebook
    from traitlets.config import Config

    partial = BUILD / path.name
    settings = {"KernelManager": {"transport_encryption": "auto"}}
    # a kernel that is stopped with us would print its traceback
    settings["NotebookClient"] = {"extra_arguments": ["--log-level=CRITICAL"]}
    options = {"progress_bar": False, "execution_timeout": CELL_SECONDS, "config": Config(settings)}
    os.environ |= {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_PATH": ""}  # not another kernel "python3" of the user's
    try:
        execute_notebook(str(path), str(partial), dict(parameters), cwd=str(ROOT), kernel_name="python3", **options)
    except Exception as error:  # a cell that raised or ran out of time, a kernel that died
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[-1 if isinstance(error, PapermillExecutionError) else 0]
        cells = [cell for cell in nbformat.read(partial, as_version=4).cells if cell.cell_type == "code"]
        started = [cell.source for cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
        where = f", cell In [{len(started)}] ({started[-1].splitlines()[0]})" if started else ""
        raise NotebookError(f"{partial.name}{where}: {reason}; the partial notebook is {partial}") from error


def _listed(out: Path) -> list[str]:
    """The files of the figures that an earlier run left in `out`."""
    try:
        files = [file for entry in json.loads((out / "index.json").read_bytes()) for file in entry["files"]]
        return [file for file in files if (out / file).resolve().is_relative_to(out.resolve())]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise AnalysisError(f"{out / 'index.json'}: not a list of figures; choose another --out") from error


def _folder_apart(out: Path, source: Path, tables: Iterable[str] = ()) -> None:
    """Refuse a file, and the folder of the articles: they might be replaced, or the next run read the output.

    Where `tables` alone are written, a file of another name may lie beside them.
    """
    places = (place for file in files(source) for place in (file.parent, Path(os.path.realpath(file)).parent))
    among = out.resolve() in {source, *places} and not (tables and source.is_file() and source.stem not in tables)
    if out.exists() and (among or not out.is_dir()):
        raise AnalysisError(f"{out}: {'holds the articles' if among else 'a file'}; --out needs another folder")


def _move(fresh: Path, out: Path, stale: Iterable[str]) -> None:
    """Put the new figures in their places, file by file, and remove those that are no longer drawn."""
    from analysis.figures import write_index

    files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
    for file in files:
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (fresh / file).replace(out / file)
    for file in set(map(Path, stale)) - set(files):
        (out / file).unlink(missing_ok=True)
    write_index(out)


def _read(source: Path, **chosen: object) -> Corpus:
    corpus = load_corpus(source, **chosen)
    _say(corpus.failures)
    return corpus


def _say(failures: pd.DataFrame) -> None:
    """Each failure on stderr, as many as can be read."""
    for row in failures.head(SAID).itertuples():
        where = [row.path, "" if pd.isna(row.line) else f"line {row.line:.0f}", row.article_id, row.stage]
        print(_shown(f"failed: {', '.join(filter(None, where))}: {row.reason}"), file=sys.stderr)
    if len(failures) > SAID:
        print(f"failed: {len(failures) - SAID:,} more", file=sys.stderr)


def _shown(text: str) -> str:
    """A line for a terminal: what would move its cursor, hide text or begin a line, as its number."""
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in text)


def _path(text: str | Path) -> Path:
    try:
        if text == "":
            raise ValueError("empty; the working directory is .")
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # no such user; links that lead to each other
        raise argparse.ArgumentTypeError(f"{str(text)!r}: {error}") from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
