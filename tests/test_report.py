"""The report and the reading view: every number is in its csv, every sentence in its article, and no text is live."""

import csv
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import article as made_of

from analysis import find_spans, load_corpus, save_figure, saver, score, tables
from analysis.compare import differences
from analysis.corpus import Corpus
from analysis.figures import ROOT, write_index
from analysis.model import Article, Block
from analysis.reading import ROWS, _sources, browse, file_name, page, passages, read, shown
from analysis.report import write_report
from analysis.text import sentences

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "' onfocus='alert(1)' x='",
    "safe\u202etxt.exe\u2066\u200f",
    "</iframe><iframe srcdoc='<script>alert(1)</script>'>",
)
KNOWN = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "header",
    "main",
    "section",
    "nav",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "b",
}
KNOWN |= {"ol", "ul", "li", "figure", "img", "figcaption", "details", "summary", "div", "table", "thead", "tbody", "tr"}
KNOWN |= {"th", "td", "dl", "dt", "dd", "strong", "span", "fieldset", "legend", "label", "input", "aside"}


class Live(HTMLParser):
    """Collects what a page must not have: unknown elements, handlers, styles, links that leave it or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in KNOWN:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "background"):
                self.found.append(f"{tag} {name}")
            if name == "src" and not value.startswith("data:image/svg+xml,"):
                self.found.append(f"{tag} {value}")
            if name == "href":
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(number: int, text: str) -> Article:
    """An article every field of which holds the text, in all the roles that are shown."""
    raw, blocks = "", []
    for role, kept in (("headline", True), ("paragraph", True), ("caption", True), ("furniture", False)):
        line = f"Mr. {text} said the “terrible {text}” is a disaster for China.\n"
        blocks.append(Block(len(raw), len(raw) + len(line), role, kept, text))
        raw += line
    facts = dict.fromkeys(("title", "author", "date", "outlet", "kind", "topic", "url", "language"), text)
    return Article(f"{number}{text}", raw, tuple(blocks), flags=(text,), **facts)


@pytest.fixture(scope="module")
def made(supplied_report: Path) -> Path:
    """The folder of the project's figures with their report."""
    return supplied_report


def test_the_report_is_small_and_its_links_lead_somewhere(made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) <= 3_000_000
    found = Live(text)
    assert found.found == []
    for link in set(found.links):
        path, _, anchor = link.partition("#")
        there = (made / path).read_text(encoding="utf-8") if path else text
        assert not anchor or f'id="{anchor}"' in there, link
    for path in made.glob("read/*.html"):
        assert Live(path.read_text(encoding="utf-8")).found == []


