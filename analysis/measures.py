"""What is measured: the literal table MEASURES, and the two functions that carry it out.

`find_spans` points at things in the text; `score` groups them into numbers, each with its denominator and interval.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import attribution, counts, encoder, framing, loaded, norms, sentiment, stance, wording
from analysis import voice as voices_of
from analysis.lexicons import LEXICONS, TARGETS, load_norms, load_targets
from analysis.model import SCORE_COLUMNS, SENTENCE_COLUMNS, SPAN_COLUMNS, VOICES, AnalysisError, Article, Failure, Span
from analysis.resample import MOST, block_weights, enough, intervals, wilson
from analysis.text import sentences


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: who finds the spans, how they are counted, in what unit, and what it must not claim.

    `parts` gives columns of counts by sentence, `statistic` the value of their sums; without them the spans are
    evidence to read and no number. `instrument` names its rows of data/validity.csv (of attribution: by method).
    """

    name: str
    detect: Callable[..., Iterator[Span]]
    parts: Callable[[counts.Reading], counts.Parts] | None
    statistic: Callable[[np.ndarray], np.ndarray] | None
    unit: str
    instrument: str
    caveat: str


# fmt: off
MEASURES = (
    Measure("tone", sentiment.detect, counts.tone_parts, counts.ratio,
            "mean VADER compound, -1 to 1", "tone",
            "Negative tone is not bias: a war story is negative. Words are rated one by one, out of their topic."),
    Measure("tone_balance", sentiment.detect, counts.balance_parts, counts.log_balance,
            "log (positive + .5)/(negative + .5) words", "tone",
            "Counts words with a valence, without negation; it says nothing about whom they are aimed at."),
    Measure("loaded", loaded.detect, counts.loaded_parts, counts.per_100,
            "per 100 words", "loaded words",
            "Describes style; \"any\" leaves out hedges, boosters, verbs, which judge nothing, and is no bias score."),
    Measure("biased", wording.detect, counts.biased_parts, counts.ratio,
            "mean score, 0 to 1", "biased sentence",
            "By word choice as annotators saw it; .5 is a cut-off, no probability; nothing of omissions or truth."),
    Measure("subjective", wording.detect, counts.subjective_parts, counts.ratio,
            "mean probability, 0 to 1", "subjective sentence",
            "An opinion piece is meant to be subjective; it is no fault."),
    Measure("technique", wording.detect, counts.technique_parts, counts.per_100,
            "per 100 words", "techniques",
            "Six of fourteen techniques, and any of them; the other eight are not attempted. Read the spans."),
    Measure("attributed_share", attribution.detect, counts.attributed_parts, counts.ratio,
            "share of the body's words", "attribution",
            "A large share is neither fair nor balanced: it says how much is others' speech, not how it was chosen."),
    Measure("speaker_share", attribution.detect, counts.speaker_parts, counts.ratio,
            "share of attributed words", "attribution",
            "Airtime is not approval: a source may be given room to be refuted."),
    Measure("effective_sources", attribution.detect, counts.source_parts, counts.effective_number,
            "sources with equal airtime", "attribution",
            "Many voices may all say the same; words of one source are not independent, so n flatters the correction."),
    Measure("source_evenness", attribution.detect, counts.source_parts, counts.evenness,
            "Pielou's J, 0 to 1", "attribution",
            "Undefined with one source; evenness between sources is not balance between sides."),
    Measure("identified_sources", attribution.detect, counts.identified_parts, counts.present,
            "named sources", "attribution",
            "A name makes a source checkable, not right."),
    Measure("named_share", attribution.detect, counts.named_parts, counts.ratio,
            "share of attributions with a source", "attribution",
            "Anonymity can protect a source; a low share is a reason to look, not a fault by itself."),
    Measure("source_type", attribution.detect, counts.type_parts, counts.ratio,
            "share of attributions with a source", "source types",
            "Types come from the words by a name in the article; a missing or wrong title gives none, or a wrong one."),
    Measure("source_country", attribution.detect, counts.country_parts, counts.ratio,
            "share of attributions with a source", "attribution",
            "Only sources whose mention shows a country are counted; a country is not a viewpoint."),
    Measure("cue_stance", attribution.detect, counts.cue_parts, counts.ratio,
            "share of attributions with a cue", "cue stance",
            "Reporters also vary their verbs for style; read the asymmetry between sources, not one verb."),
    Measure("stance", stance.detect, counts.stance_parts, counts.ratio,
            "(favourable - unfavourable)/mentions, -1 to 1", "stance",
            "Tone near a name is evidence, no belief. Unfavourable mentions count from .85 only: it leans upward."),
    Measure("mentions", stance.detect, counts.mention_parts, counts.per_100,
            "per 100 words", "target mentions",
            "Being mentioned often is salience, not favour."),
    Measure("policy_frame", framing.policy, counts.frame_parts, counts.mean_probability,
            "probability, 0 to 1", "policy frames",
            "Frames are not topics, and some are always named: a constant answer reaches a micro-F1 of .61."),
    Measure("entman_functions", framing.detect, None, None,
            "cue spans, not scored", "Entman functions",
            "A reading checklist: a cue shows where to look, and its absence does not show that a frame is absent."),
)
# fmt: on
Table = Sequence[Measure]


