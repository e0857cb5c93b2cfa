"""What `save_figure` leaves on disk, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from analysis import figures
from analysis.figures import ROOT, about, save_figure, saver, use_style, write_index
from analysis.model import AnalysisError

ROWS = pd.DataFrame({"label": ["hedges", "=SUM(A1)"], "per_100": [1 / 3, 12.0], "low": [np.nan, -0.25]})

DRAW = """
import sys
import pandas as pd
from matplotlib import pyplot as plt
from analysis.figures import save_figure, saver, use_style
use_style()
fig, ax = plt.subplots()
ax.plot([1, 2, 3], [3, 1, 2], label="$5 and $10")
ax.fill_between([1, 2], [0, 1], alpha=0.3)
ax.legend()
ax.set_title("Prices")
save_figure(fig, "01_demo/prices", data=pd.DataFrame({"x": [1]}), alt="a", caption="c", out=sys.argv[1])
"""


@pytest.fixture
def fig():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("Loaded words")
    return figure


def save(fig, out: Path, name: str = "03_words/loaded", **changes) -> Path:
    return save_figure(
        fig,
        name,
        **({"data": ROWS, "alt": "Two bars.", "caption": "Hedges lead.", "title": "Loaded words"} | changes),
        out=out,
    )


def test_four_files_and_an_index(fig, tmp_path):
    png = save(fig, tmp_path, about={"parameters": {"seed": 0}})
    assert png == tmp_path / "03_words/loaded.png"
    assert {p.name for p in png.parent.iterdir()} == {"loaded.png", "loaded.svg", "loaded.csv", "loaded.json"}
    card = json.loads((tmp_path / "03_words/loaded.json").read_text())
    assert (card["title"], card["alt"], card["caption"], card["n"]) == ("Loaded words", "Two bars.", "Hedges lead.", 2)
    assert card["about"] == {"parameters": {"seed": 0}}
    (entry,) = json.loads((tmp_path / "index.json").read_text())
    assert entry["name"] == "03_words/loaded" and entry["title"] == "Loaded words"
    assert all((tmp_path / file).is_file() for file in entry["files"]) and len(entry["files"]) == 4


def test_png_has_200_dots_per_inch(fig, tmp_path):
    from PIL import Image

    with Image.open(save(fig, tmp_path)) as picture:
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert "Software" not in picture.info


def test_index_is_sorted_and_drops_figures_that_lost_a_file(fig, tmp_path):
    for name in ("02_b/z", "01_a/y", "01_a/x"):
        save(fig, tmp_path, name)
    (tmp_path / "01_a/y.svg").unlink()
    write_index(tmp_path)
    assert [entry["name"] for entry in json.loads((tmp_path / "index.json").read_text())] == ["01_a/x", "02_b/z"]


def test_two_processes_give_the_same_bytes(tmp_path):
    for run in "ab":
        subprocess.run([sys.executable, "-c", DRAW, str(tmp_path / run)], check=True, cwd=ROOT)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*") if p.is_file())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_svg_is_dateless_and_draws_its_letters(fig, tmp_path):
    svg = save(fig, tmp_path).with_suffix(".svg").read_text()
    assert "<dc:date>" not in svg and "<text" not in svg


def test_a_control_character_in_a_name_leaves_the_svg_sound(fig, tmp_path):
    fig.axes[0].set_title("Storm\x0b over \x01Holm")
    ElementTree.parse(save(fig, tmp_path).with_suffix(".svg"))


@pytest.mark.parametrize(
    "name",
    ["loaded", "../a/b", "a/../b", "a/b/c", "/a/b", "a/.b", "a/b.png", "a b/c", "a/", "/b", "ä/b", "a/b\n", "a\\b/c"],
)
def test_unsafe_names_are_refused(fig, tmp_path, name):
    with pytest.raises(AnalysisError, match="figure name"):
        save(fig, tmp_path / "out", name)
    assert not list(tmp_path.iterdir())


def test_a_link_that_leads_out_is_refused(fig, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnalysisError, match="inside"):
        save(fig, tmp_path / "out", "a/b")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("empty", [{"alt": ""}, {"caption": " \n"}])
def test_silence_is_refused(fig, tmp_path, empty):
    with pytest.raises(AnalysisError, match="empty"):
        save(fig, tmp_path, **empty)
    assert not list(tmp_path.iterdir())


def test_a_relative_out_is_the_projects_not_the_kernels(fig, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.chdir("/")
    assert save(fig, "pictures") == tmp_path / "pictures/03_words/loaded.png"


def test_csv_rows_are_the_plotted_ones_in_order(fig, tmp_path):
    rows = save(fig, tmp_path).with_suffix(".csv").read_text()
    assert rows.splitlines() == ['"label","per_100","low"', '"hedges",0.333333,""', '"\'=SUM(A1)",12.0,-0.25']


def test_a_notebooks_saver_adds_how_good_its_instrument_is(fig, tmp_path):
    save_it = saver("03_words", SimpleNamespace(hashes={}), tmp_path, "Instrument (lists): not validated.", seed=0)
    for name, caption in (("a", "Two bars."), ("b", "Two bars. Instrument: a ruler.")):
        path = save_it(fig, name, data=ROWS, alt="Two bars.", caption=caption, title="Bars")
        assert not path.is_absolute() and path.resolve() == tmp_path / f"03_words/{name}.png"
    cards = [json.loads((tmp_path / f"03_words/{name}.json").read_text()) for name in "ab"]
    assert cards[0]["caption"] == "Two bars. Instrument (lists): not validated."
    assert cards[1]["caption"] == "Two bars. Instrument: a ruler."
    assert cards[0]["about"]["parameters"] == {"seed": 0}


def test_about_holds_nothing_of_the_machine():
    corpus = SimpleNamespace(hashes={"b.txt": "22", "a.txt": "11"})
    inside, outside = str(ROOT / "data" / "articles"), "/somewhere/else/mine.txt"
    facts = about(corpus, seed=0, articles=inside, targets=outside, voice="rules", out="anywhere")
    assert facts["parameters"] == {"articles": "data/articles", "seed": 0, "targets": "mine.txt", "voice": "rules"}
    assert list(facts["inputs"]) == ["a.txt", "b.txt"]
    assert facts["versions"]["python"].count(".") == 1
    assert str(ROOT) not in json.dumps(facts)


def test_style_is_set_and_draws_money_as_money():
    import matplotlib

    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["text.parse_math"] is False
        assert matplotlib.rcParams["figure.constrained_layout.use"] is True
        assert len(set(matplotlib.rcParams["axes.prop_cycle"].by_key()["color"])) == 8
