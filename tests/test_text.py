"""Sentences, words and quotation marks: cases, offsets, folding."""

import random
from itertools import pairwise

import pytest
from conftest import article, cases
from hypothesis import given
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer

from analysis import text
from analysis.text import fold, outermost, quotations, sentence_at, sentences, tokens, turns


@pytest.mark.parametrize("case", cases("text"))
def test_cases(case: dict) -> None:
    made = article(case["text"])
    if "sentences" in case:
        assert [case["text"][s.start : s.end] for s in sentences(made)] == case["sentences"]
    if "quotations" in case:
        found = [case["text"][q.start : q.end] for q in quotations(made) if q.depth == 0]
        assert found == case["quotations"]


def test_a_quotation_runs_over_paragraphs_that_open_with_a_mark() -> None:
    made = article("“First part.\n“Second part,” she said.\n“Not closed. Then prose.\nMore prose.")
    assert [(q.start, q.closed) for q in quotations(made)] == [(0, False), (13, True)]


def test_what_is_quoted_inside_a_quotation_that_runs_on_is_not_outermost() -> None:
    made = article("“He called it a ‘dream’ once.\n“It is “over” now,” she said.")
    assert [(q.start, q.depth) for q in quotations(made)] == [(0, 0), (16, 1), (30, 0), (37, 1)]


@given(st.lists(st.sampled_from(["“", "”", "‘", "’", '"', "a", "b ", " c", "\n"]), max_size=60))
def test_outermost_quotations_are_disjoint_and_in_order(parts: list[str]) -> None:
    found = outermost(article("".join(parts)))
    assert all(left.end <= right.start for left, right in pairwise(found))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Q: Why?\nA: No idea.\nShe laughed.\nQ: And now?", ["Why?", "No idea.", "And now?"]),
        ("DR. WEST: Yes: all of it.\nÖZ:  No. \nDR. WEST: Oh.", ["Yes: all of it.", "No.", "Oh."]),
        ("Q: Why?\nA: No idea.", []),
        ("BACKGROUND: A dam.\nMETHOD: None.\nRESULT: None.", []),
        ("He said: Why?\nHe said: No.\nHe said: Yes.", []),
    ],
)
def test_an_interview_has_turns(text: str, said: list[str]) -> None:
    assert [text[turn.first : turn.end] for turn in turns(article(text))] == said


def test_a_heading_is_never_glued_to_a_sentence() -> None:
    assert [s.words for s in sentences(article("No stop here\nA sentence."))] == [3, 2]


def test_clitics_and_marks_are_no_words() -> None:
    assert [t.form for t in tokens("Don’t they—as China’s press—know it?") if t.is_word] == (
        ["do", "they", "as", "china", "press", "know", "it"]
    )


def test_a_single_opening_mark_is_no_part_of_its_word() -> None:
    assert [t.form for t in tokens("'Experts say it's theirs', he said.")][:2] == ['"', "experts"]


def test_hidden_and_wide_letters_are_read_and_keep_their_offsets() -> None:
    raw = "A ter\u200brible ｌｉｅ."
    assert [(t.form, raw[t.start : t.end]) for t in tokens(raw)][1:3] == [
        ("terrible", "ter\u200brible"),
        ("lie", "ｌｉｅ"),
    ]


@given(st.text(alphabet="ab A.'\"“”‘’?!\n\u200b\u00adİß９", max_size=120))
def test_offsets_fit_and_pieces_are_in_order(text: str) -> None:
    made = article(text)
    end = 0
    for index, sentence in enumerate(sentences(made)):
        assert end <= sentence.start < sentence.end <= len(text)
        assert sentence_at(made, sentence.start) == index
        assert sentence.start <= sentence.tokens[0].start and sentence.tokens[-1].end <= sentence.end
        for token in sentence.tokens:
            written = fold(text[token.start : token.end])[0].lower()
            assert token.form in (written, written.replace("'", '"'))
        end = sentence.end
    assert all(text[q.start] in "'\"“‘" for q in quotations(made))


@given(st.text(max_size=80))
def test_folding_maps_back(text: str) -> None:
    folded, offsets = fold(text)
    assert (len(folded) == len(text)) if offsets is None else (len(offsets) == len(folded) + 1)


def test_tokens_read_stretch_by_stretch_are_those_of_the_whole_sentence() -> None:
    draw = random.Random(0)
    bits = [
        "a",
        "B",
        "7",
        "U.S.",
        "n't",
        "'s",
        "’s",
        "'tis",
        "cannot",
        "wanna",
        "--",
        "-",
        "it's",
        "...",
        "\u200b",
        "\u00a0",
        *" " * 12,
    ]
    bits += list(".,:;'\"()[]!?`$%—“”‘’«»\t")
    for sentence in ("".join(draw.choices(bits, k=draw.randint(1, 16))) for _ in range(500)):
        folded = text._OPENS_WORD.sub('"', text.fold(sentence)[0])
        try:
            whole = [folded[start:end].lower() for start, end in NLTKWordTokenizer().span_tokenize(folded)]
        except ValueError:  # marks that the tokenizer itself loses
            continue
        assert [token.form for token in text.tokens(sentence)] == whole
