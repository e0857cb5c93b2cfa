"""Statistics of counts, against values worked out by hand, for one text and for many resamples at once."""

import math

import numpy as np
import pandas as pd
import pytest
from conftest import article

from analysis import counts


@pytest.mark.parametrize(
    ("statistic", "totals", "value"),
    [
        (counts.ratio, [3, 12], 0.25),
        (counts.ratio, [0, 0], math.nan),
        (counts.per_100, [3, 12], 25),
        (counts.log_balance, [4, 0], math.log(9)),
        (counts.log_balance, [0, 0], 0),
        (counts.effective_number, [10, 0], math.exp(0)),
        (counts.effective_number, [10, 10], 2 * math.exp(1 / 40)),
        (counts.effective_number, [0, 0], math.nan),
        (counts.evenness, [7, 7, 0], 1),
        (counts.evenness, [7, 0, 0], math.nan),
        (counts.present, [7, 0, 1], 2),
    ],
)
def test_by_hand_and_many_at_once(statistic, totals: list[float], value: float) -> None:
    assert statistic(np.array(totals, float)) == pytest.approx(value, nan_ok=True)
    many = np.array([totals, totals], float).reshape(1, 2, -1)
    assert statistic(many)[0] == pytest.approx([value, value], nan_ok=True)


def test_evenness_is_lower_the_more_one_source_has() -> None:
    shares = [counts.evenness(np.array([n, 10.0, 10.0])) for n in (10, 20, 200)]
    assert shares == sorted(shares, reverse=True)


def test_one_attribution_has_one_source_however_often_it_is_mentioned() -> None:
    row = counts.Row(0, "source", "author", "Ada", 1.0, "1", "expert", 5)
    later = row._replace(start=50, detail="media")
    reading = counts.Reading(article("One."), {}, {"attribution": [row, later]})
    table = counts.type_parts(reading)
    assert table["expert", "all"].tolist() == [[1, 1]]
    assert table["media", "all"].tolist() == [[0, 1]]


def test_what_the_author_thinks_has_no_source() -> None:
    spans = [
        ("attribution", "source", 0, "author", "", 0.0, "1", ""),
        ("attribution", "content", 8, "author", "", math.nan, "1", ""),
    ]
    spans += [("attribution", "source", 30, "author", "Ada", 1.0, "2", "expert")]
    spans += [("attribution", "content", 40, "indirect", "Ada", math.nan, "2", "indirect")]
    columns = ["layer", "label", "start", "voice", "source_id", "value", "group", "detail"]
    rows = counts.by_article(pd.DataFrame(spans, columns=columns).assign(article_id="a"))["a"]
    reading = counts.reading_of(article("I think it rains. And so it does, says Ada, dry herself."), rows)
    assert counts.named_parts(reading)["named", "all"].sum(axis=0).tolist() == [1, 1]


def test_what_two_families_claim_counts_once_together() -> None:
    rows = [counts.Row(0, label, "author", "", math.nan, "", "", 5) for label in ("boosters", "factives")]
    words = {"author": np.array([9.0]), "all": np.array([9.0])}
    table = counts.loaded_parts(counts.Reading(article("One."), words, {"loaded": rows}))
    assert table["any", "author"].tolist() == [[1, 9]]
    assert table["boosters", "all"].tolist() == [[1, 9]]
