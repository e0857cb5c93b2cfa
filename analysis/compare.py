"""Two articles against each other: differences with verdicts, the sentences they hang on, the words that make them.

All inference is about these texts, not their outlets, for which many articles of each are needed: see `groups`. Where
there is nothing to compare (an article with itself, a voice that is silent) the tables are empty.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from analysis import resample
from analysis.counts import MEANS, OF_K_AND_N
from analysis.lexicons import load_background
from analysis.measures import MEASURES
from analysis.model import AnalysisError, Article
from analysis.text import sentences
from analysis.verdicts import LEVEL, counted, judged

KEYS = ["measure", "label", "voice"]
PAIR = ["pair", "left", "right"]  # "A against B", by short names, and the ids of the two
NUMBERS = ["left_value", "right_value", "low", "high", "error", "p"]
COLUMNS = [*PAIR, *KEYS, "left_value", "right_value", "difference", "low", "high"]
COLUMNS += ["p", "p_holm", "verdict", "smallest_detectable", "unit", "sentence"]
PAIRED = 4  # articles up to which each is compared with each: six pairs
DRAWS_PER_ROW = 40  # the least p is 1/(draws + 1): after Holm over m rows it must still be able to go below .05
# Of 18 priors tried on 30 pairs of BASIL dev: with 2,000 words 9 of 77 words beyond the null are function words, with
# 5,000 1 of 66; without the half (Jeffreys) a word outside the background stays inside, though said 24 times to none
PRIOR_WORDS, LEAST_PRIOR = 5_000, 0.5
VADER_ALPHA = 15  # compound = s / sqrt(s**2 + 15), Hutto & Gilbert's constant
CONTEXT = "(negation, emphasis, marks)"

WORD_COLUMNS = ["word", "left_count", "right_count", "log_odds", "z", "null_high", "beyond_null"]
SHIFT_COLUMNS = ["word", "left_count", "left_part", "right_count", "right_part", "contribution"]
LEVERAGE_COLUMNS = ["article_id", "sentence", "difference", "change", "p", "verdict", "flips"]


def difference(scores: pd.DataFrame, left: str, right: str, *, seed: int = 0) -> pd.DataFrame:
    """left - right of every measure, label and voice that both articles have, with interval, p and verdict.

    `scores` comes from `measures.score`, with its column `parts`. All its rows are one family for Holm's correction:
    filter first, by the question asked, never by the result. One row each, with the columns
    pair, left, right; measure, label, voice; left_value, right_value, difference, unit: values in the measure's unit;
    low, high: 95 % percentile interval from block bootstraps of each article by itself;
    p, p_holm: permutation test over sentences (Phipson & Smyth 2010), then Holm's step-down (1979); missing, and not
    counted in the family, where nothing can be tested, such as a label with no hit in either text;
    verdict: "higher" or "lower" where p_holm < .05 and the interval leaves out 0, else "cannot tell";
    smallest_detectable: (z of 1 - .05/2m + z of .80) x standard error of the bootstrap, m rows in the family: a lower
    bound of what four of five such texts would show: simulated, .68 of pairs of 45 sentences did at 6 hits per 100
    words and .50 at one; sentence: all this in English.
    Raises AnalysisError for an unknown id or measure, or scores without `parts`.
    """
    _check(scores["article_id"], left, right)
    return differences(scores, {left: left, right: right}, seed=seed)


def differences(scores: pd.DataFrame, names: Mapping[str, str], *, seed: int = 0) -> pd.DataFrame:
    """`difference` of each two of up to PAIRED articles (short names by id), of more the first and last: one family.

    An article without a score is left out, for on it something failed.
    """
    if "parts" not in scores:
        raise AnalysisError("scores without `parts`, as from a file: make them with measures.score, or compare groups")
    chosen = scores[["article_id", *KEYS, "k", "n", "unit", "parts"]]

    def both(left: str, right: str) -> pd.DataFrame:
        kept = chosen if left != right else chosen.iloc[:0]
        sides = [kept[kept["article_id"] == i] for i in (left, right)]
        return sides[0].merge(sides[1].drop(columns="unit"), on=KEYS, suffixes=("_left", "_right"), validate="1:1")

    table = of_pairs(both, names, {*chosen["article_id"]})
    draws, table[NUMBERS] = max(resample.SHUFFLES, DRAWS_PER_ROW * len(table)), np.nan
    for (*_, measure), rows in table.groupby(["left", "right", "measure"]).indices.items():
        table.loc[rows, NUMBERS] = _compared(table.loc[rows], _statistic(measure), draws, seed)
    return judged(table, counted, names)[COLUMNS]


def of_pairs(
    make: Callable[[str, str], pd.DataFrame], names: Mapping[str, str], known: Collection[str] = ()
) -> pd.DataFrame:
    """The tables that `make` makes of each two articles, as `differences` pairs them, as one with PAIR in front."""
    ids = [i for i in names if not known or i in known]
    pairs = [*combinations(ids, 2)] if len(names) <= PAIRED else []
    pairs = pairs or [(ids[0], ids[-1])]  # an article with itself: no row
    made = [make(*two).assign(pair=" against ".join(map(names.get, two)), left=two[0], right=two[1]) for two in pairs]
    table = pd.concat(made, ignore_index=True)
    return table[[*PAIR, *table.columns.drop(PAIR)]]


def leverage(scores: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """The three sentences whose removal changes the first of `gaps` most, and what the verdict would be without each.

    `gaps` as from `differences` of `scores`; without a row, there is none. Columns LEVERAGE_COLUMNS: sentence is its
    index, difference that without it; p and verdict are uncorrected.
    """
    if gaps.empty:
        return pd.DataFrame(columns=LEVERAGE_COLUMNS)
    left, right, *key = gaps.iloc[0][["left", "right", *KEYS]]
    row = scores[(scores[KEYS] == key).all(axis=1) & scores["article_id"].isin([left, right])]
    return levers(row, _statistic(key[0]), lambda rows: difference(rows, left, right))


def levers(row: pd.DataFrame, statistic: Callable, compare: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """`leverage` of the two rows (columns article_id and parts) that `compare` makes one difference of."""
    whole = compare(row).iloc[0]
    owned = list(zip(row["article_id"], row["parts"], strict=True))
    changes = []
    for article_id, parts in owned:
        total = parts.sum(axis=0)
        change = np.nan_to_num(abs(statistic(total - parts) - statistic(total)), nan=np.inf)  # undefined without it
        changes += [(-change[i], article_id, i) for i in np.flatnonzero(change)]
    found = []
    for _, article_id, i in sorted(changes)[:3]:
        cut = [np.delete(parts, i, axis=0) if owner == article_id else parts for owner, parts in owned]
        without = compare(row.assign(parts=cut)).iloc[0]
        change, flips = without["difference"] - whole["difference"], without["verdict"] != whole["verdict"]
        found.append((article_id, i, without["difference"], change, without["p"], without["verdict"], flips))
    return pd.DataFrame(found, columns=LEVERAGE_COLUMNS)


def words_of(article: Article) -> list[list[str]]:
    """The words of each sentence, folded, without numbers."""
    said = [[token.form for token in sentence.tokens if token.is_word] for sentence in sentences(article)]
    return [[form for form in forms if any(map(str.isalpha, form))] for forms in said]


def distinctive_words(articles: Iterable[Article], left: str, right: str) -> pd.DataFrame:
    """Words that set two articles apart, most of them by topic: log-odds ratio with an informative Dirichlet prior.

    Columns WORD_COLUMNS: log_odds and z are positive where left uses the word more; null_high is the 95 % quantile of
    the largest |z| when sentences are shuffled between the two. Prior: frequencies in American political news
    (data/background.csv), at least half a word each. Monroe, Colaresi & Quinn 2008, "Fightin' Words", section 3.5.1.
    """
    from sklearn.feature_extraction.text import CountVectorizer  # takes half a second to import

    by_id = {article.article_id: article for article in articles}
    _check(by_id, left, right)
    said = [words_of(by_id[i]) for i in (left, right)]
    if left == right or not all(map(any, said)):
        return pd.DataFrame(columns=WORD_COLUMNS)
    vectorizer = CountVectorizer(analyzer=list)
    counts = vectorizer.fit_transform([*said[0], *said[1]]).T.tocsr().astype(np.float32)  # words x sentences
    words, total = vectorizer.get_feature_names_out(), np.asarray(counts.sum(axis=1)).reshape(-1, 1)
    background, sizes = load_background(), [len(own) for own in said]
    prior = np.array([background.get(word, 0) for word in words])[:, None] * PRIOR_WORDS / sum(background.values())
    prior, in_left = np.maximum(prior, LEAST_PRIOR), counts @ np.repeat([[1.0], [0.0]], sizes, axis=0)
    largest = []
    for chunk in np.array_split(resample.shuffles(*sizes, resample.DRAWS, seed=0)[1:].T, 40, axis=1):
        largest.append(abs(_log_odds(counts @ chunk, total, prior)[1]).max(axis=0))
    null = np.quantile(np.concatenate(largest), 1 - LEVEL)
    # Processors differ in the last digit of a logarithm, which would order words of like z.
    numbers = np.hstack([in_left, total - in_left, *_log_odds(in_left, total, prior)]).round(9)
    table = pd.DataFrame(numbers, pd.Index(words, name="word"), WORD_COLUMNS[1:5]).reset_index()
    table = table.astype({"left_count": int, "right_count": int})
    table = table.assign(null_high=null, beyond_null=table["z"].abs() > null)
    return table.sort_values(["z", "word"], ascending=[False, True], ignore_index=True)


def contributions(
    spans: pd.DataFrame, articles: Iterable[Article], left: str, right: str, *, voice: str | None = None
) -> pd.DataFrame:
    """The words that make the difference in tone, largest first; the column `contribution` adds up to it exactly.

    Columns SHIFT_COLUMNS. Tone is the mean of the runs' compounds, weighted by words; a compound is s/sqrt(s^2 + 15), s
    being the sum of the run's valences after negation, emphasis and "but". So each word's part is its own valence over
    that root, and what those rules add goes to the row CONTEXT: a negated "good" still counts as good, and that row
    takes it back. After the word shifts of Gallagher et al. 2021.
    """
    _check([article.article_id for article in articles], left, right)
    if left == right:
        return pd.DataFrame(columns=SHIFT_COLUMNS)
    shares = []
    for side in (left, right):
        chosen = spans[spans["article_id"] == side]
        runs = chosen[(chosen["layer"] == "voice") & (voice is None or chosen["voice"] == voice)]
        words = runs.set_index("start")["value"]
        tone = chosen[chosen["layer"] == "tone"].sort_values(["start", "label"], ignore_index=True)
        if not words.sum() or tone.empty:  # nobody speaks so, or rating it failed
            return pd.DataFrame(columns=SHIFT_COLUMNS)
        of_run = tone.assign(weight=tone["start"].map(words).fillna(0) / words.sum())[tone["label"] == "tone"]
        weight, compound = (of_run[name].reindex(tone.index).ffill() for name in ("weight", "value"))  # of each word
        tone["part"] = weight * np.sqrt((1 - compound**2) / VADER_ALPHA) * tone["value"]
        share = tone[(tone["label"] == "word") & (weight > 0)].groupby("detail")["part"].agg(["size", "sum"])
        share.loc[CONTEXT] = 0, (of_run["weight"] * of_run["value"]).sum() - share["sum"].sum()
        shares.append(share)
    table = pd.concat(shares, axis=1, sort=True).fillna(0)
    table.columns = SHIFT_COLUMNS[1:5]
    table = table.astype({"left_count": int, "right_count": int}).rename_axis("word").reset_index()
    table = table.assign(contribution=table["left_part"] - table["right_part"])
    return table.sort_values("contribution", key=lambda c: -c.abs(), kind="stable", ignore_index=True)


def _check(known: Iterable[str], left: str, right: str) -> None:
    if unknown := sorted({left, right} - set(known)):
        raise AnalysisError(f"no article {', '.join(unknown)}; there are {', '.join(sorted(set(known))) or 'none'}")


def _statistic(name: str) -> resample.Statistic:
    known = {measure.name: measure.statistic for measure in MEASURES if measure.statistic}
    if name not in known:
        raise AnalysisError(f"no measure {name!r} with a statistic; there are {', '.join(known)}")
    return known[name]


def _compared(rows: pd.DataFrame, statistic: resample.Statistic, draws: int, seed: int) -> np.ndarray:
    """The NUMBERS of each row of one measure."""
    lefts, rights = list(rows["parts_left"]), list(rows["parts_right"])
    if statistic not in OF_K_AND_N:  # a column a source, not the same sources in both: keep them apart
        for i, (x, y) in enumerate(zip(lefts, rights, strict=True)):
            lefts[i] = np.pad(x, ((0, 0), (0, y.shape[1])))
            rights[i] = np.pad(y, ((0, 0), (x.shape[1], 0)))
    values = [[statistic(parts.sum(axis=0)) for parts in side] for side in (lefts, rights)]
    alike, sizes = [statistic] * len(rows), (len(lefts[0]), len(rights[0]))
    left, right = (resample.block_weights(size, seed=2 * seed + i) for i, size in enumerate(sizes))
    drawn = resample.resampled(lefts, alike, left) - resample.resampled(rights, alike, right)
    if statistic not in OF_K_AND_N:  # resamples repeat sources and look less diverse: centre, as `score` does
        drawn += (np.subtract(*values) - resample.percentiles(drawn).mean(axis=1))[:, None]
    both = [np.vstack(pair) for pair in zip(lefts, rights, strict=True)]
    p = resample.permutation_p(both, alike, resample.shuffles(*sizes, draws, seed), means=statistic in MEANS)
    few = ~(resample.enough(lefts) & resample.enough(rights))
    drawn[few], p[few] = np.nan, np.nan
    return numbers(values, drawn, p)


def numbers(values: Sequence[Sequence[float]], drawn: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The NUMBERS of each row, (rows, 6): both sides' values (2, rows), resampled differences (rows, draws), p."""
    ends = resample.percentiles(drawn)
    error = pd.DataFrame(drawn).std(axis=1, ddof=0).where(np.isfinite(ends[:, 0]))
    return np.column_stack([*values, ends, error, p])


def _log_odds(left: np.ndarray, total: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Difference in log odds and its z, from counts (words, draws) on the left and (words, 1) on both sides."""
    left, right = left + prior, total - left + prior
    odds = np.log(left / (left.sum(axis=0) - left)) - np.log(right / (right.sum(axis=0) - right))
    return odds, odds / np.sqrt(1 / left + 1 / right)
