"""How answers on annotated documents are counted and scored, with bootstrap intervals, for `training.validate`.

A metric is a function of the summed counts of documents (..., columns), so that it serves resamples as well.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from analysis import encoder, text
from analysis.corpus import load_corpus
from analysis.measures import SPAN_COLUMNS, sentences_frame
from analysis.model import Article, Span

ROOT = Path(__file__).parents[1]
DRAWS, SEED = 1_000, 0
COLUMNS = ["instrument", "corpus", "split", "metric", "n_documents", "score", "low", "high"]
COLUMNS += ["trivial", "trivial_what", "best_published", "best_source", "measured_at"]
QUOTE_KINDS = ("direct", "mixed", "indirect")
BINS, STEPS = 10, 200
BIN_COLUMNS = ["head", "corpus", "low", "high", "n", "probability", "observed"]
Spans = Iterable[Sequence[int]]
Metric = tuple[Callable[[np.ndarray], np.ndarray], float | None, str, float | None, str]  # floor, what, best, by whom


def gold_folder(description: str | None, arguments: Sequence[str] | None) -> Path:
    """The folder of the corpora, from a command line; exit code 2 without the trained model."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared" / "gold", help="folder of the corpora")
    gold = parser.parse_args(arguments).gold
    if not encoder.available():
        parser.error("without the trained model nothing is measured; see `make train`")
    return gold


def share_at(column: int) -> Callable[[np.ndarray], np.ndarray]:
    """The quotient of two neighbouring columns of counts."""
    return lambda totals: totals[..., column] / np.maximum(totals[..., column + 1], 1)


def f1_at(column: int) -> Callable[[np.ndarray], np.ndarray]:
    """F1 of three neighbouring columns of counts: right, found, true."""
    return lambda totals: 2 * totals[..., column] / np.maximum(totals[..., column + 1] + totals[..., column + 2], 1)


def label_f1(totals: np.ndarray, *, macro: bool) -> np.ndarray:
    """Micro- or macro-F1 of labels of which a document has several, from right, found and true of each in turn."""
    by_label = totals.reshape(*totals.shape[:-1], -1, 3)
    return f1_at(0)(by_label).mean(axis=-1) if macro else f1_at(0)(by_label.sum(axis=-2))


def macro_f1(totals: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes, from a confusion table flattened to the last axis (truth by answer)."""
    return _class_f1(totals).mean(axis=-1)


def positive_f1(totals: np.ndarray) -> np.ndarray:
    """F1 of the last class of a flattened confusion table."""
    return _class_f1(totals)[..., -1]


def _class_f1(totals: np.ndarray) -> np.ndarray:
    side = int(totals.shape[-1] ** 0.5)
    table = totals.reshape(*totals.shape[:-1], side, side)
    right = table.diagonal(axis1=-2, axis2=-1)
    return 2 * right / np.maximum(table.sum(axis=-1) + table.sum(axis=-2), 1)


def confusions(answers: Iterable[tuple[str, object, object]]) -> list[np.ndarray]:
    """A flattened confusion table a document, from (document, truth, answer)."""
    rows = pd.DataFrame(answers, columns=["document", "truth", "answer"])
    labels = sorted(set(rows["truth"]))
    return [
        np.array([((own["truth"] == t) & (own["answer"] == a)).sum() for t in labels for a in labels])
        for _, own in rows.groupby("document", sort=False)
    ]


def merged(spans: Spans) -> list[tuple[int, int]]:
    """Spans in order, those that overlap or touch made one.

    >>> merged([(4, 6), (0, 3), (2, 4), (8, 9)])
    [(0, 6), (8, 9)]
    """
    made: list[tuple[int, int]] = []
    for start, end in sorted(map(tuple, spans)):
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], max(end, made[-1][1])
        else:
            made.append((start, end))
    return made


def overlap_counts(found: Spans, gold: Spans) -> list[float]:
    """Sum of the shares of found spans inside gold, found spans, sum of the shares of gold covered, gold spans."""
    ours, true = merged(found), merged(gold)
    return [_covered(ours, true), len(ours), _covered(true, ours), len(true)]


def _covered(spans: Spans, by: Spans) -> float:
    return sum(max(min(e, b) - max(s, a), 0) / (e - s) for s, e in spans for a, b in by)


def overlap_f1(column: int) -> Callable[[np.ndarray], np.ndarray]:
    """F1 of partial overlap from `overlap_counts` (Da San Martino et al. 2020, SemEval task 11)."""

    def of(totals: np.ndarray) -> np.ndarray:
        precision, recall = share_at(column)(totals), share_at(column + 2)(totals)
        return 2 * precision * recall / np.maximum(precision + recall, 1e-12)

    return of


def histograms(pairs: Iterable[tuple[bool, float]]) -> np.ndarray:
    """How many values of 0 to 1 fall in each of STEPS steps: of what is not so, then of what is."""
    made = np.zeros((2, STEPS))
    for so, value in pairs:
        made[int(so), min(int(value * STEPS), STEPS - 1)] += 1
    return made.ravel()


def auc(totals: np.ndarray) -> np.ndarray:
    """Area under the ROC curve from `histograms`, values of one step counting as equal.

    >>> float(auc(histograms([(True, 0.9), (True, 0.4), (False, 0.1), (False, 0.4)])))
    0.875
    """
    without, having = totals[..., :STEPS], totals[..., STEPS:]
    below = np.cumsum(without, axis=-1) - without / 2
    return (having * below).sum(axis=-1) / np.maximum(having.sum(axis=-1) * without.sum(axis=-1), 1)


def read(rows: Sequence[Mapping]) -> tuple[Article, ...]:
    """An article for each row with a `text`, made as `python -m analysis measure` makes it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "records.jsonl")
        lines = (json.dumps({"id": str(number), "text": row["text"]}) for number, row in enumerate(rows))
        path.write_text("\n".join(lines), encoding="utf-8")
        corpus = load_corpus(path, copies=True)
    if len(corpus.failures):
        raise ValueError(f"row {corpus.failures['line'].iloc[0]}: {corpus.failures['reason'].iloc[0]}")
    return corpus.articles


