"""Drawings: a table and axes in, axes out. Nothing is computed or saved here.

Every function takes tidy rows, labels what it draws directly, and says so in the axes where there is nothing to draw.
Colour is always doubled by a second channel (marker, hatch or position), so that the figures read in grey.
"""

from collections.abc import Callable, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis import palette as look
from analysis.model import VOICE_NAME


def each(draw: Callable[..., Axes], table: pd.DataFrame, by: str = "article", **options) -> Figure:
    """The same drawing for each value of a column, as small multiples titled by it; without the column, one of all.

    Up to four, and written-out words, stand one below the other, more in two columns. All are as high as the one with
    most lines needs, and those of articles have one scale.
    """
    if by not in table or table.empty:
        return draw(table, **options).figure
    names = look.order(table[by])
    columns = 1 if len(names) <= 4 or draw is word_lists else 2
    lines = table.groupby(by, observed=True)[options["y"]].nunique().max() if "y" in options else 8
    groups = len(look.order(table[options["hue"]])) if "hue" in options else 1
    height, width = 1.5 + look.lines_high(lines, groups), 9 if columns == 1 else 15
    fig, axes = look.panels(len(names), columns=columns, width=width, height=height)
    for name, ax in zip(names, axes, strict=True):
        draw(table[table[by] == name], ax=ax, **options)
        if not ax.get_title("right"):
            ax.set_title(fill(look.cut(str(name), 100), 60), loc="left")
        if columns > 1 and "y" in options:
            ax.set_yticks(ax.get_yticks(), [look.cut(name.get_text(), 30) for name in ax.get_yticklabels()])
    if by == "article" and draw in (dots, bars, stacked):  # one measure, to be compared
        left, right = zip(*(ax.get_xlim() for ax in axes), strict=True)
        for ax in axes:
            ax.set_xlim(min(left), max(right))
    return fig


def dots(
    table: pd.DataFrame, *, y: str, x: str = "value", hue: str | None = None, unit: str = "", ax: Axes | None = None
) -> Axes:
    """Values with their 95 % intervals (columns low, high), one line per `y`, side by side by `hue`.

    Prints k of n at the right, n where there is no column k, else the group; behind it, the band of `norms.with_band`.
    More than six groups are a cloud of dots, without intervals; hollow: `found` is 0. `unit` is below.
    """
    lines = list(dict.fromkeys(table[y]))
    groups = [None] if hue is None else look.order(table[hue])
    unit = unit or "; ".join(dict.fromkeys(table.get("unit", [])))
    if len(groups) > len(look.CYCLE):
        ax = look.axes_for(ax, len(lines))
        look.band(ax, table.drop_duplicates(y), range(len(lines)), 0.8)
        apart = np.linspace(-0.3, 0.3, len(groups))
        at = [lines.index(line) + apart[groups.index(g)] for line, g in zip(table[y], table[hue], strict=True)]
        ax.plot(table[x], at, "o", color=look.BLUE, alpha=0.45, markersize=4)
        ax.set_title(f"a dot for each of {len(groups)}", loc="right", fontsize=8.5)
        return look.finish(ax, lines, unit)
    ax = look.axes_for(ax, len(lines), len(groups))
    apart = 0.8 * table.duplicated(y).any()  # lines of one mark each need no room for others
    for i, group in enumerate(groups):
        part = table if hue is None else table[table[hue] == group]
        at = np.array([lines.index(v) for v in part[y]]) + ((i + 0.5) / len(groups) - 0.5) * apart
        colour, marker = look.STYLE.get(group, look.CYCLE[i % len(look.CYCLE)])[:2]
        look.band(ax, part, at, apart / len(groups) or 0.6)
        ax.hlines(at, part["low"], part["high"], color=colour, linewidth=1.4, alpha=0.8)
        ax.plot(part[x], at, marker, color=colour, label=VOICE_NAME.get(group, group), markersize=5.5)
        if "found" in part:
            empty = (part["found"] == 0).to_numpy()
            ax.plot(part.loc[empty, x], at[empty], marker, color="white", markersize=3)
        for where, row in zip(at, part.to_dict("records"), strict=True):
            note = "{k:.0f} of {n:.0f}" if "k" in row else "n={n:.0f}" if "n" in row else str(group)
            ax.annotate(note.format(**row), (1.01, where), xycoords=look.RIGHT, va="center", fontsize=7.5)
    if len(ax.get_legend_handles_labels()[1]) > (hue is not None):  # more than the name of one group
        look.legend_below(ax, lines=1 + unit.count("\n"), labels=lines)
    return look.finish(ax, lines, unit)


