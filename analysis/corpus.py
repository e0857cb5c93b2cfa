"""A folder, a file or a table of articles in; articles, and everything that gave none, out.

One bad file, row or line costs itself and is a row in `failures`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from analysis.columns import our_names
from analysis.copies import COPY_OF, foreign, near_copies, sketch
from analysis.inputs import FACTS, ROOT, Record, digest, files, plain, read_index, records
from analysis.lines import read_lines, without_dateline
from analysis.model import ARTICLE_COLUMNS, BLOCK_COLUMNS, AnalysisError, Article, Block, Failure
from analysis.page import anatomy, inferred_title
from analysis.text import sentences

ARTICLES = ROOT / "data" / "articles"
TEXT_LIMIT = 1_000_000  # characters of one article: the tokenizer's patterns stop after 5 s of CPU
STRANGE = re.compile("[^\0-\x7f\u2010-\u2026]")  # beyond ASCII, dashes and quotation marks; ftfy is slow to ask
PARSED = 0.7  # of the words between tags; the least on 179 saved pages is .74, a page of 3,000 nested tags keeps 0
FORMULA = r"^'(?=[=+\-@\t\r])"  # the mark that csv_bytes puts before what a spreadsheet would run
TAKEN = "an earlier article has this id; they must differ"
T = TypeVar("T")
Index = Mapping[str, tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class Corpus:
    """The articles read, the inputs that gave none, and the SHA-256 of every file that gave one, by its name."""

    articles: tuple[Article, ...]
    failures: pd.DataFrame
    hashes: Mapping[str, str]


def load_corpus(
    path: str | Path = ARTICLES,
    *,
    outlets: Sequence[str] = (),
    topic: str = "",
    copies: bool = False,
    captions: bool = True,
) -> Corpus:
    """Read the `.txt`, `.html`, `.csv`, `.jsonl`, `.jsonl.gz` and `.parquet` files that `inputs.files` finds.

    A `.txt` is a pasted page or plain text and may hold several articles; a table's texts are bodies as they are.
    `index.csv` beside the files fills in what they do not say. Refused are texts in another language, and near copies
    of an earlier article, for each text counts once; with `copies` these stay, flagged. `outlets` and `topic` choose
    among the articles by what is said of them; without `captions` no caption is kept.

    Raises AnalysisError if there is no such path, nothing in it gives an article, or `index.csv` cannot be read.
    """
    found = files(path)
    if finished(path):
        raise AnalysisError(f"{path}: tables of `measure`, no texts; 06_comparison takes them, with by=outlet or so")
    index, failures = read_index(found) if found else ({}, [])
    made, refused = gathered(((record[:2], record) for file in found for record in records(file)), index)
    failures += refused
    read = {path for (path, _), _ in made.values()}
    hashes = {name: digest(file) for file in found if (name := plain(file.name)) in read}
    articles = {name: article for name, (_, article) in made.items()}
    for name, reason in near_copies({name: sketch(article) for name, article in articles.items()}).items():
        if copies:
            articles[name] = replace(articles[name], flags=(*articles[name].flags, reason))
        else:
            failures.append(Failure(*made[name][0], name, "copy", f"{reason}; each text counts once"))
            del articles[name]
    if not articles:
        raise AnalysisError(f"{path}: no article in it; {failures[0].reason if failures else 'it is empty'}")
    chosen = [a for a in articles.values() if (not outlets or a.outlet in outlets) and topic in ("", a.topic)]
    if not chosen:
        known = [*dict.fromkeys((article.outlet, article.topic) for article in articles.values())]
        raise AnalysisError(f"{path}: no article of the outlets {outlets} on the topic {topic!r}; there are {known}")
    chosen = chosen if captions else [_without_captions(article) for article in chosen]
    failures += unmet(index, {*made, *(Path(path).stem for path in read)})
    table = pd.DataFrame(failures, columns=Failure._fields).astype({"line": "Int64"})
    return Corpus(tuple(chosen), table, hashes)


class Tables(NamedTuple):
    """What `measure` left of a corpus, for comparing groups: facts as of `articles_frame`, scores, and no article.

    `parameters` are those that it was measured with, `hashes` the SHA-256 of the files read, by their names.
    """

    facts: pd.DataFrame
    scores: pd.DataFrame
    parameters: Mapping[str, str]
    hashes: Mapping[str, str]
    articles: tuple[Article, ...] = ()


def finished(path: str | Path) -> Path | None:
    """The folder, if `python -m analysis measure` has written its tables there and finished."""
    places = (place for place in (Path(path), ROOT / path) if (place / "run.json").is_file())
    return next((place for place in places if [*place.glob("scores.*")]), None)


def load_tables(folder: Path, keys: Iterable[Sequence[str]], *, outlets: Sequence[str] = (), topic: str = "") -> Tables:
    """Facts of the articles, and their scores of some (measure, label, voice), from a folder that is `finished`.

    Only these rows and columns are held, however long the tables are. Near copies are left out as by `load_corpus`,
    but that here the first by its id stays; `outlets` and `topic` choose alike. AnalysisError for what does not fit.
    """
    from pyarrow import ArrowException, csv, dataset
    from pyarrow.parquet import filters_to_expression

    names = ["article_id", "measure", "label", "voice", "unit", "value"]
    rows = filters_to_expression([[*zip(names[1:4], ["=="] * 3, key, strict=True)] for key in keys])
    asked = {"articles": (["article_id", *FACTS, "flags"], None), "scores": (names, rows)}
    hashes, read = {}, []
    try:
        parameters = json.loads((folder / "run.json").read_bytes())["parameters"]
        for name, (columns, wanted) in asked.items():
            file = folder / f"{name}.{parameters['format']}"
            types = csv.ConvertOptions(column_types=dict.fromkeys(columns, "string") | {"value": "double"})
            cells = csv.ParseOptions(newlines_in_values=True)
            form = dataset.CsvFileFormat(cells, convert_options=types) if file.suffix == ".csv" else "parquet"
            table = dataset.dataset(file, format=form).to_table(columns, filter=wanted)
            hashes[file.name], read = digest(file), [*read, table.to_pandas()]
    except (OSError, ValueError, LookupError, TypeError, ArrowException, AnalysisError) as error:
        raise AnalysisError(f"{folder}: not as `measure` wrote it, measure again: {error}") from error
    facts, scores = (t.replace(FORMULA, "", regex=True) for t in read) if file.suffix == ".csv" else read
    once = ~facts["flags"].str.contains(COPY_OF, regex=False)
    chosen = (facts["topic"].isin([topic]) | (topic == "")) & (facts["outlet"].isin(outlets) | (not outlets))
    facts = facts[once & chosen].reset_index(drop=True)
    if facts.empty:
        raise AnalysisError(f"{folder}: no article of the outlets {outlets or 'at all'} on the topic {topic!r}")
    return Tables(facts, scores[scores["article_id"].isin(facts["article_id"])], parameters, hashes)


def unmet(index: Index, met: set[str]) -> list[Failure]:
    """A failure for each line of `index.csv` that names none of the articles and files that gave one."""
    lines = [(line, name) for name, (line, _) in index.items() if name not in met]
    return [Failure("index.csv", *row, "index", "names no article that was read") for row in lines]


def gathered(pairs: Iterable[tuple[T, Record]], index: Index) -> tuple[dict[str, tuple[T, Article]], list[Failure]]:
    """The articles of records by their ids, each beside what stood before its record; and why there are no others."""
    made, failures = {}, []
    for key, record in pairs:
        for read in articles_of(record, index):
            if isinstance(read, Failure):
                failures.append(read)
            elif read.article_id in made:
                failures.append(Failure(*record[:2], read.article_id, "read", TAKEN))
            else:
                made[read.article_id] = key, read
    return made, failures


def articles_of(record: Record, index: Index) -> Iterator[Article | Failure]:
    """The articles of a record, with what `index.csv` says of them, or why there are none; OSError of a full disk."""
    stem, kind = Path(record.path).stem, Path(record.path).suffix.lower()
    try:
        if isinstance(record.content, Exception):
            raise record.content
        if isinstance(record.content, Mapping):
            made = _row(our_names(record.content), record.flags)
        else:
            made = (_page if kind == ".txt" else _saved_page)(stem, *record[2:])
        for read in made:
            if reason := foreign(read):
                yield Failure(record.path, record.line, read.article_id, "read", reason)
                continue
            told = {**index.get(stem, (0, {}))[1], **index.get(read.article_id, (0, {}))[1]}
            if read.title_is_inferred and "title" in told:
                read = replace(read, title="", title_is_inferred=False)
            yield replace(read, **{key: fact for key, fact in told.items() if not getattr(read, key)})
    except Exception as error:  # the parsers raise what they like, and one record must not cost the others
        if isinstance(error, OSError) and error.errno and error is not record.content:  # a full disk, not the file
            raise
        yield Failure(record.path, record.line, record.name, "read", plain(str(error)))


def articles_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row an article: its facts, the words and sentences of its kept blocks, and its flags, joined by "; "."""
    rows = []
    for article in articles:
        facts, read = [getattr(article, name) for name in ARTICLE_COLUMNS[:-3]], sentences(article)
        rows.append([*facts, sum(sentence.words for sentence in read), len(read), "; ".join(article.flags)])
    return pd.DataFrame(rows, columns=ARTICLE_COLUMNS)


