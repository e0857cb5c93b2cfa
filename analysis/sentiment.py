"""Tone: VADER's compound score of each run of one voice, and the words that make it.

Tone is not bias: VADER rates what is told as well as how ("ten people were killed" is very negative).
Reference: Hutto, C. J. & Gilbert, E. (2014). VADER. Proceedings of ICWSM 8.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from string import punctuation
from typing import NamedTuple

from analysis.model import Article, Span
from analysis.text import fold, sentences

NEUTRAL = 0.05  # Hutto & Gilbert's own threshold
LONGEST = 1_000  # characters; the longest of the 3,879 sentences in BASIL's training articles has 553
_DASHES = str.maketrans("—–―", "   ")


class _Word(NamedTuple):
    """A word as VADER cuts it, the same in lower case, and its valence in VADER's lexicon, if it has one."""

    said: str
    lower: str
    valence: float | None


class _Near(NamedTuple):
    """A word and those around it, under the names by which VADER looks at them."""

    words_and_emoticons: Sequence[str]
    is_cap_diff: bool


def detect(article: Article, voices: Sequence[Span] = ()) -> Iterator[Span]:
    """One span `tone` per run of one voice (or per sentence, without voices), then one span `word` per tone word.

    `value` is the compound score of a run, -1 to 1, and the valence of a word, -4 to 4 (see `tone_words`).
    """
    for run in voices or sentences(article):
        passage = article.raw[run.start : run.end]
        yield Span("tone", "tone", run.start, run.end, value=tone(passage))
        yield from tone_words(passage, run.start)


def tone(text: str) -> float:
    """VADER compound of one sentence or less, -1 to 1; never of an article, where it saturates.

    Curly apostrophes, invisible characters and unspaced dashes, which hide words from VADER, are mended first. Text
    after the first 1,000 characters is not read. The score is that of VADER's `polarity_scores`, which asks every word
    about all words in quadratic time; what its rules look at is three words before and two after.

    >>> tone("The harbour trial was a success."), tone("It isn’t a success.")
    (0.5719, -0.4585)
    """
    analyzer, emoji = _vader()
    read = _mended(text)[0]
    if not read.isascii():
        read = emoji.sub(lambda m: " " * (m.string[m.start() - 1 : m.start()] != " ") + analyzer.emojis[m[0]], read)
    words = [_word(piece) for piece in read.split()]
    rated = [i for i, word in enumerate(words) if word.valence is not None]
    if not rated:
        return 0.0
    said, lower = [word.said for word in words], [word.lower for word in words]
    valences, differ = [0] * len(words), 0 < sum(map(str.isupper, said)) < len(said)
    for i in rated:
        if lower[i : i + 2] != ["kind", "of"]:
            first = max(i - 3, 0)
            near = _Near(said[first : i + 3], differ)
            valences[i] = analyzer.sentiment_valence(0, near, said[i], i - first, [])[0]
    valences = analyzer._but_check(said, valences) if "but" in lower else valences
    return analyzer.score_valence(valences, read)["compound"]


def tone_label(value: float) -> str:
    """`positive`, `negative` or, closer to 0 than .05, `neutral`."""
    return "neutral" if abs(value) < NEUTRAL else "positive" if value > 0 else "negative"


def tone_words(text: str, base: int = 0) -> Iterator[Span]:
    """The words of a passage with a valence in VADER's lexicon, cut as VADER cuts them; emoji are left out.

    Negation, boosters and "but" are not in the value: "not good" gives "good", 1.9. Only `tone` has them.
    """
    folded, offsets = _mended(text)
    for piece in re.finditer(r"\S+", folded):
        if (word := _word(piece[0])).valence is not None:
            start = piece.start() + piece[0].index(word.said)
            ends = (start, start + len(word.said))
            first, last = ends if offsets is None else (offsets[ends[0]], offsets[ends[1] - 1] + 1)
            yield Span("tone", "word", base + first, base + last, value=word.valence, detail=word.lower)


@lru_cache(maxsize=20_000)
def _word(piece: str) -> _Word:
    word = piece.strip(punctuation)
    word = word if len(word) > 2 else piece  # VADER keeps the marks of short pieces: they may be emoticons
    return _Word(word, word.lower(), _vader()[0].lexicon.get(word.lower()))


def _mended(text: str) -> tuple[str, list[int] | None]:
    folded, offsets = fold(text[:LONGEST])
    return folded.translate(_DASHES), offsets


@cache
def _vader() -> tuple:
    """VADER's analyzer, and a pattern of the emoji that it reads as words."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # reads its lexicon when made

    analyzer = SentimentIntensityAnalyzer()
    return analyzer, re.compile(f"[{re.escape(''.join(mark for mark in analyzer.emojis if len(mark) == 1))}]")
