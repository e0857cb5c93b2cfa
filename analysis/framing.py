"""Frames as evidence to read: cues of the four things that a frame does.

A frame defines a problem, names its cause, judges it and suggests a remedy (Entman, R. M. (1993). Framing: Toward
clarification of a fractured paradigm. Journal of Communication 43(4), 51-58). The cues say where a text may do so;
they are a checklist for a reader and are never added into a score.
"""

from collections.abc import Iterator, Sequence

from analysis.lexicons import index, match
from analysis.model import Article, Span
from analysis.text import sentences


def detect(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """One span per cue; `label` is the function (problem, cause, moral judgement, remedy), `detail` the entry.

    Most cues serve several functions somewhere: "ban" can be the remedy or the problem. The label is the usual one.
    """
    for sentence in sentences(article):
        for hit in match(sentence.tokens, index("entman")):
            start, end = sentence.tokens[hit.first].start, sentence.tokens[hit.last - 1].end
            yield Span("frame", hit.label, start, end, detail=hit.head)
