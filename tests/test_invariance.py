"""A name does not decide what is measured: swaps of countries, parties and people move the instruments little."""

import pandas as pd
import pytest

from analysis import encoder
from training.invariance import TABLE, TOLERANCE, measured, sentences, shifts, swaps

SWAPS = swaps()
COMMITTED = pd.read_csv(TABLE)
with_model = pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no model file")


def test_the_table_has_every_pair_and_measure() -> None:
    wanted = [(k, *pair, m) for k, own in SWAPS["pairs"].items() for pair in own for m in TOLERANCE]
    assert list(COMMITTED[["kind", "left", "right", "measure"]].itertuples(index=False, name=None)) == wanted
    assert set(COMMITTED["n"]) == {len(sentences(SWAPS))} and len(sentences(SWAPS)) >= 30


def test_swaps_stay_within_the_tolerance_but_for_the_known_failures() -> None:
    """Both ways: a pair that comes to stand within the tolerance is to be taken off the list in swaps.toml."""
    beyond = COMMITTED[COMMITTED["mean_absolute"] > COMMITTED["measure"].map(TOLERANCE)]
    known = {(*failure["pair"], failure["measure"]) for failure in SWAPS["known_failure"] if failure["reason"]}
    assert set(beyond[["left", "right", "measure"]].itertuples(index=False, name=None)) == known


@with_model
@pytest.mark.parametrize("kind", SWAPS["pairs"])
def test_the_committed_figures_are_those_of_this_model(kind: str) -> None:
    """The first pair of each kind; rounding of int8 differs between processors, so not to the last digit."""
    pairs = {kind: SWAPS["pairs"][kind][:1]}
    fresh = shifts(pairs, sentences(SWAPS)).set_index("measure")
    old = COMMITTED[COMMITTED["kind"] == kind].iloc[: len(fresh)].set_index("measure")
    moved = fresh[["shift", "mean_absolute"]] - old[["shift", "mean_absolute"]]
    assert moved.abs().max(axis=None) < 0.02, "run python -m training.invariance"


@with_model
def test_what_is_said_moves_the_tone_far_more_than_any_name_may() -> None:
    tone = {side: measured("Marland", SWAPS[side])["tone"].mean() for side in ("favours", "opposes", "neither")}
    assert tone["favours"] - tone["opposes"] > 4 * TOLERANCE["tone"]
    assert tone["favours"] > tone["neither"] > tone["opposes"]


def test_the_target_of_a_sentence_is_the_name_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = measured.__globals__["tone_toward"]
    monkeypatch.setitem(measured.__globals__, "tone_toward", lambda t, s, e: seen.append(t[s:e]) or real(t, s, e))
    rows = measured("the River Party", ["{name} clumsily rowed.", '"Rain fell on {name}," Pell said.'])
    assert seen == ["River Party"] * 2
    assert rows["loaded"].tolist() == [1, 0]
    assert rows["attributed"].tolist() == [0, pytest.approx(6 / 8)]
