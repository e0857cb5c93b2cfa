"""Drawings: every line is named, nothing is cut off or drawn over, and few, many or no rows all work."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from analysis import palette, plots
from analysis.figures import use_style

mpl.use("agg")


@pytest.fixture(autouse=True)
def style():
    use_style()
    yield
    plt.close("all")


def scores(lines: int, articles: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = [f"a rather long name of article number {i}" for i in range(articles)]
    rows = [(name, f"category {i}", *rng.random(1), 3, 40) for i in range(lines) for name in names]
    table = pd.DataFrame(rows, columns=["article", "label", "value", "k", "n"])
    table["article"] = pd.Categorical(table["article"], categories=names, ordered=True)
    return table.assign(low=table["value"] - 0.1, high=table["value"] + 0.2, unit="per 100", name=table["label"])


def texts(ax: Axes) -> list[str]:
    return [t.get_text() for t in (*ax.texts, *ax.get_yticklabels())]


def overlaps(labels: list) -> list[tuple[str, str]]:
    """Pairs of texts that are drawn over each other by more than a hair."""
    fig = labels[0].figure
    fig.canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent().shrunk(0.98, 0.8)) for t in labels if t.get_text()]
    return [(a, b) for i, (a, one) in enumerate(boxes) for b, two in boxes[i + 1 :] if one.overlaps(two)]


@pytest.mark.parametrize("articles", [1, 2, 6])
def test_dots_print_k_of_n_and_names_do_not_collide(articles: int) -> None:
    ax = plots.dots(scores(16, articles), y="label", hue="article")
    assert texts(ax).count("3 of 40") == 16 * articles
    assert overlaps([*ax.get_yticklabels()]) == []
    assert overlaps([*ax.texts]) == []


def test_the_band_of_reference_articles_lies_behind_its_own_rows_and_is_named_once() -> None:
    table = scores(3, 2).assign(norm="news reports", norm_low=0.2, norm_median=0.5, norm_high=0.9)
    table.loc[table["label"] == "category 1", ["norm", "norm_low", "norm_median", "norm_high"]] = np.nan
    ax = plots.dots(table, y="label", hue="article")
    assert [(bar.get_x(), round(bar.get_width(), 9)) for bar in ax.patches] == [(0.2, 0.7)] * 4
    assert {round(bar.get_y() + bar.get_height() / 2) for bar in ax.patches} == {0, 2}
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sum("news reports" in name for name in named) == 1
    assert overlaps([*ax.get_legend().get_texts(), *ax.get_xticklabels()]) == []
    assert plots.dots(table[table["norm"].isna()], y="label").get_legend() is None
    page = plots.side_by_side(table)
    assert [len(ax.patches) for ax in page.axes] == [2, 0, 2], "behind each article, where there is a norm"
    cloud = scores(3, 40).assign(norm="news reports", norm_low=0.2, norm_median=0.5, norm_high=0.9)
    assert len(plots.dots(cloud, y="label", hue="article").patches) == 3
    assert [text.get_text() for text in page.axes[-1].get_legend().get_texts()][-1] == "middle 80 % of news reports"


def test_forty_articles_become_a_cloud_and_panels_in_columns() -> None:
    assert "3 of 40" not in texts(plots.dots(scores(16, 40), y="label", hue="article"))
    fig = plots.each(plots.dots, scores(4, 40), y="label")
    assert len([ax for ax in fig.axes if ax.get_visible()]) == 40
    assert len({ax.get_xlim() for ax in fig.axes if ax.get_visible()}) == 1, "one measure has one scale"
    titles = [ax.title if ax.title.get_text() else ax._left_title for ax in fig.axes]
    assert overlaps(titles) == []


@pytest.mark.parametrize("articles", [1, 2, 40])
def test_one_page_of_all_measures(articles: int) -> None:
    fig = plots.side_by_side(scores(11, articles), {"category 3": "higher"})
    shown = [text for ax in fig.axes for text in texts(ax)]
    assert [text for text in shown if "higher" in text] == ["n = 40 | 40\nhigher"] * (articles == 2)
    assert {f"category {i}\n" for i in range(11)} == {ax.get_ylabel() for ax in fig.axes}


EMPTY = pd.DataFrame(
    columns=["role", "voice", "lane", "label", "word", "words", "value", "start", "end", "kept", "hits"]
)
EMPTY = EMPTY.astype({"word": float, "value": float}).assign(low=[], high=[], tone=[], smooth=[], share=[], voices=[])


@pytest.mark.parametrize(
    ("draw", "options"),
    [
        (plots.dots, {"y": "label"}),
        (plots.stacked, {"y": "label", "part": "voice"}),
        (plots.bars, {"y": "label", "x": "value"}),
        (plots.matrix, {"y": "label", "x": "voice", "value": "value", "count": "hits"}),
        (plots.positions, {"y": "label"}),
        (plots.word_lists, {"y": "label"}),
        (plots.anatomy, {}),
        (plots.reading_strip, {}),
        (plots.trajectory, {}),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_no_rows_are_no_error(draw, options: dict) -> None:
    ax = draw(EMPTY, **options)
    if options:
        assert "nothing to show for these articles" in texts(ax)


def test_positions_begin_with_the_first_word() -> None:
    assert plots.positions(pd.DataFrame({"label": ["cause"], "word": [90]}), y="label").get_xlim()[0] == 0


def test_shares_are_printed_where_they_fit() -> None:
    table = pd.DataFrame({"article": ["a", "a"], "voice": ["author", "direct"], "share": [0.98, 0.02]})
    assert [t for t in texts(plots.stacked(table, y="article", part="voice")) if "%" in t] == ["98%"]


def test_each_line_of_shares_and_of_positions_says_its_n() -> None:
    table = pd.DataFrame({"target": ["A", "A", "B"], "role": ["agent", "other", "agent"], "share": [0.5, 0.5, 1]})
    drawn = plots.stacked(table.assign(n=[1_200, 1_200, 2]), y="target", part="role")
    assert [t for t in texts(drawn) if t.startswith("n=")] == ["n=1,200", "n=2"]
    drawn = plots.positions(table.assign(word=[3, 5, 8]), y="target")
    assert [t for t in texts(drawn) if t.startswith("n=")] == ["n=2", "n=1"]


def test_words_are_written_out_and_cut_with_their_number() -> None:
    table = pd.DataFrame({"label": "fear", "word": [f"dread {i}" for i in range(40)], "hits": 2, "voices": "author"})
    shown = texts(plots.word_lists(table, y="label"))
    assert "dread 0 ×2" in shown
    left_out = 40 - sum("dread" in text for text in shown)
    assert left_out and f"+ {left_out}" in shown


def test_reliability_has_a_line_a_corpus_beside_the_diagonal_and_n_at_each_point() -> None:
    table = pd.DataFrame({"corpus": ["A", "A", "B"], "probability": [0.1, 0.9, 0.5], "observed": [0, 1, 0.4]})
    ax = plots.reliability(table.assign(n=[3, 1200, 7]))
    assert [line.get_xdata().tolist() for line in ax.lines[1:]] == [[0.1, 0.9], [0.5]]
    assert [text.get_text() for text in ax.texts] == ["3", "1,200", "7"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["A", "B"]


def test_long_names_are_cut_and_colours_differ_in_grey() -> None:
    assert palette.cut("x" * 80) == "x" * 65 + "…"
    markers = [marker for _, marker in palette.CYCLE]
    assert len(set(markers)) == len(markers)
    assert len({(hatch, marker) for _, marker, hatch in palette.VOICE.values()}) == len(palette.VOICE)


def test_a_wide_legend_leaves_the_axes_as_they_are() -> None:
    """However often the figure is drawn: a notebook draws it once more than the file."""
    groups = ["The long name of a first article", "The long name of a second one", "The long name of a third one"]
    rows = [{"label": "x" * 44, "article": g, "value": 0.5, "low": 0.4, "high": 0.6, "unit": "share"} for g in groups]
    fig = plots.dots(pd.DataFrame(rows), y="label", hue="article").figure
    widths = []
    for _ in range(3):
        fig.canvas.draw()
        widths.append(fig.axes[0].get_position().width)
    assert min(widths) > 0.3 and max(widths) - min(widths) < 0.01