def find_spans(
    articles: Iterable[Article],
    measures: Table = MEASURES,
    *,
    voice: str = "model",
    targets: Path | str = TARGETS,
    lexicons: Path | str = LEXICONS,
) -> pd.DataFrame:
    """Everything the measures point at in the articles, one row a span (columns SPAN_COLUMNS), in text order.

    `voice` is the way of separating voices (attribution.METHODS; by rules where there is no model), `targets` a TOML
    file, `lexicons` a folder of lists of loaded words, relative paths being the project's. `.attrs` say how it was
    done, and `.attrs["failures"]` (dicts as Failure) which measure raised on which article, and is missing there only.
    """
    if voice not in attribution.METHODS:
        raise AnalysisError(f"voice={voice!r}: valid are {', '.join(attribution.METHODS)}")
    voice = "rules" if voice == "model" and not encoder.available() else voice
    known, lists = load_targets(TARGETS.parents[1] / targets), TARGETS.parents[1] / lexicons
    bound: dict[Callable, Callable] = {stance.detect: partial(stance.detect, targets=known)}
    bound[loaded.detect] = partial(loaded.detect, lexicons=lists)
    wanted = list(dict.fromkeys(m.detect for m in measures if _stage(m.detect) != "attribution"))
    rows, failures, searched = [], [], ["attribution", *map(_stage, wanted)]

    def attempt(article: Article, stage: str, detect: Callable[[], Iterable[Span]]) -> tuple[Span, ...]:
        try:
            return tuple(detect())
        except Exception as error:  # one article's fault must not cost another article, or another measure
            failures.append(_failure(article, stage, error))
            return ()

    for article in articles:
        attributions = attempt(article, "attribution", partial(attribution.detect, article, voice))
        voices = attempt(article, "voice", partial(voices_of.detect, article, attributions))
        if not voices:
            continue  # no words, or nobody knows whose: then none must be charged to the author
        found = [*attributions, *voices]
        for detect in wanted:
            found += attempt(article, _stage(detect), partial(bound.get(detect, detect), article, voices))
        for span in sorted(found, key=lambda s: (s.start, s.end, s.layer, s.label)):
            voice_here, speaker = voices_of.voice_at(voices, span.start, span.end)
            if span.layer in ("voice", "attribution"):  # these know their source; nested ones are not the run's
                voice_here, speaker = span.voice or voice_here, span.source_id
            elif span.voice:
                voice_here, speaker = span.voice, ""
            place = (article.article_id, span.layer, span.label, span.start, span.end)
            facts = (voice_here, speaker, span.value, span.group, span.detail)
            rows.append((*place, article.raw[span.start : span.end], *facts))
    table = pd.DataFrame(rows, columns=SPAN_COLUMNS).astype({"value": float, "start": int, "end": int})
    table.attrs |= {"failures": failures, "voice": voice, "categories": loaded.categories(lists), "searched": searched}
    _warn(failures)
    return table


def _failure(article: Article, stage: str, error: Exception) -> dict:
    reason = f"{type(error).__name__}: {error}; the measure is missing for this article"
    return Failure("", None, article.article_id, stage, reason)._asdict()


def _warn(failures: Iterable[Mapping]) -> None:
    for failure in failures:
        warnings.warn("{article_id}: {stage}: {reason}".format(**failure), stacklevel=3)


def _stage(detect: Callable) -> str:
    return detect.__module__.rpartition(".")[2]


