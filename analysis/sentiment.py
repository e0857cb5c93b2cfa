"""Tone: VADER's compound score of each run of one voice, and the words that make it.

Tone is not bias: VADER rates what is told as well as how ("ten people were killed" is very negative).
Reference: Hutto, C. J. & Gilbert, E. (2014). VADER. Proceedings of ICWSM 8.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from string import punctuation
from types import SimpleNamespace

from analysis.model import Article, Span
from analysis.text import fold, sentences

NEUTRAL = 0.05  # Hutto & Gilbert's own threshold
# Words after "but" take time that grows with the square of their number. The longest of the 3,879 sentences in BASIL's
# training articles has 553 characters.
LONGEST = 1_000


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
    passage, words, rated = _rated(text)
    if not rated:
        return 0.0
    # `polarity_scores`, but that around each word only those are read on which its score depends: linear, much faster
    vader, scores = _vader(), [0.0] * len(words)
    sentence = SimpleNamespace(is_cap_diff=0 < sum(map(str.isupper, words)) < len(words))
    for i in rated:
        first = max(0, i - 3)
        sentence.words_and_emoticons = words[first : i + 3]
        [scores[i]] = vader.sentiment_valence(0, sentence, words[i], i - first, [])
    return vader.score_valence(vader._but_check(words, scores), passage)["compound"]


def tone_label(value: float) -> str:
    """`positive`, `negative` or, closer to 0 than .05, `neutral`."""
    return "neutral" if abs(value) < NEUTRAL else "positive" if value > 0 else "negative"


def tone_words(text: str, base: int = 0) -> Iterator[Span]:
    """The words of a passage with a valence in VADER's lexicon, cut as VADER cuts them; emoji are left out.

    Negation, boosters and "but" are not in the value: "not good" gives "good", 1.9. Only `tone` has them.
    """
    valences, (passage, offsets, words, low) = _vader().lexicon, _read(text)
    rated = [(i, word) for i, word in enumerate(low) if word in valences]
    pieces = [*re.finditer(r"\S+", passage)] if rated else []
    for i, word in rated:
        start = pieces[i].start() + pieces[i].group().index(words[i])
        ends = (start, start + len(words[i]))
        first, last = ends if offsets is None else (offsets[ends[0]], offsets[ends[1] - 1] + 1)
        yield Span("tone", "word", base + first, base + last, value=valences[word], detail=word)


def _rated(text: str) -> tuple[str, list[str], list[int]]:
    """A text as VADER reads it, its words, and which of them have a valence."""
    vader, emoji, (passage, _, words, low) = _vader(), _vader().emojis, _read(text)
    if not (passage.isascii() or emoji.keys().isdisjoint(passage)):  # the words for each stand in its place
        after = zip(passage, f" {passage}", strict=False)
        passage = "".join(" " * (last != " ") + emoji[char] if char in emoji else char for char, last in after)
        words, low = _words(passage)
    known = enumerate(low) if not vader.lexicon.keys().isdisjoint(low) else ()
    return passage, words, [i for i, word in known if word in vader.lexicon and low[i : i + 2] != ["kind", "of"]]


@lru_cache(maxsize=1)  # of a passage, tone and words are asked for
def _read(text: str) -> tuple[str, list[int] | None, list[str], list[str]]:
    """A text mended, the way back to its offsets, its words, and these in lower case."""
    folded, offsets = fold(text[:LONGEST])
    passage = folded.replace("—", " ").replace("–", " ").replace("―", " ")
    return passage, offsets, *_words(passage)


def _words(passage: str) -> tuple[list[str], list[str]]:
    """The words as VADER cuts them; it keeps the marks of short pieces, for they may be emoticons."""
    pieces = passage.split()
    words = [word if len(word := piece.strip(punctuation)) > 2 else piece for piece in pieces]
    return words, [word.lower() for word in words]


@cache
def _vader():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # reads its lexicon when made

    return SentimentIntensityAnalyzer()
