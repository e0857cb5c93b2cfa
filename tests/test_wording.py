"""Wording: sentences biased by their words are told from plain ones, and spans keep to their sentences."""

import numpy as np
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


def test_techniques_begin_and_end_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the model marks a lone quotation mark, the marks around a word, and marks within a stretch of words."""
    made = article("He said “no” (again), “please”.")
    (read,) = sentences(made)
    assert [made.raw[token.start : token.end] for token in read.tokens][2:6] == ["“", "no", "”", "("]
    logits = np.full((len(read.tokens), encoder.WIDTH), -9.0)
    for k, chosen in enumerate(([2], [2, 3, 4], range(4, len(read.tokens)))):
        logits[chosen, encoder.HEADS.technique.start + k] = 9
    monkeypatch.setattr(encoder, "answers", lambda _: encoder.Answers(logits, np.array([0, len(logits)])))
    found = {s.label: made.raw[s.start : s.end] for s in wording.detect(made) if s.layer == "technique"}
    assert found == {"Loaded_Language": "no", "Name_Calling,Labeling": "again), “please"}
