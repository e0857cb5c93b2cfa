"""What the trained model says of wording: biased, subjective, and six techniques of persuasion.

A probability is that of annotators calling such a sentence biased by its word choice (Spinde et al. 2021, Findings of
EMNLP) or subjective (CheckThat! 2025). Of the sentences that annotators of bias are handed one by one, half are biased;
where a text runs on, one in twenty (BASIL). So there a sentence is judged by the words that carry it and its length,
and one half is where F1 on news is best: more than an even chance is then no probability of annotators, but the point
of decision.
Techniques after Da San Martino et al. (2020), SemEval task 11: six of its fourteen are told apart, and "any" marks what
is one of the fourteen, whichever. Such scores do not travel: each is told with the corpus it was measured on. Nothing
without the model.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis import encoder
from analysis.encoder import HEADS, TECHNIQUES, probability
from analysis.model import Article, Span
from analysis.text import sentences

JUDGED = ("biased", "subjective")
RUNNING = 5  # sentences from which a text runs on
CARRIES = 0.5  # probability from which a word is named as one that the annotators would mark
# A technique goes on while it is half as likely as it must be somewhere in its stretch (as edges are followed in
# pictures, Canny 1986). On PTC dev .5 and .6 of it have F1 .43, .3 .42, without .40, each at its best cut.
STAYS = 0.5


def detect(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """Layers `biased` and `subjective`: a span `run` per run of one voice (or sentence), its `value` a probability.

    Also `biased`, `word`: a word that carries it (detail: its folded form); and `technique`: one span a technique.
    """
    if not encoder.available():
        return
    answers, read = encoder.answers(article), sentences(article)
    tokens = [token for sentence in read for token in sentence.tokens]
    runs = voices or read
    places = np.searchsorted([token.start for token in tokens], [(run.start, run.end) for run in runs])
    for run, values in zip(runs, judged(article, places), strict=True):
        for layer, value in zip(JUDGED, values.tolist(), strict=True):
            yield Span(layer, "run", run.start, run.end, value=value)
    carried = probability(answers.logits[:, HEADS.biased_word.start].astype(np.float32))
    for at in np.flatnonzero(carried >= CARRIES):
        word = tokens[at]
        if word.is_word:
            yield Span("biased", "word", word.start, word.end, value=float(carried[at]), detail=word.form)
    used = probability(answers.logits[:, HEADS.technique].astype(np.float32))
    thresholds = encoder.calibration("technique")["threshold"]
    for i, k in np.argwhere(np.maximum.reduceat(used, answers.firsts[:-1]) >= thresholds).tolist():
        first, last = answers.firsts[i : i + 2]
        for start, end in stretches(used[first:last, k], thresholds[k]):
            words = [at for at in range(first + start, first + end) if tokens[at].is_word]
            if words:  # from word to word, as nine in ten of the annotators' spans
                begin, end = tokens[words[0]].start, tokens[words[-1]].end
                value = float(used[words[0] : words[-1] + 1, k].mean())
                yield Span("technique", ("any", *TECHNIQUES)[k], begin, end, value=value)


def judged(article: Article, places: Sequence[Sequence[int]]) -> np.ndarray:
    """How biased and how subjective the tokens [first, last) of each place are, 0 to 1 (places, 2)."""
    logits = np.divide(*_sums(np.add, article, [getattr(HEADS, name).start for name in JUDGED], places))
    if len(sentences(article)) >= RUNNING:
        fitted = encoder.calibration("biased_in_news")
        logits[:, 0] = in_news(article, places) @ (fitted["slope"], fitted["length"]) + fitted["offset"]
    return probability(logits)


def in_news(article: Article, places: Sequence[Sequence[int]]) -> np.ndarray:
    """What judges the tokens [first, last) of each place in running text (places, 2): the sum over its words of what
    carries bias (log-sum-exp of logits), and the log of its length; a long sentence holds more words by chance.
    """
    carried, sizes = _sums(np.logaddexp, article, [HEADS.biased_word.start], places)
    return np.hstack([carried, np.log(sizes)])


def _sums(add: np.ufunc, article: Article, columns: Sequence[int], places: Sequence[Sequence[int]]) -> Sequence:
    """The sums of the model's columns over the tokens [first, last) of each place (places, columns), and how many."""
    own = np.array(places, dtype=int).reshape(-1, 2)
    logits = encoder.answers(article).logits[:, columns].astype(np.float32)
    return add.reduceat(np.pad(logits, [(0, 1), (0, 0)]), own.ravel())[::2], np.diff(own)


def stretches(chances: np.ndarray, threshold: float) -> Iterator[tuple[int, int]]:
    """Where a technique stands, from its probability at each token of a sentence: tokens [first, last) that reach
    `threshold` somewhere and STAYS of it all along.

    >>> [*stretches(np.array([0.2, 0.4, 0.3, 0.1, 0.3]), 0.4)]
    [(0, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (chances >= STAYS * threshold).astype(np.int8), [0]])))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if chances[first:last].max() >= threshold:
            yield first, last
