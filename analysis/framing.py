"""Frames: the policy frames of an article by the trained model, and cues of the four things that a frame does.

Policy frames are the fourteen dimensions of Boydstun et al. (2014), several to an article (SemEval-2023, task 3). They
are not topics, and words of one are not yet the frame. A frame defines a problem, names its cause, judges it and
suggests a remedy (Entman, R. M. (1993). Framing: Toward clarification of a fractured paradigm. Journal of Communication
43(4), 51-58). The cues say where a text may do so; they are a checklist for a reader and are never added into a score.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from analysis import encoder
from analysis.encoder import FRAMES, HEADS, probability
from analysis.lexicons import index, load_background, matches
from analysis.model import Article, Span
from analysis.text import sentences

FUNCTIONS = ("problem", "cause", "moral judgement", "remedy")
CARRIES = 0.5  # probability from which a sentence is named as carrying a frame of its article


def detect(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """One span per cue; `label` is the function (problem, cause, moral judgement, remedy), `detail` the entry.

    Most cues serve several functions somewhere: "ban" can be the remedy or the problem. The label is the usual one.
    """
    for _, words, hit in matches(article, index("entman")):
        yield Span("frame", hit.label, words[0].start, words[-1].end, detail=hit.head)


def policy(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """The sentences that carry a policy frame which the article has, group "policy"; `value` is their probability.

    Nothing without the model. The article's own probability is that of the mean over all its words, see `score`.
    """
    if not encoder.available() or not sentences(article):
        return
    answers = encoder.answers(article)
    own = probability(answers.by_sentence(HEADS.frame))
    whole = probability(answers.logits[:, HEADS.frame].mean(axis=0, dtype=np.float32))
    for k in np.flatnonzero(whole >= encoder.calibration("frame")["threshold"]):
        for i in np.flatnonzero(own[:, k] >= max(whole[k], CARRIES)):
            sentence = sentences(article)[i]
            yield Span("frame", FRAMES[k], sentence.start, sentence.end, value=float(own[i, k]), group="policy")


def familiar(article: Article) -> float:
    """Share of an article's words that stand, five times or more, in news like that the model learnt from; 0 to 1."""
    words = [token.form for sentence in sentences(article) for token in sentence.tokens if token.is_word]
    return sum(word in load_background() for word in words) / max(len(words), 1)
