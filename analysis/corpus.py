"""A folder, a file or a table of articles in; articles, and everything that gave none, out.

The only module that opens input files. One bad file, row or line costs itself and is a row in `failures`.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.columns import our_names
from analysis.copies import foreign, near_copies
from analysis.lines import read_lines
from analysis.model import AnalysisError, Article, Block
from analysis.page import anatomy, inferred_title
from analysis.text import sentences

ARTICLES = Path(__file__).parents[1] / "data" / "articles"
FACTS = ("title", "author", "date", "outlet", "kind", "topic", "url", "language")
TEXT_LIMIT = 1_000_000  # characters of one article: the tokenizer's patterns stop after 5 s of CPU
PARSED = 0.7  # of the words between tags; the least on 179 saved pages is .74, a page of 3,000 nested tags keeps 0
MISSING = {"id": "no id: number the articles", "text": "no text: of Media Cloud's list, save the pages at url as .html"}
TAKEN = "an earlier article has this id; they must differ"
SIZE_LIMITS = {".txt": 4_000_000, ".html": 20_000_000, ".htm": 20_000_000, ".csv": 50_000_000, ".jsonl": 50_000_000}


class Failure(NamedTuple):
    """An input that gave no article, or a line of `index.csv` that met none: one row of the table `failures`."""

    path: str
    line: int | None
    article_id: str
    stage: str
    reason: str


@dataclass(frozen=True)
class Corpus:
    """The articles read, the inputs that gave none, and the SHA-256 of every file read, by its name."""

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
    """Read the `.txt`, `.html`, `.csv` and `.jsonl` files of a folder, by name, or one such file.

    A `.txt` is a pasted page or plain text and may hold several articles; a table's texts are bodies as they are.
    `index.csv` beside the files fills in what they do not say. Hidden files, READMEs and subfolders are passed over.
    A relative path is looked for in the working directory, then in the project's root. Refused are texts in another
    language, and near copies of an earlier article, for each text counts once; with `copies` these stay, flagged.
    `outlets` and `topic` choose among the articles by what is said of them; without `captions` no caption is kept.

    Raises AnalysisError if there is no such path, nothing in it gives an article, or `index.csv` cannot be read.
    """
    try:
        found = next(p for p in (Path(path), ARTICLES.parents[1] / path) if p.exists())
        folder, files = (found, sorted(found.iterdir())) if found.is_dir() else (found.parent, [found])
    except (StopIteration, OSError, ValueError) as error:
        kinds = ", ".join(SIZE_LIMITS)
        raise AnalysisError(f"{path}: no file or folder that can be read; give one of {kinds}") from error
    index, failures = _index(folder / "index.csv")
    articles: dict[str, Article] = {}
    hashes, files_of = {}, {}
    for file in files:
        if found.is_dir() and (file.is_dir() or file.name == "index.csv" or re.match(r"(?i)\.|readme", file.name)):
            continue
        for read in _read(file, hashes):
            if isinstance(read, Failure):
                failures.append(read)
            elif reason := foreign(read) or (TAKEN if read.article_id in articles else ""):
                failures.append(Failure(file.name, None, read.article_id, "read", reason))
            else:
                told = {**index.get(file.stem, (0, {}))[1], **index.get(read.article_id, (0, {}))[1]}
                if read.title_is_inferred and "title" in told:
                    read = replace(read, title="", title_is_inferred=False)
                new = {key: fact for key, fact in told.items() if not getattr(read, key)}
                articles[read.article_id], files_of[read.article_id] = replace(read, **new), file.name
    for name, reason in near_copies(articles.values()).items():
        if copies:
            articles[name] = replace(articles[name], flags=(*articles[name].flags, reason))
        else:
            failures.append(Failure(files_of[name], None, name, "copy", f"{reason}; each text counts once"))
            del articles[name]
    if not articles:
        raise AnalysisError(f"{path}: no article in it; {failures[0].reason if failures else 'it is empty'}")
    chosen = [a for a in articles.values() if (not outlets or a.outlet in outlets) and topic in ("", a.topic)]
    if not chosen:
        known = [*dict.fromkeys((article.outlet, article.topic) for article in articles.values())]
        raise AnalysisError(f"{path}: no article of the outlets {outlets} on the topic {topic!r}; there are {known}")
    chosen = chosen if captions else [_without_captions(article) for article in chosen]
    met = {*files_of, *(Path(name).stem for name in files_of.values())}
    unmet = [(line, name) for name, (line, _) in index.items() if name not in met]
    failures += [Failure("index.csv", *row, "index", "names no article that was read") for row in unmet]
    table = pd.DataFrame(failures, columns=Failure._fields).astype({"line": "Int64"})
    return Corpus(tuple(chosen), table, hashes)


def articles_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row an article: its facts, the words and sentences of its kept blocks, and its flags, joined by "; "."""
    names = ["article_id", "outlet", "title", "title_is_inferred", "author", "date", "kind", "topic", "url", "language"]
    frame = pd.DataFrame([[getattr(article, name) for name in names] for article in articles], columns=names)
    read = [sentences(article) for article in articles]
    flags = ["; ".join(article.flags) for article in articles]
    return frame.assign(words=[sum(s.words for s in own) for own in read], sentences=[*map(len, read)], flags=flags)


