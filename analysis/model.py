"""What the suite talks about: an article, its blocks, spans of its text, a word list.

All offsets are Python code points into `Article.raw`, end exclusive. Nothing here reads, tokenises or measures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ROLES = ("headline", "kicker", "dateline", "byline", "subhead", "paragraph", "caption", "notice", "furniture")
MEASURED_ROLES = ("headline", "subhead", "paragraph", "caption")
VOICES = ("author", "direct", "indirect", "headline", "caption")
VOICE_NAME = dict(zip(VOICES, ("author", "quoted", "reported", "heading", "caption"), strict=True))  # for readers
LAYERS = ("voice", "attribution", "tone", "loaded", "biased", "subjective", "technique", "target", "frame")

# columns of the tables
SPAN_COLUMNS = ["article_id", "layer", "label", "start", "end", "text", "voice", "source_id"]
SPAN_COLUMNS += ["value", "group", "detail"]
SCORE_COLUMNS = ["article_id", "measure", "label", "voice", "k", "n", "value", "unit", "low", "high"]
SCORE_COLUMNS += ["news_percentile", "opinion_percentile"]
SENTENCE_COLUMNS = ["article_id", "sentence", "start", "end", "role", "words", *VOICES, "biased", "subjective"]
ARTICLE_COLUMNS = ["article_id", "outlet", "title", "title_is_inferred", "author", "date", "kind", "topic", "url"]
ARTICLE_COLUMNS += ["language", "words", "sentences", "flags"]


class AnalysisError(Exception):
    """An input, a data file or a parameter that cannot be used; the message says which, why, and what to do."""


class Failure(NamedTuple):
    """One row of the table `failures`: an input that gave no article, a line of `index.csv` that met none, or a measure
    that failed on an article; `path` and `line` say where the article came from, as far as is known.
    """

    path: str
    line: int | None
    article_id: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the raw text with one role; `kept` blocks are measured, the others are accounted for.

    `reason` says in words why the block has its role; `duplicate_of` is the start of the block it repeats.
    """

    start: int
    end: int
    role: str
    kept: bool
    reason: str = ""
    duplicate_of: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"block {self.start}:{self.end} is empty or reversed")
        if self.role not in ROLES:
            raise ValueError(f"block role {self.role!r} is none of {', '.join(ROLES)}")
        if self.kept and self.role not in MEASURED_ROLES:
            raise ValueError(f"a {self.role} is not measured text and cannot be kept")


BLOCK_COLUMNS = ["article_id", *Block.__dataclass_fields__]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Article:
    """One article and the raw text of the file it stands in, with the blocks that belong to it.

    Several articles of one page share `raw`; their blocks are disjoint and together cover it.
    Empty strings are facts that the input does not give. Compared by identity: make it once, pass it on.
    """

    article_id: str
    raw: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    title: str = ""
    title_is_inferred: bool = False
    author: str = ""
    date: str = ""
    outlet: str = ""
    kind: str = ""
    topic: str = ""
    url: str = ""
    language: str = ""
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.article_id:
            raise ValueError("an article needs an id")
        end = 0
        for block in self.blocks:
            if block.start < end or block.end > len(self.raw):
                raise ValueError(f"{self.article_id}: block {block.start}:{block.end} overlaps or leaves the text")
            end = block.end


@dataclass(frozen=True, slots=True)
class Span:
    """One thing we can point at in an article's text, as one layer sees it.

    Detectors leave `voice` and `source_id` empty; `measures.find_spans` fills them in from the voices.
    """

    layer: str
    label: str
    start: int
    end: int
    voice: str = ""
    source_id: str = ""
    value: float | None = None
    group: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"{self.layer} span {self.start}:{self.end} is empty or reversed")
        if self.layer not in LAYERS:
            raise ValueError(f"span layer {self.layer!r} is none of {', '.join(LAYERS)}")
        if self.voice and self.voice not in VOICES:
            raise ValueError(f"span voice {self.voice!r} is none of {', '.join(VOICES)}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One form of a lexicon entry: its label, its head word, and the neighbours that rule it out.

    `not_before` and `not_after` are folded tokens that may not follow or precede; "#" stands for any number.
    """

    label: str
    head: str
    not_before: frozenset[str] = frozenset()
    not_after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A word list with its pedigree. `entries` maps the folded tokens of each form to its entry."""

    name: str
    title: str
    family: str
    citation: str
    licence: str
    caveat: str
    entries: Mapping[tuple[str, ...], Entry] = field(repr=False)

    def __post_init__(self) -> None:
        for key in ("title", "family", "citation", "licence", "caveat"):
            if not getattr(self, key):
                raise ValueError(f"lexicon {self.name}: no {key}")
        if not self.entries:
            raise ValueError(f"lexicon {self.name}: no entries")
