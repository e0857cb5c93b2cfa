"""Cues of Entman's four functions; cases in cases/framing.toml."""

import pytest
from conftest import article, cases

from analysis.framing import detect
from analysis.lexicons import load_lexicon

FUNCTIONS = {"problem", "cause", "moral judgement", "remedy"}


@pytest.mark.parametrize("case", cases("framing"))
def test_cases(case: dict) -> None:
    found = [(case["text"][s.start : s.end], s.label) for s in detect(article(case["text"]))]
    assert found == [tuple(cue) for cue in case["cues"]]


def test_every_function_has_cues_and_every_cue_a_case_of_its_function() -> None:
    table = [parameter.values[0] for parameter in cases("framing")]
    assert len(table) >= 30
    assert {label for case in table for _, label in case["cues"]} == FUNCTIONS
    assert {entry.label for entry in load_lexicon("entman").entries.values()} == FUNCTIONS
    assert len({entry.head for entry in load_lexicon("entman").entries.values()}) >= 60


def test_detail_is_the_head_and_value_is_none() -> None:
    (span,) = detect(article("The pier was jeopardised."))
    assert (span.layer, span.label, span.detail, span.value) == ("frame", "problem", "jeopardize", None)


def test_headings_are_read_by_themselves() -> None:
    assert [s.label for s in detect(article("Fear\nof heights keeps sailors down."))] == []
