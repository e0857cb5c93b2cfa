"""The scores behind data/validity.csv, by hand."""

import numpy as np
import pytest

from training import validate


def test_macro_f1_of_a_confusion_table() -> None:
    table = np.array([[3, 1], [2, 4]], float)  # truth by answer
    by_hand = (2 * 3 / (4 + 5) + 2 * 4 / (6 + 5)) / 2
    assert validate.macro_f1(table.ravel()) == pytest.approx(by_hand)
    assert validate.macro_f1(np.stack([table.ravel()] * 3)) == pytest.approx([by_hand] * 3)


def test_documents_keep_their_own_confusions() -> None:
    answers = [("a", "x", "x"), ("a", "y", "x"), ("b", "y", "y")]
    assert [list(table) for table in validate.confusions(answers)] == [[1, 0, 1, 0], [0, 0, 0, 1]]


def test_exact_spans_and_words_are_counted_apart() -> None:
    article = validate.plain_article("a", "The mayor said it will rain tomorrow.\n")
    relation = {"source": [[0, 9]], "cue": [[10, 14]], "content": [[15, 36]]}
    found = validate.attribution.detect(article)
    counts = validate.attribution_counts(article, [relation], found)
    assert counts[:3] == [4, 4, 4]
    assert [f(np.array(counts)) for f in validate.ATTRIBUTION_METRICS.values()] == [1, 0, 1, 1, 1]


def test_the_table_has_the_columns_that_the_script_writes() -> None:
    lines = (validate.ROOT / "data" / "validity.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == validate.COLUMNS
    assert len(lines) > 10
