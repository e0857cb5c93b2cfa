"""Recoding: scores by hand, sheets that went through spreadsheets, and nothing of the machine's answer in a sheet."""

import csv
import io
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import article
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask

from analysis import encoder, lexicons, loaded, recode, run, tables
from analysis.model import AnalysisError
from analysis.writing import csv_bytes

CORPUS = Path(__file__).parent / "cases" / "corpus"
ROOT = Path(__file__).parents[1]
OWN = lexicons.OWN_VALIDITY
LOADED = [
    "The mayor’s shambolic scheme is a catastrophe.",
    "„Schande“, he wrote, a catastrophic surrender.",
    "=SUM(A1) was the ludicrous title of the talk.",
    "-So this absurd plan is doomed, she said.",
]
PLAIN = [
    "The ferry left at nine, with a crew; it was full.",
    "«La ville» opened a library on Tuesday.",
    "The council met twice in the spring.",
    "@portellery posted a photo of the bridge.",
    "The harbour has two cranes.",
]
MIXED = [s for pair in zip(PLAIN, [*LOADED, "The end of it came."], strict=True) for s in pair]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sheet of four sentences of each kind and its key."""
    folder = tmp_path_factory.mktemp("exported")
    recode.export([article("\n".join(MIXED))], "loaded", 4, folder / "sheet.csv")
    return folder


@pytest.fixture
def sheet(exported: Path, tmp_path: Path) -> Path:
    """A sheet of four sentences of each kind, with its key, to be changed."""
    shutil.copytree(exported, tmp_path, dirs_exist_ok=True)
    return tmp_path / "sheet.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def fill(path: Path, codes: dict[str, str], to: Path | None = None, **change: object) -> Path:
    """The sheet with the codes by item, as a spreadsheet could save it: `change` is of delimiter, encoding, rows."""
    rows = [row | {"code": codes[row["item"]]} for row in rows_of(path)]
    rows = change.get("rows", lambda same: same)(rows)
    written = io.StringIO(newline="")
    how = {"delimiter": change.get("delimiter", ","), "quoting": change.get("quoting", csv.QUOTE_MINIMAL)}
    writer = csv.DictWriter(written, list(rows[0]), lineterminator="\r\n", **how)
    writer.writeheader()
    writer.writerows(rows)
    out = to or path.with_name("coded.csv")
    out.write_bytes(written.getvalue().encode(change.get("encoding", "utf-8")))
    return out


def machine(path: Path) -> dict[str, str]:
    """The codes that the machine would give."""
    return {row["item"]: "yes" if row["found"] == "1" else "no" for row in rows_of(path.with_suffix(".key.csv"))}


def imported(*sheets: Path, key: Path) -> dict[str, list[float]]:
    """Score and ends of its interval by metric, from a fresh validity file beside the key."""
    own = key.with_name("own.csv")
    recode.import_sheets(sheets, key, own)
    return {row["metric"]: [float(row[name] or "nan") for name in ("score", "low", "high")] for row in rows_of(own)}


def known(found: list[int], with_it: int, without: int) -> pd.DataFrame:
    """A key by hand, of sentences that differ."""
    facts = {"instrument": "loaded words", "article_id": "a", "sentence": [f"s{'x' * i}" for i in range(len(found))]}
    sizes = {1: with_it, 0: without}
    return pd.DataFrame({"found": found, "stands_for": [sizes[f] for f in found]} | facts)


def scores(table: pd.DataFrame) -> dict[str, float]:
    return {metric: float(score or "nan") for metric, score in zip(table["metric"], table["score"], strict=True)}


# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", A: two observers, ten articles, binary: .095
TWO = ([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])


def test_alpha_of_krippendorffs_own_example():
    assert recode.alpha(np.array([TWO]).sum(axis=1), 2) == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize(
    ("codes", "by_hand"),
    [
        ([[1, 1], [0, 0], [1, 0], [0, 0]], 1 - 7 * 1 / (3 * 5)),  # 1 - (N - 1) pairs that differ / (yes * no)
        ([[1, 0], [0, 1]], 1 - 3 * 2 / (2 * 2)),  # worse than chance
        ([[1, 1, 0], [0, 0, 0]], 1 - 5 * (2 / 2) / (2 * 4)),
        ([[1, 1], [0, 0]], 1.0),
        ([[1, 1], [1, 1]], 1.0),  # 0/0
        ([[0, 0, 0]], 1.0),
    ],
)
def test_alpha_by_hand(codes: list[list[int]], by_hand: float):
    assert recode.alpha(np.array([codes]).sum(axis=2), len(codes[0])) == pytest.approx(by_hand)


@given(st.integers(2, 4).flatmap(lambda k: st.lists(st.lists(st.integers(0, 1), min_size=k, max_size=k), min_size=1)))
@settings(max_examples=60, deadline=None)
def test_alpha_is_that_of_nltk(codes: list[list[int]]):
    table = np.array(codes)
    data = [(coder, item, int(code)) for (item, coder), code in np.ndenumerate(table)]
    theirs = AnnotationTask(data).alpha() if 0 < table.mean() < 1 else 1
    assert recode.alpha(table.sum(axis=1)[None], table.shape[1])[0] == pytest.approx(theirs)


def test_precision_and_weighted_recall_by_hand():
    """4 of 5 found are right, of 40: 32; 1 of 5 others is missed, of 160: 32. So recall is one half, not 4 of 5."""
    found = [1] * 5 + [0] * 5
    told = recode.score(known(found, 40, 160), np.array([[1], [1], [1], [1], [0], [1], [0], [0], [0], [0]]))
    assert scores(told) == {"precision": 0.8, "recall": 0.5}
    low, high = told.loc[1, ["low", "high"]].astype(float)
    assert low < 0.25 and high > 0.75, "five sentences say little of 160"
    assert set(told["split"]) == {"1 coder, 10 sentences" + recode.SCOPE["loaded words"]}
    assert set(told["n_documents"]) == {"1"}


def test_the_majority_decides_and_a_split_is_counted():
    found, most = [1, 1, 0, 0], [[1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 1, 1]]
    assert scores(recode.score(known(found, 2, 2), np.array(most))) == {
        "precision": 0.5,
        "recall": 0.5,
        "Krippendorff's alpha": pytest.approx(1 - 11 * 3 / (5 * 7), abs=5e-5),
    }
    told = recode.score(known(found, 2, 2), np.array([[1, 1], [0, 1], [0, 0], [0, 0]]))
    assert scores(told) | {"Krippendorff's alpha": 0} == {"precision": 1, "recall": 1, "Krippendorff's alpha": 0}
    assert set(told["split"]) == {"2 coders, 4 sentences, 1 of them split" + recode.SCOPE["loaded words"]}


def test_what_is_undefined_is_empty_and_said_so():
    nobody = recode.score(known([1, 0], 3, 3), np.zeros((2, 2), int))
    assert nobody[["score", "low", "high"]].to_numpy().tolist()[1] == ["", "", ""]
    assert "precision 0.00 (0.00 to " in tables.on_own_articles(nobody.to_dict("records"))
    assert "recall undefined" in tables.on_own_articles(nobody.to_dict("records"))
    torn = scores(recode.score(known([1, 0], 3, 3), np.array([[0, 1], [1, 1]])))
    assert math.isnan(torn["precision"]) and math.isnan(torn["recall"])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=40), st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_scores_lie_in_their_intervals(pairs: list[tuple[int, int]], without: int):
    half = [1, 0] * len(pairs)
    table = recode.score(known(half, 50, without), np.array(pairs + pairs))
    of_machine = table["metric"].isin(["precision", "recall"]) & (table["score"] != "")
    for row in table[of_machine].to_dict("records"):
        assert 0 <= float(row["low"]) <= float(row["score"]) <= float(row["high"]) <= 1
        assert row["low"] != row["high"], "a sample never says for certain"


@given(
    st.lists(st.sampled_from([*LOADED, *PLAIN]), min_size=1, max_size=12).map(lambda s: [LOADED[0], PLAIN[0], *s]),
    st.integers(1, 9),
    st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_perfect_coders_agree_with_each_other_and_the_machine(tmp_path_factory, text, n, seed):
    folder = tmp_path_factory.mktemp("perfect")
    recode.export([article("\n".join(text))], "loaded", n, folder / "s.csv", seed, voice="quotes")
    coders = [fill(folder / "s.csv", machine(folder / "s.csv"), folder / f"{name}.csv") for name in "ab"]
    told = imported(*coders, key=folder / "s.key.csv")
    assert {metric: score for metric, (score, *_) in told.items()} == {
        "precision": 1,
        "recall": 1,
        "Krippendorff's alpha": 1,
    }


SPREADSHEETS = {
    "as exported": {},
    "with the mark": {"encoding": "utf-8-sig"},
    "semicolons": {"delimiter": ";", "encoding": "utf-8-sig"},
    "tabs": {"delimiter": "\t"},
    "Unicode text": {"delimiter": "\t", "encoding": "utf-16"},
    "without the apostrophes": {"rows": lambda rows: [{k: v.lstrip("'") for k, v in row.items()} for row in rows]},
    "all in quotation marks": {"quoting": csv.QUOTE_ALL},
    "another encoding": {"encoding": "cp1252"},
    "reordered": {"rows": lambda rows: rows[::-1]},
    "more columns": {"rows": lambda rows: [{"coder": "Ana; Bo", **row, "": ""} for row in rows]},
    "lines below": {"rows": lambda rows: [*rows, dict.fromkeys(rows[0], ""), dict.fromkeys(rows[0], " ")]},
    "capitals and blanks": {"rows": lambda rows: [row | {"code": f" {row['code'].upper()} "} for row in rows]},
    "other quotation marks": {"rows": lambda rows: [row | {"sentence": row["sentence"].strip("'=")} for row in rows]},
}


@pytest.mark.parametrize("change", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_sheets_survive_a_spreadsheet(sheet: Path, change: dict):
    coded = fill(sheet, machine(sheet), **change)
    assert [score for score, *_ in imported(coded, key=sheet.with_suffix(".key.csv")).values()] == [1, 1]


def test_the_key_survives_one_too(sheet: Path):
    coded, key = fill(sheet, machine(sheet)), sheet.with_suffix(".key.csv")
    rows = rows_of(key)[::-1]
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    key.write_text(written.getvalue(), "utf-8-sig")
    assert [score for score, *_ in imported(coded, key=key).values()] == [1, 1]


def test_what_is_no_validity_file_or_key_is_refused(sheet: Path, tmp_path: Path):
    own = tmp_path / "own.csv"
    own.write_bytes("instrument\ncaf\xe9".encode("cp1252"))
    with pytest.raises(AnalysisError, match=r"own\.csv.*move it"):
        lexicons.load_own_validity(own)
    key = sheet.with_suffix(".key.csv")
    key.write_text(re.sub(r'(,"?[01]"?,"?)\d+', r"\g<1>" + "9" * 30, key.read_text("utf-8-sig")), "utf-8-sig")
    with pytest.raises(AnalysisError, match="stands_for"):
        imported(fill(sheet, machine(sheet)), key=key)


def test_a_sheet_holds_the_sentence_its_neighbours_and_no_formula(sheet: Path):
    rows = rows_of(sheet)
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    shown = {row["sentence"].removeprefix("'") for row in rows}
    assert {*LOADED} <= shown and "«La ville» opened a library on Tuesday." in "".join(map(str, rows))
    for row in rows:
        before, sentence, after = (row[name].removeprefix("'") for name in ("before", "sentence", "after"))
        at = MIXED.index(sentence)
        assert [before, after] == ["", *MIXED, ""][at : at + 3 : 2]


def test_a_sheet_has_no_trace_of_the_machines_answer(tmp_path: Path):
    """The same columns and cells whichever half a sentence is in, and an order that says nothing."""
    made = article("\n".join([*LOADED, *PLAIN[:4]] * 10))
    orders = []
    for seed in range(40):
        out = tmp_path / f"{seed}.csv"
        recode.export([made], "loaded", 10, out, seed)
        rows = rows_of(out)
        assert list(rows[0]) == ["item", "before", "sentence", "after", "question", "code"]
        assert [row["item"] for row in rows] == [str(i) for i in range(1, 21)]
        assert {row["code"] for row in rows} == {""} and len({row["question"] for row in rows}) == 1
        orders.append([code == "yes" for code in machine(out).values()])
    share = np.mean(orders, axis=0)  # of found, in each place
    assert np.mean(orders) == 0.5 and share.min() > 0.15 and share.max() < 0.85
    assert len(set(map(tuple, orders))) == 40


def test_a_seed_gives_the_same_sheet_and_another_gives_another(sheet: Path, tmp_path: Path):
    text = [article("\n".join([*LOADED, *PLAIN]))]
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        recode.export(text, "loaded", 3, tmp_path / f"{name}.csv", seed)
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c


def test_a_content_of_several_sentences_is_found_in_each(tmp_path: Path):
    text = '"We will stay. We have time. We have money," the mayor said on Monday.\nThe ferry left at nine.\nIt rained.'
    told = recode.export([article(text)], "attribution", 9, tmp_path / "s.csv", voice="quotes")
    key = rows_of(tmp_path / "s.key.csv")
    assert {row["instrument"] for row in key} == {"attribution (quotes)"} and "4 sentences to code" in told
    assert {row["found"]: row["stands_for"] for row in key} == {"1": "3", "0": "2"}


def test_loaded_is_what_its_validity_was_measured_on():
    _, instrument, yes = recode.QUESTIONS["loaded"]
    assert (instrument, yes) == ("loaded words", f"group not in {list(loaded.STYLE)}")
    rest = [name for name in loaded.LISTS if lexicons.load_lexicon(name).family in loaded.STYLE]
    assert recode.SCOPE[instrument] == f", without {', '.join(rest)}"


def test_instruments_are_called_as_in_the_validity_file():
    names = {row["instrument"] for row in lexicons.load_validity()}
    assert {i.format(voice=v) for _, i, _ in recode.QUESTIONS.values() for v in ("quotes", "rules", "model")} <= names
    with lexicons.VALIDITY.open(encoding="utf-8") as handle:
        assert next(csv.reader(handle)) == lexicons.VALIDITY_COLUMNS


@pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no trained model")
@pytest.mark.parametrize("layer", recode.QUESTIONS)
def test_each_layer_gives_a_sheet(tmp_path: Path, layer: str):
    strong = "Their corrupt, cowardly regime has once again shamelessly betrayed the people it despises."
    text = "\n".join([*LOADED, 'The corrupt regime lies again, she said: "It is a shame."', strong, *PLAIN])
    recode.export([article(text)], layer, 1, tmp_path / "s.csv")
    assert [row["found"] for row in sorted(rows_of(tmp_path / "s.key.csv"), key=lambda row: row["found"])] == ["0", "1"]


WRONG = {
    "missing": (lambda rows: rows[1:], "item {first} is missing here"),
    "repeated": (lambda rows: [*rows, rows[0]], "item {first} is repeated"),
    "unknown": (lambda rows: [*rows, rows[0] | {"item": "99"}], "item 99 is missing in"),
    "without its number": (lambda rows: [rows[0] | {"item": ""}, *rows[1:]], "item {first} is missing here"),
    "empty": (lambda rows: [rows[0] | {"code": ""}, *rows[1:]], "item {first} has the code ''; write yes or no"),
    "unsure": (lambda rows: [rows[0] | {"code": "maybe"}, *rows[1:]], "item {first} has the code 'maybe'"),
    "a number": (lambda rows: [rows[0] | {"code": "1"}, *rows[1:]], "item {first} has the code '1'"),
    "another sentence": (
        lambda rows: [rows[0] | {"sentence": "A sentence of another sheet."}, *rows[1:]],
        "item {first} is another sentence",
    ),
    "sorted by one column": (
        lambda rows: [row | {"sentence": other["sentence"]} for row, other in zip(rows, rows[::-1], strict=True)],
        "item {first} is another sentence",
    ),
    "no code": (lambda rows: [{k: v for k, v in row.items() if k != "code"} for row in rows], "code"),
}


@pytest.mark.parametrize(("rows", "reason"), WRONG.values(), ids=WRONG)
def test_errors_name_the_file_and_the_item(sheet: Path, rows, reason: str):
    coded = fill(sheet, machine(sheet), rows=rows)
    with pytest.raises(AnalysisError) as error:
        imported(coded, key=sheet.with_suffix(".key.csv"))
    assert str(error.value).startswith(f"{coded}: ") and reason.format(first="1") in str(error.value)
    assert not (sheet.parent / "own.csv").exists()


def test_other_files_are_refused_by_name(sheet: Path, tmp_path: Path):
    coded, key = fill(sheet, machine(sheet)), sheet.with_suffix(".key.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "wide.csv").write_bytes("item\tsentence\tcode\n1\ta\tyes\n".encode("utf-16"))
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04\x14\x00" + bytes(range(256)))
    for name, reason in {"empty": "workbook", "book": "workbook", "wide": "item", "none": "No such file"}.items():
        with pytest.raises(AnalysisError, match=rf"{name}\.csv: .*{reason}"):
            imported(tmp_path / f"{name}.csv", key=key)
    with pytest.raises(AnalysisError, match=r"coded\.csv: .*found"):
        imported(coded, key=coded)
    with pytest.raises(AnalysisError, match="given twice"):
        imported(coded, coded, key=key)
    key.write_bytes(key.read_bytes().replace(b",1,", b",2,"))
    with pytest.raises(AnalysisError, match=r"key\.csv: `found` is not 0 and 1"):
        imported(coded, key=key)


def test_export_refuses_what_it_cannot_sample_and_never_overwrites(sheet: Path, tmp_path: Path):
    for text, n, seed in (("It rained.", 5, 0), ("\n".join([*LOADED, *PLAIN]), 0, 0), (f"{LOADED[0]}\nIt is.", 1, -1)):
        with pytest.raises(AnalysisError, match="at least 1 of each"):
            recode.export([article(text)], "loaded", n, tmp_path / "no.csv", seed)
    assert not (tmp_path / "no.csv").exists()
    for folder in (tmp_path, Path("/")):
        with pytest.raises(AnalysisError, match="already there"):
            recode.export([article("\n".join([*LOADED, *PLAIN]))], "loaded", 2, folder)
    before = sheet.read_bytes()
    for gone in (sheet.with_suffix(".key.csv"), sheet):
        with pytest.raises(AnalysisError, match="already there"):
            recode.export([article("\n".join([*LOADED, *PLAIN]))], "loaded", 2, sheet)
        assert not sheet.exists() or sheet.read_bytes() == before
        gone.unlink()


def test_articles_on_which_the_measure_failed_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    articles = [article("\n".join([*LOADED, *PLAIN]), name) for name in ("good", "bad")]
    find = recode.find_spans

    def failing(*given, **options):
        spans = find(*given, **options)
        spans.attrs["failures"] = [{"article_id": "bad"}]
        return spans

    monkeypatch.setattr(recode, "find_spans", failing)
    recode.export(articles, "loaded", 9, tmp_path / "s.csv")
    assert {row["article_id"] for row in rows_of(tmp_path / "s.key.csv")} == {"good"}


def test_the_own_file_is_cited_after_the_corpora(sheet: Path, monkeypatch: pytest.MonkeyPatch):
    own, key = sheet.with_name("own.csv"), sheet.with_suffix(".key.csv")
    monkeypatch.setattr(tables, "OWN_VALIDITY", own)
    without = {name: tables.validity(name) for name in ("loaded words", "attribution (model)", "tone")}
    wrong = machine(sheet) | {"1": "no" if machine(sheet)["1"] == "yes" else "yes"}
    coders = [fill(sheet, codes, sheet.with_name(f"{i}.csv")) for i, codes in enumerate((machine(sheet), wrong))]
    told = recode.import_sheets(coders, key, own)
    cited = tables.validity("loaded words").removeprefix(without["loaded words"])
    assert cited.startswith(" On own articles (2 coders, 8 sentences, 1 of them split, without hedges, boosters, ")
    assert ", recall 1.00 (" in cited and ", Krippendorff's alpha 0.76 (" in cited and cited.endswith(").")
    assert cited.strip() == told.splitlines()[0]
    assert told.splitlines()[1:] == [
        "coders differ: items 1",
        "only the machine says yes: items none",
        "only people say yes: items none",
        f"added to {own}",
    ]
    for name in ("attribution (model)", "tone"):
        assert tables.validity(name) == without[name]


def test_what_divides_most_is_discussed_first(sheet: Path):
    sure = machine(sheet)
    other = {item: "no" if code == "yes" else "yes" for item, code in sure.items()}
    coders = [sure | {"5": other["5"]}, sure | {i: other[i] for i in "458"}, sure | {"8": other["8"]}, sure]
    sheets = [fill(sheet, codes, sheet.with_name(f"{i}.csv")) for i, codes in enumerate(coders)]
    told = recode.import_sheets(sheets, sheet.with_suffix(".key.csv"), sheet.with_name("own.csv"))
    assert "\ncoders differ: items 5, 8, 4\n" in told and "4 coders, 8 sentences, 2 of them split" in told
    kinds = {"yes": "only the machine says yes: items 2\nonly people say yes: items none"}
    kinds["no"] = "only the machine says yes: items none\nonly people say yes: items 2"
    all_but_one = [fill(sheet, sure | {"2": other["2"]}, sheet.with_name(f"{i}.csv")) for i in range(3)]
    told = recode.import_sheets(all_but_one, sheet.with_suffix(".key.csv"), sheet.with_name("own.csv"))
    assert kinds[sure["2"]] in told and "coders differ: items none" in told


def test_a_sheet_replaces_its_own_rows_only(sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = tmp_path / "own.csv"
    monkeypatch.setattr(tables, "OWN_VALIDITY", own)
    coded = fill(sheet, machine(sheet), tmp_path / "first.csv")
    recode.import_sheets([coded], sheet.with_suffix(".key.csv"), own)
    once = own.read_bytes()
    recode.import_sheets([coded], sheet.with_suffix(".key.csv"), own)
    assert own.read_bytes() == once
    other = tmp_path / "other" / "sheet.csv"  # the same name, other sentences
    recode.export([article("The ludicrous plan is a catastrophe.\nThe boat left.")], "loaded", 1, other)
    recode.import_sheets([fill(other, machine(other))], other.with_suffix(".key.csv"), own)
    quoted = tmp_path / "quoted.csv"
    recode.export([article('"We will go," she said.\nIt rained.')], "attribution", 1, quoted, voice="rules")
    recode.import_sheets([fill(quoted, machine(quoted))], quoted.with_suffix(".key.csv"), own)
    assert own.read_bytes().startswith(once) and len(rows_of(own)) == 6
    assert tables.validity("loaded words").count("On own articles (1 coder, ") == 2
    assert "On own articles (1 coder, 2 sentences)" in tables.validity("attribution (rules)")
    assert "own articles" not in tables.validity("attribution (quotes)")
    own.unlink()  # what somebody took away stays away, though it has been read before
    recode.import_sheets([coded], sheet.with_suffix(".key.csv"), own)
    assert own.read_bytes() == once


def test_a_figure_that_asks_for_either_way_is_told_of_the_one_in_use(monkeypatch: pytest.MonkeyPatch):
    rows = recode.score(known([1, 0], 1, 1).assign(instrument="biased sentence (model)"), np.array([[1], [0]]))
    monkeypatch.setattr(tables, "load_own_validity", lambda _: rows.to_dict("records"))
    for with_model in (True, False):
        monkeypatch.setattr(encoder, "available", lambda answer=with_model: answer)
        assert ("On own articles" in tables.validity("biased sentence")) == with_model


def test_an_own_file_with_other_columns_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "OWN_VALIDITY", tmp_path / "own.csv")
    (tmp_path / "own.csv").write_text("instrument;score\nloaded words;1\n")
    with pytest.raises(AnalysisError, match=r"own\.csv: its columns"):
        tables.validity("loaded words")


def test_a_negative_alpha_is_cited_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "OWN_VALIDITY", tmp_path / "own.csv")
    row = dict.fromkeys(lexicons.VALIDITY_COLUMNS, "") | {"instrument": "loaded words", "metric": "alpha"}
    row |= {"score": -0.2, "low": -0.5, "high": 0.1, "corpus": "own articles", "split": "2 coders"}
    (tmp_path / "own.csv").write_bytes(csv_bytes(pd.DataFrame([row]).astype(str)))
    assert "alpha -0.20 (-0.50 to 0.10)" in tables.validity("loaded words")


def test_own_articles_may_be_all_there_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "load_validity", lambda: ())
    monkeypatch.setattr(tables, "load_own_validity", lambda _: ())
    assert tables.validity("loaded words") == "Instrument (loaded words): not validated."
    rows = recode.score(known([1, 0], 1, 1), np.array([[1], [0]])).to_dict("records")
    monkeypatch.setattr(tables, "load_own_validity", lambda _: rows)
    assert tables.validity("loaded words").startswith("Instrument (loaded words): not validated elsewhere. On own art")


def test_the_command_line_from_articles_to_a_validity_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    there = OWN.read_bytes() if OWN.exists() else None
    out, own = tmp_path / "sheet.csv", tmp_path / "own.csv"
    command = ["recode", "export", str(CORPUS), "--layer", "loaded", "--n", "3", "--out", str(out)]
    assert run.main(command) == 0
    assert "of each kind" in capsys.readouterr().out and len(rows_of(out)) % 2 == 0
    assert run.main(command) == 2 and "already there" in capsys.readouterr().err
    coders = [fill(out, machine(out), tmp_path / f"sheet_{name}.csv") for name in "ab"]
    command = ["recode", "import", *map(str, coders), "--key", str(tmp_path / "sheet.key.csv"), "--validity", str(own)]
    assert run.main(command) == 0
    assert "Krippendorff's alpha 1.00" in capsys.readouterr().out
    assert [row["metric"] for row in rows_of(own)] == ["precision", "recall", "Krippendorff's alpha"]
    fill(out, machine(out) | {"2": "perhaps"}, coders[0])
    assert run.main(command) == 2
    assert f"{coders[0]}: item 2 has the code 'perhaps'" in capsys.readouterr().err
    assert (OWN.read_bytes() if OWN.exists() else None) == there


def test_the_page_asks_what_the_sheet_asks_and_the_own_file_is_ignored_by_git():
    page = (ROOT / "docs" / "recoding.md").read_text(encoding="utf-8")
    for layer, (question, instrument, _) in recode.QUESTIONS.items():
        assert f"| {layer} | {question} | {instrument.partition(' (')[0]}" in page
    assert OWN.relative_to(ROOT).as_posix() in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
