"""Spans in, spans out: where they stand in the measured text, and which attributions are somebody else's."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.model import Article
from analysis.text import sentence_at, sentences


def located(spans: pd.DataFrame, articles: Iterable[Article]) -> pd.DataFrame:
    """Spans with their place in the measured text: `sentence`, `word` (words before it), `words` (in it)."""
    parts = [spans.assign(sentence=0, word=0, words=0).iloc[:0]]
    for article in articles:
        own = spans[spans["article_id"] == article.article_id]
        words = [t.start for s in sentences(article) for t in s.tokens if t.is_word]
        first, after = (np.searchsorted(words, own[side]) for side in ("start", "end"))
        at = [sentence_at(article, start) for start in own["start"]]
        parts.append(own.assign(sentence=np.array(at, dtype=int), word=first, words=after - first))
    return pd.concat(parts, ignore_index=True)


def without_own(spans: pd.DataFrame) -> pd.DataFrame:
    """All spans but attributions of what the author says ("I think"): they have no source, their words are his own."""
    own = (spans["layer"] == "attribution") & (spans["label"] == "content") & (spans["voice"] == "author")
    return spans[~own.groupby([spans["article_id"], spans["layer"], spans["group"]]).transform("any")]


def by_article(spans: pd.DataFrame) -> dict[str, list[tuple]]:
    """The spans of each article, for `counts.reading_of`: layer, label, start, voice, source, value, group, detail."""
    columns = ["layer", "label", "start", "voice", "source_id", "value", "group", "detail"]
    spans, found = without_own(spans), defaultdict(list)
    for name, *row in zip(*(spans[column].tolist() for column in ["article_id", *columns]), strict=True):
        found[name].append(row)
    return dict(found)


def cues_around(mentions: pd.DataFrame, spans: pd.DataFrame) -> list[str]:
    """For each mention, the stance of the cue by which somebody says the words around it; "" where there is none."""
    said = spans[spans["layer"] == "attribution"]
    cues = said[said["label"] == "cue"].drop_duplicates(["article_id", "group"])
    cue_of = dict(zip(zip(cues["article_id"], cues["group"], strict=True), cues["detail"], strict=True))
    contents = dict(iter(said[said["label"] == "content"].sort_values("start").groupby("article_id")))
    found = []
    for mention in mentions.itertuples():
        own = contents.get(mention.article_id, said.iloc[:0])
        around = own[(own["start"] <= mention.start) & (mention.start < own["end"])]["group"]  # the outermost first
        found.append(cue_of.get((mention.article_id, *around.iloc[:1]), ""))
    return found
