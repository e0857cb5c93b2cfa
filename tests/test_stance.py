"""Mentions, roles and tones of targets; cases in cases/stance.toml."""

import tomllib
from pathlib import Path

import pytest
from conftest import article, cases

from analysis import encoder
from analysis.lexicons import TARGETS, load_lexicon, load_targets
from analysis.measures import find_spans
from analysis.model import AnalysisError
from analysis.sentiment import tone
from analysis.stance import LABELS, SHARES, WEIGHTS, Tone, detect, tone_by_rules, tone_toward


@pytest.fixture
def by_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is where there is no model: mentions and roles do not depend on it, tones do."""
    monkeypatch.setattr(encoder, "available", lambda: False)


@pytest.mark.usefixtures("by_rules")
@pytest.mark.parametrize("case", cases("stance"))
def test_cases(case: dict) -> None:
    text = case["text"]
    found = [(text[s.start : s.end], s.label, s.detail) for s in detect(article(text))]
    assert found == [tuple(m[:3]) for m in case["mentions"]]
    values = [s.value for s in detect(article(text))]
    for value, (words, _, _, *expected) in zip(values, case["mentions"], strict=True):
        assert not expected or LABELS[(value > 0) - (value < 0) + 1] == expected[0], (words, value)


def test_there_are_fifty_cases_and_each_target_has_one() -> None:
    table = [parameter.values[0] for parameter in cases("stance")]
    assert len(table) >= 50
    known = [own for seconds in load_targets().values() for own in seconds.values()]
    names = {entry.label for own in known for _, _, entry in own} - {""}
    assert {name for case in table for _, name, *_ in case["mentions"]} == names


def test_tone_toward_gives_probabilities_and_their_largest_label() -> None:
    for way in (tone_toward, tone_by_rules):
        calm, angry = way("China is an island.", 0, 5), way("China is a horrible failure.", 0, 5)
        assert isinstance(calm, Tone) and calm.label == "neutral" and angry.label == "negative"
        assert angry.p_negative > calm.p_negative
        assert sum(calm[1:]) == pytest.approx(1) and sum(angry[1:]) == pytest.approx(1)
    for shares in SHARES:
        assert sum(shares) == pytest.approx(1)


PASSIVES = {
    "China was praised.": "agentless passive",
    "China has quietly been praised by nobody.": "passive",
    "China was praised, and ships left by night.": "agentless passive",
    "China praised the fair.": "",
    "The fair praised China.": "",
    "The fair praised China quickly.": "",
}


@pytest.mark.parametrize(("text", "kind"), PASSIVES.items())
def test_passives_name_who_acts_or_nobody(text: str, kind: str) -> None:
    found = {span.group for span in detect(article(text)) if span.label == "China"}
    assert found == {kind}


def test_the_same_verb_tells_its_subject_from_its_object() -> None:
    sentence = "The mayor slammed the harbour master."
    for way in (tone_toward, tone_by_rules):
        assert way(sentence, 4, 9).p_negative < way(sentence, 22, 36).p_negative
        assert way(sentence, 22, 36).label == "negative"
    assert tone_by_rules(sentence, 4, 9).label != "negative"


@pytest.mark.skipif(not encoder.MODEL.is_file(), reason="no model file")
@pytest.mark.xfail(reason="the model is cold toward who slams, too, if less than toward who is slammed", strict=True)
def test_who_slams_is_not_spoken_ill_of() -> None:
    assert tone_toward("The mayor slammed the harbour master.", 4, 9).label != "negative"


def test_names_and_topics_that_vader_rates_are_no_tone() -> None:
    sentence = "The United Harbour Party shares the security desk."
    assert tone(sentence) > 0.5
    assert tone_toward(sentence, 4, 24).label == tone_by_rules(sentence, 4, 24).label == "neutral"


def test_offsets_hold_after_invisible_characters() -> None:
    text = "Sailors adore Deep\u200bSeek and China."
    assert [text[s.start : s.end] for s in detect(article(text))] == ["Deep\u200bSeek", "China"]


def test_every_mention_of_a_text_without_stops_is_found() -> None:
    assert len(list(detect(article("China, Google and " * 160)))) == 320


@pytest.mark.parametrize("way", [tone_toward, tone_by_rules])
def test_tone_toward_refuses_an_empty_mention(way) -> None:
    with pytest.raises(ValueError, match="no token"):
        way("China is an island.", 5, 6)
    with pytest.raises(ValueError, match="no token"):
        way("The mayor slammed Acme.", -4, 4)
    assert way("The mayor slammed Acme\ud800.", 18, 22).label == "negative"


def test_no_mention_without_text_and_own_targets_replace_ours(tmp_path: Path) -> None:
    assert list(detect(article(" \n "))) == []
    own = tmp_path / "own.toml"
    own.write_text('[[target]]\nname = "Kites"\nphrases = ["|red kite|kites"]\n', encoding="utf-8")
    found = list(detect(article("Red kites beat China."), targets=load_targets(own)))
    assert [(s.label, s.start, s.end) for s in found] == [("Kites", 0, 9)]


def test_every_target_of_ours_has_side_kind_and_note() -> None:
    targets = tomllib.loads(TARGETS.read_text(encoding="utf-8"))["target"]
    assert all(target["side"] and target["kind"] and target["note"] for target in targets)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '[[target]]\nname = "A"\nphrases = ["kite"]\n[[target]]\nname = "B"\nphrases = ["Kite"]',
            "'kite' stands in both A and B: drop one",
        ),
        (
            '[[target]]\nname = "A"\nphrases = ["kite"]\ncolour = "red"',
            r"target 1 \(A\): .* not of its kind: \['colour'\]",
        ),
        ('[[target]]\nname = "A"\nphrases = []', r"target 1 \(A\): needs a name and a list of phrases"),
        ('[[target]]\nname = "A"\nphrases = "kite"', r"not of its kind: \['phrases'\]"),
        ('[[target]]\nname = "A"\nphrases = ["|"]', "is empty"),
        (f'[[target]]\nname = "A"\nphrases = ["{"a|b|c " * 40}"]', "more than 1000 forms"),
        ('[[target]]\nname = "A"\nphrases = ["a"]\n[[target]]\nname = "A"\nphrases = ["b"]', "two of one name"),
        ("", "no .*target"),
        ('[target]\nname = "A"\nphrases = ["kite"]', "double brackets"),
        ("target = 5", "double brackets"),
        ("[[target]", "own.toml"),
        (f"x = {'[' * 5_000}{']' * 5_000}", "too deep to be read"),
    ],
)
def test_a_wrong_targets_file_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=reason) as error:
        load_targets(path)
    assert "own.toml" in str(error.value)


def test_targets_that_are_edited_are_read_anew(tmp_path: Path) -> None:
    own, found = tmp_path / "own.toml", []
    for name in ("kite", "dragon"):
        own.write_text(f'[[target]]\nname = "A"\nphrases = ["{name}"]', encoding="utf-8")
        spans = find_spans([article("A kite is no dragon.")], voice="rules", targets=own)
        found += list(spans.loc[spans["layer"] == "target", "text"])
    assert found == ["kite", "dragon"]
    assert load_targets(own) is load_targets(own)


def test_targets_as_notepad_saves_them(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[target]]\nname = "A"\nphrases = ["kite"]', encoding="utf-8-sig")
    assert [*load_targets(tmp_path / "own.toml")] == ["kite"]


def test_a_missing_targets_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"none\.toml"):
        load_targets(tmp_path / "none.toml")


def test_labels_of_the_grammar_and_direction_lexicons_are_those_the_code_knows() -> None:
    kinds = {e.label for e in load_lexicon("grammar").entries.values()}
    assert kinds == {
        "be", "auxiliary", "participle", "reporting", "clause", "joint", "joint preposition", "preposition",
        "function", "adverb", "not a verb",
    }  # fmt: skip
    sides = {e.label for e in load_lexicon("direction").entries.values()}
    assert sides == {"topic", *(f"{side} {sign}" for side in WEIGHTS for sign in ("negative", "positive"))}
