"""Groups of articles: means and tests by hand, known groups told apart and alike ones not, what is said of the rest."""

import numpy as np
import pandas as pd
import pytest

from analysis import groups, tables
from analysis.measures import MEASURES
from analysis.model import AnalysisError

UNITS = {measure.name: measure.unit for measure in MEASURES}
TONE = tables.SUMMARY["tone, author"]


def facts(**sizes: int) -> pd.DataFrame:
    """Articles a0, a1, … of outlets with so many each; "nowhere" stands for one that is not stated."""
    outlets = [name for name, size in sizes.items() for _ in range(size)]
    table = pd.DataFrame({"outlet": ["" if name == "nowhere" else name for name in outlets]})
    return table.assign(article_id=[f"a{i}" for i in range(len(table))], date="")


def scores(*columns: np.ndarray, keys: tuple = tuple(tables.SUMMARY.values())) -> pd.DataFrame:
    """A row an article and column; a missing value is no row."""
    made = [
        pd.DataFrame({"article_id": [f"a{i}" for i in range(len(values))], "value": values}).assign(
            measure=key[0], label=key[1], voice=key[2], unit=UNITS[key[0]]
        )
        for key, values in zip(keys, columns, strict=False)
    ]
    return pd.concat(made, ignore_index=True).dropna(subset="value")


def compared(values: np.ndarray, about: pd.DataFrame, **options: int) -> pd.DataFrame:
    return groups.difference(groups.means(scores(values), about, "outlet"), **options)


def test_a_mean_counts_each_article_that_has_a_score_once():
    values = np.array([1, 2, np.nan, 6, 4, 4, 4, 10, 99])
    table = groups.means(scores(values), facts(Post=4, Echo=4, nowhere=1), "outlet").set_index("group")
    assert table["value"].to_dict() == {"Post": 3, "Echo": 5.5}
    assert table["n"].to_dict() == {"Post": 3, "Echo": 4}
    assert table["articles"].to_dict() == {"Post": "a3; a1; a0", "Echo": "a7; a4; a5; a6"}
    assert table["low"].isna().all() and table["high"].isna().all()  # fewer than five


def test_the_interval_is_that_of_all_resamples_widened():
    """The mean of five of 0, 1: binomial, 2.5th and 97.5th percentiles 0 and .8 about .4; t/z · sqrt(5/4) = 1.58."""
    (row,) = groups.means(scores(np.array([0, 0, 0, 1, 1.0])), facts(Post=5), "outlet").itertuples()
    assert (row.value, row.low, row.high) == pytest.approx((0.4, 0.4 - 0.4 * 1.5838, 0.4 + 0.4 * 1.5838), abs=1e-3)


def test_p_is_that_of_all_ways_to_deal_the_articles():
    """Five against five, all apart: 2 of the 252 ways are as far apart, so p = .0079."""
    row = compared(np.arange(10.0), facts(Post=5, Echo=5), seed=1).iloc[0]
    assert (row["group"], row["against"], row["difference"]) == ("Post", "Echo", -5)
    assert row["p"] == row["p_holm"] == pytest.approx(2 / 252, abs=0.005) and row["verdict"] == "lower"


def test_more_than_two_groups_are_each_tested_against_the_rest():
    values = np.array([*[5.0, 5.2, 4.8, 5.1, 4.9, 5], *[1, 1.2, 0.8, 1.1, 0.9, 1], *[1.05, 1.3, 0.7, 1, 1.2, 0.75]])
    table = compared(values, facts(Post=6, Echo=6, Wire=6)).set_index("group")
    assert (table["against"] == "the rest").all() and (table[["n_left", "n_right"]] == [6, 12]).all(axis=None)
    assert table["difference"].to_dict() == pytest.approx({"Post": 4, "Echo": -2, "Wire": -2})
    assert table.loc["Post", "verdict"] == "higher" and table.loc["Post", "low"] > 3.5
    assert "4.0 higher in Post than in the rest, 95 % " in table.loc["Post", "sentence"]
    assert "; n = 6 against 12 articles; Holm p = 0.0" in table.loc["Post", "sentence"]