def tables_of(folder: Path) -> list[tuple[str, list[dict[str, str]], list[str]]]:
    """Of each figure in the report: its csv, the rows there, and those of the report's table as HTML."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    found = []
    for name, body in re.findall(r'<a href="([^"]+\.csv)">.*?<tbody>(.*?)</tbody>', text, flags=re.DOTALL):
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            found.append((name, list(csv.DictReader(lines)), body.split("<tr>")[1:]))
    return found


def test_every_cell_is_one_of_its_csv(made: Path) -> None:
    assert len(tables_of(made)) >= 21
    for name, rows, told in tables_of(made):
        for row, cells in zip(rows, told, strict=True):
            known = set(row.values())
            for cell in re.findall(r"<td>([^<]*)</td>", cells):
                plain = Live(cell).text
                assert plain in known or any(number(v) and f"{float(v):.4g}" == plain for v in known), (name, plain)


def test_every_bar_has_its_evidence(made: Path) -> None:
    """The first ten sentences that its row of the csv names, on each side; or the text that was left out; or "none"."""
    articles = load_corpus().articles
    pages = {a.article_id: f"read/{file_name(a.article_id)}" for a in articles}
    listed = 0
    for name, rows, told in tables_of(made):
        traced = any("sentences" in key for key in rows[0])
        for row, cells in zip(rows, told, strict=True):
            sides = {"sentences": row.get("article_id"), "left_sentences": articles[0].article_id}
            sides |= {"right_sentences": articles[-1].article_id}
            named = [(pages[i], n) for side, i in sides.items() for n in row.get(side, "").split()[:10]]
            assert [(page, n) for page, n in re.findall(r'href="([^"#]+)#s(\d+)"', cells)] == named, name
            left_out = [f'href="{pages[row["article_id"]]}#x{row["start"]}"'] if row.get("kept") == "False" else []
            assert all(link in cells for link in left_out), name
            assert (">none</td>" in cells) == (traced and not named and not left_out), (name, cells)
            listed += len(named)
    assert listed > 1000


def number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text) is not None


def test_every_finding_is_a_row_of_the_comparison(made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    with (made / "06_comparison" / "power.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    told = re.findall(r'<p class="finding[^"]*"><b>([^<]+)</b> (.*?)</p>', text)
    assert sorted(verdict for verdict, _ in told) == sorted(row["verdict"] for row in rows)
    numbers = [sorted(re.findall(r"\d+\.\d+", Live(said).text)) for _, said in told]
    assert sorted(numbers) == sorted(sorted(re.findall(r"\d+\.\d+", row["sentence"])) for row in rows)


def test_every_quoted_sentence_is_that_of_its_number(made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    articles = {f"read/{file_name(a.article_id)}": a for a in load_corpus().articles}
    quoted = re.findall(r'<li value="(\d+)"><a href="([^"#]+)#s(\d+)">([^<]*)</a>', text)
    assert len(quoted) > 500
    for value, path, at, told in quoted:
        sentence = sentences(articles[path])[int(at)]
        whole = " ".join(articles[path].raw[sentence.start : sentence.end].split())
        assert value == at and whole.startswith(Live(told).text.removesuffix("…"))


def test_the_view_keeps_every_character_of_every_sentence(made: Path) -> None:
    corpus = load_corpus()
    spans = find_spans(corpus.articles)
    for article in corpus.articles:
        shown_in = [s for p in passages(article, spans[spans["article_id"] == article.article_id]) for s in p.sentences]
        texts = {number: "".join(run.text for run in runs) for number, runs in shown_in}
        assert texts == {i: article.raw[s.start : s.end] for i, s in enumerate(sentences(article))}


def test_every_mark_stands_where_its_span_does() -> None:
    corpus = load_corpus()
    spans = find_spans(corpus.articles)
    article = corpus.articles[0]
    own = spans[spans["article_id"] == article.article_id]
    runs = [run for p in passages(article, own) for _, s in p.sentences for run in s]
    for layer in ("loaded", "target"):
        inside = {
            at for start, end in own.loc[own["layer"] == layer, ["start", "end"]].to_numpy() for at in range(start, end)
        }
        marked = "".join(run.text for run in runs if layer in run.classes.split())
        assert marked == "".join(article.raw[at] for at in sorted(inside))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_live_in_the_view(text: str) -> None:
    article = hostile(1, text)
    spans = find_spans([article])
    found = Live(page(article, spans))
    assert found.found == [] and all(link.startswith(("#", "../")) for link in found.links)
    frame = read(article, spans).data
    assert frame.count("<iframe") == 1 and "sandbox" in frame and "<script" not in frame
    assert file_name(article.article_id) == Path(file_name(article.article_id)).name


def test_no_two_articles_share_a_page() -> None:
    ids = ["a b", "a_b", "A_B", "../a b", Path(file_name("a b")).stem, ""]
    assert len({file_name(article_id).lower() for article_id in ids}) == len(ids)


class Frames(HTMLParser):
    """The pages inside the frames of a piece of HTML, with what each frame is allowed, and all other elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inner: list[tuple[str, str]] = []
        self.elements: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "iframe":
            self.inner.append((dict(attrs)["sandbox"], dict(attrs)["srcdoc"]))
        else:
            self.elements.append((tag, dict(attrs)))