def blocks_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row a block; `start` and `end` in code points of the file's text, `duplicate_of` missing for originals."""
    rows = [{"article_id": article.article_id, **asdict(block)} for article in articles for block in article.blocks]
    return pd.DataFrame(rows).astype({"duplicate_of": "Int64"})


def _without_captions(article: Article) -> Article:
    left_out = {"kept": False, "reason": "caption, left out as asked (captions=False)"}
    own = [replace(b, **left_out) if b.kept and b.role == "caption" else b for b in article.blocks]
    return replace(article, blocks=tuple(own))


def _read(path: Path, hashes: dict[str, str]) -> Iterator[Article | Failure]:
    """All articles of one file, or why there are none; no error of the file leaves it."""
    readers = {".txt": _page, ".html": _saved_page, ".htm": _saved_page, ".csv": _table, ".jsonl": _table}
    try:
        if path.suffix.lower() not in readers:
            raise AnalysisError(f"files of this kind are not read; give {', '.join(readers)}")
        text, flags, hashes[path.name] = _text(path)
        yield from readers[path.suffix.lower()](path, text, flags)
    except Exception as error:  # the parsers raise what they like, and one file must not cost the others
        yield Failure(path.name, None, path.stem, "read", str(error))


def _text(path: Path) -> tuple[str, tuple[str, ...], str]:
    """The text of a file, a flag if it is not UTF-8 or what its byte order mark says, and the SHA-256 of its bytes."""
    limit = SIZE_LIMITS[path.suffix.lower()]
    if not path.is_file():
        raise AnalysisError("not a regular file")
    if (size := path.stat().st_size) > limit:
        raise AnalysisError(f"{size:,} bytes, more than {limit:,}; split it")
    data = path.read_bytes()
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for codec in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:  # no guesses beyond these
        with suppress(UnicodeDecodeError):
            flags = ("decoded as cp1252",) if codec == "cp1252" else ()
            return data.decode(codec), flags, hashlib.sha256(data).hexdigest()
    raise AnalysisError(f"neither UTF-8 nor {'UTF-16' if marked else 'cp1252'}; save it as UTF-8")


