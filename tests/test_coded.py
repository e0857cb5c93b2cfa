"""What was coded by reading: places and codes without text, and how answers are counted beside them."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from analysis import attribution
from analysis.counts import CUE_STANCES, SOURCE_TYPES
from training import coded
from training.corpora import plain_article

COLUMNS = ["instrument", "document", "start", "end", "code", "sample"]
ROLES = ("agent", "patient", "possessor", "other")
TEXT = "Mayor Ada Brill says that the bridge is safe. Otto Falk claims that the mayor fired him."


@pytest.fixture
def codes(tmp_path: Path, monkeypatch):
    def write(*rows: tuple[str, str, str, str, int]) -> None:
        places = [(i, d, TEXT.index(w), TEXT.index(w) + len(w), code, sample) for i, d, w, code, sample in rows]
        pd.DataFrame(places, columns=COLUMNS).to_csv(tmp_path / "codes.csv", index=False)

    monkeypatch.setattr(coded, "CODES", tmp_path / "codes.csv")
    monkeypatch.setattr(attribution, "detect", partial(attribution.detect, method="rules"))
    return write


def test_the_file_holds_places_and_codes_that_the_instruments_know_and_no_text() -> None:
    table = pd.read_csv(coded.CODES)
    assert list(table.columns) == COLUMNS
    known = {"source types": SOURCE_TYPES, "cue stance": CUE_STANCES, "grammatical roles": ROLES}
    assert set(table["instrument"]) == set(known)
    assert all(set(own["code"]) <= {*known[name]} for name, own in table.groupby("instrument"))
    assert (table["start"] < table["end"]).all()
    assert not table.duplicated(["instrument", "document", "start", "end"]).any()


def test_what_is_found_at_a_coded_place_is_counted_and_what_is_left_open_is_told_apart(codes) -> None:
    codes(
        ("source types", "a", "Ada Brill", "government", 1),
        ("source types", "a", "Otto Falk", "expert", 1),
        ("source types", "a", "bridge", "media", 1),  # nobody's words were found there
        ("source types", "b", "Ada", "media", 1),  # a document that is not there
        ("cue stance", "a", "claims", "distancing", 1),
    )
    rows = [*coded.attributed({"a": plain_article("a", TEXT)})]
    found = {(row["instrument"], row["metric"]): (row["score"], row["trivial_what"]) for row in rows}
    assert found == {
        ("source types", "share right (2, machine-coded)"): (0.5, "always government"),
        ("source types", "share right of the 1 not left open"): (1.0, ""),
        ("cue stance", "share right (1, machine-coded)"): (1.0, "always distancing"),
    }


def test_of_several_samples_the_last_counts(codes) -> None:
    codes(
        ("grammatical roles", "a", "Ada Brill", "patient", 1),
        ("grammatical roles", "a", "him", "patient", 2),
        ("grammatical roles", "a", "bridge", "patient", 2),
    )
    (row,) = coded.roles({"a": plain_article("a", TEXT)})
    assert (row["metric"], row["score"], row["trivial"]) == ("share right (2, machine-coded)", 0.5, 1.0)


def test_without_a_coded_document_there_is_no_row(codes) -> None:
    codes(("grammatical roles", "a", "him", "patient", 1))
    assert [*coded.roles({"b": plain_article("b", TEXT)})] == []