@pytest.mark.parametrize(("first", "second"), [(4, 30), (30, 4), (1, 1)])
def test_a_small_group_is_not_tested_however_far_apart(first, second):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1, first), rng.normal(9, 1, second)])
    row = compared(values, facts(Post=first, Echo=second)).iloc[0]
    assert row["verdict"] == "cannot tell" and np.isnan([row["p"], row["low"], row["smallest_detectable"]]).all()
    assert "no interval" in row["sentence"] and "articles, too few to test)" in row["sentence"]


def test_known_groups_come_out_different_on_what_differs_and_on_nothing_else():
    rng, about = np.random.default_rng(1), facts(Post=20, Echo=25)
    apart = (about["outlet"] == "Post").to_numpy() * 1.5
    columns = [rng.normal(0, 1, 45) + apart * (i in (0, 3)) for i in range(10)]
    columns[5][rng.random(45) < 0.3] = np.nan
    table = groups.difference(groups.means(scores(*columns), about, "outlet"))
    assert table["verdict"].tolist() == ["lower" if i in (0, 3) else "cannot tell" for i in range(10)]


def test_shuffled_labels_seldom_give_any_verdict():
    """40 corpora of two or three outlets that are alike, ten skewed measures each: any verdict in at most 5 %.

    Two are expected at the most; more than 5 would come in one of 60 runs.
    """
    rng, wrong = np.random.default_rng(2), 0
    for seed in range(40):
        about = facts(Post=8, Echo=14, **({"Wire": 6} if seed % 2 else {}))
        columns = [rng.gamma(2, 1, len(about)) for _ in range(10)]
        found = groups.difference(groups.means(scores(*columns), about, "outlet"), seed=seed)
        wrong += (found["verdict"] != "cannot tell").any()
    assert wrong <= 5


@pytest.mark.parametrize("most", [5, 8, 12])
def test_large_groups_are_drawn_in_bundles_and_tell_the_same(monkeypatch, most):
    """250 and 350 articles, every third score apart, one in ten missing."""
    rng, about = np.random.default_rng(3), facts(Post=250, Echo=350)
    columns = [np.where(rng.random(600) < 0.9, rng.gamma(2, 1, 600), np.nan) for _ in tables.SUMMARY]
    columns[::3] = [column + (np.arange(600) < 250) for column in columns[::3]]
    whole = groups.difference(page := groups.means(scores(*columns), about, "outlet"))
    monkeypatch.setattr(groups, "MOST", 10 * most)
    bundled, again = groups.difference(page), groups.means(scores(*columns), about, "outlet")
    assert bundled["verdict"].tolist() == whole["verdict"].tolist()
    assert bundled["verdict"].tolist() == ["lower" if i % 3 == 0 else "cannot tell" for i in range(10)]
    np.testing.assert_allclose(bundled["difference"], whole["difference"])
    apart = (bundled["high"] - bundled["low"]) / (whole["high"] - whole["low"])
    assert apart.between(0.6, 1.5).all() and apart.mean() == pytest.approx(1, abs=0.15)
    pd.testing.assert_frame_equal(page.drop(columns=["low", "high"]), again.drop(columns=["low", "high"]))


def test_shuffling_bundles_keeps_the_level(monkeypatch):
    """400 pairs of groups that are alike, 40 against 90 articles in bundles of four: p < .05 in about 5 %.

    More than 36 of 400 would come in one of 2,000 runs.
    """
    monkeypatch.setattr(groups, "MOST", 10)
    rng, about = np.random.default_rng(4), facts(Post=43, Echo=90)
    keys = [("tone", f"t{i}", "author") for i in range(400)]
    table = scores(*rng.gamma(1, 1, (400, 133)), keys=keys)
    p = groups.difference(groups.means(table, about, "outlet"))["p"]
    assert 8 <= (p < 0.05).sum() <= 36 and 170 <= (p < 0.5).sum() <= 230


