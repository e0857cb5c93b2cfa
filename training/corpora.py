"""The annotated corpora, each read into documents of tokens with labels; their text goes nowhere else.

A corpus is not part of this repository. `CORPORA` names the public repository of each; without it a head is not
learnt or an instrument not measured, and that is said.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from analysis import encoder
from analysis.model import Article, Block
from analysis.text import Token, outermost, sentences

TONES = ("negative", "neutral", "positive")
# How subjective BABE's annotators found a sentence, on the scale of CheckThat's two labels.
OPINION = {"Entirely factual": 0.0, "No agreement": 0.5, "Somewhat factual but also opinionated": 0.75}
OPINION["Expresses writer’s opinion"] = 1.0
HELD_OUT = 6  # of PTC and SemEval, which have no open dev cut with labels, every sixth article is dev


@dataclass
class Document:
    """A text with the labels that its corpus gives; what it does not give is None or NaN and is not learnt."""

    document_id: str
    article: Article
    units: list[tuple[int, int]]  # tokens [first, last) of each sentence, or of the whole row of a sentence corpus
    tokens: list[Token] = field(default_factory=list)
    pieces: encoder.Pieces | None = None
    tags: np.ndarray | None = None  # (tokens, 3, 5), share of each of encoder.TAGS
    biased_words: np.ndarray | None = None  # (tokens,)
    techniques: np.ndarray | None = None  # (tokens, 7)
    biased: np.ndarray | None = None  # (units,) as is a sentence by itself
    lexical: np.ndarray | None = None  # (units,) as is a sentence of news that holds words of lexical bias
    subjective: np.ndarray | None = None  # (units,)
    mentions: list[tuple[int, int, np.ndarray]] = field(default_factory=list)  # [first, last), share of each tone
    frames: np.ndarray | None = None  # (14,)
    taught: set[str] = field(default_factory=set)  # heads of which the teacher alone said something: tags, tone


def plain_article(article_id: str, raw: str) -> Article:
    """An article of which only the text is known: each non-empty line is a paragraph."""
    blocks, at = [], 0
    for line in raw.splitlines(keepends=True):
        if line.strip():
            blocks.append(Block(at, at + len(line), "paragraph", kept=True))
        at += len(line)
    return Article(article_id, raw, tuple(blocks))


def document(document_id: str, raw: str, *, whole: bool = False) -> Document:
    """A document without labels; `whole` makes the text one unit instead of a unit a sentence."""
    article = plain_article(document_id, raw)
    made = Document(document_id, article, [])
    for sentence in sentences(article):
        made.units.append((len(made.tokens), len(made.tokens) + len(sentence.tokens)))
        made.tokens += sentence.tokens
    if whole and made.tokens:
        made.units = [(0, len(made.tokens))]
    quoted = outermost(article)
    made.pieces = encoder.pieces(raw, made.tokens, quoted) if made.tokens else None
    return made


def names(document: Document) -> Iterator[tuple[int, int]]:
    """Runs of capitalised tokens [first, last) that do not begin a sentence: most are names."""
    kinds = document.pieces.kinds[np.cumsum(document.pieces.sizes) - document.pieces.sizes]
    own = (kinds % 3 > 0) & ~np.isin(np.arange(len(kinds)), [first for first, _ in document.units])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], own.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def covered(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """The tokens that a stretch of text touches, as [first, last)."""
    return bisect_right(tokens, start, key=lambda t: t.end), bisect_left(tokens, end, key=lambda t: t.start)


def marked(tokens: Sequence[Token], spans: Sequence[tuple[int, int]]) -> np.ndarray:
    made = np.zeros(len(tokens), dtype=np.int64)
    for start, end in spans:
        first, last = covered(tokens, start, end)
        made[first:last] = 1
    return made


def rows(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def polnear(path: Path) -> Iterator[Document]:
    for row in rows(path):
        if not row["primary"]:
            continue
        made = document(row["id"], row["text"])
        tags = np.zeros((len(made.tokens), len(encoder.KINDS)), dtype=np.int64)
        for k, kind in enumerate(encoder.KINDS):
            spans = {(s, e) for relation in row["attributions"] for s, e in relation[kind]}
            for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
                first, last = covered(made.tokens, start, end)
                if first == last:
                    continue
                tags[first:last, k] = encoder.TAGS.index("I")
                tags[first, k] = encoder.TAGS.index("B")
                tags[last - 1, k] = encoder.TAGS.index("E" if last - first > 1 else "S")
        made.tags = np.eye(len(encoder.TAGS), dtype=np.float32)[tags]
        yield made


def babe(path: Path) -> Iterator[Document]:
    for row in rows(path):
        if row["label_bias"] not in ("Biased", "Non-biased"):
            continue
        made = document(row["id"], row["text"], whole=True)
        made.biased = np.array([float(row["label_bias"] == "Biased")])
        made.subjective = np.array([OPINION[row["label_opinion"]]])
        spans = [span for word in row["biased_words"] for span in word["spans"]]
        made.biased_words = marked(made.tokens, spans) if made.biased[0] else np.zeros(len(made.tokens), dtype=np.int64)
        yield made


def basil(path: Path) -> Iterator[Document]:
    for row in rows(path):
        made = document(row["id"], row["text"])
        lexical = [(s["start"], s["end"]) for s in row["sentences"] if "lex" in s["labels"]]
        spans = [
            (a["start"], a["end"])
            for a in row["annotations"]
            if a["bias"] == "lex" and not a["in_title"] and a.get("start") is not None
        ]
        made.biased_words = marked(made.tokens, spans)
        inside = marked(made.tokens, lexical)
        made.lexical = np.array([float(inside[first:last].mean() > 0.5) for first, last in made.units])
        yield made


def subjectivity(path: Path) -> Iterator[Document]:
    for row in rows(path):
        made = document(row["id"], row["text"], whole=True)
        made.subjective = np.array([float(row["label"] == "SUBJ")])
        yield made


def newsmtsc(path: Path) -> Iterator[Document]:
    for row in rows(path):
        made = document(row["id"], row["text"], whole=True)
        for target in row["targets"]:
            first, last = covered(made.tokens, target["start"], target["end"])
            if first < last:
                made.mentions.append((first, last, np.eye(3, dtype=np.float32)[TONES.index(target["polarity"])]))
        yield made


def propaganda(path: Path) -> Iterator[Document]:
    """PTC's technique spans, with the frames that SemEval-2023 gives the same articles."""
    frames = {r["id"]: r["frames"] for r in rows(path.parents[1] / "semeval2023_t3_en" / "visible.jsonl")}
    for row in rows(path):
        made = document(row["id"], row["text"])
        marks = [[(s, e) for s, e in row["spans_SI"]]]
        for name in encoder.TECHNIQUES:
            marks.append([(t["start"], t["end"]) for t in row["techniques_TC"] if t["technique"] == name])
        made.techniques = np.stack([marked(made.tokens, spans) for spans in marks], axis=1)
        if frames.get(row["id"]):
            made.frames = np.array([float(f in frames[row["id"]]) for f in encoder.FRAMES])
        yield made


