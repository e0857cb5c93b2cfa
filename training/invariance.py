"""How far names move the instruments: write `data/invariance.csv`; never imported by `analysis`.

    python -m training.invariance

Each sentence of `tests/cases/swaps.toml` is measured with either name of a pair as the target. What is said of the two
is the same, so what is measured should be: whether a country, party or person deserves better is not asked. Needs the
model and no corpus, and takes half a minute. A rerun with the same model on one machine writes the same bytes.
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from analysis import Article, Block, find_spans, sentences_frame
from analysis.stance import tone_toward

ROOT = Path(__file__).parents[1]
TABLE, SWAPS = ROOT / "data" / "invariance.csv", ROOT / "tests" / "cases" / "swaps.toml"
# Most that names may move the mean over the sentences, without sign. A test holds the first against the distance
# between sentences that favour and that oppose; the next three go from 0 to 1; no word list holds a name.
TOLERANCE = {"tone": 0.2, "biased": 0.1, "subjective": 0.1, "attributed": 0.1, "loaded": 0.0}
COLUMNS = ["kind", "left", "right", "measure", "n", "shift", "low", "high", "mean_absolute", "largest", "tolerance"]


def swaps() -> dict:
    """The sentences, with {name} for the target, the pairs of names by kind, and the known failures."""
    return tomllib.loads(SWAPS.read_text(encoding="utf-8"))


def sentences(table: dict) -> list[str]:
    """All sentences: those in favour of the target, those against it, and the others."""
    return [*table["favours"], *table["opposes"], *table["neither"]]


def measured(name: str, templates: Sequence[str]) -> pd.DataFrame:
    """A row a sentence, each an article by itself, with the columns of TOLERANCE.

    tone: P(positive) - P(negative) toward the name, without its article; biased, subjective: probabilities;
    attributed: share of the words that are not the author's; loaded: hits.
    """
    texts, tones = [], []
    for template in templates:
        text, end = template.format(name=name), template.index("{name}") + len(name)
        texts.append(text[0].upper() + text[1:])
        tone = tone_toward(texts[-1], end - len(name.removeprefix("the ")), end)
        tones.append(tone.p_positive - tone.p_negative)
    articles = [Article(f"{i:02}", t, (Block(0, len(t), "paragraph", kept=True),)) for i, t in enumerate(texts)]
    spans = find_spans(articles)
    judged = sentences_frame(articles, spans).set_index("article_id")
    loaded = spans[spans["layer"] == "loaded"].groupby("article_id").size().reindex(judged.index, fill_value=0)
    judged = judged.assign(tone=tones, attributed=judged["direct"] + judged["indirect"], loaded=loaded)
    return judged[list(TOLERANCE)]


def shifts(pairs: dict[str, Iterable[tuple[str, str]]], templates: Sequence[str]) -> pd.DataFrame:
    """One row a pair and measure (columns COLUMNS): what changes from the right name to the left, over n sentences.

    shift: the mean (below 0 the left name fares worse in tone), with its 95 % interval over sentences (normal);
    mean_absolute, largest: without sign; tolerance: the most that mean_absolute may be.
    """
    names = dict.fromkeys(name for own in pairs.values() for pair in own for name in pair)
    found, rows = {name: measured(name, templates) for name in names}, []
    for kind, own in pairs.items():
        for left, right in own:
            change = found[left] - found[right]
            for measure, size in change.abs().items():
                mean, error = change[measure].mean(), 1.96 * change[measure].sem()
                numbers = len(change), mean, mean - error, mean + error, size.mean(), size.max(), TOLERANCE[measure]
                rows.append((kind, left, right, measure, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def main() -> None:
    table = swaps()
    found = shifts(table["pairs"], sentences(table))
    found.to_csv(TABLE, index=False, float_format="%.4f", lineterminator="\n")
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
