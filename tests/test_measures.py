"""MEASURES, find_spans and score: the table is whole, spans fit the text, parts add up to the whole."""

import math
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import CASES, article

from analysis import attribution, encoder, measures, sentiment
from analysis.measures import MEASURES, find_spans, score, sentences_frame
from analysis.model import VOICES, AnalysisError, Article, Block
from analysis.text import sentences

NEWS = """The harbour of Port Ellery will close next month, the mayor said on Tuesday.
“It is a disaster for every family here,” said Ines Calder, who has fished there since 1988. “Nobody asked us.”
But the regional government insists that the closure is inevitable. According to the port authority, the quay could \
collapse within weeks.
Is that really the whole story? The so-called "safety review" was never published."""
OPINION = """Of course the closure is a scandal. It is a war on small towns, and everyone knows who profits.
The company wins again, and the town loses its proud, wonderful market. China would never be treated like this."""


@pytest.fixture(scope="module")
def corpus() -> list:
    return [article(NEWS, "news"), article(OPINION, "opinion")]


@pytest.fixture(scope="module")
def spans(corpus: list) -> pd.DataFrame:
    return find_spans(corpus)


@pytest.fixture(scope="module")
def scores(spans: pd.DataFrame, corpus: list) -> pd.DataFrame:
    return score(spans, corpus)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)
def test_every_measure_has_caveat_cases_and_a_known_failure(measure: measures.Measure) -> None:
    assert measure.caveat and measure.unit and measure.instrument
    name = measure.detect.__module__.rpartition(".")[2]
    written = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    assert len(written) > 10
    assert any("known_failure" in case for case in written)


def test_the_readme_says_what_each_measure_does_not_prove() -> None:
    readme = (CASES.parents[1] / "README.md").read_text(encoding="utf-8")
    rows = [f"| {m.name} | {m.unit} | {m.caveat} |" for m in MEASURES]
    assert [row for row in rows if row not in readme] == []


def test_spans_fit_their_article(spans: pd.DataFrame, corpus: list) -> None:
    raws = {a.article_id: a.raw for a in corpus}
    assert not spans.attrs["failures"]
    assert set(spans["layer"]) >= {"voice", "attribution", "tone", "loaded", "target"}
    assert (
        spans["text"]
        == [raws[i][s:e] for i, s, e in zip(spans["article_id"], spans["start"], spans["end"], strict=True)]
    ).all()
    assert set(spans["voice"]) <= set(VOICES)


def test_every_word_is_counted_in_one_voice(spans: pd.DataFrame, corpus: list) -> None:
    counted = spans[spans["layer"] == "voice"].groupby("article_id")["value"].sum()
    assert counted.to_dict() == {a.article_id: sum(s.words for s in sentences(a)) for a in corpus}


def test_parts_add_up_to_the_value(scores: pd.DataFrame) -> None:
    statistics = {m.name: m.statistic for m in MEASURES}
    for row in scores.itertuples():
        assert row.value == pytest.approx(statistics[row.measure](row.parts.sum(axis=0)), nan_ok=True), row
        assert not row.low > row.value + 1e-6 or row.measure in (
            "effective_sources",
            "source_evenness",
            "identified_sources",
        )


def test_voices_add_up_to_all(scores: pd.DataFrame) -> None:
    loaded = scores[(scores["measure"] == "loaded") & (scores["label"] == "any")]
    pooled = loaded[loaded["voice"] == "all"].set_index("article_id")[["k", "n"]]
    apart = loaded[loaded["voice"] != "all"].groupby("article_id")[["k", "n"]].sum()
    pd.testing.assert_frame_equal(pooled.sort_index(), apart.sort_index())


def test_scores_of_all_are_the_scores_of_the_parts(spans: pd.DataFrame, scores: pd.DataFrame, corpus: list) -> None:
    alone = pd.concat([score(find_spans([a]), [a]) for a in corpus], ignore_index=True)
    pd.testing.assert_frame_equal(scores.drop(columns="parts"), alone.drop(columns="parts"))


def test_what_was_written_in_is_measured(corpus: list) -> None:
    scores = score(find_spans(corpus, voice="rules"), corpus)

    def value(article_id: str, measure: str, label: str, voice: str) -> float:
        keys = ["article_id", "measure", "label", "voice"]
        return scores.set_index(keys)["value"].get((article_id, measure, label, voice), math.nan)

    assert value("opinion", "attributed_share", "attributed", "all") == 0
    assert value("news", "attributed_share", "attributed", "all") == pytest.approx(31 / 68)  # counted by hand
    assert value("opinion", "loaded", "consensus", "author") > value("news", "loaded", "consensus", "author") == 0
    assert value("news", "loaded", "scare_quotes", "author") > value("opinion", "loaded", "scare_quotes", "author") == 0


def test_no_hit_has_the_upper_bound_of_the_rule_of_three(scores: pd.DataFrame) -> None:
    never = scores[(scores["measure"] == "loaded") & (scores["k"] == 0)].iloc[0]
    assert (never["value"], never["low"]) == (0, 0)
    assert never["high"] == pytest.approx(100 * 3 / never["n"])


def test_a_headline_without_a_word_costs_nothing() -> None:
    raw = ":)\nThe quay is wet."
    made = Article("a", raw, (Block(0, 3, "headline", True), Block(3, len(raw), "paragraph", True)))
    found = score(find_spans([made], voice="rules"), [made])
    assert not found.attrs["failures"] and "tone_balance" in {*found["measure"]}


