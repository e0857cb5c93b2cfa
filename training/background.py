"""Count the words of American news English and write `data/background.csv`; never imported by `analysis`.

    python training/background.py [--gold FOLDER]

The prior of `compare.distinctive_words`. Words and counts only, of the training articles of PolNeAR and BASIL (990
articles of 2010 to 2019 on American politics), read with the tokenizer that reads the articles; none of their text is
kept. Words that stand in fewer than five articles are left out, so names of one story are too. A rerun on the same
corpora writes the same bytes.
"""

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from analysis.compare import words_of
from analysis.model import Article, Block

ROOT = Path(__file__).resolve().parents[1]
CORPORA = {
    "polnear/train.jsonl": "networkdynamics/PolNeAR, commit c3eee833c035bf7b8c84f55b58c0bf7346cfae76, folder data/",
    "basil/train.jsonl": "launchnlp/BASIL, commit 4fdbc4f68d5ddae648990063cb6dd11424d96222, 50 of its event triples",
}
MARKUP = re.compile(r"<[^<>]{1,300}>")  # PolNeAR keeps the tags of tweets
ENTRIES, FEWEST_ARTICLES = 8_000, 5


def articles(gold: Path) -> Iterator[Article]:
    """One article a text; each line of it is a paragraph."""
    for name, origin in CORPORA.items():
        if not (gold / name).is_file():
            raise SystemExit(f"{gold / name}: missing; make it from {origin}")
        for row in map(json.loads, (gold / name).read_text(encoding="utf-8").splitlines()):
            if row.get("primary", True):
                text, blocks, at = MARKUP.sub(" ", row["text"]), [], 0
                for line in text.splitlines(keepends=True):
                    if line.strip():
                        blocks.append(Block(at, at + len(line), "paragraph", kept=True))
                    at += len(line)
                yield Article(row["id"], text, tuple(blocks))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write data/background.csv.")
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared" / "gold")
    counts: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for article in articles(parser.parse_args().gold):
        words = Counter(word for sentence in words_of(article) for word in sentence)
        counts += words
        documents.update(words.keys())
    common = sorted((w for w in counts if documents[w] >= FEWEST_ARTICLES), key=lambda w: (-counts[w], w))[:ENTRIES]
    target = ROOT / "data" / "background.csv"
    draft = target.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerows([("word", "count"), *((word, counts[word]) for word in common)])
    draft.replace(target)
    print(
        f"{target.name}: {len(common)} words, {sum(counts[w] for w in common) / counts.total():.1%} of {counts.total()}"
    )


if __name__ == "__main__":
    main()
