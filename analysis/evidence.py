"""The sentences behind the numbers, for reading in a notebook: these tables hold text and are never saved."""

from collections.abc import Sequence

import pandas as pd

from analysis.model import Article
from analysis.tables import located
from analysis.text import sentences


def sentences_behind(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """The sentence behind each span, for reading: what was found, in which voice, and `context`, the whole sentence."""
    raws = {a.article_id: a for a in articles}
    table = located(spans, articles)
    context = [
        raws[i].raw[sentences(raws[i])[s].start : sentences(raws[i])[s].end] if s >= 0 else ""
        for i, s in zip(table["article_id"], table["sentence"], strict=True)
    ]
    columns = ["article_id", "sentence", "layer", "label", "voice", "source_id", "value", "text"]
    return table.assign(context=context)[[*columns, "context"]]


def in_context(spans: pd.DataFrame, articles: Sequence[Article], width: int = 45) -> pd.DataFrame:
    """Keyword in context, for reading: article_id, label, voice, before, text, after (`width` characters a side)."""
    raws = {a.article_id: a.raw for a in articles}
    rows = [
        (i, label, voice, raws[i][max(0, start - width) : start], text, raws[i][end : end + width])
        for i, label, voice, start, end, text in spans[
            ["article_id", "label", "voice", "start", "end", "text"]
        ].itertuples(index=False)
    ]
    table = pd.DataFrame(rows, columns=["article_id", "label", "voice", "before", "text", "after"])
    return table.replace({"before": {r"\s+": " "}, "after": {r"\s+": " "}}, regex=True)


def unattributed_loaded(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """For fact-checkers: sentences in the author's voice that are loaded and carry no attribution, most loaded first.

    Columns article_id, sentence, hits, labels, words, context.
    """
    table = located(spans[spans["layer"].isin(["loaded", "attribution"])], articles)
    keys = ["article_id", "sentence"]
    attributed = table[table["layer"] == "attribution"].set_index(keys).index
    loaded = table[(table["layer"] == "loaded") & (table["voice"] == "author")]
    loaded = loaded[~loaded.set_index(keys).index.isin(attributed)]
    grouped = loaded.groupby(keys).agg(
        hits=("label", "size"),
        labels=("label", lambda x: "; ".join(sorted(set(x)))),
        words=("text", "; ".join),
        start=("start", "min"),
    )
    grouped = grouped.sort_values("hits", ascending=False, kind="stable").reset_index()
    texts = {(a.article_id, i): a.raw[s.start : s.end] for a in articles for i, s in enumerate(sentences(a))}
    return grouped.drop(columns="start").assign(
        context=[texts[key] for key in zip(*(grouped[k] for k in keys), strict=True)]
    )