def attribution_counts(article: Article, gold: Sequence[Mapping], found: Iterable[Span]) -> list[float]:
    """Right, found and true of content words and of the three kinds of span; error of the share, and 1.

    Then, by kind of quotation, the attributions of which at least half of the content's words are in our content, and
    all of them.
    """
    true = {kind: {(s, e) for relation in gold for s, e in relation[kind]} for kind in encoder.KINDS}
    ours: dict[str, set[tuple[int, int]]] = {kind: set() for kind in encoder.KINDS}
    for span in found:
        ours.get(span.label, set()).add((span.start, span.end))
    words = [token.start for sentence in text.sentences(article) for token in sentence.tokens if token.is_word]
    hit, due = _inside(words, ours["content"]), _inside(words, true["content"])
    counts = [len(hit & due), len(hit), len(due)]
    for kind in ("content", "source", "cue"):
        counts += [len(ours[kind] & true[kind]), len(ours[kind]), len(true[kind])]
    counts += [abs(len(hit) - len(due)) / max(len(words), 1), 1]
    for quotes in QUOTE_KINDS:
        own = [_inside(words, r["content"]) for r in gold if r["quote_type_heuristic"] == quotes]
        counts += [sum(len(w & hit) >= len(w) / 2 for w in own if w), sum(map(bool, own))]
    return counts


def _inside(words: Sequence[int], spans: Iterable[Sequence[int]]) -> set[int]:
    return {word for start, end in spans for word in words if start <= word < end}


def judged(article: Article, column: str, places: Iterable[Sequence[int]]) -> list[float]:
    """`column` of the table of sentences at each stretch of text, weighted by the words that lie in it; else 0."""
    own = sentences_frame([article], pd.DataFrame(columns=SPAN_COLUMNS))
    start, end = own["start"].to_numpy(), own["end"].to_numpy()
    values = []
    for first, last in places:
        share = np.maximum(np.minimum(end, last) - np.maximum(start, first), 0) / (end - start)
        weight = share * (own["words"].to_numpy() + 1e-9)
        values.append(float(weight @ own[column].to_numpy() / weight.sum()) if weight.any() else 0.0)
    return values


def scored(
    instrument: str, corpus: str, split: str, counts: Sequence[Iterable[float]], metrics: Mapping[str, Metric]
) -> Iterator[dict]:
    """One row a metric, with its interval: percentiles of a bootstrap over documents, a row of `counts` each."""
    table = np.array([[*own] for own in counts], dtype=float)
    draws = np.random.default_rng(SEED).integers(len(table), size=(DRAWS, len(table)))
    totals = table[draws].sum(axis=1)
    for metric, (function, *known) in metrics.items():
        low, high = np.percentile(function(totals), [2.5, 97.5])
        values = (instrument, corpus, split, metric, len(table), float(function(table.sum(axis=0))), low, high)
        yield dict(zip(COLUMNS, (*values, *known, measured_at()), strict=True))


def reliability(head: str, corpus: str, probabilities: Iterable[float], observed: Iterable[bool]) -> Iterator[dict]:
    """Rows of ten bins of probability, empty ones left out: how many, their mean probability, the share that is so."""
    p, so = np.fromiter(probabilities, float), np.fromiter(observed, float)
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    for k in np.unique(at):
        own = at == k
        values = (head, corpus, k / BINS, (k + 1) / BINS, own.sum(), p[own].mean(), so[own].mean())
        yield dict(zip(BIN_COLUMNS, values, strict=True))


def measured_at() -> str:
    """Package version and the date of SOURCE_DATE_EPOCH, or else of the commit."""
    epoch = (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    )
    return f"{version('framing-analysis')}, {datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}"


def with_kept(new: pd.DataFrame, path: Path, order: Sequence[str]) -> pd.DataFrame:
    """The new rows, and those of the file at `path` whose corpus was not measured anew; corpora in the given order."""
    kept = pd.read_csv(path) if path.is_file() else new.iloc[:0]
    kept = kept[~kept["corpus"].isin(new["corpus"])]
    table = pd.concat([part for part in (new, kept) if len(part)] or [new]).infer_objects()  # None alone is no number
    rank = table["corpus"].map({corpus: i for i, corpus in enumerate(order)}).fillna(len(order))
    return table.iloc[np.argsort(rank.to_numpy(), kind="stable")]
