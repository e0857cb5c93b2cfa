"""`figures/report.html`: what the notebooks found, for those who never open one; and the reading view of each article.

The report is made from what the run left: the figures with their cards and rows, and the words of the notebooks. It
computes nothing of its own, so that each number in it stands in the csv beside it. One file that needs no script and
no network; its links lead to the csv files and the pages of the articles, which lie beside it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from analysis import reading, tables
from analysis.corpus import FORMULA, Corpus
from analysis.model import Article
from analysis.text import sentences
from analysis.writing import write_atomic

SHOWN, EXCERPT = 10, 140  # sentences behind a row; characters of one that is quoted
ROWS = 60  # of a figure whose sentences are quoted; those of the rest are links to the reading view
FEW = 8  # articles up to which the report quotes so much; with more, a third of it
COMPARISON = "06_comparison/power"
LEFT_OUT = ("01_corpus/reading_strip",)  # the reading view shows it, with the text
HIDDEN = ("article_id", "start", "end", "sentence", "sentences", "left", "left_sentences", "right", "right_sentences")
HIDDEN += ("articles",)


class Known(NamedTuple):
    """An article, its page of the reading view, and its short name."""

    article: Article
    page: str
    name: str


class Behind(NamedTuple):
    """Sentences, articles or text left out: how many, some as (link, number, text), some as (link, number)."""

    told: str
    quoted: Sequence[tuple[str, str, str]]
    linked: Sequence[tuple[str, str]] = ()
    more: int = 0


def write_report(corpus: Corpus, spans: pd.DataFrame, figures: Path, notebooks: Sequence[Path]) -> Path:
    """Write the report and `read/<article>.html` into the folder of the figures; the report's path.

    `notebooks` in the order of the sections; a section without a figure in the folder is left out, and so is a figure
    that an earlier run drew of other inputs. Pages of other articles are removed.
    """
    names = tables.labels(corpus.articles).items()
    known = {i: Known(a, f"read/{reading.file_name(i)}", n) for a, (i, n) in zip(corpus.articles, names, strict=True)}
    for page in {*figures.glob("read/*.html")} - {figures / page for _, page, _ in known.values()}:
        page.unlink()
    for article, page, _ in known.values():
        write_atomic(figures / page, reading.page(article, spans, report="../report.html").encode())
    cards = json.loads((figures / "index.json").read_bytes())
    cards = [card for card in cards if card["about"].get("inputs") == corpus.hashes]
    sections = []
    for notebook in notebooks:
        own = {c["name"]: c for c in cards if c["name"].startswith(f"{notebook.stem}/") and c["name"] not in LEFT_OUT}
        if own:
            words, drawn = _words(notebook)
            shown = [_figure(own[name], figures, known) for name in dict.fromkeys([*drawn, *own]) if name in own]
            sections.append({"id": notebook.stem, "figures": shown, **words})
    compared = next((card for card in cards if card["name"] == COMPARISON), None)
    about = (compared or cards[0])["about"] if cards else {}
    rows = _rows(figures / f"{COMPARISON}.csv") if compared else []
    found = [(row.get("pair", ""), row["verdict"], row["sentence"].replace(" cannot tell;", "")) for row in rows]
    html = reading.render(
        "report.html",
        findings=sorted(found, key=lambda finding: finding[0]),  # pair by pair, the largest difference first
        basis=compared["caption"] if compared else "",
        sections=sections,
        articles=known.values(),
        failures=[*corpus.failures.to_dict("records"), *spans.attrs.get("failures", ())],
        about={**about, "report": {"made": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z")}},
    )
    write_atomic(figures / "report.html", html.encode())
    return figures / "report.html"


def _figure(card: Mapping, figures: Path, known: Mapping[str, Known]) -> dict[str, object]:
    """A figure for the template: its card, its picture with its size, and rows of cells and what is behind them."""
    rows = _rows(figures / f"{card['name']}.csv")
    columns = [name for name in (rows[0] if rows else ()) if name not in HIDDEN and any(row[name] for row in rows)]
    share = 1 if len(known) <= FEW else 3
    made = []
    for at, row in enumerate(rows):
        behind = _behind(row, known, SHOWN // share if at < ROWS // share else 0)
        made.append(([_cell(row[name]) for name in columns], [*behind]))
    size, svg = _picture((figures / f"{card['name']}.svg").read_text(encoding="utf-8"))
    image = Markup(f"data:image/svg+xml,{quote(_small(svg), safe=SAFE)}")
    return {"card": card, "image": image, "size": size, "columns": columns, "rows": made}


def _behind(row: Mapping[str, str], known: Mapping[str, Known], most: int) -> Iterator[Behind]:
    """The articles of a group, else the sentences of one article or of two, `most` quoted, else the text left out."""
    own = known.get(row.get("article_id", ""))
    if "articles" in row:  # as many as the csv names
        named = [known[i] for i in row["articles"].split("; ") if i in known]
        number = int(row.get("n") or row["n_left"])
        links = [(page, "", reading.title_of(article)) for article, page, _ in named]
        yield Behind(f"{number} article{'s' * (number != 1)}", links, more=number - len(named))
    elif row.get("kept") == "False" and own:
        text = _excerpt(own.article, int(row["start"]), int(row["end"]))
        yield Behind("left out", [(f"{own.page}#x{row['start']}", "", text)])
    owners = {"sentences": own} | {f"{side}_sentences": known.get(row.get(side, "")) for side in ("left", "right")}
    for column, found in owners.items():
        if found and (numbers := row.get(column, "").split()):
            links = [(f"{found.page}#s{number}", number) for number in numbers[:SHOWN]]
            places = [(link, sentences(found.article)[int(link[1])]) for link in links[:most]]
            quoted = [(*link, _excerpt(found.article, place.start, place.end)) for link, place in places]
            told = f"{len(numbers)} sentence{'s' * (len(numbers) != 1)}" + f" in {found.name}" * (column != "sentences")
            yield Behind(told, quoted, links[most:], len(numbers) - len(links))


def _excerpt(article: Article, start: int, end: int) -> str:
    text = " ".join(article.raw[start:end].split())
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _picture(svg: str) -> tuple[tuple[int, int], str]:
    """Size and picture, without the title above it and the caption below, which the report has as text."""
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    top, bottom = 0.0, height
    for text, name in re.findall(r'(\n  <g id="(title|caption)">.*?\n  </g>)', svg, re.DOTALL):
        lines, svg = [float(y) for y in re.findall(r"translate\(\S+ (\S+)\) scale", text)], svg.replace(text, "")
        top, bottom = (max(lines) + 4, bottom) if name == "title" else (top, min(lines) - 8)
    box = f'viewBox="0 {top:.0f} {width:.0f} {bottom - top:.0f}"'
    svg = re.sub(r'width="\S+" height="\S+" viewBox="[^"]+"', box, svg, count=1)
    return (round(width), round(bottom - top)), svg


SAFE = " =:/'(),;.-+*!@$?[]^_~|{}"  # need no percent sign in an image written into a page's double quotes


def _small(svg: str) -> str:
    """The picture in half the characters: no comments or unused names, short numbers."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r">\s+<", "><", re.sub(r"\s+", " ", re.sub(r"(?<!scale\(0)(\.\d\d)\d+", r"\1", svg)))
    svg = re.sub(r'<use xlink:(href="[^"]+") transform="translate\((\d+)[.\d]* 0\)"/>', r'<use \1 x="\2"/>', svg)
    used = {name: f"{i:x}" for i, name in enumerate(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^")]+)', svg)))}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{used[m[1]]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(|href=")#([^")]+)', lambda m: f"{m[1]}#{used[m[2]]}", svg)
    return svg.replace('"', "'")


def _cell(text: str) -> str:
    return f"{float(text):.4g}" if re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", text) else text


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a csv, its cells as they were before it was made safe for spreadsheets."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.replace(FORMULA, "", regex=True).to_dict("records")


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
