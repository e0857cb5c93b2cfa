"""The one trained model: text in, the answers of all its heads out, token by token.

A small transformer reads windows of whole sentences once, and every head is a linear layer on each word piece; to a
frame each piece also adds a weight of its own. A token's answer is the mean over its pieces, a sentence's the mean over
its tokens, an article's the mean over all: so every probability opens into the words that make it. Made by
`training/train.py`; data, terms, figures and failures stand in its card, `data/models/encoder.toml`. Runs on
onnxruntime and tokenizers, without the network.
"""

import hashlib
import os
import tomllib
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.model import AnalysisError, Article
from analysis.text import Quotation, Token, once_per_article, outermost, sentences

MODELS = Path(__file__).parents[1] / "data" / "models"
MODEL, CARD = MODELS / "encoder.onnx", MODELS / "encoder.toml"
CLS, SEP = 2, 3
LENGTH = 126  # word pieces of a window, without its two marks
TAGS = "OBIES"  # outside, begin, inside, end, single
KINDS = ("source", "cue", "content")
TECHNIQUES = ("Loaded_Language", "Name_Calling,Labeling", "Doubt", "Exaggeration,Minimisation", "Flag-Waving")
TECHNIQUES += ("Repetition",)
FRAMES = ("Economic", "Capacity_and_resources", "Morality", "Fairness_and_equality")
FRAMES += ("Legality_Constitutionality_and_jurisprudence", "Policy_prescription_and_evaluation", "Crime_and_punishment")
FRAMES += ("Security_and_defense", "Health_and_safety", "Quality_of_life", "Cultural_identity", "Public_opinion")
FRAMES += ("Political", "External_regulation_and_reputation")


class Heads(NamedTuple):
    """Columns of the model's output."""

    tags: slice = slice(0, 15)  # five of TAGS for each of KINDS
    biased: slice = slice(15, 16)
    biased_word: slice = slice(16, 17)
    subjective: slice = slice(17, 18)
    technique: slice = slice(18, 25)  # any of fourteen, then TECHNIQUES
    tone: slice = slice(25, 28)  # negative, neutral, positive
    frame: slice = slice(28, 42)


HEADS = Heads()
_used: ContextVar[bool] = ContextVar("_used", default=True)
WIDTH = HEADS.frame.stop


class Answers(NamedTuple):
    """What the model says of each token of an article's kept sentences, in order."""

    logits: np.ndarray  # (tokens, WIDTH)
    firsts: np.ndarray  # (sentences + 1,) the token at which each sentence begins, and the end

    def by_sentence(self, head: slice) -> np.ndarray:
        """Mean logits of a head over each sentence (sentences, columns)."""
        sizes = np.diff(self.firsts)[:, None]
        return np.add.reduceat(self.logits[:, head].astype(np.float32), self.firsts[:-1]) / sizes


class Pieces(NamedTuple):
    """A text as the model reads it: word pieces, a kind for each, and the number of pieces of each token."""

    ids: np.ndarray  # (pieces,)
    kinds: np.ndarray  # (pieces,) 0 lower case, 1 capitalised, 2 all capitals; 3 more inside quotation marks
    sizes: np.ndarray  # (tokens,) at least 1 each


def pieces(raw: str, tokens: Sequence[Token], quoted: Sequence[Quotation]) -> Pieces:
    """The word pieces of tokens; `quoted` are the outermost quotations of the text."""
    vocabulary = _vocabulary()
    words = [vocabulary(token.form) for token in tokens]
    shapes = (raw[token.start : token.end] for token in tokens)
    cases = [0 if not s[0].isupper() else 2 if len(s) > 1 and s.isupper() else 1 for s in shapes]
    kinds, starts = np.array(cases, dtype=np.int64), [token.start for token in tokens]
    for quotation in quoted:
        kinds[bisect_left(starts, quotation.start) : bisect_left(starts, quotation.end)] += 3
    sizes = np.array([len(word) for word in words], dtype=np.int64)
    return Pieces(np.array([*chain(*words)], dtype=np.int64), np.repeat(kinds, sizes), sizes)


