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
TEXT_LIMIT = MB  # characters of one article: the tokenizer's patterns stop after 5 s of CPU
SIZE_LIMITS = {".txt": 4 * MB, ".html": 20 * MB, ".htm": 20 * MB, ".csv": 50 * MB, ".jsonl": 50 * MB}  # bytes
SEEN = 0.8  # of a saved page's visible words; lxml stops at about 250 nested tags, and 179 sound pages have .85 or more
_BOMS = (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")


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


def load_corpus(path: str | Path = ARTICLES) -> Corpus:
    """Read the `.txt`, `.html`, `.csv` and `.jsonl` files of a folder, by name, or one such file.

    A `.txt` is a pasted page or plain text and may hold several articles; a table's texts are bodies as they are.
    `index.csv` beside the files fills in what they do not say. Hidden files, READMEs and subfolders are passed over.
    A relative path is looked for in the working directory, then in the project's root.

    Raises AnalysisError if there is no such path, nothing in it gives an article, or `index.csv` cannot be read.
    """
    try:
        found = next(p for p in (Path(path), ARTICLES.parents[1] / path) if p.exists())
        files = sorted(p for p in found.iterdir() if not _is_passed_over(p)) if found.is_dir() else [found]
    except (StopIteration, OSError, ValueError) as error:
        kinds = ", ".join(SIZE_LIMITS)
        raise AnalysisError(f"{path}: no file or folder that can be read; give one of {kinds}") from error
    articles: dict[str, Article] = {}
    stems: dict[str, str] = {}
    failures: list[Failure] = []
    hashes: dict[str, str] = {}
    for file in files:
        for read in _read(file, hashes):
            if isinstance(read, Article) and read.article_id in articles:
                read = Failure(
                    file.name, None, read.article_id, "read", "an earlier article has this id; they must differ"
                )
            if isinstance(read, Failure):
                failures.append(read)
            else:
                articles[read.article_id], stems[read.article_id] = read, file.stem
    if not articles:
        raise AnalysisError(f"{path}: no article in it; {failures[0].reason if failures else 'it is empty'}")
    failures += _fill_in((found if found.is_dir() else found.parent) / "index.csv", articles, stems)
    table = pd.DataFrame(failures, columns=Failure._fields).astype({"line": "Int64"})
    return Corpus(tuple(articles.values()), table, hashes)


def articles_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row an article: its facts, the words and sentences of its kept blocks, and its flags, joined by "; "."""
    names = ["article_id", "outlet", "title", "title_is_inferred", "author", "date", "kind", "topic", "url", "language"]
    frame = pd.DataFrame([[getattr(article, name) for name in names] for article in articles], columns=names)
    read = [sentences(article) for article in articles]
    flags = ["; ".join(article.flags) for article in articles]
    return frame.assign(words=[sum(s.words for s in own) for own in read], sentences=[*map(len, read)], flags=flags)


def blocks_frame(articles: Sequence[Article]) -> pd.DataFrame:
    """One row a block; `start` and `end` in code points of the file's text, `duplicate_of` missing for originals."""
    names = ["start", "end", "role", "kept", "reason", "duplicate_of"]
    rows = [[a.article_id, *(getattr(block, name) for name in names)] for a in articles for block in a.blocks]
    return pd.DataFrame(rows, columns=["article_id", *names]).astype({"duplicate_of": "Int64"})


def _is_passed_over(path: Path) -> bool:
    return path.is_dir() or path.name == "index.csv" or path.name.upper().startswith((".", "README"))


def _read(path: Path, hashes: dict[str, str]) -> Iterator[Article | Failure]:
    """All articles of one file, or why there are none; no error of the file leaves it."""
    readers = {".txt": _page, ".html": _saved_page, ".htm": _saved_page, ".csv": _table, ".jsonl": _table}
    try:
        suffix = path.suffix.lower()
        if suffix not in readers:
            raise AnalysisError(f"files of this kind are not read; give {', '.join(readers)}")
        data = _content(path, SIZE_LIMITS[suffix])
        hashes[path.name] = hashlib.sha256(data).hexdigest()
        text, flags = _decoded(data)
        yield from readers[suffix](path, text, flags)
    except Exception as error:  # the parsers raise what they like, and one file must not cost the others
        yield Failure(path.name, None, path.stem, "read", str(error))


def _content(path: Path, limit: int) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise AnalysisError("not a regular file")
    if facts.st_size > limit:
        raise AnalysisError(f"{facts.st_size:,} bytes, more than {limit:,}; split it")
    return path.read_bytes()


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, and a flag if it is not UTF-8 or what its byte order mark says; encodings are never guessed.

    >>> _decoded("naïve".encode("cp1252"))
    ('naïve', ('decoded as cp1252',))
    """
    marked = [(codec, ()) for bom, codec in _BOMS if data.startswith(bom)][:1]
    for codec, flags in marked or [("utf-8", ()), ("cp1252", ("decoded as cp1252",))]:
        try:
            return data.decode(codec), flags
        except UnicodeDecodeError as error:
            problem = f"not {codec} at byte {error.start}; save it as UTF-8"
    raise AnalysisError(problem)


def _clean(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with what no table can hold replaced, one for one; flags say so, and where it looks wrongly decoded."""
    if len(text) > TEXT_LIMIT:
        raise AnalysisError(f"{len(text):,} characters of text, more than {TEXT_LIMIT:,}; split it")
    clean = re.sub("[\0\ud800-\udfff]", "\ufffd", text)
    flags = ("NUL or lone surrogate replaced",) if clean != text else ()
    if not clean.isascii():
        from ftfy import fix_encoding

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
    from lxml.etree import strip_elements

    dates = {"extensive_search": False, "original_date": True}  # the wide search would guess
    page = trafilatura.bare_extraction(html, with_metadata=True, include_comments=False, date_extraction_params=dates)
    if page is None or page.body is None:
        raise AnalysisError("trafilatura finds no article in it; save its text as .txt")
    lines = [("subhead" if part.tag == "head" else "paragraph", line) for part in page.body for line in _texts(part)]
    headline = " ".join((page.title or "").split())
    if headline and headline not in [line for _, line in lines[:1]]:
        lines.insert(0, ("headline", headline))
    raw, more = _clean("\n".join(line for _, line in lines))
    roles = ["headline" if line == headline else role for role, line in lines]
    blocks = _blocks(raw, "as the saved page marks it", roles)
    tree = trafilatura.load_html(html)
    strip_elements(tree, "script", "style", with_tail=False)
    visible = re.sub(r"(?is)<(script|style)\b.*?(?:</\1\s{0,9}>|\Z)|<[^<>]*>", " ", html).split()
    if len(" ".join(tree.itertext()).split()) < SEEN * len(visible):
        more += ("text lost in parsing (tags nested too deep)",)
    told = (page.author, page.date, page.sitename, page.url, page.language)
    facts = dict(zip(("author", "date", "outlet", "url", "language"), (fact or "" for fact in told), strict=True))
    title = headline or inferred_title(raw, blocks)
    yield Article(path.stem, raw, blocks, title, not headline, **facts, flags=flags + more)


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
            cells = {key: value for key in ("id", "text", *FACTS) if (value := row.get(key)) is not None}
            wrong = [key for key, value in cells.items() if not isinstance(value, str)]
            if wrong or not all(cells.get(key, "").strip() for key in ("id", "text")):
                raise AnalysisError(f"{', '.join(wrong) or 'id or text'}: empty, missing or no string")
            facts = {key: _clean(value)[0] for key, value in cells.items()}
            flagged = flags + _clean(cells["text"])[1]
            name, raw, title = facts.pop("id"), facts.pop("text"), facts.pop("title", "")
            blocks = _blocks(raw, "body as the table gives it")
            yield Article(name, raw, blocks, title or inferred_title(raw, blocks), not title, **facts, flags=flagged)
        except (AnalysisError, ValueError, csv.Error) as error:
            yield Failure(path.name, number, name, "read", str(error))


def _blocks(raw: str, reason: str, roles: Sequence[str] = ()) -> tuple[Block, ...]:
    """Each line a block with the white space behind it: a paragraph, or as `roles` says; a later headline is a copy."""
    starts = [m.start() for m in re.finditer(r"\S[^\r\n]*", raw)]
    if not starts:
        raise AnalysisError("no text in it")
    made = [Block(0, starts[0], "furniture", False, "blank before the first line")] if starts[0] else []
    for n, (start, end) in enumerate(zip(starts, [*starts[1:], len(raw)], strict=True)):
        role = roles[n] if roles else "paragraph"
        copy_of = starts[roles.index(role)] if role == "headline" and roles.index(role) < n else None
        made.append(Block(start, end, role, copy_of is None, reason, copy_of))
    return tuple(made)


def _csv_rows(text: str, needed: set[str], known: Sequence[str] = ()) -> Iterator[tuple[int, Any]]:
    """The number of its last line, and a row as a dict, or as the error that it is; refuses columns that do not fit."""
    csv.field_size_limit(SIZE_LIMITS[".csv"])  # the limit on text is ours to check, with a clearer message
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = rows.fieldnames or []
    if not needed <= {*columns} or (known and {*columns} - {*known}) or len({*columns}) < len(columns):
        wanted = " and ".join(sorted(needed)) + (f"; known are {', '.join(known)}" if known else "")
        raise AnalysisError(f"line 1: columns are {', '.join(columns)}; needed, once each, are {wanted}")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.reader.line_num, error
            continue
        if row is None:
            return
        if None in row or None in row.values():
            row = AnalysisError(f"not {len(columns)} cells; quote cells that hold a comma")
        yield rows.reader.line_num, row


def _jsonl_rows(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
                yield number, row if isinstance(row, dict) else AnalysisError("not a JSON object")
            except (ValueError, RecursionError) as error:
                yield number, AnalysisError(f"not JSON: {error}")


def _fill_in(path: Path, articles: dict[str, Article], stems: Mapping[str, str]) -> list[Failure]:
    """Put in what `index.csv` says of an article, or of all articles of a file, where they say nothing themselves."""
    failures = []
    ids: dict[str, list[str]] = {}
    for name, stem in stems.items():
        for key in {name, stem}:
            ids.setdefault(key, []).append(name)
    try:
        text = _decoded(_content(path, SIZE_LIMITS[".csv"]))[0] if path.exists() else "article_id"
        for line, row in _csv_rows(text, {"article_id"}, ("article_id", *FACTS, "note")):
            of = "" if isinstance(row, Exception) else row["article_id"]
            if of not in ids:
                reason = str(row) if isinstance(row, Exception) else "names no article that was read"
                failures.append(Failure(path.name, line, of, "index", reason))
            for name in ids.get(of, ()):
                told = articles[name]
                new = {key: row[key] for key in FACTS if row.get(key) and not getattr(told, key)}
                if row.get("title") and told.title_is_inferred:
                    new |= {"title": row["title"], "title_is_inferred": False}
                articles[name] = replace(told, **new)
    except (AnalysisError, OSError, csv.Error) as error:
        raise AnalysisError(f"{path}: {error}") from error
    return failures
