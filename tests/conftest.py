"""What several tests share: cases as data, and articles made from plain paragraphs."""

import re
import tomllib
from pathlib import Path

import pytest

from analysis.model import Article, Block

CASES = Path(__file__).parent / "cases"
LONGEST = ("test_notebooks", "test_run")  # they execute notebooks, each in a kernel of its own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, half of them before the middle, so that two workers begin with them and none ends with one."""
    slow = [item for item in items if item.path.stem in LONGEST]
    rest = [item for item in items if item.path.stem not in LONGEST]
    half = len(rest) // 2
    items[:] = [*slow[::2], *rest[:half], *slow[1::2], *rest[half:]]


def cases(name: str) -> list:
    """The cases of tests/cases/<name>.toml as parameters; one with `known_failure` is a strict xfail."""
    table = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    marks = [[pytest.mark.xfail(reason=c["known_failure"], strict=True)] if "known_failure" in c else [] for c in table]
    return [
        pytest.param(c, marks=m, id=f"{i}-{c['text'][:30]}") for i, (c, m) in enumerate(zip(table, marks, strict=True))
    ]


def article(text: str, article_id: str = "a", role: str = "paragraph") -> Article:
    """An article whose blocks are the lines of a text, all of one role."""
    lines = re.finditer(r"[^\n]+\n*|\n+", text)
    return Article(article_id, text, tuple(Block(m.start(), m.end(), role, True) for m in lines if m.group().strip()))
