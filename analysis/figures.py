"""A figure on disk: the picture twice (png, svg), its rows (csv), what it says and whence it comes (json)."""

import io
import json
import os
import re
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.corpus import Corpus
from analysis.evidence import tracer
from analysis.model import AnalysisError
from analysis.tables import labels, listed
from analysis.writing import FIGURES, ROOT, csv_bytes, write_atomic

STYLE = Path(__file__).with_name("style.mplstyle")
# What follows for an article where telling voices apart fails
FOLLOWS = {"attribution": " (so that all its words stand as the author's)", "voice": " (and with it all measures)"}
NOT_IN_XML = bytes({*range(32)} - {*b"\t\n\r"})  # of a name with a control character


def use_style() -> None:
    """Draw the figures that follow in the project's style (`style.mplstyle`)."""
    style.use(STYLE)


def save_figure(
    fig: Figure,
    name: str,
    *,
    data: pd.DataFrame,
    alt: str,
    caption: str,
    title: str = "",
    about: Any = None,
    out: Path | str = FIGURES,
) -> Path:
    """Write `<out>/<name>.png` (200 dpi), `.svg`, `.csv` and `.json`, renew `<out>/index.json`; the png's path.

    `name` is "<notebook>/<figure>". `data` are the plotted rows in order: ids, offsets, words, numbers; no sentences,
    for the csv is published. Title and caption are drawn above and below, so that the picture stands alone. A relative
    `out` is taken from the project's folder. Refuses an unsafe name, no alt text, no caption.
    """
    out = (ROOT / out).resolve()
    if not re.fullmatch(r"(?a)\w[\w-]{0,79}/\w[\w-]{0,79}", name) or not (out / name).resolve().is_relative_to(out):
        raise AnalysisError(f"figure name {name!r}: use <notebook>/<figure> of letters, digits, - and _, inside {out}")
    if not alt.strip() or not caption.strip():
        raise AnalysisError(f"figure {name}: alt text or caption is empty; say in words what the figure shows")
    content = {f"{name}.csv": csv_bytes(data, digits=6)}
    drawn = _written_around(fig, title, caption)
    with style.context(STYLE):
        for kind, stamp in (("png", "Software"), ("svg", "Date")):
            fig.savefig(buffer := io.BytesIO(), format=kind, metadata={stamp: None})
            made = buffer.getvalue()
            content[f"{name}.{kind}"] = made.translate(None, NOT_IN_XML) if kind == "svg" else made
    for text in drawn:
        text.remove()
    card = {"name": name, "title": title or name.split("/")[1], "alt": alt, "caption": caption}
    card |= {"n": len(data), "files": [*sorted(content), f"{name}.json"], "about": about or {"versions": versions()}}
    for file, written in (content | {f"{name}.json": _json_bytes(card)}).items():
        write_atomic(out / file, written)
    write_index(out)
    return out / f"{name}.png"


def saver(
    notebook: str,
    corpus: Corpus,
    out: Path | str,
    validity: str,
    spans: pd.DataFrame | None = None,
    scores: pd.DataFrame | None = None,
    **parameters: object,
) -> Callable[..., Path]:
    """`save_figure` for one notebook: `save(fig, "tone", data=…, title=…, alt=…, caption=…)`, provenance included.

    A caption that does not speak of its instrument gets `validity`, how good the notebook's instrument is. With
    `spans`, and `scores` as `score` made them, the rows get the numbers of the sentences behind them, see `evidence`,
    and each caption says what failed in which article. The path given back is relative: a notebook names no machine.
    """
    whence, lost = about(corpus, **parameters), _failed(corpus, spans, scores)
    trace = None if spans is None else tracer(spans, corpus.articles, scores)

    def save(fig: Figure, name: str, *, data: pd.DataFrame, caption: str, **card: Any) -> Path:
        data = data if trace is None else trace(data)
        told = caption if "Instrument" in caption else f"{caption} {validity}"
        card |= {"caption": told + lost, "about": whence, "out": out}
        return Path(os.path.relpath(save_figure(fig, f"{notebook}/{name}", data=data, **card)))

    return save


def _failed(corpus: Corpus, *made: pd.DataFrame | None) -> str:
    """What failed in which article, a sentence to end a caption; "" where nothing did."""
    told = {}
    for failure in (failure for table in made if table is not None for failure in table.attrs.get("failures", ())):
        stage, name = failure["stage"], labels(corpus.articles)[failure["article_id"]]
        told[f"{stage.replace('_', ' ')} of {name}{FOLLOWS.get(stage, '')}"] = True
    return f" Missing here, for it failed: {listed(told)}." if told else ""


def _written_around(fig: Figure, title: str, caption: str) -> list[Text]:
    """Title above and caption below the figure's area, wrapped to its width; savefig's tight box takes them in."""
    width, height = fig.get_size_inches()
    above = {"fontsize": 12.5, "fontweight": "bold", "va": "bottom", "gid": "title"}
    below = {"fontsize": 8, "color": "#444444", "va": "top", "linespacing": 1.35, "gid": "caption"}
    return [
        fig.text(0, 1 + 0.08 / height, textwrap.fill(title, int(width * 9.5)), **above),
        fig.text(0, -0.08 / height, textwrap.fill(caption, int(width * 15.5)), **below),
    ]


def write_index(out: Path) -> None:
    """Write `index.json` anew from the figures that stand under `out` with all their files, by name."""
    kinds = (".png", ".svg", ".csv")
    cards = [p for p in sorted(out.glob("*/*.json")) if all(p.with_suffix(kind).is_file() for kind in kinds)]
    write_atomic(out / "index.json", _json_bytes([json.loads(card.read_bytes()) for card in cards]))


def about(corpus: Corpus, **parameters: object) -> dict[str, Any]:
    """Where a figure comes from: versions, parameters (`out` left out) and hashes of the inputs.

    Nothing that differs between runs or machines: no times, and paths outside the project as their last name.
    """
    plain = {key: _portable(value) for key, value in sorted(parameters.items()) if key != "out"}
    return {"parameters": plain, "versions": versions(), "inputs": dict(sorted(corpus.hashes.items()))}


def versions() -> dict[str, str]:
    """Of this package and of those that a figure depends on."""
    made = {name: version(name) for name in ("framing-analysis", "matplotlib", "nltk", "pandas", "vaderSentiment")}
    return made | {"python": python_version().rpartition(".")[0]}


def _portable(value: object) -> object:
    if not isinstance(value, str | Path) or not Path(value).is_absolute():
        return value
    return Path(value).relative_to(ROOT).as_posix() if Path(value).is_relative_to(ROOT) else Path(value).name


def _json_bytes(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