def stacked(
    table: pd.DataFrame, *, y: str, part: str, x: str = "share", unit: str = "", ax: Axes | None = None
) -> Axes:
    """Stacked bars, one per `y`; shares are printed as percentages, counts as they are, where they fit; `n` beside."""
    lines, kinds = list(dict.fromkeys(table[y])), look.order(table[part])
    ax = look.axes_for(ax, len(lines) + 1)
    left, widest = np.zeros(len(lines)), max(1e-9, table.groupby(y, observed=True)[x].sum().max() if len(table) else 1)
    for i, kind in enumerate(kinds):
        values = table[table[part] == kind].set_index(y)[x].reindex(lines).fillna(0).to_numpy()
        colour, _, hatch = look.VOICE.get(kind, (look.CYCLE[i % 6][0], "", look.HATCHES[i % 4]))
        look_of = {"color": colour, "hatch": hatch, "ec": "white", "label": VOICE_NAME.get(kind, kind)}
        drawn = ax.barh(range(len(lines)), values, left=left, height=0.7, **look_of)
        printed = [f"{v:.0%}" if x == "share" else f"{v:g}" for v in values]
        fitting = [text if v >= 0.05 * widest else "" for text, v in zip(printed, values, strict=True)]
        for text in ax.bar_label(drawn, fitting, label_type="center", fontsize=8):
            text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85})
        left += values
    if x == "share":
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    else:
        ax.xaxis.get_major_locator().set_params(integer=True)
    look.legend_below(ax, labels=lines)
    return look.finish(ax, lines, unit, n=table.drop_duplicates(y)["n"] if "n" in table else ())


def bars(
    table: pd.DataFrame, *, y: str, x: str, band: float = 0, unit: str = "", ends: Sequence = (), ax: Axes | None = None
) -> Axes:
    """Horizontal bars with their value printed; ±`band` is what chance reaches, `ends` name the sides."""
    ax = look.axes_for(ax, len(table) + 1)
    if band:
        ax.axvspan(-band, band, color="#E6E6E6", zorder=0)
    colours = np.where(np.abs(table[x]) <= band, look.GREY, np.where(table[x] > 0, look.BLUE, look.RED))
    drawn = ax.barh(range(len(table)), table[x], color=colours, height=0.7, ec="white")
    for bar, value in zip(drawn, table[x], strict=True):
        bar.set_hatch("" if value > 0 else "////")
    ax.bar_label(drawn, [f"{v:.2g}" if abs(v) < 100 else f"{v:.0f}" for v in table[x]], padding=3, fontsize=7.5)
    ax.margins(x=0.15)
    if ends:
        ax.set_title(f"{look.cut(ends[0], 44)} →", loc="right", fontsize=8.5, fontweight="normal")
        ax.set_title(f"← {look.cut(ends[1], 44)}", loc="left", fontsize=8.5, fontweight="normal")
    return look.finish(ax, list(table[y]), unit)


def matrix(table: pd.DataFrame, *, y: str, x: str, value: str, count: str, ax: Axes | None = None) -> Axes:
    """A grid of `value` (-1 to 1) as colour and arrow with `count` printed in the cell; an empty cell is blank."""
    lines, columns = list(dict.fromkeys(table[y])), look.order(table[x])
    ax = look.axes_for(ax, len(lines) + 1)
    for row in table.to_dict("records"):
        at = (columns.index(row[x]), lines.index(row[y]))
        square = {"s": 330, "marker": "s", "edgecolors": "#666666", "linewidths": 0.6}
        ax.scatter(*at, c=[row[value]], cmap="RdBu", vmin=-1, vmax=1, **square)
        sign = "▲" if row[value] > 0 else "▼" if row[value] < 0 else ""
        colour = "white" if abs(row[value]) > 0.6 else "black"
        ax.text(*at, f"{sign}{row[count]}", ha="center", va="center", fontsize=8, color=colour)
    names = [look.cut(c, 22) for c in columns]
    ax.set_xticks(range(len(columns)), names, rotation=35, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.6, max(len(columns), 1) - 0.4)
    return look.finish(ax, lines, "", zero=False)


