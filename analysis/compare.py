"""Two articles against each other: differences with verdicts, the sentences they hang on, the words that make them.

All inference is about these texts: what would hold for other sentences of the same make. It says nothing about the
outlets, for which many articles of each would be needed. An article has no difference from itself: where left and right
are the same, the tables are empty, so that the notebooks also run on a single article.
"""

from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.counts import OF_K_AND_N
from analysis.lexicons import load_background
from analysis.measures import MEASURES
from analysis.model import AnalysisError, Article
from analysis.resample import DRAWS, Statistic, block_weights, percentiles, permutation_p, resampled, shuffles
from analysis.text import sentences

KEYS = ["measure", "label", "voice"]
LEVEL, POWER = 0.05, 0.80
DRAWS_PER_ROW = 40  # the least p is 1/(draws + 1): after Holm over m rows it must still be able to go below .05
# Of 18 priors tried on 30 pairs of BASIL dev: with 2,000 words 9 of 77 words beyond the null are function words, with
# 5,000 1 of 66; without the half (Jeffreys) a word outside the background stays inside, though said 24 times to none
PRIOR_WORDS, LEAST_PRIOR = 5_000, 0.5
VADER_ALPHA = 15  # compound = s / sqrt(s**2 + 15), Hutto & Gilbert's constant
CONTEXT = "(negation, emphasis, marks)"

WORD_COLUMNS = ["word", "left_count", "right_count", "log_odds", "z", "null_high", "beyond_null"]
SHIFT_COLUMNS = ["word", "left_count", "left_part", "right_count", "right_part", "contribution"]
LEVERAGE_COLUMNS = ["article_id", "sentence", "difference", "change", "p", "verdict", "flips"]

Ids = str | tuple[str, ...]


def difference(scores: pd.DataFrame, left: str, right: str, *, seed: int = 0) -> pd.DataFrame:
    """left - right of every measure, label and voice that both articles have, with interval, p and verdict.

    `scores` comes from `measures.score`, with its column `parts`. All its rows are one family for Holm's correction:
    filter first, by the question asked, never by the result. One row each, with the columns
    measure, label, voice; left_value, right_value, difference, unit: the values, in the measure's unit;
    low, high: 95 % percentile interval from block bootstraps of each article by itself;
    p, p_holm: permutation test over sentences (Phipson & Smyth 2010), then Holm's step-down (1979); missing where
    nothing can be tested, such as a label with no hit in either text, and then not counted in the family;
    verdict: "higher" or "lower" where p_holm < .05 and the interval leaves out 0, else "cannot tell";
    smallest_detectable: (z of 1 - .05/2m + z of .80) x standard error of the bootstrap, m rows in the family: a lower
    bound of what four of five such texts would show. Simulated with 45 sentences each and m = 1, a text that truly had
    so much more was told apart in .68 of pairs at 6 hits per 100 words and in .50 at one hit per 100 words;
    sentence: all this in English. Raises AnalysisError for an unknown id or measure, or scores without `parts`.
    """
    table = _pairs(scores, left, right)
    values = np.full((len(table), 6), np.nan)
    for name, rows in table.groupby("measure").indices.items():
        values[rows] = _compared(table.iloc[rows], name, max(DRAWS, DRAWS_PER_ROW * len(table)), seed)
    table["left_value"], table["right_value"], table["low"], table["high"], error, table["p"] = values.T
    table["difference"] = table["left_value"] - table["right_value"]
    table["p_holm"] = holm(values[:, 5])
    told = (table["p_holm"] < LEVEL) & ((table["low"] > 0) | (table["high"] < 0))
    table["verdict"] = np.where(told, np.where(table["difference"] > 0, "higher", "lower"), "cannot tell")
    normal, family = NormalDist(), max(1, table["p"].notna().sum())
    table["smallest_detectable"] = (normal.inv_cdf(1 - LEVEL / 2 / family) + normal.inv_cdf(POWER)) * error
    table["sentence"] = [_sentence(row, left, right) for row in table.itertuples()]
    columns = [*KEYS, "left_value", "right_value", "difference", "low", "high", "p", "p_holm", "verdict"]
    return table[[*columns, "smallest_detectable", "unit", "sentence"]]


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction; missing values stay missing and are not counted.

    >>> holm(np.array([0.01, 0.04, 0.03, np.nan])).round(2).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    order = np.argsort(p)[: np.isfinite(p).sum()]  # NaN is sorted last
    corrected = np.full(len(p), np.nan)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return corrected


