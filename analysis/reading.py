"""The reading view: an article as text, with what was found in it marked in place; for notebooks `read`, `browse`.

A page is plain HTML that needs no script and loads nothing: its policy forbids both; a table in a notebook has one of
ours. All text passes through the template's escaping, and characters that reorder or hide text are shown as numbers.
"""

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.model import VOICE_NAME, Article
from analysis.sentiment import tone_label
from analysis.text import sentence_at, sentences

if TYPE_CHECKING:
    from IPython.display import HTML

TEMPLATES = Path(__file__).with_name("templates")
# Control characters, and those that reorder text or take no room; joiners stay, for emoji are made with them.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
# The marks of the view: layer, what its legend says, the measure it counts in.
MARKS = {
    "source": ("source", "source_type"),
    "cue": ("cue of an attribution", "cue_stance"),
    "loaded": ("loaded word", "loaded"),
    "technique": ("technique of persuasion", "technique"),
    "target": ("mention of a target", "stance"),
}
ROWS = 5_000  # of a table to search; more is for a spreadsheet
ELEMENTS = {"headline": "h1", "subhead": "h2", "paragraph": "p", "caption": "p"}


class Run(NamedTuple):
    """A stretch of one sentence under the same marks: classes for the style sheet, and what a reader is told."""

    text: str
    classes: str
    note: str


class Passage(NamedTuple):
    """A block as it is shown: its element, its sentences as (number, runs), and the sources named in it."""

    element: str
    role: str
    sentences: list[tuple[int, list[Run]]]
    sources: list[str]


def page(article: Article, spans: pd.DataFrame, report: str = "") -> str:
    """The reading view of one article as a whole HTML page; `spans` as from `find_spans`."""
    own = spans[spans["article_id"] == article.article_id]
    shown = {"article": article, "title": title_of(article), "report": report, "passages": passages(article, own)}
    return render("read.html", **shown, voices=VOICE_NAME, marks=MARKS)


def read(article: Article, spans: pd.DataFrame, height: int = 600) -> "HTML":
    """The reading view in a notebook, in a frame of `height` pixels that may run no script."""
    return _frame(page(article, spans), title_of(article), height)


def browse(table: pd.DataFrame, title: str = "A table to search") -> "HTML":
    """A table in a notebook, to scroll and to search by words; up to ROWS rows, in a frame that loads nothing.

    The frame may run one script, ours, which the page's policy names by its hash: it hides the rows without the words.
    Floats have four digits, missing values are empty; the columns `parts` and `ids`, which hold arrays, are left out.
    """
    kept = table if table.index.names == [None] else table.reset_index()
    kept = kept.drop(columns=["parts", "ids"], errors="ignore")
    rows = [[_cell(value) for value in row] for row in kept.head(ROWS).itertuples(index=False, name=None)]
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in kept.dtypes]
    shown = {"title": title, "columns": [*map(str, kept)], "rows": rows, "numeric": numeric, "total": len(kept)}
    html = render("table.html", script="filter.js", **shown)
    return _frame(html, title, min(640, 160 + 36 * len(rows)), "allow-scripts")


def _frame(html: str, title: str, height: int, allowed: str = "") -> "HTML":
    from IPython.display import HTML

    return HTML(render("frame.html", page=html, title=title, height=height, allowed=allowed))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return "" if value is None or value is pd.NA else str(value)


def title_of(article: Article) -> str:
    return article.title or article.article_id


def file_name(article_id: str) -> str:
    """A file name for an article: what of its id is safe everywhere, and a hash of the id.

    >>> file_name("../a b")
    'a_b-2c2c791a.html'
    """
    safe = re.sub(r"(?a)[^\w-]+", "_", article_id).strip("_")[:80]
    return f"{safe}-{sha256(article_id.encode()).hexdigest()[:8]}.html"


def passages(article: Article, spans: pd.DataFrame) -> list[Passage]:
    """The kept blocks in order, cut where a mark begins or ends; the text of a sentence is the article's, whole."""
    marks: dict[int, list[Mark]] = defaultdict(list)  # by sentence
    for mark in sorted(_marks(spans), key=lambda mark: mark[:2]):
        for number in range(max(sentence_at(article, mark[0]), 0), sentence_at(article, mark[1] - 1) + 1):
            marks[number].append(mark)
    made: dict[int, Passage] = {}
    for number, sentence in enumerate(sentences(article)):
        passage = made.setdefault(sentence.block, Passage(ELEMENTS[sentence.role], sentence.role, [], []))
        passage.sentences.append((number, _runs(article.raw, sentence.start, sentence.end, marks[number])))
    for block, source in _sources(article, spans):
        made[block].sources.append(source)
    return list(made.values())


