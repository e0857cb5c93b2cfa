"""Tone: VADER's compound score of each run of one voice, and the words that make it.

Tone is not bias: VADER rates what is told as well as how ("ten people were killed" is very negative).
Reference: Hutto, C. J. & Gilbert, E. (2014). VADER. Proceedings of ICWSM 8.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from string import punctuation

from analysis.model import Article, Span
from analysis.text import fold, sentences

NEUTRAL = 0.05  # Hutto & Gilbert's own threshold
# VADER's time is quadratic in emoji and in words after "but": .3 s for 1,000 emoji, 5 s for 4,000. The longest of
# the 3,879 sentences in BASIL's training articles has 553 characters.
LONGEST = 1_000
_DASHES = str.maketrans("—–―", "   ")


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
    after the first 1,000 characters is not read.

    >>> tone("The harbour trial was a success."), tone("It isn’t a success.")
    (0.5719, -0.4585)
    """
    return _vader()[0](_mended(text)[0])["compound"]


def tone_label(value: float) -> str:
    """`positive`, `negative` or, closer to 0 than .05, `neutral`."""
    return "neutral" if abs(value) < NEUTRAL else "positive" if value > 0 else "negative"


def tone_words(text: str, base: int = 0) -> Iterator[Span]:
    """The words of a passage with a valence in VADER's lexicon, cut as VADER cuts them; emoji are left out.

    Negation, boosters and "but" are not in the value: "not good" gives "good", 1.9. Only `tone` has them.
    """
    folded, offsets = _mended(text)
    for piece in re.finditer(r"\S+", folded):
        word = piece.group().strip(punctuation)
        word = word if len(word) > 2 else piece.group()  # VADER keeps the marks of short pieces: they may be emoticons
        if (valence := _vader()[1].get(word.lower())) is not None:
            start = piece.start() + piece.group().index(word)
            ends = (start, start + len(word))
            first, last = ends if offsets is None else (offsets[ends[0]], offsets[ends[1] - 1] + 1)
            yield Span("tone", "word", base + first, base + last, value=valence, detail=word.lower())


def _mended(text: str) -> tuple[str, list[int] | None]:
    folded, offsets = fold(text[:LONGEST])
    return folded.translate(_DASHES), offsets


@cache
def _vader() -> tuple[Callable[[str], dict[str, float]], Mapping[str, float]]:
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentimentIntensityAnalyzer  # reads its lexicon when made

    analyzer = SentimentIntensityAnalyzer()
    return analyzer.polarity_scores, {w: v for w, v in analyzer.lexicon.items() if w not in BOOSTER_DICT}
