"""What each sentence gives to a score, and the statistics that turn the sums into values.

A `parts` function takes a `Reading` and returns, for each (label, voice), an array (sentences x columns); a
statistic takes totals (..., columns) and returns values (...), so that it serves resamples as well as the text.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis import encoder, loaded, stance
from analysis.encoder import FRAMES, HEADS, TECHNIQUES, probability
from analysis.model import VOICES, Article
from analysis.text import sentence_at, sentences

SOURCE_TYPES = ("government", "corporate", "expert", "media", "ngo", "citizen", "document")
SOURCE_TYPES += ("anonymous collective", "unnamed individual", "not stated")
CUE_STANCES = ("neutral", "endorsing", "distancing")
BODY = ("author", "direct", "indirect")
UNKNOWN = "(not identified)"
MOST = 200  # sources of an article, of whom the last stands for the rest: no article has so many, and memory is bounded


def ratio(totals: np.ndarray) -> np.ndarray:
    """k/n of the columns k, n; NaN where n is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[..., 0] / totals[..., 1]


def per_100(totals: np.ndarray) -> np.ndarray:
    """100 k/n of the columns k, n."""
    return 100 * ratio(totals)


def log_balance(totals: np.ndarray) -> np.ndarray:
    """log((P+.5)/(N+.5)) of the columns P, N (Lowe, Benoit, Mikhaylov & Laver 2011)."""
    return np.log((totals[..., 0] + 0.5) / (totals[..., 1] + 0.5))


def mean_probability(totals: np.ndarray) -> np.ndarray:
    """The logistic function of k/n of the columns logits, tokens."""
    return probability(ratio(totals))


def effective_number(totals: np.ndarray) -> np.ndarray:
    """e^H over columns of counts, H with the Miller–Madow correction (K-1)/2n (Miller 1955).

    >>> float(effective_number(np.array([500.0, 500.0])).round(2))
    2.0
    """
    n = totals.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, np.exp(_entropy(totals) + (present(totals) - 1) / (2 * n)), np.nan)


def evenness(totals: np.ndarray) -> np.ndarray:
    """Pielou's J = H/ln K over columns of counts, uncorrected; NaN where fewer than two sources speak."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(present(totals) > 1, _entropy(totals) / np.log(present(totals)), np.nan)


def _entropy(totals: np.ndarray) -> np.ndarray:
    n = totals.sum(axis=-1)  # of counts, which are 0 or at least 1
    return np.log(n) - (totals * np.log(np.maximum(totals, 1))).sum(axis=-1) / n


def present(totals: np.ndarray) -> np.ndarray:
    """How many columns are not 0."""
    return (totals > 0).sum(axis=-1).astype(float)


MEANS = (ratio, per_100, mean_probability)
OF_K_AND_N = (*MEANS, log_balance)
RANGES = {effective_number: (1, np.inf), evenness: (0, 1), present: (0, np.inf)}


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
    """The spans of each article, for `reading_of`: layer, label, start, voice, source, value, group, detail."""
    columns = ["layer", "label", "start", "voice", "source_id", "value", "group", "detail"]
    spans, found = without_own(spans), defaultdict(list)
    for name, *row in zip(*(spans[column].tolist() for column in ["article_id", *columns]), strict=True):
        found[name].append(row)
    return dict(found)


class Row(NamedTuple):
    """A span as `score` needs it, with the index of its sentence."""

    sentence: int
    label: str
    voice: str
    source_id: str
    value: float
    group: str
    detail: str
    start: int


class Reading(NamedTuple):
    """An article with its spans, ready for counting: words by voice and sentence, rows by layer."""

    article: Article
    words: Mapping[str, np.ndarray]
    rows: Mapping[str, Sequence[Row]]
    categories: Sequence[str] = loaded.CATEGORIES  # of loaded words, that were looked for

    @property
    def size(self) -> int:
        return len(sentences(self.article))


def reading_of(article: Article, spans: Iterable[tuple], categories: Sequence[str] = loaded.CATEGORIES) -> Reading:
    """What the `parts` of a measure count: the article's sentences, with its spans as from `by_article`."""
    firsts = [sentence.start for sentence in sentences(article)]
    size = len(firsts)
    words = {voice: [0.0] * size for voice in (*VOICES, "all")}
    rows: dict[str, list[Row]] = defaultdict(list)
    for layer, label, start, voice, source_id, value, group, detail in spans:
        at = max(bisect_right(firsts, start) - 1, 0)
        rows[layer].append(Row(at, label, voice, source_id, value, group, detail, start))
        if layer == "voice":
            words[voice][at] += value
            words["all"][at] += value
    return Reading(article, {v: np.array(n) for v, n in words.items() if any(n)}, rows, categories)