@dataclass(frozen=True)
class Corpus:
    """Where a corpus lies and comes from, and how it is read."""

    name: str
    train: tuple[str, ...]
    dev: tuple[str, ...]
    read: Callable[[Path], Iterator[Document]]
    origin: str
    terms: str
    heads: str


CORPORA = (
    Corpus(
        "PolNeAR",
        ("polnear/train.jsonl",),
        ("polnear/dev.jsonl",),
        polnear,
        "networkdynamics/PolNeAR, commit c3eee833c035bf7b8c84f55b58c0bf7346cfae76, folder data/",
        terms="none stated for the data",
        heads="source, cue and content of attributions",
    ),
    Corpus(
        "PTC",
        ("ptc2020/train.jsonl",),
        (),
        propaganda,
        "gangeshwark/PropagandaNews, commit 817089ff429ca2afb8413ccac829d4ac03f8489e (frames of the same articles: "
        "yrf1/SemEval23-Task-3-UIUC-Team, commit abd8ae30945e1b6acfb8af65afad7129c926d108)",
        terms="none stated; handed out for research",
        heads="spans of six rhetorical techniques; fourteen policy frames",
    ),
    Corpus(
        "BASIL",
        ("basil/train.jsonl",),
        ("basil/dev.jsonl",),
        basil,
        "launchnlp/BASIL, commit 4fdbc4f68d5ddae648990063cb6dd11424d96222, split by event",
        terms="none stated",
        heads="sentences and words of lexical bias, in news",
    ),
    Corpus(
        "NewsMTSC",
        ("newsmtsc/train.jsonl",),
        ("newsmtsc/rw_dev.jsonl", "newsmtsc/mt_dev.jsonl"),
        newsmtsc,
        "fhamborg/NewsMTSC, commit b9d9b79704ed1b35cecaf1d7c2343dc1bd734fb7",
        terms="MIT (repository)",
        heads="tone toward a marked target",
    ),
    Corpus(
        "BABE",
        ("babe/train.jsonl",),
        ("babe/dev.jsonl",),
        babe,
        "Media-Bias-Group/Neural-Media-Bias-Detection-Using-Distant-Supervision-With-BABE, "
        "commit fb79f646dcabf1746f5ebedc06ed8dd61ba78188, split by article",
        terms="AGPL-3.0 (repository), CC BY-NC 4.0 (model cards)",
        heads="sentences and words biased by word choice",
    ),
    Corpus(
        "CheckThat",
        ("checkthat_subjectivity_en/train.jsonl", "checkthat_subjectivity_en/dev_test.jsonl"),
        ("checkthat_subjectivity_en/dev.jsonl",),
        subjectivity,
        "MatteoFasulo/clef2025-checkthat, commit 19868791cfbc4ca597c85ce991c413cba3cb629c, data/english",
        terms="CC BY-NC-SA 4.0",
        heads="subjective sentences",
    ),
)


def is_held_out(number: int) -> bool:
    """Whether the document of this number of PTC is of the dev cut."""
    return number % HELD_OUT == 0


def load(corpus: Corpus, gold: Path) -> tuple[list[Document], list[list[Document]]]:
    """Training documents, and the dev documents of each dev file, in the order of the files."""
    learnt = [made for file in corpus.train for made in corpus.read(gold / file) if made.tokens]
    if not corpus.dev:
        return (
            [d for i, d in enumerate(learnt) if not is_held_out(i)],
            [[d for i, d in enumerate(learnt) if is_held_out(i)]],
        )
    return learnt, [[made for made in corpus.read(gold / file) if made.tokens] for file in corpus.dev]
