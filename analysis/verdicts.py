"""Verdicts on differences, and each difference in English.

Told apart is what both a test, corrected for the number of tests, and an interval tell apart; of the rest it is said
how large a difference there was too little text to show.
"""

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.resample import LEAST, holm

LEVEL, POWER = 0.05, 0.80
RULE = f"Told apart only where Holm's p is below {LEVEL} and the interval, which is not corrected, leaves out 0."
FEW = f"No interval where fewer than {LEAST} sentences can be counted."
SPOKEN = {"author": "author's words", "direct": "quoted words", "indirect": "reported words", "all": "all voices"}
SPOKEN |= {"headline": "headlines", "caption": "captions"}


def judged(
    table: pd.DataFrame, counts: Callable, names: Mapping[str, str] | None = None, amount: str = "in this much text"
) -> pd.DataFrame:
    """Differences with their verdicts: one family for Holm's correction, a row each.

    Takes the columns KEYS, NUMBERS, unit, left and right (the two sides, of which `names` has those to be told) and
    adds difference, p_holm, verdict, smallest_detectable and sentence, as `difference` explains them. `counts` says of
    a row what it was counted over, `amount` of what there was too little where a difference could have been missed.
    """
    table = table.assign(difference=table["left_value"] - table["right_value"], p_holm=holm(table["p"].to_numpy()))
    told = (table["p_holm"] < LEVEL) & ((table["low"] > 0) | (table["high"] < 0))
    table["verdict"] = np.where(told, np.where(table["difference"] > 0, "higher", "lower"), "cannot tell")
    normal, family = NormalDist(), max(1, table["p"].count())
    table["smallest_detectable"] = (normal.inv_cdf(1 - LEVEL / 2 / family) + normal.inv_cdf(POWER)) * table["error"]
    told = table.replace({"left": names, "right": names}) if names else table
    return table.assign(sentence=[_sentence(row, counts(row), amount) for row in told.itertuples()])


def counted(row: NamedTuple) -> str:
    """What the two values of a row are counted over, "" where the columns are sources."""
    if not np.isfinite(row.n_left):
        return ""
    share = row.unit.startswith(("per ", "share "))
    form = "{:.0f} of {:.0f}" if share else "{:.0f} to {:.0f}" if row.unit.startswith("log ") else "n = {1:.0f}"
    form = "n = {:.0f}" if row.measure == "policy_frame" else form  # sentences that say so by themselves
    return f"{form.format(row.k_left, row.n_left)} against {form.format(row.k_right, row.n_right)}"


def interval(row: NamedTuple) -> str:
    """The interval of a score, to stand in brackets, or that it has none, and its n."""
    return f"{row.low:+.2f} to {row.high:+.2f}" if np.isfinite(row.low) else f"no interval, n = {row.n:.0f}"


def named(measure: str, label: str, voice: str) -> str:
    """What a score is of, in English: "loaded, words that judge, author's words"."""
    label = {"any": "words that judge" if measure == "loaded" else "any kind"}.get(label, label)
    measure, label = measure.replace("_", " "), label.replace("_", " ")
    return ", ".join([measure, *([] if label in measure.split() else [label]), SPOKEN[voice]])


def _sentence(row: NamedTuple, counts: str, amount: str) -> str:
    """A row of `judged` in English, with its counts."""
    what = named(row.measure, row.label, row.voice)
    if not np.isfinite(row.difference):
        sides = (row.left, row.left_value), (row.right, row.right_value)
        undefined = " and ".join(side for side, value in sides if np.isnan(value))
        return f"{what}: cannot tell between {row.left} and {row.right}, it is not defined in {undefined}"
    down, rate = row.difference < 0, row.unit.startswith("per ")
    found = "< 0.001" if row.p_holm < 0.001 else f"= {row.p_holm:.2g}"
    facts = [*[row.unit] * (not rate), *filter(None, [counts]), *[f"Holm p {found}"] * (row.p_holm >= 0)]
    facts = f" ({'; '.join(facts)})" if facts else ""
    if row.difference == 0:
        return f"{what}: cannot tell; {_plain(row.left_value)} in {row.left} and in {row.right}{facts}"
    more = f"{'fewer' if down else 'more'} {row.unit}" if rate else "lower" if down else "higher"
    low, high = (-row.high, -row.low) if down else (row.low, row.high)
    ends = f"95 % {_plain(low)} to {_plain(high)}" if np.isfinite(low) else "no interval"
    found = f"{_plain(abs(row.difference))} {more} in {row.left} than in {row.right}, {ends}{facts}"
    if row.verdict != "cannot tell":
        return f"{what}: {found}"
    least = f"; a difference below {_plain(row.smallest_detectable)} could well have been missed {amount}"
    return f"{what}: cannot tell; {found}" + least * (row.smallest_detectable >= 0)


def _plain(number: float) -> str:
    return f"{number:.1f}" if abs(number) >= 1 else f"{round(number, 2) + 0.0:.2f}"