Parts = dict[tuple[str, str], np.ndarray]


def weighted_parts(reading: Reading, *, layer: str, label: str) -> Parts:
    """Value x words and words of the runs of a voice."""
    words = {row.start: row.value for row in reading.rows["voice"]}
    runs = [row for row in reading.rows[layer] if row.label == label]
    hits = [(row.sentence, layer, row.voice, row.value * words[row.start]) for row in runs]
    return _rates(reading, hits, [layer], reading.words) if hits else {}


tone_parts = partial(weighted_parts, layer="tone", label="tone")
biased_parts = partial(weighted_parts, layer="biased", label="run")
subjective_parts = partial(weighted_parts, layer="subjective", label="run")


def balance_parts(reading: Reading) -> Parts:
    """Positive and negative words, a row a sentence."""
    words = [row for row in reading.rows["tone"] if row.label == "word"]
    return _pairs(reading, [(r.sentence, "tone words", r.voice, (r.value >= 0, r.value < 0)) for r in words])


def loaded_parts(reading: Reading) -> Parts:
    """Hits and words per category, and for all that judge ("any"), where what two families claim counts once."""
    hits = [(r.sentence, r.label, r.voice, 1.0) for r in reading.rows["loaded"]]
    judging = {r.start: r for r in reading.rows["loaded"] if r.group not in loaded.STYLE}
    hits += [(r.sentence, "any", r.voice, 1.0) for r in judging.values()]
    return _rates(reading, hits, [*reading.categories, "any"], reading.words)


def technique_parts(reading: Reading) -> Parts:
    """Spans of each technique, and words."""
    hits = [(row.sentence, row.label, row.voice, 1.0) for row in reading.rows["technique"]]
    return _rates(reading, hits, ["any", *TECHNIQUES], reading.words) if reading.rows["biased"] else {}


def frame_parts(reading: Reading) -> Parts:
    """Sum of logits and tokens, a row a sentence; nothing without the model."""
    if not reading.size or not encoder.available():
        return {}
    answers = encoder.answers(reading.article)
    tokens = np.diff(answers.firsts)
    columns = zip(FRAMES, answers.by_sentence(HEADS.frame).T * tokens, strict=True)
    return {(frame, "all"): np.stack([logits, tokens], axis=1) for frame, logits in columns}


def attributed_parts(reading: Reading) -> Parts:
    """Words in content spans, split direct, indirect and mixed by attribution, over the words of the body."""
    start, hits = attrgetter("start"), []
    contents = sorted((r for r in reading.rows["attribution"] if r.label == "content"), key=start)
    for run in reading.rows["voice"]:
        if run.voice in ("direct", "indirect"):
            kind = contents[bisect_right(contents, run.start, key=start) - 1].detail
            hits += [(run.sentence, label, "all", run.value) for label in (kind, "attributed")]
    return _rates(reading, hits, ["attributed", "direct", "indirect", "mixed"], _words_of(reading, *BODY))


def speaker_parts(reading: Reading) -> Parts:
    """Words of each source over all attributed words."""
    runs = [r for r in reading.rows["voice"] if r.voice in ("direct", "indirect")]
    hits = [(r.sentence, r.source_id or UNKNOWN, "all", r.value) for r in runs]
    speakers = sorted({speaker for _, speaker, *_ in hits})[:MOST]
    return _rates(reading, hits, speakers, _words_of(reading, "direct", "indirect"))


def _words_of(reading: Reading, *voices: str) -> dict[str, np.ndarray]:
    return {"all": sum((reading.words[v] for v in voices if v in reading.words), np.zeros(reading.size))}


def source_parts(reading: Reading) -> Parts:
    """Words of each identified source, a column a source."""
    return _columns(reading, [(r.sentence, r.source_id, r.value) for r in reading.rows["voice"] if r.source_id])


