"""The benchmark of growth times every function on every text; how long one takes is asked of nobody."""

import pytest

from training import growth


def test_every_function_is_timed_on_each_text(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    for name, value in {"STEPS": 1, "REPEATS": 1, "PIECES": ["“q ", "He w#.\n", "\u200b"]}.items():
        monkeypatch.setattr(growth, name, value)
    growth.main(["--largest", "300"])
    told = capsys.readouterr().out
    functions = len(growth.FUNCTIONS) + len(growth.OF_MODEL) * growth.encoder.available()
    assert f"{functions * len(growth.PIECES)} functions on texts" in told and "s for 1 MB" in told


def test_a_text_is_as_long_as_asked_and_numbers_come_but_once() -> None:
    assert len(growth.made("w# ", 1_000).raw.split()) == len({*growth.made("w# ", 1_000).raw.split()}) == 111
    assert len(growth.made("He came.\n", 90).blocks) == 10


def test_what_is_quadratic_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "seconds", lambda functions, piece, size: {"f": (size / 1e5) ** 2})
    assert growth.growth({"f": str}, "a", 100_000) == [(10.0, 4.0, "f", "a")]
    assert growth.growth({"f": str}, "a", 1_000_000)[0][:2] == (25.0, 4.0)
