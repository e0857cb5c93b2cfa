"""Where a score stands among reference articles, American political news reports and opinion pieces of the 2010s.

`make norms` measures them, with the trained model's voices, into data/norms.csv; data/README.md says what it leaves
out. A rank among them says what is common there, not what is right, and nothing of other countries or other times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.lexicons import NORM_KEYS, Norm, load_norms
from analysis.model import Article

NAMES = {"news": "US news reports", "opinion": "US opinion pieces"}
BAND = (10, 50, 90)  # percentiles: both ends, and the tick between them
# What a score must rest on to be ranked, as in the norms: words in its voice; and attributions, or words of sources
FEWEST_WORDS, FEWEST = 50, dict.fromkeys(("source_type", "named_share", "cue_stance"), 5)
FEWEST |= dict.fromkeys(("effective_sources", "source_evenness"), FEWEST_WORDS)
COLUMNS = ["norm", "norm_n", "norm_low", "norm_median", "norm_high"]
DECIMALS = 4  # of the percentiles in the file; a value is rounded alike, or a third would not tie with a third


def percentile(norm: Norm | None, value: float) -> float:
    """How many reference articles score lower, in percent, ties halved, in between on a line; NaN without either.

    >>> percentile(Norm(200, (0.0,) * 51 + (1.0,) * 50), 0)
    25.0
    """
    if norm is None or not isfinite(value):
        return np.nan
    value, points = round(value, DECIMALS), norm.points
    first, last = bisect_left(points, value), bisect_right(points, value)
    if first < last or not 0 < first < len(points):  # ties, or beyond them all
        return min(max((first + last - 1) / 2, 0.0), len(points) - 1.0)
    return first - 1 + (value - points[first - 1]) / (points[first] - points[first - 1])


def rankable(measure: str, words: float, size: float) -> bool:
    """Whether a score rests on enough: on so many words in its voice, and counted over so much."""
    return words >= FEWEST_WORDS and size >= FEWEST.get(measure, -np.inf)


def with_band(scores: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """Scores with what `plots` draws behind them, COLUMNS: of opinion pieces if all articles are some, else of news."""
    kind = "opinion" if {article.kind for article in articles} == {"opinion"} else "news"
    found = [load_norms().get((kind, *key)) for key in scores[NORM_KEYS[1:]].itertuples(index=False)]
    rows = [(NAMES[kind], norm.n, *(norm.points[i] for i in BAND)) if norm else (None, *[np.nan] * 4) for norm in found]
    bands = pd.DataFrame(rows, scores.index, COLUMNS).where(scores[f"{kind}_percentile"].notna())
    return scores.assign(**bands)  # keeps what failed, in `attrs`


def caption(table: pd.DataFrame) -> str:
    """What the bands of a table from `with_band` are, to end a caption; "" where there is none."""
    shown = table.dropna(subset="norm") if "norm" in table else table.iloc[:0]
    if shown.empty:
        return ""
    n = " to ".join(dict.fromkeys(f"{n:,.0f}" for n in (shown["norm_n"].min(), shown["norm_n"].max())))
    what = "politics, 2010s" + ", collected to study propaganda" * (shown["norm"].iloc[0] == NAMES["opinion"])
    return f" Grey: the middle 80 % of {shown['norm'].iloc[0]} (n = {n}; {what}); tick: their median."


def standing(row: NamedTuple) -> str:
    """How a row of the scores compares, to end a sentence: above how many of either kind; "" without norms."""
    norms = {kind: load_norms().get((kind, row.measure, row.label, row.voice)) for kind in NAMES}
    told = [
        f"{share:.0f} % of {norm.n:,} {NAMES[kind]}"
        for (kind, norm), share in zip(norms.items(), (row.news_percentile, row.opinion_percentile), strict=True)
        if norm and np.isfinite(share)
    ]
    return f", above {' and '.join(told)}" if told else ""
