"""Every token has a voice: author, quoted, reported, headline or caption.

Voices are spans of the layer `voice` that cut each sentence into runs; all other layers take theirs from them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from analysis.model import Article, Span
from analysis.text import FIRST_PERSON, Quotation, Sentence, sentences, touched, verbatim

OF_ROLE = {"headline": "headline", "subhead": "headline", "caption": "caption", "paragraph": "author"}


def detect(article: Article, attributions: Iterable[Span] = ()) -> Iterator[Span]:
    """Cut every sentence into runs of one voice and one source; `value` is a run's number of words, `label` its role.

    Words in the content of an attribution are `direct` where it is verbatim (`text.verbatim`), else `indirect`; where
    contents are nested the outermost source speaks. All other words have the voice of their block: those after "I
    think" and around "seems", too, which annotators of attributions mark. The runs hold each word exactly once.
    """
    quoted, said = verbatim(article), [*attributions]
    named = {s.group for s in said if s.label == "source"}
    mine = {s.group for s in said if (s.label == "source" or s.group not in named) and _is_own(article.raw, s, quoted)}
    contents = [s for s in said if s.label == "content" and s.group not in mine]
    contents = sorted(contents, key=lambda s: (s.start, -s.end))[::-1]
    for sentence in sentences(article):
        own = OF_ROLE[sentence.role]
        if own == "author" and _reaches(contents, sentence.start, sentence.end):
            yield from _runs(sentence, contents, quoted)
        else:
            yield Span("voice", sentence.role, sentence.start, sentence.end, voice=own, value=sentence.words)


def _is_own(raw: str, span: Span, quoted: Sequence[Quotation]) -> bool:
    """Whether the author speaks: the source is "I" or "we", or to nobody named it "seems"; outside quotation marks."""
    own = {"source": FIRST_PERSON, "cue": ("seem", "seems", "seemed", "appear", "appears", "appeared")}
    return raw[span.start : span.end].lower() in own.get(span.label, ()) and not touched(span.start, span.end, quoted)


def _reaches(ahead: list[Span], start: int, end: int) -> bool:
    """Whether the next of what is `ahead` (the last) touches start:end; what ends by `start` is dropped."""
    while ahead and ahead[-1].end <= start:
        ahead.pop()
    return bool(ahead) and ahead[-1].start < end


def _runs(sentence: Sentence, contents: list[Span], quoted: Sequence[Quotation]) -> Iterator[Span]:
    """Runs of one sentence; punctuation that no content holds stays with the run before it."""
    runs: list[list] = []  # [voice, source_id, start, end, words]
    inside = touched(sentence.start, sentence.end, quoted)
    for token in sentence.tokens:
        content = contents[-1] if _reaches(contents, token.start, token.start + 1) else None
        if content is None and not token.is_word and runs:
            runs[-1][3] = token.end
            continue
        spoken = "direct" if inside and touched(token.start, token.start + 1, inside) else "indirect"
        voice, source = (spoken, content.source_id) if content else ("author", "")
        if runs and runs[-1][:2] == [voice, source]:
            runs[-1][3:] = [token.end, runs[-1][4] + token.is_word]
        elif runs and not runs[-1][4]:  # a mark before the first word is of its voice
            runs[-1][:2], runs[-1][3:] = [voice, source], [token.end, int(token.is_word)]
        else:
            runs.append([voice, source, token.start, token.end, int(token.is_word)])
    for voice, source, start, end, words in runs:
        if words:
            yield Span("voice", sentence.role, start, end, voice=voice, source_id=source, value=words)


def voice_at(voices: Sequence[Span], start: int, end: int = 0) -> tuple[str, str]:
    """Voice and source of the first run that a stretch of text touches, else of the last before it; `voices` in order.

    A quotation that opens with marks alone ("“#$%! No,” she said") begins between two runs.
    """
    at = bisect_right(voices, start, key=attrgetter("end"))
    if at == len(voices) or voices[at].start >= max(end, start + 1):
        at -= 1
    return (voices[at].voice, voices[at].source_id) if at >= 0 else ("author", "")
