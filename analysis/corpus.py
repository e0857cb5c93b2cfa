"""A folder, a file or a table of articles in; articles, and everything that gave none, out.

The only module that opens input files. One bad file, row or line costs itself and is a row in `failures`.
"""

import csv
import hashlib
import io
import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.model import AnalysisError, Article, Block
from analysis.page import anatomy, inferred_title
from analysis.text import sentences

ARTICLES = Path(__file__).parents[1] / "data" / "articles"
FACTS = ("title", "author", "date", "outlet", "kind", "topic", "url", "language")
MB = 1_000_000
TEXT_LIMIT = MB  # characters of one article: the tokenizer's patterns stop after 5 s of CPU on more
SIZE_LIMIT = {".txt": 4 * MB, ".html": 20 * MB, ".htm": 20 * MB, ".csv": 50 * MB, ".jsonl": 50 * MB}  # bytes
SEEN = 0.8  # of a saved page's visible words; lxml stops at about 250 nested tags, and 179 sound pages have .85 or more
_METADATA = {"author": "author", "date": "date", "outlet": "sitename", "url": "url", "language": "language"}
_BOMS = (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")


class Failure(NamedTuple):
    """An input that gave no article, or an index line that met none: a row of the table `failures`."""

    path: str
    line: int | None
    article_id: str
    stage: str
    reason: str


@dataclass(frozen=True)
class Corpus:
    """The articles read, the inputs that gave none, and the SHA-256 of every file read, by file name."""

    articles: tuple[Article, ...]
    failures: pd.DataFrame
    hashes: Mapping[str, str]


def load_corpus(path: str | Path = ARTICLES) -> Corpus:
    """Read the `.txt`, `.html`, `.csv` and `.jsonl` files of a folder, by name, or one such file.

    A `.txt` is a pasted page or plain text and may hold several articles; a table's texts are bodies as they are.
    `index.csv` beside the files fills in what they do not say. Hidden files, READMEs and subfolders are passed over.
    A relative path is looked for in the working directory, then in the project's root.

    Raises AnalysisError if there is no such path, or nothing in it gives an article.
    """
    found = next((p for p in (Path(path), ARTICLES.parents[1] / path) if p.exists()), None)
    if found is None:
        raise AnalysisError(f"{path}: no such file or folder; give one that holds .txt, .html, .csv or .jsonl files")
    files = [found] if not found.is_dir() else sorted(p for p in found.iterdir() if not _passed_over(p))
    articles: dict[str, Article] = {}
    stems: dict[str, str] = {}
    failures: list[Failure] = []
    hashes: dict[str, str] = {}
    for file in files:
        for read in _read(file, hashes):
            if isinstance(read, Article) and read.article_id in articles:
                read = Failure(file.name, None, read.article_id, "read", "this id was read before; ids have to differ")
            if isinstance(read, Failure):
                failures.append(read)
            else:
                articles[read.article_id], stems[read.article_id] = read, file.stem
    if not articles:
        raise AnalysisError(f"{path}: no article in it; {failures[0].reason if failures else 'it is empty'}")
    failures += _fill_in(found if found.is_dir() else found.parent, articles, stems)
    return Corpus(tuple(articles.values()), pd.DataFrame(failures, columns=Failure._fields), hashes)


def articles_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row an article: its facts, and the words and sentences of its kept blocks."""
    rows = []
    for a in articles:
        read = sentences(a)
        facts = [
            a.article_id,
            a.outlet,
            a.title,
            a.title_is_inferred,
            a.author,
            a.date,
            a.kind,
            a.topic,
            a.url,
            a.language,
        ]
        rows.append([*facts, sum(s.words for s in read), len(read), "; ".join(a.flags)])
    names = "article_id outlet title title_is_inferred author date kind topic url language words sentences flags"
    return pd.DataFrame(rows, columns=names.split())


def blocks_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row a block, `start` and `end` in code points of the file's text; `duplicate_of` is missing for originals."""
    names = ["start", "end", "role", "kept", "reason", "duplicate_of"]
    rows = [[a.article_id, *(getattr(b, name) for name in names)] for a in articles for b in a.blocks]
    return pd.DataFrame(rows, columns=["article_id", *names]).astype({"duplicate_of": "Int64"})


def _passed_over(path: Path) -> bool:
    return (
        path.is_dir() or path.name.startswith(".") or path.name.upper().startswith("README") or path.name == "index.csv"
    )


def _read(path: Path, hashes: dict[str, str]) -> Iterator[Article | Failure]:
    """All articles of one file, or why there are none; no error of the file leaves it."""
    suffix = path.suffix.lower()
    try:
        text, flags = _decoded(path, SIZE_LIMIT.get(suffix), hashes)
        if suffix in (".csv", ".jsonl"):
            yield from _table(path, text, flags)
        else:
            yield from _page(path, text, flags) if suffix == ".txt" else _saved_page(path, text, flags)
    except (AnalysisError, OSError, ValueError, RecursionError) as error:
        yield Failure(path.name, None, path.stem, "read", str(error))


def _decoded(path: Path, limit: int | None, hashes: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Text and flags of a regular file of a known kind; the encoding is UTF-8, else cp1252, and never guessed at."""
    if limit is None:
        raise AnalysisError(f"a file of unknown kind; give {', '.join(SIZE_LIMIT)}")
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
        raise AnalysisError(f"larger than {limit // MB} MB, or no regular file; split it")
    data = path.read_bytes()
    hashes[path.name] = hashlib.sha256(data).hexdigest()
    codec = next((codec for bom, codec in _BOMS if data.startswith(bom)), "utf-8")
    try:
        return data.decode(codec), ()
    except UnicodeDecodeError as error:
        try:
            return data.decode("cp1252" if codec == "utf-8" else codec), ("decoded as cp1252",)
        except UnicodeDecodeError as worse:
            raise AnalysisError(f"neither UTF-8 (byte {error.start}) nor cp1252 (byte {worse.start})") from worse


def _clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with what no table can hold replaced, one for one, and flags for that and for a wrong decoding."""
    if len(text) > TEXT_LIMIT:
        raise AnalysisError(f"{len(text):,} characters of text, more than {TEXT_LIMIT:,}; split it")
    if not text.strip():
        raise AnalysisError("no text in it")
    clean = re.sub("[\0\ud800-\udfff]", "\ufffd", text)
    flags = ("NUL or lone surrogate replaced",) if clean != text else ()
    if not clean.isascii():
        from ftfy import fix_encoding

        flags += ("looks wrongly decoded (mojibake)",) if fix_encoding(clean) != clean else ()
    return clean, flags


def _page(path: Path, text: str, flags: tuple[str, ...]) -> Iterator[Article]:
    raw, more = _clean(text)
    found = anatomy(raw)
    for number, article in enumerate(found, start=1):
        name = path.stem if len(found) == 1 else f"{path.stem}-{number}"
        yield Article(name, raw, **article._asdict(), flags=flags + more)


def _saved_page(path: Path, html: str, flags: tuple[str, ...]) -> Iterator[Article]:
    """What trafilatura takes for the article's text; the headline that the page names is the first line."""
    import trafilatura

    dates = {"extensive_search": False, "original_date": True}  # the wide search would guess
    page = trafilatura.bare_extraction(html, with_metadata=True, include_comments=False, date_extraction_params=dates)
    if page is None or page.body is None:
        raise AnalysisError("trafilatura finds no article in it; save its text as .txt")
    parts = [("subhead" if e.tag == "head" else "paragraph", line) for e in page.body for line in _element_lines(e)]
    title = " ".join((page.title or "").split())
    if title and (not parts or parts[0][1] != title):
        parts.insert(0, ("headline", title))
    raw, more = _clean("\n".join(line for _, line in parts))
    blocks, start = [], 0
    for role, line in parts:
        copy = bool(start) and line == title
        role = "headline" if line == title else role
        blocks.append(
            Block(start, min(start + len(line) + 1, len(raw)), role, not copy, "as saved", 0 if copy else None)
        )
        start += len(line) + 1
    if _is_cut_short(html):
        more += ("text lost in parsing (tags nested too deep)",)
    told = {key: getattr(page, name) or "" for key, name in _METADATA.items()}
    title = title or inferred_title(raw, blocks)
    yield Article(path.stem, raw, tuple(blocks), title, not page.title, **told, flags=flags + more)


def _element_lines(element: Any) -> list[str]:
    """The text of an extracted element, one line for each item, row or line break in it."""
    parts = []
    for node in element.iter():
        if node.tag in ("item", "row", "lb", "p", "head", "list", "quote"):
            parts.append("\n")
        parts.append(node.text or "")
        if node is not element:
            parts.append(node.tail or "")
    return [line for part in "".join(parts).split("\n") if (line := " ".join(part.split()))]


def _is_cut_short(html: str) -> bool:
    """Whether the parser sees far fewer words outside scripts than one pass over the tags, which no nesting stops."""
    import trafilatura
    from lxml.etree import strip_elements

    shown, hidden, end = [], "", 0
    for tag in re.finditer(r"<(/?)(script|style)\b[^<>]*>|\Z", html, re.IGNORECASE):
        if not hidden:
            shown.append(html[end : tag.start()])
        name = (tag[2] or "").lower()
        hidden = "" if tag[1] and name == hidden else hidden or name * (not tag[1])
        end = tag.end()
    tree = trafilatura.load_html(html)
    strip_elements(tree, "script", "style", with_tail=False)
    visible = len(re.sub(r"<[^<>]*>", " ", " ".join(shown)).split())
    return len(" ".join(tree.itertext()).split()) < SEEN * visible


def _table(path: Path, text: str, flags: tuple[str, ...]) -> Iterator[Article | Failure]:
    """The rows of a .csv or .jsonl, each for itself; strings stay as they are."""
    for number, row in _csv_rows(text) if path.suffix.lower() == ".csv" else _jsonl_rows(text):
        try:
            if isinstance(row, Exception):
                raise row
            cells = {key: value for key in ("id", "text", *FACTS) if (value := row.get(key)) is not None}
            wrong = [key for key, value in cells.items() if not isinstance(value, str)]
            if wrong or not {"id", "text"} <= {*cells} or not cells["id"].strip():
                raise AnalysisError(f"{', '.join(wrong) or 'id or text'}: missing or no string")
            raw, more = _clean(cells.pop("text"))
            facts = {key: _clean(value)[0] for key, value in cells.items() if value.strip()}
            name, title, blocks = facts.pop("id"), facts.pop("title", ""), _paragraphs(raw)
            shown = title or inferred_title(raw, blocks)
            yield Article(name, raw, blocks, shown, not title, **facts, flags=flags + more)
        except (AnalysisError, ValueError, csv.Error) as error:
            yield Failure(path.name, number, "", "read", str(error))


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str] | Exception]]:
    """Line number and row; a row that is no row comes as its error."""
    csv.field_size_limit(SIZE_LIMIT[".csv"])  # our own limit on text comes later, with a clearer message
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(rows, [])
    if not {"id", "text"} <= {*header} or len({*header}) < len(header):
        raise AnalysisError(f"columns are {header}; needs id and text, each name once")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, error
            continue
        if row is None:
            return
        if row:
            short = AnalysisError(f"{len(row)} cells, not {len(header)}; quote cells that hold a comma")
            yield rows.line_num, dict(zip(header, row, strict=True)) if len(row) == len(header) else short