Mark = tuple[int, int, str, str]  # start, end, class, note


def _marks(spans: pd.DataFrame) -> Iterator[Mark]:
    for r in spans.itertuples(index=False):
        label = r.label.replace("_", " ")
        if r.layer == "voice":
            who = f" ({r.source_id})" if r.source_id else ""
            yield r.start, r.end, f"v-{r.voice}", f"voice: {VOICE_NAME[r.voice]}{who}"
        elif r.layer == "attribution" and r.label in MARKS:
            kind = r.detail or "unknown"
            yield r.start, r.end, f"m {r.label} {r.label}-{kind}", f"{label}, {kind}; counts in {MARKS[r.label][1]}"
        elif r.layer == "loaded" or (r.layer == "technique" and r.label != "any"):
            how = "" if r.layer == "loaded" else f" (probability {r.value:.2f})"
            yield r.start, r.end, f"m {r.layer}", f"{MARKS[r.layer][0]}: {label}{how}; counts in {MARKS[r.layer][1]}"
        elif r.layer == "target":
            side = tone_label(r.value)
            what = f"{r.label}, as {r.detail}: {side} ({r.value:+.2f})"
            yield r.start, r.end, f"m target target-{side}", f"{what}; counts in {MARKS['target'][1]}"


def _runs(raw: str, start: int, end: int, marks: Sequence[Mark]) -> list[Run]:
    cuts = sorted({start, end, *(min(max(x, start), end) for mark in marks for x in mark[:2])})
    made = []
    for first, last in pairwise(cuts):
        over = [mark for mark in marks if mark[0] <= first and last <= mark[1]]
        classes = " ".join(dict.fromkeys(name for mark in over for name in mark[2].split()))
        notes = [note for _, _, kind, note in over if not kind.startswith("v-")]
        voices = [note for _, _, kind, note in over if kind.startswith("v-")] if notes else []
        made.append(Run(raw[first:last], classes, "; ".join(dict.fromkeys(notes + voices))))
    return made


def _sources(article: Article, spans: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """For the margin: the block in which a source is given words, and who it is, with the cues used for it there."""
    read = sentences(article)
    attributed = spans[(spans["layer"] == "attribution") & (spans["source_id"] != "")].sort_values("start")
    kinds = attributed[attributed["label"] == "source"].groupby("source_id")["detail"].first()
    said: dict[tuple[int, str], list[str]] = defaultdict(list)
    for r in attributed[attributed["label"].isin(["cue", "content"])].itertuples():
        cues = said[read[max(sentence_at(article, r.start), 0)].block, r.source_id]
        cues += [f"{r.text} ({r.detail})"] if r.label == "cue" and r.text != ":" else []
    for (block, source), cues in said.items():
        kind = f" ({kinds[source]})" if kinds.get(source) else ""
        yield block, f"{source}{kind}" + (f": {', '.join(dict.fromkeys(cues))}" if cues else "")


def render(template: str, script: str = "", **values: object) -> str:
    """A page from a template of this package; its policy admits, by hash, the style sheet and the script named."""
    style, code = ((TEMPLATES / name).read_text(encoding="utf-8") if name else "" for name in ("page.css", script))
    digests = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, code)]
    made = {"style": Markup(style), "script": Markup(code), "digests": digests}
    return _environment().get_template(template).render(values, **made)


def shown(text: object) -> object:
    """Text with each character that reorders or hides text as its number, to be seen; all else, HTML too, as it is.

    >>> shown("safe\u202etxt.exe")
    'safe[U+202E]txt.exe'
    """
    plain = isinstance(text, str) and not isinstance(text, Markup)
    return UNSEEN.sub(lambda c: f"[U+{ord(c[0]):04X}]", text) if plain else text


@cache
def _environment() -> Environment:
    options = {"undefined": StrictUndefined, "finalize": shown, "trim_blocks": True, "lstrip_blocks": True}
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, **options)