def windows(sizes: np.ndarray, ends: Sequence[int], limit: int = LENGTH) -> Iterator[tuple[int, int]]:
    """Cut tokens of the given sizes into runs of whole sentences of at most `limit` pieces; (first, last) tokens.

    `ends` are the tokens at which sentences end. A sentence longer than a window is cut, at a token.
    """
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    first = last = 0
    for end in ends:
        if offsets[end] - offsets[first] > limit and last > first:
            yield first, last
            first = last
        while offsets[end] - offsets[first] > limit:
            cut = max(int(np.searchsorted(offsets, offsets[first] + limit, side="right")) - 1, first + 1)
            yield first, cut
            first = cut
        last = end
    if last > first:
        yield first, last


def probability(logits: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-logits))


def available() -> bool:
    """Whether the model is to be used: its file is there, and it is not `left_out`."""
    return _used.get() and _there()


@contextmanager
def left_out() -> Iterator[None]:
    """Measure without the model, in this context: instruments fall back to rules or are left out."""
    token = _used.set(False)
    try:
        yield
    finally:
        _used.reset(token)


@cache
def _there() -> bool:
    """Whether the model's file is there; if not, that is said once."""
    if not MODEL.is_file():
        warnings.warn(f"no data/models/{MODEL.name}: rules stand in for the trained model", stacklevel=2)
    return MODEL.is_file()


def calibration(head: str) -> Mapping[str, Any]:
    """What was fitted on dev for a head: `threshold`, the probabilities from which its columns (or all) are present,
    or the weights and `offset` of `wording.in_news`; from the model's card.
    """
    return _card()["calibration"][head]


@once_per_article
def answers(article: Article) -> Answers:
    """The model's reading of an article, kept as long as the article lives; AnalysisError without a sound model."""
    kept = sentences(article)
    firsts = np.concatenate([[0], np.cumsum([len(sentence.tokens) for sentence in kept], dtype=np.int64)])
    made = pieces(article.raw, [token for sentence in kept for token in sentence.tokens], outermost(article))
    offsets = np.concatenate([[0], np.cumsum(made.sizes)])
    cut = [slice(*offsets[[*own]]) for own in windows(made.sizes, firsts[1:].tolist())]
    read = _threads().map(partial(_run, _session()), *([of[own] for own in cut] for of in made[:2]))
    by_piece = np.concatenate([np.empty((0, WIDTH), dtype=np.float32), *read])
    by_token = np.add.reduceat(by_piece, offsets[:-1]) / made.sizes[:, None] if len(made.sizes) else by_piece
    return Answers(by_token.astype(np.float16), firsts)


def _run(session: Any, ids: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """The model's output for one window (pieces, WIDTH)."""
    given = {"input_ids": [CLS, *ids, SEP], "attention_mask": [1] * (len(ids) + 2), "token_type_ids": [0, *kinds, 0]}
    return session.run(None, {name: np.array([row], dtype=np.int64) for name, row in given.items()})[0][0, 1:-1]


@cache
def _card() -> dict:
    return tomllib.loads(CARD.read_text(encoding="utf-8"))


@cache
def _session():
    from onnxruntime import InferenceSession, SessionOptions

    for name, digest in _card()["sha256"].items():
        if hashlib.sha256((MODELS / name).read_bytes()).hexdigest() != digest:
            raise AnalysisError(f"data/models/{name} is not the file of its card: take both from one release")
    options = SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    slow = {"SkipLayerNormFusion"}  # what `training.train.loosen` took apart
    return InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"], disabled_optimizers=slow)


@cache
def _threads() -> ThreadPoolExecutor:
    """One for each core, or OMP_NUM_THREADS (one in a worker of Dask): each reads windows of its own."""
    return ThreadPoolExecutor(int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count())


@cache
def _vocabulary() -> Callable[[str], list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MODELS / "tokenizer.json"))

    @cache
    def ids(form: str) -> list[int]:
        return tokenizer.encode(form, add_special_tokens=False).ids[:LENGTH] or [tokenizer.token_to_id("[UNK]")]

    return ids