def leverage(scores: pd.DataFrame, left: str, right: str, measure: str, label: str, voice: str) -> pd.DataFrame:
    """The three sentences whose removal changes one difference most, and what the verdict would be without each.

    Columns: article_id, sentence (its index in the article), difference without it, change, p, verdict, flips. The
    verdicts are those of this row by itself, uncorrected, as a reader asks about it alone.
    """
    if left == right:
        return pd.DataFrame(columns=LEVERAGE_COLUMNS)
    _sides(set(scores["article_id"]), left, right)
    row = scores[(scores[KEYS] == [measure, label, voice]).all(axis=1) & scores["article_id"].isin([left, right])]
    if len(row) < 2:
        raise AnalysisError(f"no score of {measure}, {label}, {voice} in both {left} and {right}")
    statistic, whole = _statistic(measure), difference(row, left, right).iloc[0]
    changes = []
    for article_id, parts in zip(row["article_id"], row["parts"], strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.abs(statistic(parts.sum(axis=0) - parts) - statistic(parts.sum(axis=0)))
        changes += [(-c, article_id, i) for i, c in enumerate(np.nan_to_num(change, nan=np.inf)) if c > 0]
    found = []
    for _, article_id, i in sorted(changes)[:3]:
        each = zip(row["article_id"], row["parts"], strict=True)
        cut = [np.delete(parts, i, axis=0) if owner == article_id else parts for owner, parts in each]
        without = difference(row.assign(parts=cut), left, right).iloc[0]
        change, flips = without["difference"] - whole["difference"], without["verdict"] != whole["verdict"]
        found.append((article_id, i, without["difference"], change, without["p"], without["verdict"], flips))
    return pd.DataFrame(found, columns=LEVERAGE_COLUMNS)


def words_of(article: Article, runs: Iterable[tuple[int, int]] | None = None) -> list[list[str]]:
    """The words of each sentence, folded, without numbers; only those inside `runs` (start, end) where given."""
    inside = None if runs is None else {at for start, end in runs for at in range(start, end)}
    said = [[t for t in s.tokens if t.is_word and any(map(str.isalpha, t.form))] for s in sentences(article)]
    return [[t.form for t in words if inside is None or t.start in inside] for words in said]


def distinctive_words(
    articles: Iterable[Article], left: Ids, right: Ids, *, spans: pd.DataFrame | None = None, voice: str | None = None
) -> pd.DataFrame:
    """Words that set two articles (or groups of articles) apart: log-odds ratio with an informative Dirichlet prior.

    Columns: word, left_count, right_count, log_odds, z (both positive where left uses the word more), null_high (the
    95 % quantile of the largest |z| when sentences are shuffled between the sides) and beyond_null. Most words beyond
    the null are topic; the choice between words for one thing is for the reader to see. Between groups the null is
    too easy, as sentences of one article belong together. `voice` keeps the words of one voice and needs `spans`.
    Prior: frequencies in American political news (data/background.csv), at least half a word each.
    Monroe, Colaresi & Quinn 2008, "Fightin' Words", section 3.5.1.
    """
    from sklearn.feature_extraction.text import CountVectorizer  # takes most of a second to import

    by_id = {article.article_id: article for article in articles}
    if left == right:
        return pd.DataFrame(columns=WORD_COLUMNS)
    sides, runs = _sides(by_id, left, right), {}
    if voice is not None:
        if spans is None:
            raise AnalysisError(f"the words of voice {voice!r} need the spans of find_spans: pass spans=")
        own = spans[(spans["layer"] == "voice") & (spans["voice"] == voice)]
        runs = {i: list(zip(own["start"], own["end"], strict=True)) for i, own in own.groupby("article_id")}
    said = [[w for i in side for w in words_of(by_id[i], runs.get(i, []) if voice else None)] for side in sides]
    if not all(map(any, said)):
        raise AnalysisError(f"{left} or {right} has no words" + f" in voice {voice!r}" * bool(voice))
    vectorizer = CountVectorizer(analyzer=list)
    counts = vectorizer.fit_transform([*said[0], *said[1]]).T.tocsr().astype(np.float32)  # words x sentences
    words, total = vectorizer.get_feature_names_out(), np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    background = load_background()
    prior = np.array([background.get(word, 0) for word in words])[:, None] * PRIOR_WORDS / sum(background.values())
    prior = np.maximum(prior, LEAST_PRIOR)
    goes_left = np.vstack([np.arange(counts.shape[1]) < len(said[0]), shuffles(*map(len, said), DRAWS, seed=0)]).T
    largest = []
    for chunk in np.array_split(goes_left, 40, axis=1):
        largest.append(np.abs(_log_odds(counts @ chunk, total, prior)[1]).max(axis=0))
    in_left = counts @ goes_left[:, :1]
    odds, z = _log_odds(in_left, total, prior)
    null = np.quantile(np.concatenate(largest)[1:], 1 - LEVEL)
    found = (
        words,
        in_left[:, 0].astype(int),
        (total - in_left)[:, 0].astype(int),
        odds[:, 0],
        z[:, 0],
        null,
        abs(z[:, 0]) > null,
    )
    frame = pd.DataFrame(dict(zip(WORD_COLUMNS, found, strict=True)))
    return frame.sort_values(["z", "word"], ascending=[False, True], ignore_index=True)


def contributions(
    spans: pd.DataFrame, articles: Iterable[Article], left: Ids, right: Ids, *, voice: str | None = None
) -> pd.DataFrame:
    """The words that make the difference in tone; the column `contribution` adds up to it exactly.

    Columns: word, left_count, left_part, right_count, right_part, contribution = left_part - right_part, largest
    first. Tone is the mean of the runs' compounds, weighted by words; a compound is s/sqrt(s^2 + 15), s being the sum
    of the run's valences after negation, emphasis and "but" are applied. So each tone word has its own valence, over
    that root, as its part, and what those rules add goes to one row of its own: a negated "good" still counts as good,
    and that row takes it back. After the word shifts of Gallagher et al. 2021.
    """
    if left == right:
        return pd.DataFrame(columns=SHIFT_COLUMNS)
    shares = []
    for side in _sides({article.article_id for article in articles}, left, right):
        chosen = spans[spans["article_id"].isin(side)]
        runs = chosen[(chosen["layer"] == "voice") & (voice is None or chosen["voice"] == voice)]
        words = dict(zip(zip(runs["article_id"], runs["start"], strict=True), runs["value"], strict=True))
        if not (total := sum(words.values())):
            raise AnalysisError(f"{', '.join(side)}: no words" + f" in voice {voice!r}" * bool(voice))
        tone = chosen[chosen["layer"] == "tone"].sort_values(["article_id", "start", "label"])  # a run before its words
        parts, weight, root = [(CONTEXT, 0, 0.0)], 0.0, 0.0
        for i, start, label, value, word in tone[["article_id", "start", "label", "value", "detail"]].itertuples(False):
            if label == "tone":
                weight = words.get((i, start), 0) / total
                root = np.sqrt((1 - value**2) / VADER_ALPHA)
                parts.append((CONTEXT, 0, weight * value))
            elif weight:
                parts += [(word, 1, weight * root * value), (CONTEXT, 0, -weight * root * value)]
        shares.append(pd.DataFrame(parts, columns=["word", "count", "part"]).groupby("word").sum())
    table = pd.concat(shares, axis=1, sort=True).fillna(0)
    table.columns = ["left_count", "left_part", "right_count", "right_part"]
    table = table.astype({"left_count": int, "right_count": int}).rename_axis("word").reset_index()
    table = table.assign(contribution=table["left_part"] - table["right_part"])
    return table.sort_values("contribution", key=lambda c: -c.abs(), kind="stable", ignore_index=True)


def _pairs(scores: pd.DataFrame, left: str, right: str) -> pd.DataFrame:
    """The rows that both articles have, side by side, in the order of the left one."""
    if "parts" not in scores:
        raise AnalysisError("these scores have no column `parts`: make them with measures.score, not from a file")
    kept = scores[["article_id", *KEYS, "k", "n", "unit", "parts"]]
    if left == right:
        kept = kept.iloc[:0]
    else:
        _sides(set(scores["article_id"]), left, right)
    sides = [kept[kept["article_id"] == i].drop(columns="article_id") for i in (left, right)]
    return sides[0].merge(sides[1].drop(columns="unit"), on=KEYS, suffixes=("_left", "_right"), validate="1:1")


def _sides(known: Iterable[str], left: Ids, right: Ids) -> list[tuple[str, ...]]:
    sides = [(ids,) if isinstance(ids, str) else tuple(ids) for ids in (left, right)]
    if unknown := sorted({*sides[0], *sides[1]} - set(known)):
        raise AnalysisError(f"no article {', '.join(unknown)}; there are {', '.join(sorted(known)) or 'none'}")
    if set(sides[0]) & set(sides[1]) or not all(sides):
        raise AnalysisError(f"left is {sides[0]}, right is {sides[1]}: name at least one article each, none twice")
    return sides


def _statistic(name: str) -> Statistic:
    known = {measure.name: measure.statistic for measure in MEASURES if measure.statistic}
    if name not in known:
        raise AnalysisError(f"no measure {name!r} with a statistic; there are {', '.join(known)}")
    return known[name]


def _compared(rows: pd.DataFrame, name: str, draws: int, seed: int) -> np.ndarray:
    """Left value, right value, low, high, standard error and p of each row of one measure."""
    statistic, lefts, rights = _statistic(name), list(rows["parts_left"]), list(rows["parts_right"])
    if statistic not in OF_K_AND_N:  # a column a source, not the same sources in both: keep them apart
        widths = [(x.shape[1], y.shape[1]) for x, y in zip(lefts, rights, strict=True)]
        lefts = [np.pad(parts, ((0, 0), (0, w[1]))) for parts, w in zip(lefts, widths, strict=True)]
        rights = [np.pad(parts, ((0, 0), (w[0], 0))) for parts, w in zip(rights, widths, strict=True)]
    sides = ((lefts, len(lefts[0]), 2 * seed), (rights, len(rights[0]), 2 * seed + 1))
    values = [resampled(parts, statistic, np.ones((1, n)))[:, 0] for parts, n, _ in sides]
    drawn = [resampled(parts, statistic, block_weights(n, seed=own)) for parts, n, own in sides]
    ends = percentiles(drawn[0] - drawn[1])
    told = np.isfinite(ends[:, :1])
    error = np.where(told[:, 0], np.nanstd(np.where(told, drawn[0] - drawn[1], 0), axis=1), np.nan)
    p = permutation_p(lefts, rights, statistic, draws=draws, seed=seed)
    return np.column_stack([*values, ends, error, p])


def _sentence(row: NamedTuple, left: str, right: str) -> str:
    """A row of `difference` in English, with its counts."""
    what = f"{row.label} ({row.measure}, {'all voices' if row.voice == 'all' else row.voice})"
    if not np.isfinite(row.difference):
        return f"{what}: cannot tell, it is not defined in {left if np.isnan(row.left_value) else right}"
    sides = ((row.k_left, row.n_left), (row.k_right, row.n_right))
    counts = [f"{k:.0f} of {n:.0f}" if k == round(k) else f"n = {n:.0f}" for k, n in sides if np.isfinite(n)]
    facts = [" against ".join(counts)] * bool(counts) + [f"Holm p = {row.p_holm:.2g}"] * (row.p_holm >= 0)
    facts = f" ({'; '.join(facts)})" * bool(facts)
    if row.difference == 0:
        return f"{what}: cannot tell; {_plain(row.left_value)} in both{facts}"
    down, rate = row.difference < 0, row.unit.startswith("per ")
    more = ("fewer" if down else "more") if rate else "lower" if down else "higher"
    size = f"{_plain(abs(row.difference))} {more} {row.unit if rate else f'({row.unit})'} in {left} than in {right}"
    low, high = (-row.high, -row.low) if down else (row.low, row.high)
    found = size + (f", 95 % {_plain(low)} to {_plain(high)}" if np.isfinite(low) else ", no interval") + facts
    least = f"; a difference below {_plain(row.smallest_detectable)} could well have been missed in this much text"
    known = f"cannot tell; {found}" + least * (row.smallest_detectable >= 0)
    return f"{what}: {known if row.verdict == 'cannot tell' else found}"


def _plain(number: float) -> str:
    return f"{number:.1f}" if abs(number) >= 1 else f"{round(number, 2) + 0.0:.2f}"


def _log_odds(left: np.ndarray, total: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference in log odds and its z, from counts (words, draws) on the left and (words, 1) on both sides."""
    left, right = left + prior, total - left + prior
    odds = np.log(left / (left.sum(axis=0) - left)) - np.log(right / (right.sum(axis=0) - right))
    return odds, odds / np.sqrt(1 / left + 1 / right)
