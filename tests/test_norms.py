"""Norms: ranks by hand, a file that no article can be told from, bands and sentences that say what they rest on."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import article

from analysis import encoder, norms
from analysis.lexicons import NORMS, Norm, load_norms
from analysis.measures import MEASURES, find_spans, score
from training import norms as making

with_model = pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no trained model")
TEXT = "The mayor of Port Ellery said on Tuesday that the harbour will close next month, and nobody was pleased. "


@pytest.mark.parametrize("seed", range(3))
def test_the_rank_is_that_of_the_whole_sample_to_half_a_percent(seed: int) -> None:
    sample = np.random.default_rng(seed).poisson(3, 900) / 3  # many ties, at thirds
    points = np.quantile(sample, np.linspace(0, 1, 101)).round(norms.DECIMALS)
    for value in [*np.unique(sample), sample.min() - 1, sample.max() + 1]:
        by_hand = 100 * ((sample < value).mean() + (sample <= value).mean()) / 2
        assert norms.percentile(Norm(900, tuple(points)), value) == pytest.approx(by_hand, abs=0.6)
    assert norms.percentile(Norm(900, tuple(range(101))), 30.25) == 30.25


def test_without_norm_or_value_there_is_no_rank() -> None:
    assert np.isnan(norms.percentile(None, 1.0))
    assert np.isnan(norms.percentile(Norm(99, (0.0,) * 101), np.nan))


@with_model
def test_the_values_are_those_of_score() -> None:
    made = article(TEXT * 8)
    table = score(find_spans([made]), [made]).set_index(["measure", "label", "voice"])["value"]
    values = dict(making.values(made))
    assert {"tone", "loaded", "attributed_share", "named_share", "policy_frame"} <= {key[0] for key in values}
    assert sum(measure == "policy_frame" for measure, *_ in values) == len(encoder.FRAMES)
    assert values == pytest.approx(table[list(values)].to_dict(), nan_ok=True)
    assert not dict(making.values(article(TEXT))), "a share of so few words is no norm"


@with_model
def test_missing_corpora_are_named_and_their_norms_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "semeval2023_t3_en").mkdir()
    rows = [{"text": f"A headline\n{TEXT * (3 + i % 4)}", "genre": "opinion"} for i in range(making.FEWEST_ARTICLES)]
    (tmp_path / making.SEMEVAL).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out = tmp_path / "norms.csv"
    old = dict.fromkeys(making.COLUMNS, 7) | {"kind": "news", "measure": "tone", "corpora": "before"}
    pd.DataFrame([old, old | {"kind": "opinion"}]).to_csv(out, index=False)
    assert making.main(["--gold", str(tmp_path)], out) == 1
    told = capsys.readouterr().err
    assert "polnear/train.jsonl missing" in told and "launchnlp/BASIL" in told
    table = pd.read_csv(out)
    assert list(table.loc[table["kind"] == "news", "corpora"]) == ["before"]
    assert (table.loc[table["kind"] == "opinion", "n"] == len(rows)).all()
    assert ("A headline" not in out.read_text()) and (table["corpora"] == "SemEval-2023").any()


def test_the_file_holds_ordered_percentiles_of_enough_articles() -> None:
    table = pd.read_csv(NORMS)
    assert list(table.columns) == making.COLUMNS
    assert (np.diff(table[making.POINTS], axis=1) >= 0).all()
    assert table["n"].min() >= making.FEWEST_ARTICLES
    assert not table.duplicated(["kind", "measure", "label", "voice"]).any()
    assert set(table["measure"]) <= {measure.name for measure in MEASURES}
    assert NORMS.stat().st_size < 500_000


def test_bands_and_sentences_are_of_the_articles_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    key = ("tone", "tone", "author")
    known = {("news", *key): Norm(1200, tuple(range(101))), ("opinion", *key): Norm(90, tuple(range(100, 201)))}
    monkeypatch.setattr(norms, "load_norms", lambda: known)
    rows = [(*key, 30.0, 30.0, 0.0), ("tone", "tone", "direct", 5.0, np.nan, np.nan)]
    columns = ["measure", "label", "voice", "value", "news_percentile", "opinion_percentile"]
    scores = pd.DataFrame(rows, columns=columns, index=[4, 7])
    news = article("A.")
    opinion = replace(news, kind="opinion")
    for made, name, low in (([opinion], "US opinion pieces", 110), ([opinion, news], "US news reports", 10)):
        table = norms.with_band(scores, made)
        assert list(table["norm"].notna()) == [True, False]
        assert (table["norm"].iloc[0], table["norm_low"].iloc[0]) == (name, low)
        assert name in norms.caption(table) and str(int(table["norm_n"].iloc[0]))[-3:] in norms.caption(table)
    first, second = scores.itertuples()
    assert norms.standing(first) == ", above 30 % of 1,200 US news reports and 0 % of 90 US opinion pieces"
    assert norms.standing(second) == norms.caption(table.iloc[1:]) == ""


@with_model
def test_scores_are_ranked_where_the_voices_are_the_models() -> None:
    made = article(TEXT * 8)
    ranked = score(find_spans([made]), [made]).set_index(["measure", "label", "voice"])
    row = ranked.loc[("tone", "tone", "author")]
    assert row["news_percentile"] == norms.percentile(load_norms()["news", "tone", "tone", "author"], row["value"])
    assert ranked["opinion_percentile"].between(0, 100).sum() > 50
    assert score(find_spans([made], voice="quotes"), [made])["news_percentile"].isna().all()


@with_model
def test_what_rests_on_less_than_the_norms_has_no_rank() -> None:
    made = article("It rained in Orvel all night, and nobody minded.")
    scores = score(find_spans([made]), [made])
    assert len(scores) and scores["news_percentile"].isna().all()
    made = article("The quay is long and old and grey. " * 9 + "“It rained,” engineer Ada Berg said on Friday.")
    named = score(find_spans([made]), [made]).query("measure == 'named_share'")
    assert named["n"].item() < 5 and named["news_percentile"].isna().all()
