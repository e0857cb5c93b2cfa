"""What all drawings share: colours with their second channel, axes that fit their lines, names, legends below."""

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

BLUE, ORANGE, GREEN, PINK, RED, SKY, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8A8A8A"
VOICE = {"author": (BLUE, "o", ""), "direct": (RED, "s", "////"), "indirect": (ORANGE, "D", "----"),
         "headline": (GREEN, "^", "xxxx"), "caption": (GREY, "v", "||||"), "all": ("#222222", "P", "")}  # fmt: skip
ROLE = {"headline": GREEN, "subhead": "#66C2A5", "paragraph": BLUE, "caption": SKY, "kicker": PINK, "dateline": ORANGE,
        "byline": "#B8860B", "notice": RED, "furniture": "#999999"}  # fmt: skip
CYCLE = ((BLUE, "o"), (RED, "s"), (GREEN, "^"), (ORANGE, "D"), (PINK, "v"), (GREY, "P"))
VERDICT = {"higher": (BLUE, "o"), "lower": (RED, "s"), "cannot tell": (GREY, "D")}
STYLE = VOICE | VERDICT
HATCHES = ("", "////", "----", "xxxx")
RIGHT = ("axes fraction", "data")  # beside a line of the axes
LONGEST = 66
CHARACTER = 0.075  # inches of one in a label, on average


def panels(n: int, *, columns: int = 1, width: float = 9, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """A figure with n axes in a grid, in reading order; `height` is that of one row, in inches."""
    from matplotlib import pyplot as plt  # not before it is drawn: the import takes half a second

    rows = ceil(max(n, 1) / columns)
    fig, axes = plt.subplots(rows, columns, figsize=(width, height * rows), squeeze=False)
    for spare in axes.flat[max(n, 1) :]:
        spare.set_visible(False)
    return fig, list(axes.flat[: max(n, 1)])


def order(column: pd.Series) -> list:
    """Voices in their order, all categories of a categorical column in its own, other values as they come."""
    if hasattr(column, "cat"):
        return list(column.cat.categories)
    present = list(dict.fromkeys(column))
    return [v for v in VOICE if v in present] if set(present) <= set(VOICE) else present


def lines_high(lines: float, groups: int = 1) -> float:
    """Inches for so many lines of text, or of one mark a group."""
    return 0.26 * lines * max(1.0, 0.62 * groups)


def axes_for(ax: Axes | None, lines: float, groups: int = 1) -> Axes:
    """The axes given, or new ones with room for so many lines, of one mark a group."""
    return ax or panels(1, height=1.3 + lines_high(lines, groups))[1][0]


def finish(ax: Axes, lines: Sequence, unit: str, *, zero: bool = True, n: Iterable[float] = ()) -> Axes:
    """Names of the lines from top to bottom, their n, the unit below; a sentence where there is nothing to show."""
    ax.set_yticks(range(len(lines)), [cut(str(line)) for line in lines])
    ax.set(ylim=(len(lines) - 0.4, -0.6), xlabel=unit)
    ax.tick_params(axis="y", length=0)
    if zero and ax.get_xlim()[0] < 0 < ax.get_xlim()[1]:
        ax.axvline(0, color="#555555", linewidth=0.8, zorder=0)
    for i, size in enumerate(n):
        ax.annotate(f"n={size:,.0f}", (1.01, i), xycoords=RIGHT, va="center", fontsize=7.5)
    if not lines:
        ax.set(yticks=[], xticks=[])
        ax.text(0.5, 0.5, "nothing to show for these articles", transform=ax.transAxes, ha="center", va="center")
    return ax


def band(ax: Axes, rows: pd.DataFrame, at: Sequence[float], height: float) -> None:
    """Grey from norm_low to norm_high behind each row of `norms.with_band`, with a tick at norm_median."""
    if "norm" not in rows or not (shown := rows["norm"].notna()).any():
        return
    rows, at = rows[shown], np.asarray(at)[shown]
    name = f"middle 80 % of {rows['norm'].iloc[0]}"
    known = name in ax.get_legend_handles_labels()[1]
    widths = rows["norm_high"] - rows["norm_low"]
    ax.use_sticky_edges = False  # else the axis cuts through what stands at the end of a band
    ax.barh(at, widths, height, rows["norm_low"], color="#E6E6E6", zorder=0, label="" if known else name)
    ax.vlines(rows["norm_median"], at - height / 2, at + height / 2, color=GREY, linewidth=1, zorder=0.5)


def legend_below(ax: Axes, handles: Sequence = (), lines: int = 1, labels: Sequence[str] = ()) -> None:
    """Below the axis label of so many lines, in as many columns as the panel has room for right of the axis's labels.

    A legend that is wider would make the axes narrower each time that the figure is drawn.
    """
    below = ax.transAxes + ScaledTranslation(0, -0.27 - 0.18 * lines, ax.figure.dpi_scale_trans)
    handles = handles or ax.get_legend_handles_labels()[0]
    names = [cut(str(handle.get_label()), 42) for handle in handles]
    inches = ax.figure.get_figwidth() / ax.get_subplotspec().get_gridspec().ncols
    room = inches / CHARACTER - min(max((len(str(label)) for label in labels), default=4), LONGEST) - 8
    columns = max(1, min(len(names), int(room // (max(map(len, names), default=1) + 6))))
    ax.legend(handles, names, bbox_to_anchor=(0, 0), bbox_transform=below, ncols=columns)


def cut(text: str, length: int = LONGEST) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
