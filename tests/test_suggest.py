"""The names suggested for targets: what is one, what is none, and a file that loads whatever the articles hold."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import CASES, article, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus import load_corpus
from analysis.lexicons import load_targets, match
from analysis.model import AnalysisError, Article
from analysis.run import main
from analysis.suggest import suggested, write_suggestion
from analysis.text import tokens


def articles(*texts: str) -> list[Article]:
    return [article(text, str(number)) for number, text in enumerate(texts)]


@pytest.mark.parametrize("case", cases("own_articles/names"))
def test_names(case: Mapping) -> None:
    assert [[*found] for found in suggested(articles(*case["articles"]))] == case["names"]


def test_names_of_the_known_groups() -> None:
    found = {name: numbers for name, _, *numbers in suggested(load_corpus(CASES / "known_groups").articles)}
    assert found == {
        "Leontine Hask": [5, 3],
        "Askel": [3, 3],
        "Civic Union": [2, 2],
        "Lomas": [2, 2],
        "River Party": [2, 2],
        "Tobias Wrenfield": [2, 2],
        "Port Tervel": [2, 1],
    }


def test_names_of_the_supplied_page() -> None:
    found = [name for name, *_ in suggested(load_corpus().articles)]
    assert found[:5] == ["China", "US", "DeepSeek", "Taiwan", "Xiaohongshu"]
    assert not {"AI", "Chinese", "American", "July", "The", "However", "Despite", "Users", "Netizens"} & {*found}


def test_the_file_finds_what_it_suggests(tmp_path: Path) -> None:
    texts = ["The plan of Mira Okafor won. So Okafor told the US. Was it Mira Okafor? The US and the U.S. agreed."]
    assert write_suggestion(articles(*texts), tmp_path / "t.toml").startswith("2 names")
    targets = load_targets(tmp_path / "t.toml")
    said = tokens("Then Okafor of the US thanked the U.S. and Mira Okafor.")
    assert [hit.label for hit in match([token.form for token in said], targets)] == [
        "Mira Okafor",
        "US",
        "US",
        "Mira Okafor",
    ]
    written = (tmp_path / "t.toml").read_text(encoding="utf-8")
    assert written.startswith("# A suggestion of targets, to be edited") and 'note = "3 mentions in 1 of 1' in written


def test_most_and_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "t.toml"
    command = ["targets", str(CASES / "known_groups"), "--out", str(out)]
    assert main([*command, "--most", "2"]) == 0
    assert "2 names" in capsys.readouterr().out
    out.write_text("# edited\n", encoding="utf-8")
    assert main(command) == 2
    assert "--force" in capsys.readouterr().err and out.read_text(encoding="utf-8") == "# edited\n"
    assert main([*command, "--force"]) == 0
    assert len(tomllib.loads(out.read_text(encoding="utf-8"))["target"]) == 7


def test_without_a_name_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="no name is mentioned twice"):
        write_suggestion(articles("It rained all day."), tmp_path / "t.toml")
    assert not [*tmp_path.iterdir()]


PIECES = [
    "he saw ",
    "Lumo",
    "U.S.",
    "US",
    "O’Neil",
    'Va"r\\da',
    "Jo|Bo",
    "A¶B",
    "Ünal",
    "AT&T",
    "J. K. Holm",
    "\x7f",
    "’s",
    "\n",
]
PIECES += [
    " ",
    " ",
    " of ",
    " the ",
    ". ",
    "President ",
    "Mr. ",
    "ＢＩＧ",
    "DeepSeek-R1",
    "İzmir",
    "ǅ",
    "Can",
    "Cannot",
    "('",
    '"""',
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40).map("".join)


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_the_file_loads_whatever_the_articles_hold(texts: list[str]) -> None:
    twice = [f"he saw {text} and then he saw {text} again\nThen he saw Lumo, and they saw Lumo." for text in texts]
    with TemporaryDirectory() as folder:
        told = write_suggestion(articles(*twice), Path(folder, "t.toml"), most=99)
        targets = tomllib.loads(Path(folder, "t.toml").read_text(encoding="utf-8"))["target"]
        assert told.startswith(f"{len(targets)} names") and load_targets(Path(folder, "t.toml"))
