"""The benchmark names every stage; how long one takes is asked of nobody."""

from collections import Counter
from collections.abc import Sequence

import pytest

from analysis import run
from training import bench


def test_texts_are_as_long_as_articles_and_all_differ() -> None:
    made = list(bench.texts(3))
    assert all(bench.WORDS <= len(text.split()) < 2 * bench.WORDS for text in made) and len({*made}) == 3
    assert made == list(bench.texts(3))


def test_all_stages_are_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def here(command: Sequence, **_: object) -> None:  # of two workers, tests/test_scale.py starts a cluster
        assert run.main([*map(str, command[3:]), "--workers", "1"]) == 0

    monkeypatch.setattr(bench.subprocess, "run", here)
    assert bench.main(["--articles", "2", "--memory-articles", "0", "--sizes", "1", "2"]) == 0
    told = capsys.readouterr().out
    stages = "loading the model, whole pipeline, reading, sentences and tokens, attribution, voice, sentiment.detect, "
    stages += "loaded.detect, wording.detect, stance.detect, framing.policy, framing.detect, score, sentences_frame"
    others = ["VADER by sentence", "VADER of nltk, by sentence", "trafilatura, saved pages", "reading saved pages"]
    assert Counter(stage in told for stage in [*stages.split(", "), *others]) == {True: 18}
    assert told.count("times the CPU of") >= 3 and told.count("times the size before") == 2 and "MiB" not in told
