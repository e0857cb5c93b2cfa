"""Resampling: weights that are blocks, intervals that cover, tests that keep their level and find what is there."""

import numpy as np
import pytest

from analysis.counts import effective_number, per_100, ratio
from analysis.resample import DRAWS, block_weights, intervals, percentiles, permutation_p, shuffles


def texts(rng: np.random.Generator, count: int, sentences: int, rate: float) -> list[np.ndarray]:
    """Hits and words of `count` texts of sentences of 5 to 30 words, with `rate` hits a word."""
    words = rng.integers(5, 31, (count, sentences))
    return list(np.stack([rng.poisson(rate * words), words], axis=-1).astype(float))


def p_of(left: list[np.ndarray], right: list[np.ndarray], statistic, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """The p of each row of two texts."""
    both = [np.vstack(pair) for pair in zip(left, right, strict=True)]
    return permutation_p(both, [statistic] * len(both), shuffles(len(left[0]), len(right[0]), draws, seed))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 7, 45])
def test_every_resample_has_as_many_sentences_as_the_text(n):
    weights = block_weights(n)
    assert weights.shape == (2000, n)
    assert (weights.sum(axis=1) == n).all() and (weights >= 0).all()
    assert n == 0 or np.allclose(weights.mean(axis=0), 1, atol=0.15)


def test_a_short_text_still_varies_and_one_sentence_cannot():
    assert all(block_weights(n).std(axis=0).min() > 0 for n in (2, 3, 4, 5))
    assert (block_weights(1) == 1).all()


def test_sentences_are_drawn_in_blocks_of_three_around_the_end():
    together = np.corrcoef(block_weights(45, draws=20_000).T)
    assert together[10, 11] == pytest.approx(2 / 3, abs=0.05) and together[44, 0] == pytest.approx(2 / 3, abs=0.05)
    assert together[10, 12] == pytest.approx(1 / 3, abs=0.05) and abs(together[10, 13]) < 0.1


def test_seed_decides():
    first = block_weights(20).copy()
    block_weights.cache_clear()
    assert (block_weights(20) == first).all()
    assert (block_weights(20, seed=1) != first).any()
    with pytest.raises(ValueError, match="read-only"):
        block_weights(20)[0, 0] = 5


def test_rows_together_give_what_each_gives_alone():
    rows = texts(np.random.default_rng(3), 6, 30, 0.05)
    weights = block_weights(30)
    alone = np.vstack([intervals([row], [ratio], weights) for row in rows])
    assert np.allclose(intervals(rows, [ratio] * 6, weights), alone)


def test_rows_may_differ_in_columns():
    rng = np.random.default_rng(4)
    rows = [rng.poisson(0.3, (30, columns)).astype(float) for columns in (2, 5)]
    found = intervals(rows, [effective_number] * 2, block_weights(30))
    assert (found[:, 0] < found[:, 1]).all() and found[1, 1] > found[0, 1]


@pytest.mark.parametrize(("rate", "least"), [(0.05, 0.91), (0.01, 0.88)])
def test_intervals_cover_the_rate_that_made_the_text(rate, least):
    """Percentile intervals are a little narrow (.95 nominal), more so where hits are few: ten in 60 sentences."""
    found = intervals(texts(np.random.default_rng(5), 400, 60, rate), [ratio] * 400, block_weights(60))
    assert least <= ((found[:, 0] <= rate) & (rate <= found[:, 1])).mean() <= 0.97


def test_blocks_see_that_neighbouring_sentences_go_together():
    rng = np.random.default_rng(6)
    moods = np.repeat(rng.normal(size=(200, 20)), 3, axis=1)
    rows = [np.column_stack([mood, np.ones(60)]) for mood in moods]
    blocks, single = (intervals(rows, [ratio] * 200, block_weights(60, block=block)) for block in (3, 1))
    covered = [((found[:, 0] <= 0) & (found[:, 1] >= 0)).mean() for found in (blocks, single)]
    assert covered[0] > 0.82 and covered[1] < covered[0] - 0.07


@pytest.mark.parametrize(
    "parts",
    [
        np.zeros((0, 2)),
        np.array([[1, 10.0]]),
        np.column_stack([np.zeros(40), np.full(40, 15)]),
        np.column_stack([np.eye(40)[7] * 2, np.eye(40)[7] * 11]),
    ],
    ids=["no sentence", "one sentence", "no hit anywhere", "a voice of one sentence"],
)
def test_no_interval_where_the_text_shows_no_spread(parts):
    assert np.isnan(intervals([parts], [per_100], block_weights(len(parts)))).all()


def test_no_interval_where_too_many_draws_are_undefined():
    draws = np.tile(np.arange(100.0), (2, 1))
    draws[0, :10], draws[1, :11] = np.nan, np.nan
    assert np.isfinite(percentiles(draws)).all(axis=1).tolist() == [True, False]
    assert percentiles(draws)[0] == pytest.approx(np.quantile(np.arange(10, 100), [0.025, 0.975]))


def test_permutation_p_of_a_case_done_by_hand():
    """Three against three sentences: 2 of the 20 ways to deal them are as uneven as this one."""
    ones, none = (np.column_stack([np.full(3, k), np.ones(3)]) for k in (1.0, 0.0))
    assert p_of([ones], [none], ratio, draws=5000)[0] == pytest.approx(0.1, abs=0.015)


def test_least_p_counts_the_text_itself():
    rng = np.random.default_rng(7)
    assert p_of(texts(rng, 1, 60, 0.5), texts(rng, 1, 60, 0.0), ratio, draws=99)[0] == 0.01


@pytest.mark.parametrize("sizes", [(45, 45), (15, 60)])
def test_level_is_kept_where_both_texts_are_alike(sizes):
    """4,000 pairs over eight seeds: the pairs of one call share their shufflings and stray together (.03 to .07)."""
    rng = np.random.default_rng(8)
    p = [p_of(*(texts(rng, 500, n, 0.03) for n in sizes), ratio, seed=seed) for seed in range(8)]
    assert np.mean(np.array(p) <= 0.05) <= 0.06
    assert np.mean(np.array(p) <= 0.2) == pytest.approx(0.2, abs=0.03)


def test_power_grows_with_the_text():
    rng = np.random.default_rng(9)
    power = [(p_of(texts(rng, 100, n, 0.04), texts(rng, 100, n, 0.02), ratio) <= 0.05).mean() for n in (15, 45, 135)]
    assert power[0] < power[1] - 0.1 < power[2] - 0.2 and power[2] > 0.9


def test_undefined_shufflings_count_against_a_difference():
    """One headline each: half of the shufflings leave a side without any, and p cannot be small."""
    left, right = np.zeros((30, 2)), np.zeros((30, 2))
    left[0], right[0] = (8, 8), (0, 8)
    assert p_of([left], [right], ratio)[0] > 0.9


def test_that_two_hits_stand_in_one_text_is_as_likely_as_not_however_short_its_sentences():
    """Both hits fall into the second of two alike texts once in four times, whatever its sentences hold."""
    left, right = np.column_stack([np.zeros(45), np.full(45, 22.0)]), np.column_stack([np.zeros(45), np.full(45, 12.0)])
    right[[3, 30], 0] = 1
    p = permutation_p([np.vstack([left, right])], [ratio], shuffles(45, 45, DRAWS, 0), means=True)
    assert p[0] == pytest.approx(0.25, abs=0.05)


def test_nothing_to_test_is_missing_and_not_one():
    empty = np.column_stack([np.zeros(20), np.full(20, 9.0)])
    undefined = np.zeros((20, 2))
    assert np.isnan(p_of([empty, undefined], [empty, empty], ratio)).all()