def test_no_text_is_live_in_a_table_of_a_notebook() -> None:
    table = pd.DataFrame({text: [text, "plain"] for text in HOSTILE}).rename_axis(f"{HOSTILE[0]}, again")
    outer = Frames(browse(table, title=HOSTILE[1]).data)
    assert [tag for tag, _ in outer.elements] == ["div"]
    ((allowed, inner),) = outer.inner
    assert allowed == "allow-scripts"
    assert sorted(set(Live(inner).found)) == ["output", "script"] and inner.count("<script>") == 1
    assert "script-src 'sha256-" in inner and "default-src 'none'" in inner and "unsafe" not in inner


def test_a_table_shows_its_cells_as_they_are_and_says_where_it_is_cut() -> None:
    table = pd.DataFrame({"n": range(ROWS + 1), "value": 1 / 3, "parts": None, "text": None})
    text = Live(Frames(browse(table).data).inner[0][1]).text
    assert f"{ROWS} of {ROWS} rows" in text and f"of {ROWS + 1}, the first are here" in text
    assert text.count("0.3333") == ROWS and "parts" not in text and "None" not in text


def test_no_text_is_live_in_the_report(tmp_path: Path) -> None:
    articles = [hostile(i, text) for i, text in enumerate(HOSTILE)]
    rows = pd.DataFrame(
        {"article_id": [a.article_id for a in articles], "article": HOSTILE, "label": HOSTILE, "value": 0.5}
    )
    text = " ".join(HOSTILE)
    figure, ax = plt.subplots()
    ax.set_title(text)
    save_figure(figure, "02_sentiment/tone", data=rows, title=text, alt=text, caption=text, out=tmp_path)
    plt.close(figure)
    failures = pd.DataFrame([{"path": text, "line": None, "article_id": text, "stage": "read", "reason": text}])
    corpus = Corpus(tuple(articles), failures, {text: text})
    report = write_report(corpus, find_spans(articles), tmp_path, NOTEBOOKS).read_text(encoding="utf-8")
    assert Live(report).found == []
    assert not any(c in report for c in "\u202e\u2066\u200f")


def test_characters_that_hide_or_reorder_are_shown() -> None:
    assert shown("a\u202eb\u200bc\x1b") == "a[U+202E]b[U+200B]c[U+001B]"
    assert shown("naïve 👩‍🔬 “x”\n") == "naïve 👩‍🔬 “x”\n"


