"""The scores behind data/validity.csv and data/reliability.csv, by hand, on texts of our own."""

import gzip
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import attribution, encoder
from training import corpora, scoring, validate

DATA = scoring.ROOT / "data"
NAMED = {"hero": "pilots", "villain": "owners"}
with_model = pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no model file")


def test_macro_f1_of_a_confusion_table() -> None:
    table = np.array([[3, 1], [2, 4]], float)  # truth by answer
    by_hand = (2 * 3 / (4 + 5) + 2 * 4 / (6 + 5)) / 2
    assert scoring.macro_f1(table.ravel()) == pytest.approx(by_hand)
    assert scoring.macro_f1(np.stack([table.ravel()] * 3)) == pytest.approx([by_hand] * 3)
    assert scoring.positive_f1(table.ravel()) == pytest.approx(2 * 4 / (6 + 5))


def test_several_labels_a_document_count_together_or_each_alike() -> None:
    totals = np.array([8, 10, 10, 0, 1, 1], float)  # right, found, true of a frequent label and of a rare one
    assert scoring.label_f1(totals, macro=False) == pytest.approx(16 / 22)
    assert scoring.label_f1(totals, macro=True) == pytest.approx(0.8 / 2)


def test_documents_keep_their_own_confusions() -> None:
    answers = [("a", "x", "x"), ("a", "y", "x"), ("b", "y", "y")]
    assert [list(table) for table in scoring.confusions(answers)] == [[1, 0, 1, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("found", "gold", "counts"),
    [
        ([(0, 10)], [(5, 25)], [0.5, 1, 0.25, 1]),
        ([(0, 4), (2, 10), (10, 12)], [(0, 12)], [1, 1, 1, 1]),  # both sides are merged first
        ([(0, 10), (20, 30)], [(0, 5), (7, 10)], [0.8, 2, 2, 2]),
        ([], [(0, 5)], [0, 0, 0, 1]),
        ([(0, 5)], [], [0, 1, 0, 0]),
    ],
)
def test_partial_overlap_is_shared_out_by_hand(found: list, gold: list, counts: list) -> None:
    assert scoring.overlap_counts(found, gold) == pytest.approx(counts)


def test_partial_overlap_f1_is_of_the_means_over_the_spans_of_all_documents() -> None:
    totals = np.sum([scoring.overlap_counts([(0, 10)], [(5, 25)]), scoring.overlap_counts([(0, 5)], [(0, 5)])], axis=0)
    precision, recall = 1.5 / 2, 1.25 / 2
    assert scoring.overlap_f1(0)(totals) == pytest.approx(2 * precision * recall / (precision + recall))
    assert scoring.overlap_f1(0)(np.zeros(4)) == 0


def test_the_bootstrap_draws_documents_and_repeats_itself() -> None:
    mixed = [[1.0, 1.0]] * 5 + [[0.0, 1.0]] * 5
    metrics = {"share": (scoring.share_at(0), *validate.NONE)}
    (row,) = scoring.scored("i", "c", "s", mixed, metrics)
    assert (row["n_documents"], row["score"]) == (10, 0.5)
    assert row["low"] < 0.3 and row["high"] > 0.7
    assert [row] == [*scoring.scored("i", "c", "s", mixed, metrics)]
    (one,) = scoring.scored("i", "c", "s", [[3.0, 4.0]], metrics)  # a document is drawn whole, whatever is in it
    assert (one["low"], one["high"]) == (0.75, 0.75)


def test_reliability_has_a_row_for_each_tenth_that_occurs() -> None:
    rows = [*scoring.reliability("h", "c", [0.02, 0.04, 0.95, 1.0], [False, True, True, True])]
    assert [list(row) for row in rows] == [scoring.BIN_COLUMNS] * 2
    assert [list(row.values())[2:] for row in rows] == [
        pytest.approx([0.0, 0.1, 2, 0.03, 0.5]),
        pytest.approx([0.9, 1.0, 2, 0.975, 1]),
    ]


def test_rows_of_a_corpus_that_was_not_measured_are_kept_in_their_place(tmp_path: Path) -> None:
    table = partial(pd.DataFrame, columns=["corpus", "score"])
    table([["a", 1], ["b", 2], ["elsewhere", 3]]).to_csv(tmp_path / "t.csv", index=False)
    made = scoring.with_kept(table([["b", 9], ["c", 8]]), tmp_path / "t.csv", ["c", "a", "b"])
    assert made.to_numpy().tolist() == [["c", 8], ["a", 1], ["b", 9], ["elsewhere", 3]]


def test_exact_spans_and_words_are_counted_apart_and_recall_asks_for_half_of_the_words() -> None:
    (article,) = scoring.read(
        [{"text": "The mayor said it will rain tomorrow.\nVera Holm hopes that the ferry sails."}]
    )
    said = {"source": [[0, 9]], "cue": [[10, 14]], "content": [[15, 36]], "quote_type_heuristic": "indirect"}
    hopes = {"source": [[38, 47]], "cue": [[48, 53]], "content": [[54, 75]], "quote_type_heuristic": "mixed"}
    found = [span for span in attribution.detect(article, method="rules") if span.start < 37]
    counts = scoring.attribution_counts(article, [said, hopes], found)
    assert counts[:3] == [4, 4, 8]
    assert counts[3:14] == [1, 1, 2, 1, 1, 2, 1, 1, 2, 4 / 14, 1]
    assert counts[14:] == [0, 0, 0, 1, 1, 1]


@with_model
def test_a_record_of_two_sentences_is_judged_by_the_mean_over_its_words() -> None:
    (article,) = scoring.read([{"text": "The ferry left at noon. This vile, shameless fraud must be stopped at once!"}])
    first, second = scoring.judged(article, "biased", [(0, 23), (24, 75)])
    assert second > first
    assert scoring.judged(article, "biased", [(0, 75)]) == pytest.approx([(5 * first + 9 * second) / 14], abs=1e-6)
    assert scoring.judged(article, "biased", [(80, 90)]) == [0.0]


@with_model
def test_names_are_capitals_that_begin_no_sentence() -> None:
    document = corpora.document("x", "The minister said that Jonas Eldre of ACME left. Rain fell on “New York” again.")
    found = [document.tokens[first:last] for first, last in corpora.names(document)]
    assert [" ".join(t.form for t in own) for own in found] == ["jonas eldre", "acme", "new york"]


def test_a_target_is_met_by_its_last_name_too(tmp_path: Path) -> None:
    target = validate.one_target("Vera Holm", tmp_path / "t.toml")
    (article,) = scoring.read([{"text": "Vera Holm opened the pier. Holm smiled. Nobody else came."}])
    found = [article.raw[s.start : s.end] for s in validate.stance.detect(article, targets=target)]
    assert found == ["Vera Holm", "Holm"]
    (silent,) = scoring.read([{"text": "Nobody came."}])
    assert validate.stance_of(silent, target) == 0
    values = np.array([-1, -0.05, 0, 0.05])
    assert validate.sided(values, -0.05, 0.05).tolist() == ["Negative", "Negative", "Neutral", "Positive"]


def test_a_saved_page_is_read_as_a_browser_copies_it() -> None:
    html = "<html><head><title>x</title></head><body><nav><ul><li>News<li>Sport</ul></nav><script>var y</script>"
    html += "<h1>Ferry\n <em>runs</em> again</h1><p>The ferry<br>runs.<!-- z --> Twice.</p></body></html>"
    assert validate.as_pasted(html).split("\n") == ["News", "Sport", "Ferry runs again", "The ferry", "runs. Twice."]


def test_a_page_is_scored_by_the_stretches_that_are_kept(tmp_path: Path) -> None:
    """Of two pages the first is one the rules were written on; of the second a menu and a sentence are asked for."""
    folder = (tmp_path / validate.PAGES).parent / "html"
    folder.mkdir(parents=True)
    body = "<p>The ferry to Holm runs again from Monday, the company said, and it will be on time.</p>"
    (folder / "a.gz").write_bytes(gzip.compress(f"<ul><li>Sport</ul><h1>Ferry runs again</h1>{body}".encode()))
    row = {"html": "html/a.gz", "with": ["runs again from", "never said"], "without": ["Sport"]}
    (tmp_path / validate.PAGES).write_text(f"{json.dumps(row)}\n" * 2, encoding="utf-8")
    (found,) = validate.page_rows(tmp_path)
    assert (found["n_documents"], found["score"], found["trivial"]) == (1, 2 / 3, 0.5)


@with_model
def test_heroes_and_villains_are_told_by_the_tone_toward_them(tmp_path: Path) -> None:
    folder = tmp_path / "narrative_frames"
    folder.mkdir()
    text = "The brave pilots saved the town. The corrupt owners poisoned its river and lied."
    entities = [{"role": role, "start": text.index(e), "end": text.index(e) + len(e)} for role, e in NAMED.items()]
    entities += [{"role": "hero", "start": None, "end": None}, {"role": "victim", "start": 0, "end": 3}]
    for name, economic in (("train", True), ("dev", False)):
        row = {"text": text, "frames": {"EC": economic, "MO": not economic}, "entities": entities}
        (folder / f"{name}.jsonl").write_text(json.dumps(row), encoding="utf-8")
    found = {(row["instrument"], row["metric"]): row["score"] for row in validate.narrative_rows(tmp_path)}
    assert found["target tone (model)", "AUC, hero over villain"] == 1
    assert found["policy frames (model)", "AUC of Economic"] == 0.5  # the same text, with the frame and without


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for name in ("validity.csv", "reliability.csv"):
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


@with_model
def test_missing_corpora_are_named_with_their_source_and_their_rows_stay(tables: Path, capsys) -> None:
    assert validate.main(["--gold", str(tables / "nowhere")], tables) == 1
    told = capsys.readouterr().err
    for corpus, (files, origin, _) in validate.SOURCES.items():
        assert f"{corpus}: {', '.join(files)} missing" in told and origin in told
        assert "commit" in origin
    for name in ("validity.csv", "reliability.csv"):
        kept, now = (pd.read_csv(folder / name) for folder in (DATA, tables))
        pd.testing.assert_frame_equal(kept, now, atol=1e-4)


@with_model
def test_one_corpus_that_is_there_is_measured_and_the_others_are_kept(tables: Path) -> None:
    file = tables / "gold" / validate.SOURCES["CheckThat"][0][0]
    file.parent.mkdir(parents=True)
    texts = {"The bus leaves at six.": "OBJ", "What a wretched, hopeless plan this is!": "SUBJ"}
    rows = [{"id": text[:5], "text": text, "label": label} for text, label in texts.items()]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert validate.main(["--gold", str(tables / "gold")], tables) == 1
    before, now = pd.read_csv(DATA / "validity.csv"), pd.read_csv(tables / "validity.csv")
    assert now.loc[now["corpus"] == "CheckThat", "n_documents"].tolist() == [2]
    assert now["corpus"].drop_duplicates().tolist() == before["corpus"].drop_duplicates().tolist()
    rest = [table[table["corpus"] != "CheckThat"].reset_index(drop=True) for table in (before, now)]
    pd.testing.assert_frame_equal(*rest, atol=1e-4)
    lines = [(folder / "validity.csv").read_text(encoding="utf-8").splitlines() for folder in (DATA, tables)]
    assert len({*lines[0]} - {*lines[1]}) == 1  # nor is a number written otherwise


def test_without_the_model_nothing_is_measured(monkeypatch, tables: Path, capsys) -> None:
    monkeypatch.setattr(encoder, "available", lambda: False)
    with pytest.raises(SystemExit):
        validate.main(["--gold", str(tables)], tables)
    assert "make train" in capsys.readouterr().err


def test_the_tables_have_the_columns_that_the_script_writes_and_name_every_corpus() -> None:
    for name, columns in (("validity", scoring.COLUMNS), ("reliability", scoring.BIN_COLUMNS)):
        assert pd.read_csv(DATA / f"{name}.csv", nrows=0).columns.tolist() == columns
    assert {*pd.read_csv(DATA / "validity.csv")["corpus"]} >= {*validate.SOURCES}


def test_the_score_of_loaded_words_says_how_many_categories_it_is_of() -> None:
    told = pd.read_csv(DATA / "validity.csv").set_index("instrument").loc["loaded words", "metric"]
    assert told == f"macro-F1 ({validate.coverage()})"
