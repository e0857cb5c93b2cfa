"""Groups of articles against each other: inference over articles, by outlet, kind, topic, author, year or month.

An article is one observation: a group's value is the mean of its articles' scores, whatever their length. It speaks of
articles like these, not of how they were chosen: a group may differ by its topics alone. No text is needed: `scores`
and `articles_frame` may be read back from what `measure` wrote.
"""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.compare import DRAWS_PER_ROW, KEYS, LEVERAGE_COLUMNS, NUMBERS, PAIRED, levers, numbers
from analysis.counts import ratio
from analysis.lines import parse_date
from analysis.model import AnalysisError
from analysis.resample import DRAWS, MOST, block_weights, percentiles, permutation_p, resampled
from analysis.tables import listed
from analysis.verdicts import judged

BY = ("outlet", "kind", "topic", "author", "year", "month")
LEAST = 5  # articles of a group, for an interval and a test: four against four reach no p below 2/70
SHOWN = 12  # groups that are shown apart; the others are put together
LISTED = 10  # ids of articles in a cell
REST = "the rest"
COLUMNS = ["group", "against", *KEYS, "n_left", "n_right", "left_value", "right_value", "difference", "low", "high"]
COLUMNS += ["p", "p_holm", "verdict", "smallest_detectable", "unit", "articles", "sentence"]


def named(facts: pd.DataFrame, by: str) -> pd.Series:
    """The group of each article, by its id; "" where the fact is not stated, or a date has no year or month.

    `facts` as from `articles_frame`. A month is YYYY-MM. Of more than SHOWN groups, the smallest are put together.
    """
    if by not in BY:
        raise AnalysisError(f"by={by!r}: valid are {', '.join(BY)}, or '' for articles against each other")
    facts = facts.sort_values("article_id")  # so that neither ties in size nor the resampling depend on their order
    found = facts[by if by in facts else "date"].fillna("").astype(str).str.strip()
    if by not in facts:
        found = found.map(_period).str[: len("2026" if by == "year" else "2026-01")]
        found = found.where((by == "year") | found.str.contains("-"), "")
    sizes = Counter(found[found != ""])
    small = [group for group, _ in sizes.most_common()[SHOWN - 1 :]] if len(sizes) > SHOWN else []
    found = found.replace(dict.fromkeys(small, f"({len(small)} others)"))
    return pd.Series(found.to_numpy(), pd.Index(facts["article_id"], name="article_id"), name="group", dtype=object)


def means(scores: pd.DataFrame, facts: pd.DataFrame, by: str, *, seed: int = 0) -> pd.DataFrame:
    """The mean of each score over the articles of each group, with its 95 % interval: a row a score and group.

    Columns: group (dates in order, else the largest first); name and method, if `scores` has them; measure, label,
    voice; n, articles that have such a row; value, missing where n is 0; unit; low, high; articles, their ids, highest
    first, LISTED at most; parts, (articles of the group, 2): the score or 0, and whether there is one; ids, of them.
    Interval: percentiles of a bootstrap over articles, widened by t/z · sqrt(n/(n - 1)) for few, after Hesterberg
    (2015, The American Statistician 69, 371): holds the mean of 92 to 95 % of simulated samples of 5, 8 and 20, normal
    or skewed; unwidened, of 83 to 93 %. None for fewer than LEAST. Articles whose group is not stated are left out.
    Raises AnalysisError for an unknown `by`, and rows that come twice.
    """
    kept = [c for c in ("name", "method", *KEYS, "unit") if c in scores]
    group = named(facts, by)
    group = group[group != ""]
    if scores.duplicated(["article_id", *kept]).any():
        raise AnalysisError("a score of an article comes twice; give one row an article, measure, label and voice")
    first, code = scores.drop_duplicates(kept), scores.groupby(kept, sort=False, observed=True).ngroup()
    at = group.index.get_indexer(scores["article_id"])
    values = np.full((len(group), len(first)), np.nan)
    values[at[at >= 0], code[at >= 0]] = scores.loc[at >= 0, "value"]
    made = []
    for name in _order(Counter(group), by) if len(scores) else []:
        own, ids = values[(group == name).to_numpy()], group.index[group == name].to_numpy()
        stated = np.isfinite(own)
        parts = [np.column_stack(pair) for pair in zip(np.where(stated, own, 0).T, stated.T.astype(float), strict=True)]
        table = first[kept].assign(group=name, n=stated.sum(axis=0), parts=parts, ids=[ids] * len(parts))
        table["value"] = [float(ratio(part.sum(axis=0))) for part in parts]
        table[["low", "high"]] = percentiles(_drawn(parts, seed))
        highest = np.argsort(-own, axis=0, kind="stable")  # what is missing comes last
        table["articles"] = [listed(ids[highest[:n, i]], LISTED) for i, n in enumerate(table["n"])]
        made.append(table)
    columns = ["group", *kept[:-1], "n", "value", "unit", "low", "high", "articles", "parts", "ids"]
    return pd.concat(made)[columns].reset_index(drop=True) if made else pd.DataFrame(columns=columns)


