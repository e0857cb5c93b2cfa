"""What a corpus leaves out: texts in another language, and near copies, so that each text is counted once.

Near copies are wire copies, later versions and reprints. Two texts are compared by their runs of five words, where they
share some of their smallest hashes (Broder 1997, On the resemblance and containment of documents).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from zlib import crc32

import numpy as np

from analysis.model import Article
from analysis.text import sentences

ENOUGH = 200  # characters from which a text's language is asked about: none of 5,086 such stretches of news is refused
ENGLISH = ("en", "pcm")  # headlines and strings of names and titles are taken for Nigerian Pidgin
PLAIN = {"the", "and", "to", "that", "of", "for", "with", "this", "from", "have", "they"}
PLAINLY = 0.1  # share of these words of English from which nobody is asked: all but 1 to 3 in 100 articles of news
RUN, ALIKE = 5, 0.8  # words of a run, share of runs from which it is a copy
SKETCH, KEYS, SHARED = 128, 24, 4  # smallest hashes kept of a text, those that find a pair, and that it must share
LEAST = 20  # runs; shorter texts are never called copies
CROWD = 8  # texts that a hash finds: what more of them share is boilerplate, and time stays linear
COPY_OF = "near copy of "  # begins the reason of a copy


def foreign(article: Article) -> str:
    """Why an article is refused for its language, by py3langid; "" for English and for what is too short to tell.

    The first 3,000 characters of its kept blocks are asked as a whole: an English article with quotations in another
    language is English.
    """
    words = " ".join(article.raw[b.start : b.end] for b in article.blocks if b.kept)[:3000].split()
    kept = " ".join(words)
    if len(kept) < ENOUGH or sum(map(PLAIN.__contains__, words)) >= PLAINLY * len(words):
        return ""
    from py3langid import classify  # half a second to load

    code = classify(kept)[0]
    return "" if code in ENGLISH else f"not in English but, it seems, in {code!r} (ISO 639); only English is measured"


def near_copies(sketches: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Why each article that repeats an earlier one is a copy, by its id; of equals, the first in order is no copy.

    The share of runs that two texts have in common is that among the smallest hashes of both: exact up to SKETCH runs,
    beyond them an estimate with a standard error of .035 at the point of decision.
    """
    keys = {name: own[:KEYS].tolist() if len(own) >= LEAST else [] for name, own in sketches.items()}
    counts = Counter(key for own in keys.values() for key in own)
    having: dict[int, list[str]] = defaultdict(list)
    found = {}
    for name, own in sketches.items():
        shared = [key for key in keys[name] if counts[key] > 1]
        times = Counter(other for key in shared for other in having[key])
        free = sum(len(having[key]) < CROWD for key in shared)  # of boilerplate the first texts alone are known
        near = [other for other, count in times.items() if count >= min(SHARED, free)]
        members = {*own.tolist()} if near else set()
        shares = {other: _alike(own, members, sketches[other]) for other in near}
        original = max(shares, key=shares.__getitem__, default="")
        if original and shares[original] >= ALIKE:
            found[name] = f"{COPY_OF}{original}: {shares[original]:.0%} of their five-word runs are shared"
            continue
        for key in shared:
            if len(having[key]) < CROWD:
                having[key].append(name)
    return found


def sketch(article: Article) -> np.ndarray:
    """The smallest hashes, in order, of the five-word runs in an article's paragraphs; the same in every process."""
    own = (s for s in sentences(article) if s.role == "paragraph")
    words = [token.form for sentence in own for token in sentence.tokens if token.is_word]
    runs = {crc32(" ".join(words[i : i + RUN]).encode()) for i in range(len(words) - RUN + 1)}
    return np.array(sorted(runs)[:SKETCH], dtype=np.uint32)


def _alike(left: np.ndarray, members: set[int], right: np.ndarray) -> float:
    """The share that two sketches have in common; 0 where it cannot reach ALIKE, which is cheap to tell."""
    common = len(members.intersection(right.tolist()))
    if common < ALIKE * min(SKETCH, len(left) + len(right) - common):
        return 0.0
    smallest = np.union1d(left, right)[:SKETCH]
    return float((np.isin(smallest, left) & np.isin(smallest, right)).mean())