def identified_parts(reading: Reading) -> Parts:
    """Attributions of each named source, a column a source; one that is empty where none is named."""
    named = [(r.sentence, r.source_id, 1) for r in _first_sources(reading) if r.value and r.source_id]
    return _columns(reading, named) or {("sources", "all"): np.zeros((reading.size, 1))}


def tells(parts: np.ndarray, statistic: object) -> bool:
    """Whether parts give a number; that no source is named is one, too."""
    return bool(np.count_nonzero(parts)) or statistic is present


def _columns(reading: Reading, hits: Sequence[tuple[int, str, float]]) -> Parts:
    names = {name: i for i, name in enumerate(sorted({name for _, name, _ in hits})[:MOST])}
    table = np.zeros((reading.size, len(names)))
    for sentence, name, amount in hits:
        table[sentence, names.get(name, MOST - 1)] += amount
    return {("sources", "all"): table} if names else {}


def type_parts(reading: Reading) -> Parts:
    """Attributions by type of source over attributions with a source."""
    return _shares(reading, [(r.sentence, r.detail or "not stated") for r in _first_sources(reading)], SOURCE_TYPES)


def named_parts(reading: Reading) -> Parts:
    """Attributions to a named source over attributions with a source."""
    return _shares(reading, [(r.sentence, "named" if r.value else "") for r in _first_sources(reading)], ("named",))


def country_parts(reading: Reading) -> Parts:
    """Attributions whose source shows a country over attributions with a source."""
    shown = {r.group: r.detail for r in reading.rows["attribution"] if r.label == "country"}
    sides = [(r.sentence, shown.get(r.group, "")) for r in _first_sources(reading)]
    return _shares(reading, sides, sorted(set(shown.values())))


def cue_parts(reading: Reading) -> Parts:
    """Attributions by the stance of their cue over attributions with a cue."""
    cues = {r.group: r for r in reversed(reading.rows["attribution"]) if r.label == "cue"}
    return _shares(reading, [(r.sentence, r.detail) for r in cues.values()], CUE_STANCES)


def stance_parts(reading: Reading) -> Parts:
    """Favourable minus unfavourable mentions, and mentions, per target and voice."""
    return _pairs(reading, [(r.sentence, r.label, r.voice, (stance.lean(r.value), 1)) for r in reading.rows["target"]])


def mention_parts(reading: Reading) -> Parts:
    """Mentions and words, per target and voice."""
    hits = [(r.sentence, r.label, r.voice, 1.0) for r in reading.rows["target"]]
    return _rates(reading, hits, sorted({r.label for r in reading.rows["target"]}), reading.words)


def _rates(reading: Reading, hits: Iterable, labels: Sequence[str], bases: Mapping[str, np.ndarray]) -> Parts:
    """k and n of every label in every voice that has words; `hits` are (sentence, label, voice, amount)."""
    table = np.zeros((len(labels), len(bases), reading.size, 2))
    table[..., 1] = [*bases.values()] if bases else 0
    blank = {(label, v): table[i, j] for i, label in enumerate(labels) for j, v in enumerate(bases)}
    for sentence, label, voice, amount in hits:
        for key in {(label, voice), (label, "all")}:
            if key in blank:
                blank[key][sentence, 0] += amount
    return blank


def _pairs(reading: Reading, hits: Iterable) -> Parts:
    """Both columns of every label and voice that is hit; `hits` are (sentence, label, voice, amounts)."""
    tables: Parts = defaultdict(lambda: np.zeros((reading.size, 2)))
    for sentence, label, voice, amounts in hits:
        for key in ((label, voice), (label, "all")):
            tables[key][sentence] += amounts
    return dict(tables)


def _shares(reading: Reading, hits: Sequence[tuple[int, str]], labels: Sequence[str]) -> Parts:
    """k and n of every label among the hits themselves."""
    if not hits:
        return {}
    total = np.bincount([sentence for sentence, _ in hits], minlength=reading.size).astype(float)
    return _rates(reading, [(s, label, "all", 1.0) for s, label in hits], labels, {"all": total})


def _first_sources(reading: Reading) -> list[Row]:
    """One source span an attribution: the first of its group."""
    return list({r.group: r for r in reversed(reading.rows["attribution"]) if r.label == "source"}.values())[::-1]


SHARES = ("source_type", "named_share", "source_country", "cue_stance")  # measures whose k and n are separate events
COUNTED = ("loaded", "technique", "mentions", *SHARES)  # those whose k are