def test_a_measure_that_raises_costs_only_itself(corpus: list) -> None:
    def broken(made: Article, voices: object = ()) -> object:
        if made.article_id == "news":
            raise RuntimeError("boom")
        return sentiment.detect(made, voices)

    table = [m if m.detect is not sentiment.detect else replace(m, detect=broken) for m in MEASURES]
    broken.__module__ = sentiment.__name__
    with pytest.warns(UserWarning, match="boom"):
        found = find_spans(corpus, table)
    assert [(f["article_id"], f["stage"]) for f in found.attrs["failures"]] == [("news", "sentiment")]
    whole = find_spans(corpus)
    kept = whole[(whole["layer"] != "tone") | (whole["article_id"] != "news")].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, kept)
    numbers = score(found, corpus)
    assert set(numbers[numbers["measure"] == "tone"]["article_id"]) == {"opinion"}  # what failed is not 0


@pytest.mark.parametrize("step", ["parts", "statistic"])
def test_a_score_that_raises_costs_only_itself(corpus: list, spans: pd.DataFrame, step: str) -> None:
    def broken(given: object) -> object:
        raise RuntimeError("boom")

    table = [replace(m, **{step: broken}) if m.name == "tone_balance" else m for m in MEASURES]
    with pytest.warns(UserWarning, match="boom"):
        found = score(spans, corpus, measures=table)
    assert {(f["article_id"], f["stage"]) for f in found.attrs["failures"]} == {
        (a.article_id, "tone_balance") for a in corpus
    }
    whole = score(spans, corpus)
    assert {*whole["measure"]} - {*found["measure"]} == {"tone_balance"}
    kept = whole[whole["measure"] != "tone_balance"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.drop(columns="parts"), kept.drop(columns="parts"))


def test_a_model_that_raises_costs_only_what_needs_it(corpus: list, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(made: Article) -> object:
        raise RuntimeError("boom")

    monkeypatch.setattr(encoder, "available", lambda: True)
    monkeypatch.setattr(encoder, "answers", broken)
    with pytest.warns(UserWarning, match="boom"):
        found = find_spans(corpus, voice="rules")
        numbers = score(found, corpus)
    assert {"tone", "loaded", "attributed_share"} <= set(numbers["measure"])
    assert not numbers.attrs["failures"]
    assert (sentences_frame(corpus, found)["author"] > 0).any()


def test_without_attributions_no_voice_is_told_apart(corpus: list, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(made: Article, method: str = "") -> object:
        raise RuntimeError("boom")

    monkeypatch.setattr(attribution, "detect", broken)
    with pytest.warns(UserWarning, match="boom"):
        numbers = score(find_spans(corpus), corpus)
    assert set(numbers["voice"]) == {"all"}
    assert {"tone", "loaded"} <= set(numbers["measure"])


def test_wrong_arguments_are_named(corpus: list, spans: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="quotes, rules"):
        find_spans(corpus, voice="magic")
    with pytest.raises(AnalysisError, match="voice"):
        score(spans, corpus, by="outlet")


def test_sentence_shares_add_up(spans: pd.DataFrame, corpus: list) -> None:
    table = sentences_frame(corpus, spans)
    assert np.allclose(table[list(VOICES)].sum(axis=1), 1)
    assert len(table) == sum(len(sentences(a)) for a in corpus)


def test_quotation_marks_alone_find_less(corpus: list) -> None:
    shares = [score(find_spans(corpus[:1], voice=m), corpus[:1]) for m in attribution.METHODS]
    quotes, *others = (
        s[(s["measure"] == "attributed_share") & (s["label"] == "attributed")]["value"].item() for s in shares
    )
    assert 0 < quotes < min(others)


def test_no_attributed_word_in_so_many_sentences_has_a_bound() -> None:
    made = [article(" ".join(["The ferry left the harbour at nine."] * 12))]
    table = score(find_spans(made, voice="rules"), made).set_index(["measure", "label"])
    assert table.loc[("attributed_share", "attributed"), ["low", "high"]].to_numpy().ravel().tolist() == [0, 3 / 12]


def test_what_was_not_looked_for_has_no_score(corpus: list) -> None:
    found = find_spans(corpus, [m for m in MEASURES if m.name == "tone"])
    numbers = score(found, corpus)
    assert {"tone", "tone_balance", "attributed_share"} <= {*numbers["measure"]}, "all that reads the same spans"
    assert not {"loaded", "policy_frame", "stance"} & {*numbers["measure"]}


def test_spans_without_attrs_are_told_of_and_not_ranked(corpus: list, spans: pd.DataFrame) -> None:
    bare = spans.copy()
    bare.attrs = {}
    with pytest.warns(UserWarning, match="without `attrs`"):
        numbers = score(bare, corpus)
    assert numbers["news_percentile"].isna().all() and numbers["opinion_percentile"].isna().all()


def test_an_article_that_names_nobody_has_none_identified() -> None:
    raw = "The quay is wet. Officials said that it would be closed."
    made = Article("a", raw, (Block(0, len(raw), "paragraph", True),))
    row = score(find_spans([made], voice="rules"), [made]).query("measure == 'identified_sources'")
    assert row[["k", "value"]].to_numpy().tolist() == [[0, 0]]
