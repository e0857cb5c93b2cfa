"""What the trained model says of wording: biased, subjective, and six techniques of persuasion.

A probability is that of annotators calling such a sentence biased by its word choice (Spinde et al. 2021, Findings of
EMNLP) or subjective (CheckThat! 2025); the words named are those the model takes it from. Techniques after
Da San Martino et al. (2020), SemEval task 11: six of its fourteen are told apart, and "any" marks what is one of the
fourteen, whichever. Such scores do not travel: each is told with the corpus it was measured on. Nothing without the
model.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis import encoder
from analysis.encoder import HEADS, TECHNIQUES, probability
from analysis.model import Article, Span
from analysis.text import sentences

CARRIES = 0.5  # probability from which a word is named as one that the annotators would mark


def detect(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """Layers `biased` and `subjective`: a span `run` per run of one voice (or sentence), its `value` a probability.

    Also `biased`, `word`: a word that carries it (detail: its folded form); and `technique`: one span a technique.
    """
    if not encoder.available():
        return
    answers, read = encoder.answers(article), sentences(article)
    tokens = [token for sentence in read for token in sentence.tokens]
    starts = np.array([token.start for token in tokens])
    for run in voices or read:
        first, last = np.searchsorted(starts, (run.start, run.end))
        for layer in ("biased", "subjective"):
            value = float(probability(answers.of(getattr(HEADS, layer), first, last))[0])
            yield Span(layer, "run", run.start, run.end, value=value)
    carried = probability(answers.logits[:, HEADS.biased_word.start].astype(np.float32))
    for at in np.flatnonzero(carried >= CARRIES):
        word = tokens[at]
        if word.is_word:
            yield Span("biased", "word", word.start, word.end, value=float(carried[at]), detail=word.form)
    used = probability(answers.logits[:, HEADS.technique].astype(np.float32))
    for sentence, (first, last) in zip(read, zip(answers.firsts, answers.firsts[1:], strict=False), strict=True):
        for k, label in enumerate(("any", *TECHNIQUES)):
            for start, end in _stretches(used[first:last, k] >= encoder.thresholds("technique")[k]):
                here = sentence.tokens[start:end]
                value = float(used[first + start : first + end, k].mean())
                yield Span("technique", label, here[0].start, here[-1].end, value=value)


def _stretches(marked: np.ndarray) -> Iterator[tuple[int, int]]:
    """The runs of true values, as [first, last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