def test_the_index_lists_what_the_report_shows(made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    names = {card["name"] for card in json.loads((made / "index.json").read_bytes())} - {"01_corpus/reading_strip"}
    assert {name.replace("/", "-", 1) for name in names} <= set(re.findall(r'<h3 id="([^"]+)"', text))


def test_pictures_are_whole_without_title_and_caption(made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    names = re.findall(r'<h3 id="([^"]+)"', text)
    images = re.findall(r'<img src="data:image/svg\+xml,([^"]+)" width="(\d+)" height="(\d+)"', text)
    for name, (address, *size) in zip(names, images, strict=True):
        image, file = unquote(address), (made / f"{name.replace('-', '/', 1)}.svg").read_text(encoding="utf-8")
        top, width, height = map(int, re.search(r"viewBox='0 (\d+) (\d+) (\d+)'", image).groups())
        assert [str(width), str(height)] == size and top > 20
        assert top + height < float(re.search(r'viewBox="0 0 \S+ (\S+)"', file)[1]) - 8
        assert set(re.findall(r"(?:href='|url\()#(\w+)", image)) <= set(re.findall(r" id='(\w+)'", image))


def test_a_report_of_groups_says_over_what_it_infers(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "figures")
    card = tmp_path / "figures" / "06_comparison" / "power.json"
    about = json.loads(card.read_bytes())
    about["about"]["parameters"]["by"] = "outlet"
    card.write_text(json.dumps(about), encoding="utf-8")
    write_index(tmp_path / "figures")
    corpus = load_corpus()
    report = write_report(corpus, find_spans(corpus.articles), tmp_path / "figures", NOTEBOOKS)
    heads = [path.read_text(encoding="utf-8").partition("</header>") for path in (made / "report.html", report)]
    assert ["by outlet takes each article as one observation" in head for head, *_ in heads] == [False, True]
    assert "by: outlet" in Live(heads[1][2]).text


@pytest.mark.parametrize("first", ["", "="])  # of an id: a spreadsheet would take it for a formula
def test_a_report_of_three_finds_each_pair_and_links_into_both_of_its_articles(first: str, tmp_path: Path) -> None:
    said = (
        "The vile wall is a disgrace, Ada Quill said.",
        "The wall stands, Bo Marsh said.",
        "A lovely wall, and brave.",
    )
    articles = [made_of(f"Wall number {i}\n\n{text} The tide came in at noon.") for i, text in enumerate(said)]
    articles = [replace(a, article_id=f"{first}{i}_wall", title=f"Wall number {i}") for i, a in enumerate(articles)]
    corpus, spans = Corpus(tuple(articles), pd.DataFrame(), {}), find_spans(articles, voice="rules")
    scores = score(spans, articles)
    gaps = differences(tables.summary_scores(scores), tables.labels(articles))
    figure = plt.figure()
    saver("06_comparison", corpus, tmp_path, "", spans, scores)(
        figure, "power", data=gaps, title="Power", alt="Power.", caption="Pairs."
    )
    plt.close(figure)
    text = write_report(corpus, spans, tmp_path, NOTEBOOKS).read_text(encoding="utf-8")
    ((_, rows, told),) = tables_of(tmp_path)
    for row, cells in zip(rows, told, strict=True):
        sides = [(file_name(row[side].removeprefix("'")), row[f"{side}_sentences"]) for side in ("left", "right")]
        assert re.findall(r'href="read/([^"#]+)#s(\d+)"', cells) == [(p, n) for p, own in sides for n in own.split()]
    linked = {
        (row["left"].strip("'="), row["right"].strip("'="))
        for row in rows
        if row["left_sentences"] and row["right_sentences"]
    }
    assert ("0_wall", "1_wall") in linked, "the middle one has its evidence"
    found = text[text.index('id="findings"') : text.index("<nav")].split("<h4>")[1:]
    assert [part.split("</h4>")[0] for part in found] == sorted({row["pair"] for row in rows})
    for part in found:
        pair, rest = part.split("</h4>")
        findings = re.findall(r'<p class="finding[^"]*">(.*?)</p>', rest)
        assert findings and all(name in finding for name in pair.split(" against ") for finding in findings)


def test_the_tables_of_forty_articles_leave_room_for_their_pictures(made: Path, tmp_path: Path) -> None:
    """Each of the two twenty times, with all its rows; the pictures of forty articles take up to nine of 15 MB."""
    figures, corpus = tmp_path / "figures", load_corpus()
    two = corpus.articles
    shutil.copytree(made, figures)
    articles = [replace(two[i % 2], article_id=f"a_newspaper_{i:02}", title=f"Title number {i}") for i in range(40)]
    for name, rows, _ in tables_of(made):
        if "article_id" in rows[0]:
            ids = {two[side].article_id: [a.article_id for a in articles[side::2]] for side in (0, 1)}
            more = [row | {"article_id": i} for row in rows for i in ids[row["article_id"]]]
            pd.DataFrame(more).to_csv(figures / name, index=False)
    none = find_spans([])
    write_report(Corpus(tuple(articles), pd.DataFrame(), corpus.hashes), none, figures, NOTEBOOKS)
    found = tables_of(figures)
    assert sum(len(rows) for _, rows, _ in found) > 15_000 and all(len(rows) == len(told) for _, rows, told in found)
    assert sum(len(cells.encode()) for _, _, told in found for cells in told) < 6_000_000


def test_the_margin_of_an_interview_names_who_speaks_and_no_colon() -> None:
    made = made_of("LIND: Why?\nOKAFOR: No.\nLIND: Oh.")
    assert [*_sources(made, find_spans([made], voice="rules"))] == [(0, "LIND"), (1, "OKAFOR"), (2, "LIND")]
