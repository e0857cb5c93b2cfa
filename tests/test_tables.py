"""The rows behind the figures: they add up, stay in order, and hold no sentence."""

import pandas as pd
import pytest
from conftest import article

from analysis import evidence, tables
from analysis.compare import difference
from analysis.measures import MEASURES, find_spans, score
from analysis.model import Article, Block
from analysis.text import sentences

LEFT = """The dam at Orvel will be finished in May, engineer Tomas Reye said on Friday. He called the delay a shame.
“We are ready,” Reye said. But critics warn that the valley will drown. China is a good partner for Orvel.
Everyone knows that the plan is brilliant. It is a total disgrace and a betrayal of the valley!"""
RIGHT = """According to the water board, the dam is safe. Officials claimed the fears were absurd.
The board has never answered. Who would believe that? The United States attacked the plan, which was terrible."""


@pytest.fixture(scope="module")
def pair() -> list[Article]:
    return [article(LEFT, "left"), article(RIGHT, "right")]


@pytest.fixture(scope="module")
def spans(pair: list[Article]) -> pd.DataFrame:
    return find_spans(pair, voice="rules")


def named(article_id: str, topic: str = "", title: str = "") -> Article:
    return Article(article_id, "x", (Block(0, 1, "paragraph", True),), title=title, topic=topic)


def test_labels_are_short_and_distinct() -> None:
    many = [named("a-1", "dams"), named("b-2", "rain", "T"), named("c-3", "rain", "U" * 60), named("d-4", "", "T")]
    assert list(tables.labels(many).values()) == ["dams", "T [2]", "U" * 39 + "…", "T [4]"]


def test_a_title_that_ends_like_a_number_stays_apart() -> None:
    alike = [named("a", title="X"), named("b", title="X"), named("c", title="X [1]")]
    assert len({*tables.labels(alike).values()}) == 3


def test_located_counts_words_before_and_inside(spans: pd.DataFrame, pair: list[Article]) -> None:
    runs = tables.located(spans[spans["layer"] == "voice"], pair)
    assert (runs["words"] == runs["value"]).all()
    for _, own in runs.groupby("article_id"):
        assert own["word"].tolist() == [0, *own["words"].cumsum().tolist()[:-1]]


def test_voice_shares_add_up(spans: pd.DataFrame, pair: list[Article]) -> None:
    table = tables.voice_shares(spans, pair)
    assert table.groupby("article_id")["share"].sum().tolist() == pytest.approx([1, 1])
    assert table["words"].sum() == sum(s.words for a in pair for s in sentences(a))


def test_no_plotted_row_holds_a_sentence(spans: pd.DataFrame, pair: list[Article]) -> None:
    made = [
        tables.reading_strip(spans, pair),
        tables.trajectory(spans, pair),
        tables.loaded_words(spans),
        tables.source_table(spans),
        tables.source_target(spans),
        tables.tone_words(spans, pair),
        tables.cue_counts(spans),
        tables.role_shares(spans, pair),
    ]
    whole = {a.raw[s.start : s.end] for a in pair for s in sentences(a)}
    for table in made:
        assert len(table)
        assert not whole & {cell for column in table for cell in table[column].astype(str)}


def test_sources_have_their_words_and_cues(spans: pd.DataFrame) -> None:
    table = tables.source_table(spans).set_index("source_id")
    assert table.loc["Tomas Reye", ["attributions", "named"]].tolist() == [3, 1]
    assert table.loc["Tomas Reye", "words"] > table["words"].drop("Tomas Reye").max()
    cues = tables.cue_counts(spans).query("source_id != '(not identified)'")
    assert cues["cues"].sum() == table[["neutral", "endorsing", "distancing"]].to_numpy().sum()


def test_trajectory_is_the_mean_over_runs_of_one_voice(spans: pd.DataFrame, pair: list[Article]) -> None:
    lengths = set()
    for _, own in tables.trajectory(spans, pair).groupby(["article_id", "voice"]):
        near = own.iloc[:3]  # of the first run: itself and two more
        assert own["smooth"].iloc[0] == pytest.approx((near["tone"] * near["words"]).sum() / near["words"].sum())
        lengths.add(len(own))
    assert min(lengths) < 3 < max(lengths)


def test_summary_names_each_question_once(spans: pd.DataFrame, pair: list[Article]) -> None:
    summary = tables.summary_scores(score(spans, pair))
    assert not summary.duplicated(["article_id", "name"]).any()
    gaps = tables.summary_scores(difference(summary, "left", "right"))
    scaled = tables.power(gaps)
    assert (scaled["difference"].abs().diff().dropna() <= 0).all()


def test_an_article_with_nothing_to_find_gives_empty_tables() -> None:
    dull = [article("Rain fell on Holm.")]
    spans = find_spans(dull, voice="rules")
    for table in (tables.tone_words(spans, dull), tables.source_table(spans), tables.role_shares(spans, dull)):
        assert table.empty
    assert tables.listed([]) == "none"


def test_methods_are_told_apart(pair: list[Article]) -> None:
    table = tables.by_method(pair, ["attributed_share"])
    assert set(table["method"]) >= {"quotes", "rules"}
    assert set(table["measure"]) == {"attributed_share"}


def test_validity_is_told_or_said_to_be_missing() -> None:
    assert tables.validity("phrenology") == "Instrument (phrenology): not validated."


def test_every_instrument_is_in_the_table_with_its_score_or_without() -> None:
    table = tables.instruments()
    assert {m.instrument for m in MEASURES} <= {name.partition(" (")[0] for name in table["instrument"]}
    assert table["line"].is_unique
    silent = table["n"] == 0
    assert silent.equals(table["score"].isna()) and silent.any() and not silent.all()
    assert table[~silent].eval("low <= score <= high").all()