def blocks_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row a block; `start` and `end` in code points of the file's text, `duplicate_of` missing for originals."""
    facts = attrgetter(*BLOCK_COLUMNS[1:])
    rows = [(article.article_id, *facts(block)) for article in articles for block in article.blocks]
    return pd.DataFrame(rows, columns=BLOCK_COLUMNS).astype({"duplicate_of": "Int64"})


def _without_captions(article: Article) -> Article:
    left_out = {"kept": False, "reason": "caption, left out as asked (captions=False)"}
    own = [replace(b, **left_out) if b.kept and b.role == "caption" else b for b in article.blocks]
    return replace(article, blocks=tuple(own))


def _clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with what no table can hold replaced, one for one; flags say so, and where it looks wrongly decoded."""
    from ftfy import fix_encoding

    if len(text) > TEXT_LIMIT:
        raise AnalysisError(f"{len(text):,} characters of text, more than {TEXT_LIMIT:,}; split it")
    clean = plain(text)
    flags = ("NUL or lone surrogate replaced",) if clean != text else ()
    if STRANGE.search(clean) and fix_encoding(clean) != clean:  # only flagged: a repair would move every offset
        flags += ("looks wrongly decoded (mojibake)",)
    return clean, flags


def _page(stem: str, text: str, flags: tuple[str, ...]) -> Iterator[Article]:
    raw, more = _clean(text)
    found = anatomy(raw, stem)
    if not any(block.kept for article in found for block in article.blocks):
        raise AnalysisError("no article text in it")
    yield from (replace(article, flags=flags + more) for article in found)


def _saved_page(stem: str, html: str, flags: tuple[str, ...]) -> Iterator[Article]:
    """What trafilatura takes for the article's text, the page's headline as the first line; `raw` is that text."""
    import trafilatura
    from lxml.html import HTMLParser, fromstring

    parser = HTMLParser(encoding="utf-8", huge_tree=True)  # else tags nested 250 deep, and all in them, are dropped
    tree = fromstring(html.encode("utf-8"), parser=parser)
    written = len(re.sub("<[^<>]*>", " ", html).split())
    if len(tree.text_content().split()) < PARSED * written:
        flags += ("part of the page was lost in parsing; compare with the original",)
    dates = {"extensive_search": False, "original_date": True}  # the wide search would guess
    page = trafilatura.bare_extraction(tree, with_metadata=True, include_comments=False, date_extraction_params=dates)
    if page is None or page.body is None:
        raise AnalysisError("trafilatura finds no article in it; save its text as .txt")
    headline = " ".join((page.title or "").split())
    parts = [(part.tag, line) for part in page.body for line in _texts(part)]
    lines = [headline] * bool(headline) + [line for _, line in parts if line != headline]
    roles = {line: "subhead" for tag, line in parts if tag == "head"} | {headline: "headline"}
    raw, more = _clean("\n\n".join(lines))
    found = {"title": headline, "author": page.author, "date": page.date, "outlet": page.sitename, "url": page.url}
    facts = {key: fact or "" for key, fact in (found | {"language": page.language}).items()}
    yield _article(stem, raw, roles, "as the saved page marks it", flags + more, facts)


def _texts(part: Any) -> list[str]:
    """The text of an extracted element, a line for each item, row and break in it."""
    for node in part.iter("item", "row", "lb", "p", "head", "list", "quote"):
        node.text = f"\n{node.text or ''}"
    lines = (" ".join(line.split()) for line in "".join(part.itertext()).split("\n"))
    return [line for line in lines if line]


def _row(row: Mapping[str, Any], flags: tuple[str, ...]) -> Iterator[Article]:
    """The article of a table's row; strings stay as they are."""
    cells = {key: "" if row.get(key) is None else row[key] for key in ("id", "text", *FACTS)}
    wrong = [key for key in cells if not isinstance(cells[key], str)]
    if wrong := wrong or [key for key in ("id", "text") if not cells[key].strip()]:
        raise AnalysisError(f"{', '.join(wrong)}: empty, missing or no string")
    cleaned = {key: _clean(value) for key, value in cells.items()}
    facts = {key: text for key, (text, _) in cleaned.items()}
    name, raw, flagged = facts.pop("id"), facts.pop("text"), flags + cleaned["text"][1]
    yield _article(name, raw, {}, "body as the table gives it", flagged, facts)


def _article(
    name: str, raw: str, roles: Mapping[str, str], reason: str, flags: tuple[str, ...], facts: dict[str, str]
) -> Article:
    """An article whose lines are paragraphs, or what `roles` says of their text; without a word, furniture."""
    blocks = []
    for line in read_lines(raw, of_page=False):
        role = roles.get(raw[line.start : line.end].strip(), "paragraph") if line.key else "furniture"
        blocks.append(Block(line.start, line.end, role, bool(line.key), reason))
    if not any(block.kept for block in blocks):
        raise AnalysisError("no text in it")
    title = {"title": facts["title"] or inferred_title(raw, blocks), "title_is_inferred": not facts["title"]}
    return Article(name, raw, without_dateline(raw, blocks), flags=flags, **facts | title)
