"""From the model's tags to well-formed attributions: sources, cues and contents, each linked to its fellows.

The tags of each kind are decoded by themselves (Viterbi over begin, inside, end, single, outside), so that each stretch
has a beginning and an end and none leaves its paragraph. Then each content goes to a cue, and each cue to a source, of
its sentence: the nearest, where passing over another of its kind counts as distance.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from analysis import encoder
from analysis.encoder import HEADS, KINDS, TAGS
from analysis.model import Article
from analysis.text import sentences

Run = tuple[int, int]  # tokens [first, last)
BESIDE = 3  # tokens between a cue and the content in the next sentence or paragraph: a colon, a quotation mark
LEAN = 0.1  # log-odds against "outside"; 0 to .3 have share errors of .036 on PolNeAR dev, word F1 of .913 to .915


class Attribution(NamedTuple):
    """Who says what, in stretches of tokens or, in the end, of raw text; the source or the cue may be missing."""

    source: Run | None
    cue: Run | None
    contents: list[Run]
    stance: str = ""
    start: int = 0  # where its clause begins


def attributions(article: Article) -> list[Attribution]:
    """The attributions in the paragraphs of an article, by the numbers of all its kept tokens."""
    read, answers = sentences(article), encoder.answers(article)
    found: dict[str, list[Run]] = {kind: [] for kind in KINDS}
    for _, own in groupby(range(len(read)), key=lambda i: read[i].block):
        numbers = list(own)
        if read[numbers[0]].role == "paragraph":
            first, last = int(answers.firsts[numbers[0]]), int(answers.firsts[numbers[-1] + 1])
            for kind, runs in decode(answers.logits[first:last, HEADS.tags]).items():
                found[kind] += [(start + first, end + first) for start, end in runs]
    sentence_of = np.repeat(np.arange(len(read)), np.diff(answers.firsts)).tolist()
    block_of = [sentence.block for sentence in read]
    return [linked for linked in link(found, sentence_of, block_of) if linked.contents]


def decode(logits: np.ndarray) -> dict[str, list[Run]]:
    """The stretches of each kind in one paragraph, from its logits (tokens, 15)."""
    scores = logits.astype(np.float32).reshape(len(logits), len(KINDS), len(TAGS))
    scores = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    spoken = scores[..., 0].min(axis=0) <= -0.02  # else nobody speaks here, and the best way is outside all along
    scores[..., 0] -= LEAN
    return {kind: _runs(scores[:, k].tolist()) if spoken[k] else [] for k, kind in enumerate(KINDS)}


def _runs(scores: Sequence[Sequence[float]]) -> list[Run]:
    """The stretches on the likeliest way through the tags, from the log-probabilities of each token (TAGS).

    Kept are the likeliest way that is outside after a token and the likeliest inside, their stretches as a chain.
    """
    outside, chain = 0.0, None
    inside, begun, before = -np.inf, 0, None
    for at, (out, begin, middle, end, single) in enumerate(scores):
        best = max(outside + out, inside + end, outside + single)
        if best == outside + out:
            closed = chain
        else:
            closed = (before, (begun, at + 1)) if best == inside + end else (chain, (at, at + 1))
        if outside + begin >= inside + middle:
            inside, begun, before = outside + begin, at, chain
        else:
            inside += middle
        outside, chain = best, closed
    runs: list[Run] = []
    while chain:
        chain, run = chain
        runs.append(run)
    return runs[::-1]


def link(found: Mapping[str, Sequence[Run]], sentence_of: Sequence[int], block_of: Sequence[int]) -> list[Attribution]:
    """The attributions of an article, in order, from the sentence of each token and the paragraph of each sentence.

    A cue takes the contents nearest to it, and the source nearest to it, which may serve several cues. A content in a
    sentence without a cue belongs to a cue beside it that has none, across paragraphs too (X said: "A"), or else goes
    on with what was said before it in its paragraph.
    """
    cues = found["cue"]
    contents: dict[Run | None, list[Run]] = {cue: [] for cue in (*cues, None)}
    alone = []
    for content in found["content"]:
        if cue := _nearest(content, cues, sentence_of):
            contents[cue].append(content)
        else:
            alone.append(content)
    for content in alone:
        after = bisect_left(cues, content)
        before = cues[after - 1] if after else None
        beside = [cue for cue in (before, *cues[after : after + 1]) if cue and not contents[cue]]
        goes_on = before and block_of[sentence_of[before[0]]] == block_of[sentence_of[content[0]]]
        close = (cue for cue in beside if _gap(cue, content) <= BESIDE)
        contents[next(close, before if goes_on else None)].append(content)
    made = [Attribution(_nearest(cue, found["source"], sentence_of), cue, sorted(contents[cue])) for cue in cues]
    return [*made, *(Attribution(None, None, [content]) for content in contents[None])]


def _nearest(run: Run, others: Sequence[Run], sentence_of: Sequence[int]) -> Run | None:
    """Of other stretches, which are in order and do not overlap, the nearest that shares a sentence with this one."""
    first = bisect_left(sentence_of, sentence_of[run[0]])
    last = bisect_right(sentence_of, sentence_of[run[1] - 1])
    after = bisect_right(others, run[0], key=itemgetter(1))
    near = (other for other in others[max(after - 1, 0) : after + 1] if other[1] > first and other[0] < last)
    return min(near, key=lambda other: _gap(run, other), default=None)


def _gap(a: Run, b: Run) -> int:
    """Tokens between two stretches."""
    return max(max(a[0], b[0]) - min(a[1], b[1]), 0)
