"""The sentences behind the numbers: the tables that a notebook shows, and what each row of a figure's csv names.

A score is made of counts by sentence (`parts`), so the sentences behind it are those with a count; any other row is
traced through the spans that its columns name. Numbers of sentences are those of the table of sentences and of the
anchors in the reading view. The tables with text are for reading and are never saved.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.compare import KEYS
from analysis.counts import OF_K_AND_N, UNKNOWN, located, without_own
from analysis.measures import MEASURES
from analysis.model import Article
from analysis.tables import listed
from analysis.text import sentence_at, sentences

# Columns of a row that narrow down the spans behind it, and the columns of the table of spans that they name.
NAMED = {"word": "detail", "role": "detail", "stance": "detail", "target": "label"}
NAMED |= {"source_id": "source_id", "voice": "voice"}
NOBODY = {"(author)": ["author"], UNKNOWN: ["direct", "indirect"]}  # what stands for no source, and in which voices
BY_SOURCE = [m.name for m in MEASURES if m.parts and m.statistic not in OF_K_AND_N]  # of a column a source
NOWHERE = pd.DataFrame(columns=["label", "detail", "source_id", "voice", "sentence"])
LAYERS = {"target": "target", "stance": "attribution", "source_id": "voice", "voice": "voice"}  # by the first it has


def sentences_behind(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """The sentence behind each span, for reading: what was found, in which voice, and `context`, the whole sentence.

    Labels are shown as figures show them, each by itself: "any" sums up other labels and would tell the words twice.
    What is read first stands first, for a notebook is narrow.
    """
    table = located(spans[spans["label"] != "any"], articles)
    columns = ["article_id", "sentence", "label", "text", "context", "voice", "source_id", "value", "layer"]
    return _with_context(table, articles)[columns]


def unattributed_loaded(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """For fact-checkers: sentences in the author's voice that are loaded and carry no attribution, most loaded first.

    Columns article_id, sentence, hits, labels, words, context.
    """
    table = located(without_own(spans[spans["layer"].isin(["loaded", "attribution"])]), articles)
    place = [table["article_id"], table["sentence"]]
    attributed = (table["layer"] == "attribution").groupby(place).transform("any")
    loaded = table[(table["layer"] == "loaded") & (table["voice"] == "author") & ~attributed]
    told = {"labels": ("label", lambda x: "; ".join(sorted(set(x)))), "words": ("text", "; ".join)}
    grouped = loaded.groupby(["article_id", "sentence"]).agg(hits=("label", "size"), **told)
    return _with_context(grouped.sort_values("hits", ascending=False, kind="stable").reset_index(), articles)


def passives(spans: pd.DataFrame) -> str:
    """How often each target is acted upon in the passive, and how often by nobody that is named, to be read."""
    found = spans[(spans["layer"] == "target") & (spans["group"] != "")]
    told = found.groupby("label")["group"].agg(["size", lambda kinds: (kinds == "agentless passive").sum()])
    return listed(f"{target} {n}, {hidden} of them by nobody named" for target, n, hidden in told.itertuples())


def _with_context(table: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """The table with a last column `context`, the sentence of each row; "" outside of sentences."""
    texts = {(a.article_id, i): a.raw[s.start : s.end] for a in articles for i, s in enumerate(sentences(a))}
    return table.assign(context=[texts.get(k, "") for k in zip(table["article_id"], table["sentence"], strict=True)])


def tracer(
    spans: pd.DataFrame, articles: Sequence[Article], scores: pd.DataFrame | None = None
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A function that gives a table a column `sentences`, the numbers behind each row; first those that count most.

    A row of two articles gets `left_sentences` and `right_sentences`. What cannot be traced (a row about an instrument,
    not a text) has none, and rows of groups name their articles. `parts` and `ids` go, for they are no cells of a csv.
    """
    rows = () if scores is None else scores[["article_id", *KEYS, "parts"]].itertuples(index=False)
    counted = {tuple(key): parts for *key, parts in rows}
    places = dict(iter(located(without_own(spans), articles).groupby(["article_id", "layer"], sort=False)))
    by_id = {article.article_id: article for article in articles}

    def behind(row: Mapping, article: Article) -> list[int]:
        parts = row.get("parts", counted.get((article.article_id, *map(row.get, KEYS))))
        return _of_row(row, places, article) if parts is None else _of_parts(parts, row["measure"])

    def with_sentences(table: pd.DataFrame) -> pd.DataFrame:
        made = table.drop(columns=["parts", "ids"], errors="ignore")
        sides = {"article_id": "sentences", "left": "left_sentences", "right": "right_sentences"}
        for side in (side for side in sides if side in table and articles):
            found = [" ".join(map(str, behind(row, by_id[row[side]]))) for row in table.to_dict("records")]
            if any(found):
                made[sides[side]] = found
        return made

    return with_sentences


def _of_parts(parts: np.ndarray, measure: str) -> list[int]:
    """The sentences with a count, first those that push the value most the way it went; of a frame, those for it.

    >>> _of_parts(np.array([[0, 2], [0, 0], [1, 0]]), "tone_balance")
    [0, 2]
    """
    parts = np.asarray(parts)
    first = parts.sum(axis=1) if measure in BY_SOURCE else parts[:, 0]
    counts = held = np.maximum(first, 0) if measure == "policy_frame" else first
    if measure == "tone_balance":  # of positive and negative words
        counts, held = parts[:, 0] - parts[:, 1], parts.any(axis=1)
    order = np.argsort(-counts if counts.sum() >= 0 else counts, kind="stable")
    return [int(i) for i in order if held[i]]


def _of_row(row: Mapping, places: Mapping[tuple[str, str], pd.DataFrame], article: Article) -> list[int]:
    """The sentences that a row's place touches, of the word that it names, or of the spans that its columns name."""
    if isinstance(row.get("sentence"), int | np.integer):
        return [int(row["sentence"])]
    if "start" in row:
        first, last = (sentence_at(article, offset) for offset in (row["start"], row.get("end", row["start"] + 1) - 1))
        return [n for n in range(max(first, 0), last + 1) if row["start"] < sentences(article)[n].end]
    named = {column: row[column] for column in NAMED if column in row}
    layer = next((LAYERS[column] for column in LAYERS if column in named), "")
    if "word" in row:  # a loaded one by its category, one of tone by its voice, or one of no layer
        layer, named = "loaded" if "label" in row else "tone", named | {"label": row.get("label", "word")}
        if not {"label", "voice"} & row.keys():
            said = f" {row['word']} "
            return [n for n, own in enumerate(sentences(article)) if said in f" {' '.join(own.forms)} "]
    own = places.get((article.article_id, layer), NOWHERE)
    for column, value in named.items():
        if layer == "target" and value in NOBODY:
            own = own[own["voice"].isin(NOBODY[value])]
        own = own[own[NAMED.get(column, column)].to_numpy() == ("" if value in NOBODY else value)]
    return sorted({int(at) for at in own["sentence"] if at >= 0})