def score(
    spans: pd.DataFrame, articles: Iterable[Article], *, by: str = "voice", measures: Table = MEASURES
) -> pd.DataFrame:
    """The numbers: one row per article, measure, label and voice (columns SCORE_COLUMNS and `parts`).

    `by="voice"` gives a row for each voice and one for "all"; `by="all"` the pooled rows only. `parts` (sentences x
    columns) holds what each sentence gave: `value == statistic(parts.sum(axis=0))`, and k and n are the sums of its
    columns, or the total and NaN of a column a source. `low` and `high` are the 95 % interval of a bootstrap over
    blocks of three sentences; they speak of this text, not of its outlet. Missing of fewer than resample.LEAST
    sentences, and where all resamples agree; but a share of attributions or mentions then has Wilson's, and no hit in n
    the rule of three, 0 to 3/n (of attributed words, n sentences). What failed or was not looked for is not 0: it has
    no row (what fails here: `.attrs["failures"]`); spans that lost their `attrs`, as by pd.concat, cannot tell.
    Percentiles (norms.percentile) are missing without a norm, where the model did not tell voices apart, and of loaded
    words where the lists are others. score(all) equals the scores of the parts, put together.
    """
    if by not in ("voice", "all"):
        raise AnalysisError(f"score: by={by!r}; valid are 'voice' and 'all'")
    if not (made := spans.attrs):
        warnings.warn("score: spans without `attrs`: what failed counts as 0, and no score is ranked", stacklevel=2)
    failed = {(f["article_id"], f["stage"]) for f in made.get("failures", ())}
    known = load_norms() if made.get("voice") == "model" else {}
    if (categories := made.get("categories", loaded.CATEGORIES)) != loaded.CATEGORIES:
        known = {key: norm for key, norm in known.items() if key[1] != "loaded"}
    measures = [m for m in measures if m.parts and _stage(m.detect) in made.get("searched", [_stage(m.detect)])]
    if made.get("voice") == "quotes":  # which looks for no names
        measures = [m for m in measures if m.name != "identified_sources"]
    own_spans, rows, failures = counts.by_article(spans), [], []
    for article in (a for a in articles if a.article_id in own_spans):
        reading = counts.reading_of(article, own_spans[article.article_id], categories)
        pooled = by == "all" or (article.article_id, "attribution") in failed  # then no voice is known
        cells = []
        for measure in (m for m in measures if (article.article_id, _stage(m.detect)) not in failed):
            try:
                counted = {key: p for key, p in measure.parts(reading).items() if key[1] == "all" or not pooled}
                counted = {key: p for key, p in counted.items() if counts.tells(p, measure.statistic)}
                if counted:
                    totals = np.stack([*counted.values()]).sum(axis=1)
                    values = zip(totals, measure.statistic(totals).tolist(), strict=True)
                    cells += [(measure, *key, counted[key], *own) for key, own in zip(counted, values, strict=True)]
            except Exception as error:  # costs this measure alone
                failures.append(_failure(article, measure.name, error))
        rows += [(article.article_id, *row) for row in _scores(reading, cells, known)]
    table = pd.DataFrame(rows, columns=[*SCORE_COLUMNS, "parts"])
    table.attrs["failures"] = failures
    _warn(failures)
    return table


def _scores(reading: counts.Reading, cells: Sequence[tuple], known: Mapping) -> Iterator[tuple]:
    """The rows of one article, of measure, label, voice, parts, their total and the value each."""
    if not cells:
        return
    firsts = np.arange(0, reading.size, -(-reading.size // MOST))
    drawn = [parts if reading.size <= MOST else np.add.reduceat(parts, firsts) for *_, parts, _, _ in cells]
    bounds = intervals(drawn, [measure.statistic for measure, *_ in cells], block_weights(len(firsts))).tolist()
    sizes = {voice: words.sum() for voice, words in reading.words.items()}  # none of ":)", which has a tone
    many = enough([parts for *_, parts, _, _ in cells]).tolist()
    for (measure, label, voice, parts, total, value), (low, high), told in zip(cells, bounds, many, strict=True):
        of_n = measure.statistic in counts.OF_K_AND_N
        k, n = total.tolist() if of_n else (total.sum(), np.nan)
        none = measure.name in counts.COUNTED and not k
        reference = known if norms.rankable(measure.name, sizes.get(voice, 0), n if of_n else k) else {}
        if measure.statistic is counts.mean_probability:  # sentences that say so by themselves; 1 where present
            k = (parts[:, 0] > 0).sum()
            n = float(value >= encoder.calibration("frame")["threshold"][0])
        elif not of_n:  # resamples repeat sources and look less diverse: centre
            low, high = np.clip([value - (high - low) / 2, value + (high - low) / 2], *counts.RANGES[measure.statistic])
        if none and (measure.name in counts.SHARES or told):  # the rule of three
            low, high = 0.0, float(measure.statistic(np.array([min(3, n), n])))
        elif not k and measure.name == "attributed_share" and told:  # in none of so many sentences
            low, high = 0.0, 3 / np.count_nonzero(parts[:, 1])
        elif np.isnan(low) and measure.name in (*counts.SHARES, "stance"):
            least = -1 if measure.name == "stance" else 0
            low, high = (least + (1 - least) * end for end in wilson((value - least) / (1 - least), n))
        ranks = [norms.percentile(reference.get((kind, measure.name, label, voice)), value) for kind in norms.NAMES]
        yield measure.name, label, voice, k, n, value, measure.unit, low, high, *ranks, parts


def sentences_frame(articles: Iterable[Article], spans: pd.DataFrame) -> pd.DataFrame:
    """One row a sentence of a kept block (columns SENTENCE_COLUMNS): offsets, role, words, share of each voice.

    `biased` and `subjective` say how far annotators would call it so (see `wording`), NaN without the model.
    """
    own_spans = counts.by_article(spans[spans["layer"] == "voice"])
    failed = {f["article_id"] for f in spans.attrs.get("failures", ()) if f["stage"] == "wording"}
    rows = []
    for article in articles:
        words = counts.reading_of(article, own_spans.get(article.article_id, ())).words
        judged = np.full((len(sentences(article)), 2), np.nan)
        if len(judged) and encoder.available() and article.article_id not in failed:
            judged = wording.judged(article, [*pairwise(encoder.answers(article).firsts.tolist())])
        for i, s in enumerate(sentences(article)):
            shares = [words[v][i] / s.words if v in words and s.words else 0.0 for v in VOICES]
            rows.append((article.article_id, i, s.start, s.end, s.role, s.words, *shares, *judged[i].tolist()))
    return pd.DataFrame(rows, columns=SENTENCE_COLUMNS)