def _clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with what no table can hold replaced, one for one; flags say so, and where it looks wrongly decoded."""
    from ftfy import fix_encoding

    if len(text) > TEXT_LIMIT:
        raise AnalysisError(f"{len(text):,} characters of text, more than {TEXT_LIMIT:,}; split it")
    clean = re.sub("[\0\ud800-\udfff]", "\ufffd", text)
    flags = ("NUL or lone surrogate replaced",) if clean != text else ()
    if fix_encoding(clean) != clean:  # only flagged: a repair would move every offset
        flags += ("looks wrongly decoded (mojibake)",)
    return clean, flags


def _page(path: Path, text: str, flags: tuple[str, ...]) -> Iterator[Article]:
    raw, more = _clean(text)
    found = anatomy(raw)
    if not any(block.kept for article in found for block in article.blocks):
        raise AnalysisError("no article text in it")
    for number, article in enumerate(found, start=1):
        name = path.stem if len(found) == 1 else f"{path.stem}-{number}"
        yield Article(name, raw, **article._asdict(), flags=flags + more)


def _saved_page(path: Path, html: str, flags: tuple[str, ...]) -> Iterator[Article]:
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
    yield _article(path.stem, raw, roles, "as the saved page marks it", flags + more, facts)


def _texts(part: Any) -> list[str]:
    """The text of an extracted element, a line for each item, row and break in it."""
    for node in part.iter("item", "row", "lb", "p", "head", "list", "quote"):
        node.text = f"\n{node.text or ''}"
    lines = (" ".join(line.split()) for line in "".join(part.itertext()).split("\n"))
    return [line for line in lines if line]


def _table(path: Path, text: str, flags: tuple[str, ...]) -> Iterator[Article | Failure]:
    """The rows of a .csv or .jsonl, each for itself; strings stay as they are."""
    for number, row in _csv_rows(text, {"id", "text"}) if path.suffix.lower() == ".csv" else _jsonl_rows(text):
        name = ""
        try:
            if isinstance(row, Exception):
                raise row
            row = our_names(row)
            cells = {key: "" if row.get(key) is None else row[key] for key in ("id", "text", *FACTS)}
            wrong = [key for key in cells if not isinstance(cells[key], str)]
            if wrong := wrong or [key for key in ("id", "text") if not cells[key].strip()]:
                raise AnalysisError(f"{', '.join(wrong)}: empty, missing or no string")
            facts = {key: _clean(value)[0] for key, value in cells.items()}
            name, raw, flagged = facts.pop("id"), facts.pop("text"), flags + _clean(cells["text"])[1]
            yield _article(name, raw, {}, "body as the table gives it", flagged, facts)
        except (AnalysisError, csv.Error) as error:
            yield Failure(path.name, number, name, "read", str(error))


def _article(
    name: str, raw: str, roles: Mapping[str, str], reason: str, flags: tuple[str, ...], facts: dict[str, str]
) -> Article:
    """An article whose lines are paragraphs, or what `roles` says of their text; without a word, furniture."""
    blocks = []
    for line in read_lines(raw):
        role = roles.get(raw[line.start : line.end].strip(), "paragraph") if line.key else "furniture"
        blocks.append(Block(line.start, line.end, role, bool(line.key), reason))
    if not any(block.kept for block in blocks):
        raise AnalysisError("no text in it")
    title = {"title": facts["title"] or inferred_title(raw, blocks), "title_is_inferred": not facts["title"]}
    return Article(name, raw, tuple(blocks), flags=flags, **facts | title)


def _csv_rows(text: str, needed: set[str]) -> Iterator[tuple[int, Any]]:
    """The number of its last line, and a row as a dict, or as the error that it is; refuses columns that do not fit."""
    csv.field_size_limit(SIZE_LIMITS[".csv"])  # the limit on text is ours to check, with a clearer message
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = next(rows, [])
    if (missing := needed - our_names({name: name for name in columns}).keys()) or len({*columns}) < len(columns):
        needs = [" and ".join(sorted(needed)), *(MISSING[name] for name in sorted(missing) if name in MISSING)]
        raise AnalysisError(f"line 1: columns are {', '.join(columns)}; needed, once each, are {'; '.join(needs)}")
    while True:
        try:
            if cells := next(rows):
                fits = len(cells) == len(columns)
                problem = AnalysisError(f"not {len(columns)} cells; quote cells that hold a comma")
                yield rows.line_num, dict(zip(columns, cells, strict=True)) if fits else problem
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.line_num, error


def _jsonl_rows(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
                yield number, row if isinstance(row, dict) else AnalysisError("not a JSON object")
            except (ValueError, RecursionError) as error:
                yield number, AnalysisError(f"not JSON: {error}")


def _index(path: Path) -> tuple[dict[str, tuple[int, dict[str, str]]], list[Failure]]:
    """By article or file, the line of `index.csv` that names it and the facts that it gives; and its bad lines."""
    index, failures = {}, []
    try:
        for number, row in _csv_rows(_text(path)[0], {"article_id"}) if path.exists() else ():
            if isinstance(row, Exception):
                failures.append(Failure(path.name, number, "", "index", str(row)))
            elif unknown := {*row} - {"article_id", "note", *FACTS}:
                raise AnalysisError(f"no such column: {', '.join(unknown)}; known are {', '.join(FACTS)} and note")
            else:
                index[row["article_id"]] = number, {key: row[key] for key in FACTS if row.get(key)}
    except (AnalysisError, OSError, csv.Error) as error:
        raise AnalysisError(f"{path}: {error}") from error
    return index, failures
