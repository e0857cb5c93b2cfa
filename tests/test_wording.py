"""Wording: sentences biased by their words are told from plain ones, and spans keep to their sentences."""

import pytest
from conftest import article, cases

from analysis import encoder, wording
from analysis.text import sentences

pytestmark = pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no model file")


@pytest.mark.parametrize("case", cases("wording"))
def test_cases(case: dict) -> None:
    (run,) = (s for s in wording.detect(article(case["text"])) if (s.layer, s.label) == ("biased", "run"))
    assert (run.value >= 0.5) == case["biased"]


def test_techniques_stay_within_a_sentence_and_name_their_kind() -> None:
    made = article("These shameless hypocrites have betrayed us. The ferry leaves at nine. Only a fool believes them!")
    found = [s for s in wording.detect(made) if s.layer == "technique"]
    assert found and {s.label for s in found} <= {"any", *encoder.TECHNIQUES}
    assert all(any(r.start <= s.start < s.end <= r.end for r in sentences(made)) for s in found)