def test_leverage_names_the_article_on_which_a_difference_hangs():
    values = np.array([1, 2, 1, 2, 1, 40, 2, 1, 2, 1, 2, 1.0])
    table = groups.means(scores(values), facts(Post=6, Echo=6), "outlet")
    gaps = groups.difference(table)
    found = groups.leverage(table, gaps)
    assert found["article_id"][0] == "a5" and "sentence" not in found
    assert found["difference"][0] == pytest.approx(1.4 - 1.5) and len(found) == 3
    assert found["change"][0] == pytest.approx(found["difference"][0] - gaps["difference"][0])
    assert groups.leverage(table, gaps.iloc[:0]).columns.equals(found.columns)


def test_without_the_only_article_of_a_group_there_is_no_difference():
    table = groups.means(scores(np.array([9, 1, 2, 1, 3, 2, 1.0])), facts(Post=1, Echo=6), "outlet")
    found = groups.leverage(table, groups.difference(table)).iloc[0]
    assert found["article_id"] == "a0" and np.isnan(found["difference"]) and not found["flips"]


def test_one_group_or_none_is_compared_with_nothing():
    for about in (facts(Post=6), facts(nowhere=6)):
        table = groups.means(scores(np.arange(6.0)), about, "outlet")
        assert groups.difference(table).empty
        assert "nothing to compare" in groups.basis(about, "outlet")


def test_the_basis_says_which_inference_over_what_and_who_is_left_out():
    assert groups.basis(facts(Post=6), "").startswith("Inference over the sentences of each article")
    for n, pairs, ends in ((2, False, False), (3, True, False), (4, True, False), (5, False, True)):
        said = groups.basis(facts(Post=n), "")
        assert ("All pairs are compared" in said, "only the first and the last" in said) == (pairs, ends)
    said = groups.basis(facts(Post=6, Echo=9, Wire=3, nowhere=2), "outlet")
    for part in (
        "over articles",
        "18 by outlet (Echo 9; Post 6; Wire 3)",
        "each group minus the rest",
        "no outlet is stated: 2.",
        "no interval and no test: Wire.",
    ):
        assert part in said
    assert "Differences are Echo minus Post." in groups.basis(facts(Post=6, Echo=9), "outlet")


@pytest.mark.parametrize(
    ("date", "year", "month"),
    [
        ("2026-01-20", "2026", "2026-01"),
        ("2026-01-20T09:30:00Z", "2026", "2026-01"),
        ("20260120", "2026", "2026-01"),
        ("20 January 2026", "2026", "2026-01"),
        ("Sept. 3, 2025", "2025", "2025-09"),
        ("March 2026", "2026", "2026-03"),
        ("Monday, 2 March 2026, 9:30", "2026", "2026-03"),
        ("31 February 2026", "2026", ""),
        ("03/04/2026", "2026", ""),
        ("the mayor, 2026", "2026", ""),
        ("Monday", "", ""),
        ("", "", ""),
    ],
)
def test_a_date_gives_no_month_that_it_does_not_state(date, year, month):
    table = pd.DataFrame({"article_id": ["a"], "date": [date]})
    assert [groups.named(table, by)["a"] for by in ("year", "month")] == [year, month]


def test_dates_stand_in_order_and_many_small_groups_together():
    about = pd.DataFrame({"article_id": [f"a{i}" for i in range(60)]})
    about["date"] = [f"{2000 + i % 20}" if i < 40 else "1999" for i in range(60)]
    table = groups.means(scores(np.arange(60.0)), about, "year")
    assert table["group"].tolist() == sorted(table["group"]) and len(table) == groups.SHOWN
    assert table["n"].sum() == 60 and "(10 others)" in set(table["group"])


def test_the_order_of_the_articles_does_not_show():
    about, values = facts(Post=6, Echo=6), np.random.default_rng(3).normal(size=12)
    turned = groups.difference(groups.means(scores(values).iloc[::-1], about.iloc[::-1], "outlet"))
    pd.testing.assert_frame_equal(turned, compared(values, about))


def test_what_cannot_be_grouped_is_refused():
    with pytest.raises(AnalysisError, match="by='colour': valid are outlet, kind, topic, author, year, month"):
        groups.named(facts(Post=1), "colour")
    twice = pd.concat([scores(np.arange(6.0))] * 2)
    with pytest.raises(AnalysisError, match="comes twice"):
        groups.means(twice, facts(Post=6), "outlet")
