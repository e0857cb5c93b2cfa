"""What counts as a copy and what does not; and which texts are in another language."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import CASES, article, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import copies
from analysis.copies import CROWD, ENOUGH, foreign
from analysis.model import Article

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((CASES / "known_groups").glob("*.txt"))}
WIRE = TEXTS["wire"].strip()
HEADLINE, FIRST, *REST = WIRE.split("\n\n")
NOTICE = TEXTS["commentary"]  # as long as an article, under both of two
COPIES = {
    "the same": WIRE,
    "shortened by its last two paragraphs": "\n\n".join([HEADLINE, FIRST, *REST[:-2]]),
    "another headline": "\n\n".join(["Marland puts a price on its oldest crossing", FIRST, *REST]),
    "another dateline": "\n\n".join([HEADLINE, f"PORT TERVEL, Jan. 20 (Nordata) - {FIRST}", *REST]),
    "other marks and capitals": WIRE.replace('"', "“").replace(",", "").upper(),
    "a sentence more": f"{WIRE}\n\nThe ferry company did not answer a request for comment.",
    "paragraphs in other order": "\n\n".join([HEADLINE, *REST, FIRST]),
}
OTHERS = {
    "a column on the same event": TEXTS["column"],
    "a commentary on the same event": TEXTS["commentary"],
    "half of it": "\n\n".join([HEADLINE, FIRST, *REST[: len(REST) // 2]]),
    "its first paragraph": FIRST,
    "the same notice under another article": f"{TEXTS['column']}\n\n{NOTICE}",
}


def near_copies(articles: list[Article]) -> dict[str, str]:
    return copies.near_copies({a.article_id: copies.sketch(a) for a in articles})


@pytest.mark.parametrize("text", COPIES.values(), ids=COPIES)
def test_copies(text: str) -> None:
    assert [*near_copies([article(WIRE, "a"), article(text, "b")])] == ["b"]
    assert [*near_copies([article(text, "b"), article(WIRE, "a")])] == ["a"], "the first in order is kept"


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_no_copies(text: str) -> None:
    assert near_copies([article(f"{WIRE}\n\n{NOTICE}", "a"), article(text, "b"), article(WIRE, "c")]) == {}


def test_short_texts_are_no_copies() -> None:
    assert near_copies([article("It rained all day in Holm.", name) for name in "abc"]) == {}


def test_boilerplate_of_a_crowd_hides_no_copy() -> None:
    """More texts than a hash finds share half of their words, and the last one's copy is found all the same."""
    assert CROWD < 24
    own = [" ".join(f"w{n}x{i}" for i in range(200)) for n in range(24)]
    crowd = [article(f"{words}\n\n{NOTICE}", str(n)) for n, words in enumerate([*own, f"{own[-1]} more"])]
    assert [(name, reason.split(":")[0]) for name, reason in near_copies(crowd).items()] == [("24", "near copy of 23")]


def test_templates_hide_no_copy() -> None:
    frame = " ".join(f"frame{i}" for i in range(400))
    texts = [frame + " " + " ".join(f"own{n}x{i}" for i in range(90)) for n in range(CROWD + 24)]
    made = [article(f"{text}.", f"a{n:02}") for n, text in enumerate([*texts, *texts])]
    assert [*near_copies(made)] == [f"a{n:02}" for n in range(len(texts), 2 * len(texts))]


@pytest.mark.parametrize("sizes", [(128, 128), (60, 60), (128, 100), (25, 30)])
@pytest.mark.parametrize("shared", [0.5, 0.75, 0.85, 0.9, 0.95, 1.0])
def test_a_pair_is_told_by_the_share_among_the_smallest_hashes_of_both(shared: float, sizes: tuple[int, int]) -> None:
    for seed in range(20):
        hashes = np.random.default_rng(seed).permutation(1000).astype(np.uint32)
        common = hashes[: int(shared * min(sizes))]
        halves = hashes[200:], hashes[400:]
        left, right = (np.sort([*common, *own[: n - len(common)]]) for n, own in zip(sizes, halves, strict=True))
        smallest = sorted({*left.tolist(), *right.tolist()})[: copies.SKETCH]
        share = sum(h in left and h in right for h in smallest) / len(smallest)
        found = copies.near_copies({"a": left, "b": right})
        assert bool(found) == (share >= copies.ALIKE) and f"{share:.0%}" in found.get("b", f"{share:.0%}")


@settings(max_examples=25, deadline=None)
@given(st.permutations([*COPIES.items(), *TEXTS.items()][3:]))
def test_of_copies_the_first_in_order_is_kept(order: list[tuple[str, str]]) -> None:
    texts = [(name, text) for name, text in order if name != "shortened by its last two paragraphs"]
    found = near_copies([article(text, name) for name, text in texts])
    wires = [name for name, _ in texts if name not in ("column", "commentary")]
    assert [*found] == wires[1:]


def test_every_process_gives_the_same_answer() -> None:
    script = "from conftest import article; from test_copies import COPIES, OTHERS, near_copies;"
    script += "print(near_copies([article(t, n) for n, t in {**COPIES, **OTHERS}.items()]))"
    paths = os.pathsep.join([str(CASES.parent), str(CASES.parents[1])])
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


@pytest.mark.parametrize("case", cases("own_articles/languages"))
def test_languages(case: dict[str, str]) -> None:
    reason = foreign(article(case["text"].strip()))
    assert (repr(case["language"]) in reason and "only English" in reason) if case["language"] else reason == ""


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=ENOUGH - 1))
def test_short_texts_are_not_asked(text: str) -> None:
    assert foreign(article(text)) == ""
