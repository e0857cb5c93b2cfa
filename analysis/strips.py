"""Drawings along an article, from its first character or word to its last: a table and axes in, axes out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from analysis import palette as look


def anatomy(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Where each block of a file stands, by role: a row a block (start, end, role, kept)."""
    roles = [r for r in look.ROLE if (table["role"] == r).any()]
    ax = look.axes_for(ax, look.lines_high(len(roles) + 1))
    for row in table.itertuples():
        colour = look.ROLE[row.role]
        box = {"facecolor": colour if row.kept else "white", "hatch": "" if row.kept else "////", "edgecolor": colour}
        ax.broken_barh([(row.start, row.end - row.start)], (roles.index(row.role) - 0.4, 0.8), linewidth=0.8, **box)
    kept = [
        Patch(facecolor=look.GREY, edgecolor=look.GREY),
        Patch(facecolor="white", edgecolor=look.GREY, hatch="////"),
    ]
    look.legend_below(ax, kept, ["measured", "left out, with its reason"])
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    return look.finish(ax, roles, "characters from the start of the file", zero=False)


def reading_strip(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """An article from its first word to its last: who speaks, the tone, loaded words, mentions of targets."""
    ax = look.axes_for(ax, look.lines_high(9))
    voices, tone = table[table["lane"] == "voice"], table[table["lane"] == "tone"]
    for row in voices.itertuples():
        colour, _, hatch = look.VOICE[row.label]
        ax.broken_barh(
            [(row.word, row.words)], (3.1, 0.8), facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0.3
        )
    colours = np.where(tone["value"] >= 0.05, look.BLUE, np.where(tone["value"] <= -0.05, look.RED, look.GREY))
    ax.bar(
        tone["word"],
        0.45 * tone["value"],
        tone["words"],
        bottom=2.5,
        align="edge",
        color=colours,
        edgecolor="white",
        linewidth=0.3,
    )
    ax.axhline(2.5, color="#555555", linewidth=0.6)
    for lane, height, colour in (("loaded", 1.1, "#222222"), ("target", 0.1, look.GREEN)):
        words = table.loc[table["lane"] == lane, "word"]
        ax.vlines(words, height, height + 0.8, color=colour, linewidth=1)
    ax.set_yticks([0.5, 1.5, 2.5, 3.5], ["targets named", "loaded words", "tone (up: positive)", "who speaks"])
    ax.tick_params(axis="y", length=0)
    ax.set(
        ylim=(0, 4),
        xlim=(0, (voices["word"] + voices["words"]).max() if len(voices) else 1),
        xlabel="words from the start",
    )
    present = [v for v in look.VOICE if (voices["label"] == v).any()]
    handles = [Patch(facecolor=look.VOICE[v][0], hatch=look.VOICE[v][2], edgecolor="white") for v in present]
    look.legend_below(ax, handles, [look.VOICE_NAME[v] for v in present])
    return ax


def trajectory(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Tone along an article: a point per run of a voice, a line per voice (columns word, tone, smooth, voice)."""
    ax = look.axes_for(ax, look.lines_high(8))
    ax.axhspan(-0.05, 0.05, color="#EEEEEE")
    for voice in look.order(table["voice"]):
        part = table[table["voice"] == voice].sort_values("word")
        colour, marker, _ = look.VOICE[voice]
        name = f"{look.VOICE_NAME[voice]} (n={len(part)})"
        ax.plot(part["word"], part["tone"], marker, color=colour, alpha=0.5, markersize=4, label=name)
        if voice in ("author", "direct", "indirect"):
            ax.plot(part["word"], part["smooth"], "-", color=colour)
    ax.set(ylim=(-1.05, 1.05), xlabel="words from the start", ylabel="tone (VADER compound)")
    look.legend_below(ax, *ax.get_legend_handles_labels())
    return ax


def positions(
    table: pd.DataFrame, *, y: str, x: str = "word", value: str | None = None, ax: Axes | None = None
) -> Axes:
    """Where things stand along an article, a line per `y`; with `value`, up is favourable and down unfavourable."""
    lines = list(dict.fromkeys(table[y]))
    ax = look.axes_for(ax, look.lines_high(len(lines) + 1))
    lean = (
        np.zeros(len(table))
        if value is None
        else np.where(table[value] >= 0.05, 1, np.where(table[value] <= -0.05, -1, 0))
    )
    at = np.array([lines.index(v) for v in table[y]], dtype=float)
    for sign, colour, marker, name in (
        (1, look.BLUE, "^", "favourable"),
        (0, look.GREY, "o", "neutral"),
        (-1, look.RED, "v", "unfavourable"),
    ):
        chosen = lean == sign
        ax.plot(
            table.loc[chosen, x], at[chosen] - 0.22 * sign, marker, color=colour, markersize=5, linestyle="", label=name
        )
    if value is not None:
        look.legend_below(ax, *ax.get_legend_handles_labels())
    for i, line in enumerate(lines):
        ax.axhline(i, color="#DDDDDD", linewidth=0.6, zorder=0)
        ax.annotate(f"n={(table[y] == line).sum()}", (1.01, i), xycoords=look.RIGHT, va="center", fontsize=7.5)
    return look.finish(ax, lines, "words from the start", zero=False)