def _jsonl_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | Exception]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, AnalysisError(f"no JSON: {error}")
            else:
                yield number, row if isinstance(row, dict) else AnalysisError("no JSON object")


def _paragraphs(raw: str) -> tuple[Block, ...]:
    """Each line of a body is a paragraph, with the white space behind it; the one before the first is furniture."""
    starts = [m.start() for m in re.finditer(r"\S[^\r\n]*", raw)]
    blocks = [Block(0, starts[0], "furniture", False, "blank before the first line")] if starts[0] else []
    ends = [*starts[1:], len(raw)]
    return (*blocks, *(Block(s, e, "paragraph", True, "body, as given") for s, e in zip(starts, ends, strict=True)))


def _fill_in(folder: Path, articles: dict[str, Article], stems: Mapping[str, str]) -> list[Failure]:
    """Put what `index.csv` says where the article says nothing; a line for no article is a failure."""
    path = folder / "index.csv"
    if not path.is_file():
        return []
    text, _ = _decoded(path, SIZE_LIMIT[".csv"], {})
    failures = []
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = reader.fieldnames or []
    if "article_id" not in columns or {*columns} - {"article_id", "note", *FACTS}:
        raise AnalysisError(f"{path}, line 1: columns are {columns}; known are article_id, note, {', '.join(FACTS)}")
    for row in reader:
        ids = [name for name in articles if row["article_id"] in (name, stems[name])]
        if not ids or None in row or None in row.values():
            reason = "cells and columns differ in number" if ids else "names no article that was read"
            failures.append(Failure(path.name, reader.line_num, row["article_id"] or "", "index", reason))
            continue
        for name in ids:
            old = articles[name]
            new = {
                k: row[k]
                for k in FACTS
                if row.get(k) and (not getattr(old, k) or (k == "title" and old.title_is_inferred))
            }
            if "title" in new:
                new["title_is_inferred"] = False
            articles[name] = replace(old, **new)
    return failures