def test_known_failures_are_told_with_their_reason_and_their_cases() -> None:
    table = tables.known_failures()
    assert {"attribution by rules", "attribution by the model", "loaded", "stance"} <= {*table["kind"]}
    assert (table["reason"].str.len() > 10).all()
    assert (table["cases"] > table.groupby("kind")["text"].transform("size")).all()


def test_evidence_is_the_sentence_around_each_span(spans: pd.DataFrame, pair: list[Article]) -> None:
    table = evidence.sentences_behind(spans[spans["layer"] == "loaded"], pair)
    assert all(row.text in row.context for row in table.itertuples())


def test_a_stretch_opens_into_all_the_sentences_that_it_touches(spans: pd.DataFrame, pair: list[Article]) -> None:
    read = sentences(pair[1])
    places = [
        (0, len(RIGHT)),
        (read[1].start, read[1].end),
        (read[1].end - 1, read[3].start),
        (read[1].end, read[2].start),
    ]
    rows = pd.DataFrame(places, columns=["start", "end"]).assign(article_id="right")
    told = evidence.tracer(spans, pair)(rows)["sentences"].tolist()
    assert told == [" ".join(map(str, range(len(read)))), "1", "1 2", ""]


def test_behind_the_number_of_sources_stand_the_sentences_of_all_of_them(
    spans: pd.DataFrame, pair: list[Article]
) -> None:
    scores = score(spans, pair).query("measure == 'effective_sources' and article_id == 'left'")
    said = spans.query("layer == 'voice' and source_id != '' and article_id == 'left'")
    assert said["source_id"].nunique() > 1
    told = evidence.tracer(spans, pair)(scores)["sentences"].item()
    assert {*map(int, told.split())} == {*tables.located(said, pair)["sentence"]}


def test_behind_the_author_s_mentions_stands_no_headline_and_no_source(pair: list[Article]) -> None:
    raw = "Orvel\nOrvel is wet. Critics call Orvel dry. Orvel sinks."
    own = Article("a", raw, (Block(0, 6, "headline", True), Block(6, len(raw), "paragraph", True)))
    voices = [("headline", 0), ("author", 6), ("indirect", 34), ("author", 46)]
    rows = [("a", "target", "Orvel", at, at + 5, "Orvel", voice, "", 0.9, "") for voice, at in voices]
    columns = ["article_id", "layer", "label", "start", "end", "text", "voice", "source_id", "value", "group"]
    spans = pd.DataFrame(rows, columns=columns)
    grid = tables.source_target(spans)
    told = evidence.tracer(spans, [own])(grid).set_index("source_id")
    assert told["sentences"].to_dict() == {"(author)": "1 3", "(not identified)": "2"}
    assert told["mentions"].to_dict() == {"(author)": 2, "(not identified)": 1}


def test_behind_a_word_of_the_author_s_tone_stand_the_author_s_sentences(
    spans: pd.DataFrame, pair: list[Article]
) -> None:
    words = tables.tone_words(spans, pair)
    told = evidence.tracer(spans, pair)(words)
    assert (told["sentences"].str.split().str.len() <= told["hits"]).all()
    assert (told["sentences"] != "").all()


def test_at_most_so_many_labels_are_shown_where_many_are_alike() -> None:
    alike = pd.DataFrame({"article_id": "a", "label": [*"dcba"] * 2, "voice": ["author"] * 4 + ["all"] * 4, "k": 1.0})
    shown = tables.top(alike, 3)
    assert shown["label"].tolist() == ["a", "a", "b", "b", "c", "c"]


def test_cues_of_nobody_named_are_shown_and_those_of_the_author_are_not() -> None:
    rows = [("content", "author", 8, "1"), ("cue", "author", 2, "1")]  # "I think"
    rows += [("cue", "author", 25, "2"), ("content", "indirect", 30, "2")]
    spans = pd.DataFrame(rows, columns=["label", "voice", "start", "group"])
    spans = spans.assign(article_id="a", layer="attribution", detail="neutral", source_id="", end=spans["start"] + 3)
    shown = tables.cue_counts(spans).query("cues > 0")
    assert shown[["source_id", "stance", "cues"]].to_numpy().tolist() == [["(not identified)", "neutral", 1]]
    own = article("I think it rains. Others say so, too.", "a")
    assert evidence.tracer(spans, [own])(shown)["sentences"].tolist() == ["1"]


def test_evidence_shows_no_words_twice_for_the_sum_of_labels(pair: list[Article]) -> None:
    rows = [("left", "technique", label, 4, 7, "dam", "author", "", 0.5) for label in ("any", "Doubt", "Repetition")]
    columns = ["article_id", "layer", "label", "start", "end", "text", "voice", "source_id", "value"]
    table = evidence.sentences_behind(pd.DataFrame(rows, columns=columns), pair)
    assert table["label"].tolist() == ["Doubt", "Repetition"]


def test_what_nobody_vouches_for_is_the_authors_and_carries_no_attribution(
    spans: pd.DataFrame, pair: list[Article]
) -> None:
    table = evidence.unattributed_loaded(spans, pair)
    assert table["hits"].is_monotonic_decreasing
    assert any("betrayal" in sentence for sentence in table["context"])
    assert not any("said" in sentence or "claimed" in sentence for sentence in table["context"])


def test_a_mention_knows_the_cue_of_who_speaks() -> None:
    told = [article("Critics claimed that China failed. China grew, and Ann Lee said China was late.", "a")]
    found = tables.mentions(find_spans(told, voice="rules"), told)
    assert found["cue_stance"].to_list() == ["distancing", "", "neutral"]