def difference(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """The first of two groups against the other, or each of more against the rest: a row a score of `means`, and group.

    Columns COLUMNS, as of `compare.difference`; group is the left side, n_left and n_right are articles. Interval: as
    in `means`. p: articles are shuffled between the sides; all rows are one family for Holm's correction. A side with
    fewer than LEAST articles is not tested; five against five can reach p = 2/252, enough in a family of six. Of 120
    simulated corpora of alike groups and ten skewed measures, 4 gave any verdict.
    """
    made = []
    names = list(dict.fromkeys(table["group"]))
    sides = names[: 1 if len(names) == 2 else None] if len(names) > 1 else []
    draws = max(DRAWS, DRAWS_PER_ROW * sum(table["group"].isin(sides)))
    for group in sides:
        pairs = table[table["group"] == group].merge(_rest(table, group), on=KEYS, suffixes=("_left", "_right"))
        pairs[NUMBERS] = _compared(pairs, draws, seed)
        pairs = pairs.drop(columns=["parts_left", "parts_right", "ids_left", "ids_right"])  # as long as the corpus
        made.append(pairs.rename(columns={"group": "left"}).assign(right=REST if len(names) > 2 else names[1]))
    if not made:
        return pd.DataFrame(columns=COLUMNS)
    told = judged(pd.concat(made, ignore_index=True), _counts, amount="with so many articles")
    return told.rename(columns={"left": "group", "right": "against"})[COLUMNS]


def leverage(table: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """The three articles whose removal changes one difference most, columns as of `compare.leverage` but `sentence`.

    `table` as from `means`; the first row of `gaps`, as from `difference`, names the difference. Empty where it is.
    """
    if gaps.empty:
        return pd.DataFrame(columns=[c for c in LEVERAGE_COLUMNS if c != "sentence"])
    row = gaps.iloc[0]
    chosen = table[(table[KEYS] == [row[key] for key in KEYS]).all(axis=1)]
    pair = pd.concat([chosen[chosen["group"] == row["group"]], _rest(chosen, row["group"])], ignore_index=True)
    pair = pair.assign(article_id=[0, 1], group=[row["group"], row["against"]])
    found = levers(pair, ratio, difference)
    owner = [pair["ids"][side][at] for side, at in zip(found["article_id"], found["sentence"], strict=True)]
    return found.assign(article_id=owner).drop(columns="sentence")


def basis(facts: pd.DataFrame, by: str) -> str:
    """Which inference a comparison makes, for a caption: over sentences where `by` is "", else over which articles."""
    if not by:
        said = "Inference over the sentences of each article: about these texts, not their outlets or authors."
        pairs = " All pairs are compared, the first named minus the second, all tests as one family."
        many = f" Of {len(facts)} articles only the first and the last are compared; group so many, with `by`."
        return said + pairs * (2 < len(facts) <= PAIRED) + many * (len(facts) > PAIRED)
    group = named(facts, by)
    sizes = Counter(group[group != ""])
    groups = "; ".join(f"{name} {n}" for name, n in sizes.most_common()) or "none"
    names = _order(sizes, by)
    how = " minus ".join(names) if len(names) == 2 else "each group minus the rest, all tests as one family"
    said = [f"Inference over articles, each counting once: {sizes.total()} by {by} ({groups})."]
    said += [f"Differences are {how}." if len(names) > 1 else "There is nothing to compare."]
    said += ["Means with 95 % intervals, bootstrap over articles."]
    if left_out := len(group) - sizes.total():
        said += [f"Left out, for no {by} is stated: {left_out}."]
    if small := [name for name, n in sizes.items() if n < LEAST]:
        said += [f"Fewer than {LEAST} articles, so no interval and no test: {'; '.join(small)}."]
    return " ".join(said)


def _period(date: str) -> str:
    """The year and month of a date as YYYY-MM, its year alone where the month is not certain, else "".

    >>> [_period(date) for date in ("2026-01-20T10:00", "20260120", "Jan. 20, 2026", "03/04/2026", "Monday")]
    ['2026-01', '2026-01', '2026-01', '2026', '']
    """
    if numbered := re.match(r"((?:1[6-9]|20)\d\d)[-/.]?(0[1-9]|1[0-2])", date):
        return "-".join(numbered.groups())
    year = re.search(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)", date)
    told = parse_date(date) or parse_date(f"1 {date}")  # "January 2026" as well
    return told[:7] or (year[0] if year else "")


def _order(sizes: Counter, by: str) -> list[str]:
    return sorted(sizes) if by in ("year", "month") else [name for name, _ in sizes.most_common()]


def _rest(table: pd.DataFrame, group: str) -> pd.DataFrame:
    """The rows of `means` for all other groups put together: n, parts and ids."""
    others = table[table["group"] != group]
    rest = others.groupby(KEYS, sort=False)[["parts", "ids"]].agg(list).reset_index()
    rest["parts"], rest["ids"] = rest["parts"].map(np.vstack), rest["ids"].map(np.concatenate)
    return rest.assign(n=[int(part[:, 1].sum()) for part in rest["parts"]])


def _drawn(parts: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Resampled means (rows, draws) of one group's scores, widened for few articles; NaN for too few."""
    from scipy.special import stdtrit  # takes a while to import; scikit-learn brings it

    totals = np.array([part.sum(axis=0) for part in parts])
    n, centre = totals[:, 1:], ratio(totals)[:, None]
    firsts = np.arange(0, len(parts[0]), max(1, -(-len(parts[0]) // MOST)))
    bundles, weights = [np.add.reduceat(part, firsts) for part in parts], block_weights(len(firsts), block=1, seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        wider = np.where(n < LEAST, np.nan, np.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.975) / NormalDist().inv_cdf(0.975))
    return centre + wider * (resampled(bundles, [ratio] * len(bundles), weights) - centre)


def _compared(rows: pd.DataFrame, draws: int, seed: int) -> np.ndarray:
    """The NUMBERS of the rows of one group against one other side.

    Of more than MOST articles on the smaller side, bundles of equally many are shuffled, which keeps the level of the
    test; what makes no full bundle stays on its side.
    """
    from scipy.sparse import csr_array

    lefts, rights = list(rows["parts_left"]), list(rows["parts_right"])
    drawn = _drawn(lefts, 2 * seed) - _drawn(rights, 2 * seed + 1)
    small, large = sorted((np.stack(lefts, axis=1), np.stack(rights, axis=1)), key=len)  # (articles, rows, 2)
    size = max(1, -(-len(small) // MOST))
    (first, first_rest), (second, second_rest) = (_bundled(side, size) for side in (small, large))
    pooled, rng = np.concatenate([first_rest, second_rest, first, second]), np.random.default_rng(seed)
    picks = [rng.choice(len(pooled) - 2, len(first), replace=False, shuffle=False) for _ in range(draws)]
    picks = np.insert(np.vstack([np.arange(len(first)), *picks]) + 2, 0, 0, axis=1)  # what is left over stays
    ends = np.arange(draws + 2) * (len(first) + 1)
    goes = csr_array((np.ones(picks.size), picks.ravel(), ends), (draws + 1, len(pooled)))
    p = permutation_p([*np.moveaxis(pooled, 1, 0)], [ratio] * pooled.shape[1], goes, means=True)
    totals = np.array([[part.sum(axis=0) for part in side] for side in (lefts, rights)])
    return numbers(ratio(totals), drawn, np.where((totals[..., 1] >= LEAST).all(axis=0), p, np.nan))


def _bundled(side: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The sums of bundles of so many articles of a side (articles, rows, 2), and that of the articles left over."""
    whole = len(side) // size * size
    return side[:whole].reshape(-1, size, *side.shape[1:]).sum(axis=1), side[whole:].sum(axis=0)[None]


def _counts(row: NamedTuple) -> str:
    few = ", too few to test" if min(row.n_left, row.n_right) < LEAST else ""
    return f"n = {row.n_left:.0f} against {row.n_right:.0f} articles{few}"
