"""Measure the reference articles and write `data/norms.csv`, which says what is much or little; not part of `analysis`.

    python -m training.norms [--gold FOLDER]

Per kind of article, measure, label and voice: how many articles have that score, and its percentiles 0 to 100. So no
article can be recognised in it. A share of few things is no norm: an article counts where the voice has at least 50
words, of shares of attributions where it has five of them, of the number of sources where they have 50 words; and a
row stands only where fifty articles count. Headlines are left out, as the text does not mark them. The corpora are not
part of this repository; a missing one is named with the public repository it comes from, and the rows of its kind are
left as they were. A rerun with the same model writes the same bytes.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from analysis import counts
from analysis.copies import COPY_OF
from analysis.counts import by_article, reading_of
from analysis.lexicons import NORM_KEYS, NORMS
from analysis.measures import MEASURES, find_spans
from analysis.model import Article
from analysis.norms import DECIMALS, rankable
from training import corpora, scoring
from training.background import MARKUP

NAMES = "tone tone_balance loaded biased subjective technique attributed_share effective_sources source_evenness "
NAMES += "identified_sources named_share source_type cue_stance policy_frame"
MAIN = [measure for measure in MEASURES if measure.name in NAMES.split()]
FEWEST_ARTICLES = 50
POINTS = [f"p{i}" for i in range(101)]
COLUMNS = [*NORM_KEYS, "corpora", "n", *POINTS]


class Source(NamedTuple):
    """A file of reference articles; of `headed` texts the first line is the headline."""

    corpus: str
    file: str
    takes: Callable[[Mapping], bool]
    headed: bool


SEMEVAL = "semeval2023_t3_en/visible.jsonl"
SOURCES: Mapping[str, tuple[Source, ...]] = {
    "news": (
        Source("PolNeAR", "polnear/train.jsonl", lambda row: row["primary"], headed=True),
        Source("BASIL", "basil/train.jsonl", lambda row: True, headed=False),
        Source("SemEval-2023", SEMEVAL, lambda row: row["genre"] == "reporting", headed=True),
    ),
    "opinion": (Source("SemEval-2023", SEMEVAL, lambda row: row["genre"] == "opinion", headed=True),),
}
ORIGINS = {corpus.name: corpus.origin for corpus in corpora.CORPORA}
ORIGINS["SemEval-2023"] = ORIGINS["PTC"]  # which names both


def articles(source: Source, gold: Path) -> tuple[Article, ...]:
    """The articles of a source, read as `python -m analysis measure` reads a table; near copies count once."""
    texts = (MARKUP.sub(" ", row["text"]) for row in corpora.rows(gold / source.file) if source.takes(row))
    bodies = (text.partition("\n")[2] if source.headed else text for text in texts)
    read = scoring.read([{"text": body} for body in bodies if body.strip()])
    return tuple(article for article in read if not any(flag.startswith(COPY_OF) for flag in article.flags))


def values(article: Article) -> Iterator[tuple[tuple[str, str, str], float]]:
    """The main scores of an article that rest on enough, by measure, label and voice; as `score`, without intervals."""
    reading = reading_of(article, by_article(find_spans([article], MAIN))[article.article_id])
    for measure in MAIN:
        for (label, voice), parts in measure.parts(reading).items():
            total = parts.sum(axis=0)
            size = total[1] if measure.statistic in counts.OF_K_AND_N else total.sum()
            if counts.tells(parts, measure.statistic) and rankable(measure.name, reading.words[voice].sum(), size):
                yield (measure.name, label, voice), float(measure.statistic(total))


def norms(kind: str, gold: Path) -> pd.DataFrame:
    """The rows of one kind of article (COLUMNS)."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for source in SOURCES[kind]:
        for article in tqdm(articles(source, gold), f"{kind}, {source.corpus}", unit="article", disable=None):
            for key, value in values(article):
                found[key].append(value)
    names = "; ".join(source.corpus for source in SOURCES[kind])
    rows = []
    for key, own in found.items():
        known = np.array(own)[np.isfinite(own)]
        if len(known) >= FEWEST_ARTICLES:
            points = np.quantile(known, np.linspace(0, 1, len(POINTS))).round(DECIMALS) + 0.0  # no -0.0
            rows.append((kind, *key, names, len(known), *points))
    order = {measure.name: i for i, measure in enumerate(MAIN)}
    return pd.DataFrame(sorted(rows, key=lambda row: (order[row[1]], *row[2:4])), columns=COLUMNS)


def main(arguments: Sequence[str] | None = None, out: Path = NORMS) -> int:
    """Write the norms of each kind whose corpora are there; exit code 1 where one is missing, 2 without the model."""
    gold = scoring.gold_folder(__doc__, arguments)
    kept = pd.read_csv(out) if out.is_file() else pd.DataFrame(columns=COLUMNS)
    tables, missing = [], 0
    for kind, sources in SOURCES.items():
        absent = [source for source in sources if not (gold / source.file).is_file()]
        for source in absent:
            where = f"it comes from {ORIGINS[source.corpus]}"
            print(
                f"{source.corpus}: {source.file} missing, norms of {kind} left as they were; {where}", file=sys.stderr
            )
        missing += len(absent)
        tables.append(kept[kept["kind"] == kind] if absent else norms(kind, gold))
    table = pd.concat([part for part in tables if len(part)] or tables)
    draft = out.with_suffix(".tmp")
    table.to_csv(draft, index=False, lineterminator="\n")
    draft.replace(out)
    print(table.groupby("kind", sort=False).agg(scores=("n", "size"), fewest=("n", "min"), articles=("n", "max")))
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
