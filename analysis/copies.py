"""What a corpus leaves out: texts in another language, and near copies, so that each text is counted once.

Near copies are wire copies, later versions and reprints. Two texts are compared by their runs of five words, where they
share one of their smallest hashes (Broder 1997, On the resemblance and containment of documents).
"""

from collections import defaultdict
from collections.abc import Iterable
from zlib import crc32

from analysis.model import Article
from analysis.text import sentences

ENOUGH = 200  # characters from which a text's language is asked about: none of 5,086 such stretches of news is refused
ENGLISH = ("en", "pcm")  # headlines and strings of names and titles are taken for Nigerian Pidgin
RUN, SKETCH, ALIKE = 5, 24, 0.8  # words of a run, hashes that find a pair, share of runs from which it is a copy
LEAST = 20  # runs; shorter texts are never called copies
CROWD = 8  # texts that a hash finds: what more of them share is boilerplate, and time stays linear


def foreign(article: Article) -> str:
    """Why an article is refused for its language, by py3langid; "" for English and for what is too short to tell.

    The first 3,000 characters of its kept blocks are asked as a whole: an English article with quotations in another
    language is English.
    """
    from py3langid import classify

    kept = " ".join(" ".join(article.raw[b.start : b.end] for b in article.blocks if b.kept)[:3000].split())
    code = classify(kept)[0] if len(kept) >= ENOUGH else "en"
    return "" if code in ENGLISH else f"not in English but, it seems, in {code!r} (ISO 639); only English is measured"


def near_copies(articles: Iterable[Article]) -> dict[str, str]:
    """Why each article that repeats an earlier one is a copy, by its id; of equals, the first in order is no copy."""
    known: dict[str, frozenset[int]] = {}
    having: dict[int, list[str]] = defaultdict(list)
    found = {}
    for article in articles:
        own = runs(article)
        sketch = sorted(own)[: SKETCH if len(own) >= LEAST else 0]
        near = dict.fromkeys(name for key in sketch for name in having[key])
        shares = {name: len(own & known[name]) / len(own | known[name]) for name in near}
        original = max(shares, key=shares.__getitem__, default="")
        if original and shares[original] >= ALIKE:
            found[article.article_id] = (
                f"near copy of {original}: {shares[original]:.0%} of their five-word runs are shared"
            )
            continue
        known[article.article_id] = own
        for key in sketch:
            if len(having[key]) < CROWD:
                having[key].append(article.article_id)
    return found


def runs(article: Article) -> frozenset[int]:
    """Hashes of the five-word runs in an article's paragraphs, the same in every process."""
    own = (s for s in sentences(article) if s.role == "paragraph")
    words = [token.form for sentence in own for token in sentence.tokens if token.is_word]
    return frozenset(crc32(" ".join(words[i : i + RUN]).encode()) for i in range(len(words) - RUN + 1))
