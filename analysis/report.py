"""`figures/report.html`: what the notebooks found, for those who never open one; and the reading view of each article.

The report is made from what the run left: the figures with their cards and rows, and the words of the notebooks. It
computes nothing of its own, so that each number in it stands in the csv beside it. One file that needs no script and
no network; its links lead to the csv files and the pages of the articles, which lie beside it.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from analysis import reading, tables
from analysis.corpus import Corpus
from analysis.figures import write_atomic
from analysis.model import Article
from analysis.text import sentences

SHOWN, EXCERPT = 10, 140  # sentences behind a row, and characters of each
ROWS = 60  # of a figure's table; the rest is in its csv
FEW = 8  # articles up to which the report quotes so much; with more, a third of it
COMPARISON = "06_comparison/power"
LEFT_OUT = ("01_corpus/reading_strip",)  # the reading view shows it, with the text
HIDDEN = ("article_id", "start", "end", "sentence", "sentences", "left_sentences", "right_sentences", "articles")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a figure's csv: its cells, and the sentences, or articles, behind it as (link, number, text)."""

    cells: Sequence[str]
    evidence: Sequence[tuple[str, str, str]]
    more: int
    unit: str = "sentence"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure in the report; paths are relative to the report."""

    name: str
    title: str
    alt: str
    caption: str
    image: str
    csv: str
    columns: Sequence[str]
    rows: Sequence[Row]
    total: int


def write_report(corpus: Corpus, spans: pd.DataFrame, figures: Path, notebooks: Sequence[Path]) -> Path:
    """Write the report and `read/<article>.html` into the folder of the figures; the report's path.

    `notebooks` in the order of the sections; a section without a figure in the folder is left out.
    """
    pages = {a.article_id: f"read/{reading.file_name(a.article_id)}" for a in corpus.articles}
    by_id = dict(iter(spans.groupby("article_id", sort=False)))
    for article in corpus.articles:
        page = reading.page(article, by_id.get(article.article_id, spans.iloc[:0]), report="../report.html")
        write_atomic(figures / pages[article.article_id], page.encode())
    cards = json.loads((figures / "index.json").read_bytes())
    sections = []
    for notebook in notebooks:
        own = {c["name"]: c for c in cards if c["name"].startswith(f"{notebook.stem}/") and c["name"] not in LEFT_OUT}
        if own:
            words, drawn = _words(notebook)
            order = sorted(own, key=lambda name: drawn.index(name) if name in drawn else len(drawn))
            shown = [_figure(own[name], figures, corpus.articles, pages) for name in order]
            sections.append({"id": notebook.stem, "figures": shown, **words})
    about = json.loads((figures / f"{cards[0]['name']}.json").read_bytes())["about"] if cards else {}
    names = tables.labels(corpus.articles)
    html = reading.render(
        "report.html",
        title="How these articles frame what they report",
        findings=findings(figures, corpus.articles),
        basis=next((card["caption"] for card in cards if card["name"] == COMPARISON), ""),
        sections=sections,
        articles=[(names[a.article_id], a, pages[a.article_id]) for a in corpus.articles],
        failures=corpus.failures.to_dict("records"),
        about=about,
        glossary=GLOSSARY,
    )
    write_atomic(figures / "report.html", html.encode())
    return figures / "report.html"


def findings(figures: Path, articles: Sequence[Article]) -> list[tuple[str, str]]:
    """(verdict, sentence) of each comparison that the comparison notebook made, those that differ first."""
    path = figures / f"{COMPARISON}.csv"
    rows = pd.DataFrame(_rows(path) if path.is_file() else [], columns=["verdict", "sentence"])
    said = [sentence.replace(" cannot tell;", "") for sentence in tables.in_words(rows, articles)]
    return sorted(zip(rows["verdict"], said, strict=True), key=lambda finding: finding[0] == "cannot tell")


def _figure(card: Mapping, figures: Path, articles: Sequence[Article], pages: Mapping[str, str]) -> Shown:
    name = card["name"]
    rows = _rows(figures / f"{name}.csv")
    columns = [column for column in (rows[0] if rows else ()) if column not in HIDDEN]
    by_id = {article.article_id: article for article in articles}
    most = SHOWN if len(articles) <= FEW else SHOWN // 3
    made = []
    for row in rows[: ROWS if len(articles) <= FEW else ROWS // 3]:
        cells, behind = [_cell(row[column]) for column in columns], [*_behind(row, articles)]
        if "articles" in row:  # of a group: as many as the csv names
            own = [i for i in row["articles"].split("; ") if i in pages]
            named = [(pages[i], "", reading.title_of(by_id[i])) for i in own]
            made.append(Row(cells, named, int(row.get("n") or row["n_left"]) - len(own), "article"))
            continue
        quoted = [_quoted(by_id[i], number, pages[i]) for i, number in behind[:most]]
        made.append(Row(cells, quoted, len(behind) - len(quoted)))
    image = Markup(
        f"data:image/svg+xml,{quote(_small((figures / f'{name}.svg').read_text(encoding='utf-8')), safe=SAFE)}"
    )
    return Shown(name, card["title"], card["alt"], card["caption"], image, f"{name}.csv", columns, made, len(rows))


SAFE = " =:/'(),;.-+*!@$?[]^_~|{}"  # need no percent sign in an image written into a page's double quotes
DOT = re.compile(r"M (\S+) (\S+) C (?:\S+ ){5}\S+ (?:C (?:\S+ ){5}\S+ ){7}z")  # a circle, as matplotlib draws it


def _small(svg: str) -> str:
    """The picture in half the characters: no comments or unused names, short numbers, dots of hatches as squares."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r">\s+<", "><", re.sub(r"\s+", " ", re.sub(r"(?<!scale\(0)(\.\d\d)\d+", r"\1", svg)))
    svg = re.sub(r'<use xlink:(href="[^"]+") transform="translate\((\d+)[.\d]* 0\)"/>', r'<use \1 x="\2"/>', svg)
    used = {name: f"{i:x}" for i, name in enumerate(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^")]+)', svg)))}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{used[m[1]]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(|href=")#([^")]+)', lambda m: f"{m[1]}#{used[m[2]]}", svg)
    svg = re.sub(r'style="[^"]+"', lambda m: re.sub(r"([:;]) ", r"\1", m[0]), svg)
    return DOT.sub(_square, svg).replace('"', "'")


def _square(circle: re.Match) -> str:
    x, y = float(circle[1]), float(circle[2])
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", circle[0])]
    size = max(numbers[1::2]) - min(numbers[1::2])
    return f"M{x - size / 2:.2f} {y - size:.2f}h{size:.1f}v{size:.1f}h-{size:.1f}z" if size < 1 else circle[0]


def _behind(row: Mapping[str, str], articles: Sequence[Article]) -> Iterable[tuple[str, int]]:
    known = {article.article_id for article in articles}
    ends = (articles[0].article_id, articles[-1].article_id) if articles else ("", "")
    for column, article_id in zip(
        ("sentences", "left_sentences", "right_sentences"), (row.get("article_id", ""), *ends), strict=True
    ):
        if article_id in known:
            yield from ((article_id, int(number)) for number in (row.get(column) or "").split())


def _quoted(article: Article, number: int, page: str) -> tuple[str, str, str]:
    sentence = sentences(article)[number]
    text = " ".join(article.raw[sentence.start : sentence.end].split())
    return f"{page}#s{number}", str(number), text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _cell(text: str) -> str:
    return f"{float(text):.4g}" if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", text) else text


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _words(notebook: Path) -> tuple[dict[str, object], list[str]]:
    """What a notebook says of itself (its question, how it goes about it, what it cannot show), and its figures."""
    cells = json.loads(notebook.read_bytes())["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    title, *rest = (prose or [notebook.stem])[0].split("\n\n")
    plain = [re.sub(r"[*`]", "", " ".join(paragraph.split())) for paragraph in rest]
    cannot = [p for p in plain if p.startswith("What this cannot show")]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    drawn = [f"{notebook.stem}/{name}" for name in re.findall(r'save\(\s*[\w.]+,\s*"([^"]+)"', code)]
    return {"title": title.lstrip("# "), "how": [p for p in plain if p not in cannot], "cannot": cannot}, drawn


GLOSSARY = {
    "voice": "Who speaks: the author, a source quoted in quotation marks, a source reported in the author's words, "
    "a headline, a caption. Every measure is reported for each apart.",
    "interval": "Where the value would lie in 95 of 100 texts made of such sentences, or groups of such articles "
    "(bootstrap).",
    "cannot tell": "The difference may exist or not: this much text does not show it.",
    "Holm p": "Chance of such a difference between texts of the same sentences, or groups of the same articles, "
    "corrected for the number of tests.",
    "instrument": "What finds or rates the passages; how well it agrees with people stands in the section on validity.",
}
