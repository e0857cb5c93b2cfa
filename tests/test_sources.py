"""Sources: names merged, pronouns resolved, types, named or not, countries."""

import re

import pytest
from conftest import cases

from analysis.lexicons import load_lexicon
from analysis.sources import identify

TYPES = {"government", "corporate", "expert", "media", "ngo", "citizen", "document", "anonymous collective"}
TYPES |= {"unnamed individual", "representative", "honorific"}


def marked(text: str) -> tuple[str, dict[tuple[int, int], str]]:
    """The text without its marks, and the mentions that stood in them."""
    raw, mentions = "", {}
    for piece in re.split(r"(<<?[^<>]+>>?)", text):
        if piece.startswith("<"):
            inner = piece.strip("<>")
            mentions[len(raw), len(raw) + len(inner)] = "subject" if piece.startswith("<<") else "source"
            piece = inner
        raw += piece
    return raw, mentions


@pytest.mark.parametrize("case", cases("sources"))
def test_cases(case: dict) -> None:
    raw, mentions = marked(case["text"])
    assert [[s.name, s.kind, s.named, s.country] for s in identify(raw, mentions).values()] == case["found"]


def test_the_country_is_a_word_of_the_mention() -> None:
    raw, mentions = marked("In Velden, <Chinese officials> said no to <the U.S. firm Norvik>.")
    assert [raw[slice(*source.country_at)] for source in identify(raw, mentions).values()] == ["Chinese", "U.S."]


def test_a_pronoun_far_from_any_source_is_left_open() -> None:
    raw, mentions = marked("<Mira Okafor> spoke. " + "<The bank> spoke. " * 20 + "<She> left.")
    assert [*identify(raw, mentions).values()][-1].name == ""


@pytest.mark.parametrize("name", ["source_types", "source_roles"])
def test_every_label_is_a_source_type(name: str) -> None:
    assert {entry.label for entry in load_lexicon(name).entries.values()} <= TYPES
