"""Score the instruments on annotated corpora and write `data/validity.csv`; never imported by `analysis`.

    python training/validate.py [--gold FOLDER]

The corpora are not part of this repository; a missing one is named with the public repository it comes from and its
rows are left as they were. Intervals are percentile bootstraps over documents, never over sentences. A rerun on the
same commit writes the same bytes.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import attribution, loaded, stance, text
from analysis.model import Article, Block, Span

ROOT = Path(__file__).parents[1]
DRAWS, SEED = 1_000, 0
POLNEAR = "polnear/dev.jsonl", "networkdynamics/PolNeAR, commit c3eee833c035bf7b8c84f55b58c0bf7346cfae76, folder data/"
MTSC_ORIGIN = "fhamborg/NewsMTSC, commit b9d9b79704ed1b35cecaf1d7c2343dc1bd734fb7"
NEWSMTSC = {split: (f"newsmtsc/{split}_dev.jsonl", MTSC_ORIGIN) for split in ("rw", "mt")}
BABE = (
    "babe/dev.jsonl",
    "Media-Bias-Group/Neural-Media-Bias-Detection-Using-Distant-Supervision-With-BABE, "
    "commit fb79f646dcabf1746f5ebedc06ed8dd61ba78188, split by article here",
)
COLUMNS = ["instrument", "corpus", "split", "metric", "n_documents", "score", "low", "high"]
COLUMNS += ["trivial", "trivial_what", "best_published", "best_source", "measured_at"]

# metric: (trivial, what that is, best published, by whom); CofeNet counts all six annotators of shared articles
POLNEAR_FIGURES: Mapping[str, tuple[float | None, str, float | None, str]] = {
    "content word-level F1": (0.59, "quotation marks", None, ""),
    "attributed share, mean absolute error": (0.25, "quotation marks", None, ""),
    "content exact F1": (0.056, "rule of the CofeNet paper", 0.729, "CofeNet-BERT, Wang et al. 2022 (test)"),
    "source exact F1": (0.107, "rule of the CofeNet paper", 0.832, "CofeNet-BERT, Wang et al. 2022 (test)"),
    "cue exact F1": (0.228, "rule of the CofeNet paper", 0.753, "CofeNet-BERT, Wang et al. 2022 (test)"),
}
MACRO = "macro-F1"
NEWSMTSC_FIGURES = {
    "rw": {MACRO: (0.51, "VADER of the sentence", 0.831, "GRU-TSC, Hamborg & Donnay 2021 (devtest)")},
    "mt": {MACRO: (0.50, "VADER of the sentence", 0.825, "GRU-TSC, Hamborg & Donnay 2021 (devtest)")},
}
BABE_FIGURES = {MACRO: (0.333, "a constant answer", 0.841, "best published on this release, other splits")}
LOADED_FAMILIES = ("evaluative", "metaphor", "distancing", "device")


def plain_article(article_id: str, raw: str) -> Article:
    """An article of which only the text is known: each non-empty line is a paragraph."""
    blocks, at = [], 0
    for line in raw.splitlines(keepends=True):
        if line.strip():
            blocks.append(Block(at, at + len(line), "paragraph", kept=True))
        at += len(line)
    return Article(article_id, raw, tuple(blocks))


def attribution_rows(gold: Path) -> Iterator[dict]:
    """Attribution by quotation marks and by rules, on the first annotator's reading of each PolNeAR dev article."""
    with (gold / POLNEAR[0]).open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["primary"]]
    articles = [plain_article(row["id"], row["text"]) for row in rows]
    for method in attribution.METHODS:
        counts = [
            attribution_counts(article, row["attributions"], attribution.detect(article, method=method))
            for article, row in zip(articles, rows, strict=True)
        ]
        metrics = [m for m in ATTRIBUTION_METRICS if method != "quotes" or m not in NAMED]  # marks name no source
        functions = {metric: ATTRIBUTION_METRICS[metric] for metric in metrics}
        yield from scored(f"attribution ({method})", "PolNeAR", "dev", counts, functions, POLNEAR_FIGURES)


def attribution_counts(article: Article, gold: Iterable[Mapping], found: Iterable[Span]) -> list[float]:
    """Right, found and true of content words and of the three kinds of span; words; error of the share."""
    kinds = ("content", "source", "cue")
    true = {kind: {(s, e) for relation in gold for s, e in relation[kind]} for kind in kinds}
    ours: dict[str, set[tuple[int, int]]] = {kind: set() for kind in kinds}
    for span in found:
        ours.get(span.label, set()).add((span.start, span.end))
    words = [token.start for sentence in text.sentences(article) for token in sentence.tokens if token.is_word]
    hit = {w for s, e in ours["content"] for w in words if s <= w < e}
    due = {w for s, e in true["content"] for w in words if s <= w < e}
    counts = [len(hit & due), len(hit), len(due)]
    for kind in kinds:
        counts += [len(ours[kind] & true[kind]), len(ours[kind]), len(true[kind])]
    return [*counts, abs(len(hit) - len(due)) / max(len(words), 1), 1]


