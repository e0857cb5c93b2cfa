"""The trained model: what is read is what was trained, the file is checked, and without it rules stand in."""

import numpy as np
import pytest
from conftest import article
from hypothesis import given
from hypothesis import strategies as st

from analysis import attribution, encoder, framing, stance, wording
from analysis.encoder import HEADS, WIDTH, windows
from analysis.measures import MEASURES, find_spans, score, sentences_frame
from analysis.model import AnalysisError
from analysis.text import outermost, sentences

TEXT = """The mayor of Port Ellery said on Tuesday that the quay would close. "It is a DISASTER," said Ines Calder.
Nobody asked the fishermen. The harbour board did not answer."""
with_model = pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no model file")


def test_heads_are_side_by_side_and_fill_the_output() -> None:
    columns = [column for head in HEADS for column in range(head.start, head.stop)]
    assert columns == list(range(WIDTH))
    assert HEADS.tags.stop == len(encoder.KINDS) * len(encoder.TAGS)
    assert HEADS.technique.stop - HEADS.technique.start == 1 + len(encoder.TECHNIQUES)
    assert HEADS.frame.stop - HEADS.frame.start == len(encoder.FRAMES)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=30), min_size=1, max_size=12), st.integers(9, 40))
def test_windows_hold_every_token_once_in_order_and_fit(sentence_sizes: list[list[int]], limit: int) -> None:
    sizes = np.array([size for own in sentence_sizes for size in own])
    ends = np.cumsum([len(own) for own in sentence_sizes]).tolist()
    made = list(windows(sizes, ends, limit))
    assert [token for first, last in made for token in range(first, last)] == list(range(len(sizes)))
    assert all(0 < sizes[first:last].sum() <= limit for first, last in made)
    for first in {first for first, _ in made} - {0, *ends}:  # only a sentence longer than a window is cut
        assert sum(sentence_sizes[np.searchsorted(ends, first, side="right")]) > limit


@with_model
def test_pieces_know_capitals_and_quotation_marks() -> None:
    made = article(TEXT)
    tokens = [token for sentence in sentences(made) for token in sentence.tokens]
    read = encoder.pieces(made.raw, tokens, outermost(made))
    kinds = dict(zip((t.form for t in tokens), read.kinds[np.cumsum([0, *read.sizes[:-1]])], strict=True))
    assert (kinds["mayor"], kinds["ellery"], kinds["disaster"], kinds["it"]) == (0, 1, 5, 4)
    assert len(read.ids) == len(read.kinds) == read.sizes.sum()


@with_model
def test_answers_have_a_row_a_token_and_do_not_depend_on_other_articles() -> None:
    alone = encoder.answers(article(TEXT))
    assert alone.logits.shape == (sum(len(s.tokens) for s in sentences(article(TEXT))), WIDTH)
    assert np.isfinite(alone.logits).all()
    encoder.answers(article("Something else altogether. " * 80))
    assert (encoder.answers(article(TEXT)).logits == alone.logits).all()


@with_model
def test_the_number_of_threads_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for threads in "14":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        encoder._threads.cache_clear()
        made.append(encoder.answers(article(TEXT * 9)).logits)
    encoder._threads.cache_clear()
    assert (made[0] == made[1]).all()


@with_model
def test_the_model_is_stored_with_its_slow_nodes_taken_apart() -> None:
    stored = encoder.MODEL.read_bytes()
    assert b"LayerNormalization" in stored and b"Gelu" in stored
    assert b"SkipLayerNormalization" not in stored and b"BiasGelu" not in stored


@with_model
def test_sentence_answers_are_the_means_of_their_tokens() -> None:
    answers = encoder.answers(article(TEXT))
    by_hand = [
        answers.logits[a:b, HEADS.frame].astype(float).mean(axis=0)
        for a, b in zip(answers.firsts, answers.firsts[1:], strict=False)
    ]
    assert np.allclose(answers.by_sentence(HEADS.frame), by_hand, atol=1e-4)


@with_model
@pytest.mark.parametrize("text", ["", "¶", "\u200b", "a" * 5_000, "word " * 3_000, "“" * 300, "日本語の文章です。"])
def test_odd_texts_are_read(text: str) -> None:
    made = article(text or " ")
    assert len(encoder.answers(made).logits) == sum(len(s.tokens) for s in sentences(made))
    assert isinstance([*attribution.detect(made), *wording.detect(made), *framing.policy(made)], list)
    assert len(score(find_spans([made]), [made])) >= 0


@with_model
def test_a_changed_file_is_refused(tmp_path, monkeypatch) -> None:
    for name in ("encoder.onnx", "encoder.toml", "tokenizer.json"):
        (tmp_path / name).write_bytes((encoder.MODELS / name).read_bytes())
    (tmp_path / "encoder.onnx").write_bytes(b"another")
    monkeypatch.setattr(encoder, "MODELS", tmp_path)
    encoder._session.cache_clear()
    with pytest.raises(AnalysisError, match=r"encoder\.onnx is not the file of its card"):
        encoder._session()


@pytest.fixture
def without_model(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder, "MODEL", tmp_path / "encoder.onnx")
    encoder._there.cache_clear()
    yield
    encoder._there.cache_clear()


@pytest.mark.usefixtures("without_model")
def test_without_the_file_rules_stand_in_and_that_is_said() -> None:
    made = article(TEXT)
    with pytest.warns(UserWarning, match="rules stand in for the trained model"):
        spans = find_spans([made])
    assert spans.attrs["voice"] == "rules"
    assert spans.equals(find_spans([made], voice="rules"))
    assert stance.tone_toward("The mayor slammed Acme Motors.", 18, 29).label == "negative"
    assert sentences_frame([made], spans)[["biased", "subjective"]].isna().all(axis=None)
    measured = set(score(spans, [made])["measure"])
    assert measured & {"biased", "subjective", "technique", "policy_frame"} == set()
    assert measured >= {"tone", "loaded", "attributed_share"} and len(MEASURES) > len(measured)