def word_lists(table: pd.DataFrame, *, y: str, ax: Axes | None = None) -> Axes:
    """The words found, written out: a line per `y`, most frequent first; italic where the author never uses them."""
    lines = list(dict.fromkeys(table[y]))
    ax = look.axes_for(ax, len(lines))
    for i, line in enumerate(lines):
        room = 105  # characters beside the names, at this size
        for k, row in enumerate(rows := table[table[y] == line].to_dict("records")):
            text = row["word"] + (f" ×{row['hits']}" if row["hits"] > 1 else "")
            if len(text) > room:
                ax.text(1 - room / 105, i, f"+ {len(rows) - k}", va="center", fontsize=7.5, color=look.GREY)
                break
            own = "author" in row["voices"].split("; ")
            style, colour = ("normal", "black") if own else ("italic", "#666666")
            ax.text(1 - room / 105, i, text, va="center", fontsize=8, style=style, color=colour)
            room -= len(text) + 2
    ax.set(xlim=(0, 1.05), xticks=[])
    ax.spines["bottom"].set_visible(False)
    return look.finish(ax, lines, "", zero=False)


def anatomy(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Where each block of a file stands, by role: a row a block (start, end, role, kept)."""
    roles = [r for r in look.ROLE if (table["role"] == r).any()]
    ax = look.axes_for(ax, len(roles) + 1)
    for row in table.itertuples():
        colour = look.ROLE[row.role]
        box = {"facecolor": colour if row.kept else "white", "hatch": "" if row.kept else "////", "edgecolor": colour}
        ax.broken_barh([(row.start, row.end - row.start)], (roles.index(row.role) - 0.4, 0.8), linewidth=0.8, **box)
    kept = [Patch(fc=look.GREY, ec=look.GREY, label="measured")]
    look.legend_below(ax, [*kept, Patch(fc="white", ec=look.GREY, hatch="////", label="left out")])
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    return look.finish(ax, roles, "characters from the start of the file", zero=False)


def reading_strip(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """An article from its first word to its last: who speaks, the tone, loaded words, mentions of targets."""
    ax = look.axes_for(ax, 9)
    voices, tone = table[table["lane"] == "voice"], table[table["lane"] == "tone"]
    edge = {"edgecolor": "white", "linewidth": 0.3}
    for voice in look.order(voices["label"]):
        part, (colour, _, hatch) = voices[voices["label"] == voice], look.VOICE[voice]
        style = {"color": colour, "hatch": hatch, "label": VOICE_NAME[voice], "align": "edge"}
        ax.bar(part["word"], 0.8, part["words"], bottom=3.1, **style, **edge)
    colours = np.where(np.abs(tone["value"]) >= 0.05, "#555555", "#BBBBBB")  # no colour of a voice
    ax.bar(tone["word"], 0.45 * tone["value"], tone["words"], bottom=2.5, align="edge", color=colours, **edge)
    ax.axhline(2.5, color="#555555", linewidth=0.6)
    for lane, height in (("loaded", 1.1), ("target", 0.1)):
        ax.vlines(table.loc[table["lane"] == lane, "word"], height, height + 0.8, color="#222222", linewidth=1)
    ax.set_yticks([0.5, 1.5, 2.5, 3.5], ["targets named", "loaded words", "tone, up: positive", "who speaks"])
    ax.tick_params(axis="y", length=0)
    end = (voices["word"] + voices["words"]).max() if len(voices) else 1
    ax.set(ylim=(0, 4), xlim=(0, end), xlabel="words from the start")
    look.legend_below(ax)
    return ax


def trajectory(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Tone along an article: a point per run of a voice, a line per voice (columns word, tone, smooth, voice)."""
    ax = look.axes_for(ax, 8)
    ax.axhspan(-0.05, 0.05, color="#EEEEEE")
    for voice in look.order(table["voice"]):
        part = table[table["voice"] == voice].sort_values("word")
        colour, marker, _ = look.VOICE[voice]
        name = f"{VOICE_NAME[voice]} (n={len(part)})"
        ax.plot(part["word"], part["tone"], marker, color=colour, alpha=0.5, markersize=4, label=name)
        if voice in ("author", "direct", "indirect") and len(part) >= 5:
            ax.plot(part["word"], part["smooth"], "-", color=colour)
    ax.set(ylim=(-1.05, 1.05), xlabel="words from the start", ylabel="tone (VADER compound)")
    look.legend_below(ax)
    return ax


def positions(table: pd.DataFrame, *, y: str, value: str = "", lines: Sequence = (), ax: Axes | None = None) -> Axes:
    """Where things stand along an article, a line per `y`; above 0 of `value` is favourable, hollow not counted."""
    lines = list(lines or dict.fromkeys(table[y]))
    ax = look.axes_for(ax, len(lines) + 1)
    lean, at = table[value] if value else np.zeros(len(table)), np.array([float(lines.index(v)) for v in table[y]])
    kinds = {"favourable": (lean > 0, look.BLUE, "^", -0.22), "unfavourable": (lean < 0, look.RED, "v", 0.22)}
    unsure = (lean == 0) & (table["value"] < 0) if value else lean != 0
    kinds |= {"less surely so": (unsure, look.RED, "v", 0.22), "neutral": ((lean == 0) & ~unsure, look.GREY, "o", 0)}
    for name, (chosen, colour, marker, shift) in kinds.items():
        look_of = {"label": name, "clip_on": not chosen.any()}  # an empty line that is not clipped spoils the layout
        look_of["markerfacecolor"] = "none" if chosen is unsure else colour
        ax.plot(table.loc[chosen, "word"], at[chosen] + shift, marker, color=colour, **look_of)
    if value:
        look.legend_below(ax, labels=lines)
    ax.yaxis.grid(color="#DDDDDD", linewidth=0.6)
    ax.set_xlim(0, 1.03 * max([1, *table["word"]]))
    return look.finish(ax, lines, "words from the start", zero=False, n=[(table[y] == line).sum() for line in lines])


def reliability(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How often what is given a probability is so, a line a corpus and n at its points; on the diagonal it holds."""
    ax = look.axes_for(ax, 10)
    ax.plot([0, 1], [0, 1], "--", color=look.GREY, linewidth=0.8)
    for corpus, (colour, marker), side in zip(look.order(table["corpus"]), look.CYCLE, (-9, 4) * 3, strict=False):
        rows = table[table["corpus"] == corpus]
        ax.plot(rows["probability"], rows["observed"], f"-{marker}", color=colour, label=corpus, markersize=4)
        for row in rows.itertuples():
            where = {"xy": (row.probability, row.observed), "xytext": (4, side), "textcoords": "offset points"}
            ax.annotate(f"{row.n:,}", **where, fontsize=6.5, color=colour)
    ax.set(xlim=(0, 1), ylim=(-0.03, 1.03), xlabel="probability given", ylabel="share that is so")
    look.legend_below(ax)
    return ax


def side_by_side(table: pd.DataFrame, verdicts: dict[str, str] | None = None) -> Figure:
    """One page of scores: a row a score on its own scale, a dot an article with its interval.

    Columns name, unit, article, value, low, high, k, n, and the band's; n of up to four is written, of two `verdicts`.
    """
    names, articles = look.order(table["name"]), look.order(table["article"])
    few = len(articles) <= len(look.CYCLE)
    fig, axes = look.panels(len(names), width=10, height=0.5 + 0.14 * min(len(articles), 6))
    for name, ax in zip(names, axes, strict=False):
        rows = table[table["name"] == name]
        look.band(ax, rows, [-articles.index(article) for article in rows["article"]], 1)
        for i, article in enumerate(articles):
            part, (colour, marker) = rows[rows["article"] == article], look.CYCLE[i % len(look.CYCLE) if few else 0]
            if few:
                ax.hlines([-i] * len(part), part["low"], part["high"], color=colour, alpha=0.8)
            name_of = look.cut(str(article), 40)
            ax.plot(part["value"], [-i] * len(part), marker, color=colour, alpha=1 if few else 0.5, label=name_of)
        ax.set(yticks=[], ylim=(0.2 - len(articles), 0.8))
        ax.spines["left"].set_visible(False)
        ax.set_ylabel(f"{name}\n", rotation=0, ha="right", va="center")
        if 2 <= len(articles) <= 4:
            sizes = rows["n"].fillna(rows["k"]) + rows["k"] * rows["unit"].str.startswith("log ")  # of a balance, both
            sizes = sizes.set_axis(rows["article"]).reindex(articles).map("{:,.0f}".format).replace("nan", "–")
            told = f"n = {' | '.join(sizes)}\n" + (verdicts or {}).get(name, "") * (len(articles) == 2)
            ax.annotate(told, (1.01, 0.5), xycoords="axes fraction", va="center", fontsize=8)
        ax.annotate(rows["unit"].iloc[0], (0, 1), xycoords="axes fraction", fontsize=7, color="#555555", va="bottom")
    if len(articles) > 1 and few:
        look.legend_below(axes[-1], axes[0].get_legend_handles_labels()[0])
    return fig
