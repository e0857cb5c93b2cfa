"""Tone of passages and the words that make it; cases in cases/sentiment.toml."""

import random

import pytest
from conftest import article, cases
from vaderSentiment import vaderSentiment as vader

from analysis.model import Span
from analysis.sentiment import LONGEST, detect, tone, tone_label, tone_words


@pytest.mark.parametrize("case", cases("sentiment"))
def test_cases(case: dict) -> None:
    assert tone_label(tone(case["text"])) == case["label"]
    assert [(w.detail, w.value) for w in tone_words(case["text"])] == [tuple(word) for word in case["words"]]


def test_labels_change_at_the_published_threshold() -> None:
    assert [tone_label(v) for v in (-1, -0.05, -0.049, 0, 0.049, 0.05, 1)] == (
        ["negative", "negative", "neutral", "neutral", "neutral", "positive", "positive"]
    )


def test_one_tone_a_sentence_and_offsets_into_the_raw_text() -> None:
    text = "A ter\u200brible ferry. It’s a lovely pier, though.\nNothing more."
    spans = list(detect(article(text)))
    assert [(text[s.start : s.end], s.value) for s in spans if s.label == "word"] == (
        [("ter\u200brible", -2.1), ("lovely", 2.8)]
    )
    tones = [(text[s.start : s.end], s.value) for s in spans if s.label == "tone"]
    assert [t for t, _ in tones] == ["A ter\u200brible ferry.", "It’s a lovely pier, though.", "Nothing more."]
    assert [tone_label(v) for _, v in tones] == ["negative", "positive", "neutral"]


def test_each_voice_run_has_a_tone_of_its_own() -> None:
    text = "The mayor said the pier was horrible."
    runs = [Span("voice", "paragraph", 0, 14, voice="author"), Span("voice", "paragraph", 15, 37, voice="indirect")]
    spans = [s for s in detect(article(text), runs) if s.label == "tone"]
    assert [(s.start, s.end, tone_label(s.value)) for s in spans] == [(0, 14, "neutral"), (15, 37, "negative")]
    assert not any(s.voice for s in spans)


@pytest.mark.parametrize("piece", ["😀", "but good ", "no good, ", "!", "'", "-"])
def test_what_is_read_is_bounded_whatever_the_length(piece: str) -> None:
    text = piece * 100_000
    assert tone(text) == tone(text[:LONGEST])
    assert len(list(tone_words(text))) <= LONGEST


def test_tone_is_vader_s_compound_whatever_the_words() -> None:
    analyzer, draw = vader.SentimentIntensityAnalyzer(), random.Random(0)
    emoji = [mark for mark in analyzer.emojis if len(mark) == 1]
    plain = ["the", "table", "but", "no", "nor", "or", "never", "so", "without", "doubt", "very", "least", "kind", "of"]
    known = [*analyzer.lexicon], [*vader.BOOSTER_DICT], vader.NEGATE, [*vader.SPECIAL_CASES], emoji, plain, plain
    told = set()
    for _ in range(3_000):
        words = [draw.choice(draw.choice(known)) + draw.choice(["", "", "", "!", "?", '"']) for _ in range(12)]
        words = [word.upper() if draw.random() < 0.2 else word for word in words[: draw.randrange(13)]]
        text = draw.choice(["  ", " ", " "]).join(words).replace("`", "'")  # one of the marks that are mended
        score = analyzer.polarity_scores(text)["compound"]
        assert tone(text) == score, text
        told.add(score)
    assert len(told) > 1_000