def f1_at(column: int) -> Callable[[np.ndarray], np.ndarray]:
    """F1 of three neighbouring columns of counts: right, found, true; from column totals (..., columns)."""
    return lambda totals: 2 * totals[..., column] / np.maximum(totals[..., column + 1] + totals[..., column + 2], 1)


def macro_f1(totals: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes, from a confusion table flattened to the last axis (truth by answer)."""
    side = int(totals.shape[-1] ** 0.5)
    table = totals.reshape(*totals.shape[:-1], side, side)
    right = table.diagonal(axis1=-2, axis2=-1)
    return (2 * right / np.maximum(table.sum(axis=-1) + table.sum(axis=-2), 1)).mean(axis=-1)


def confusions(answers: Iterable[tuple[str, str, str]]) -> list[np.ndarray]:
    """A flattened confusion table a document, from (document, truth, answer)."""
    rows = pd.DataFrame(answers, columns=["document", "truth", "answer"])
    labels = sorted(set(rows["truth"]))
    return [
        pd.crosstab(own["truth"], own["answer"]).reindex(index=labels, columns=labels, fill_value=0).to_numpy().ravel()
        for _, own in rows.groupby("document")
    ]


def target_rows(split: str, gold: Path) -> Iterator[dict]:
    """Tone toward a marked target on NewsMTSC; a document is the article a sentence comes from."""
    with (gold / NEWSMTSC[split][0]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    answers = [
        (
            re.match(r"(?:allsides|polusa_v1)_\d+", row["id"]).group(),
            target["polarity"],
            stance.tone_toward(row["text"], target["start"], target["end"]).label,
        )
        for row in rows
        for target in row["targets"]
    ]
    name = "target tone (rules)"
    yield from scored(name, "NewsMTSC", f"{split} dev", confusions(answers), {MACRO: macro_f1}, NEWSMTSC_FIGURES[split])


def loaded_rows(gold: Path) -> Iterator[dict]:
    """Whether a sentence with any loaded word outside reporting and hedging is one that annotators call biased."""
    with (gold / BABE[0]).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    answers = [
        (
            row["news_link"] or row["id"],
            row["label_bias"],
            "Biased"
            if any(s.group in LOADED_FAMILIES for s in loaded.detect(plain_article(row["id"], row["text"])))
            else "Non-biased",
        )
        for row in rows
    ]
    yield from scored("loaded words", "BABE", "dev", confusions(answers), {MACRO: macro_f1}, BABE_FIGURES)


ATTRIBUTION_METRICS = {
    "content word-level F1": f1_at(0),
    "attributed share, mean absolute error": lambda totals: totals[..., 12] / totals[..., 13],
    "content exact F1": f1_at(3),
    "source exact F1": f1_at(6),
    "cue exact F1": f1_at(9),
}
NAMED = ("source exact F1", "cue exact F1")
INSTRUMENTS = (  # ((file, public source), function from the gold folder to rows)
    (POLNEAR, attribution_rows),
    (NEWSMTSC["rw"], partial(target_rows, "rw")),
    (NEWSMTSC["mt"], partial(target_rows, "mt")),
    (BABE, loaded_rows),
)


def scored(
    instrument: str, corpus: str, split: str, counts: list, metrics: Mapping, figures: Mapping
) -> Iterator[dict]:
    """One row a metric, with its interval: each metric is a function of the documents' summed counts."""
    table = np.asarray(counts, dtype=float)
    draws = np.random.default_rng(SEED).integers(len(table), size=(DRAWS, len(table)))
    for metric, function in metrics.items():
        low, high = np.percentile(function(table[draws].sum(axis=1)), [2.5, 97.5])
        values = (instrument, corpus, split, metric, len(table), float(function(table.sum(axis=0))), low, high)
        yield dict(zip(COLUMNS, (*values, *figures[metric], measured_at()), strict=True))


def measured_at() -> str:
    """Package version and the date of SOURCE_DATE_EPOCH, or else of the commit."""
    epoch = (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    )
    return f"{version('framing-analysis')}, {datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}"


def main() -> int:
    """Measure every instrument whose corpus is there; exit code 1 where one is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared" / "gold", help="folder of the corpora")
    gold = parser.parse_args().gold
    rows, missing = [], 0
    for (file, origin), function in INSTRUMENTS:
        if (gold / file).is_file():
            rows += function(gold)
        else:
            missing += 1
            print(f"{gold / file}: missing, not measured; it comes from {origin}", file=sys.stderr)
    if rows:
        table, out = pd.DataFrame(rows, columns=COLUMNS), ROOT / "data" / "validity.csv"
        if out.is_file():
            kept = pd.read_csv(out)
            table = pd.concat([kept[~kept["instrument"].isin(table["instrument"])], table])
        table.to_csv(out, index=False, float_format="%.4f", lineterminator="\n")
        print(table.to_string(index=False, columns=COLUMNS[:8]))
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
