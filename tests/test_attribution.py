"""Attribution: who says what, found and left alone; directness, stance, continuation."""

import pytest
from conftest import article, cases
from hypothesis import given, settings
from hypothesis import strategies as st
from test_encoder import with_model

from analysis import attribution
from analysis.lexicons import load_lexicon
from analysis.model import AnalysisError


def relations(text: str, method: str = "rules") -> dict[str, list]:
    groups: dict[str, list] = {}
    for span in attribution.detect(article(text), method):
        groups.setdefault(span.group, []).append(span)
    return groups


def details(text: str, label: str) -> list[str]:
    return [span.detail for span in attribution.detect(article(text)) if span.label == label]


def found(text: str, method: str) -> list[list[str]]:
    """[source, cue, contents] of each attribution, as the cases write them."""
    return [
        [" | ".join(text[s.start : s.end] for s in spans if s.label == label) for label in ("source", "cue", "content")]
        for spans in relations(text, method).values()
    ]


@pytest.mark.parametrize("case", cases("attribution"))
def test_cases(case: dict) -> None:
    assert found(case["text"], "rules") == case["found"]


@with_model
@pytest.mark.parametrize("case", cases("attribution", "model_failure"))
def test_cases_by_the_model(case: dict) -> None:
    """Who says what; where an apposition or a mark at the edge belongs, annotators have their own ways."""
    said = found(case["text"], "model")
    assert len(said) == len(case["found"])
    for (source, _, content), (true_source, _, true_content) in zip(said, case["found"], strict=True):
        own, true = ({word.strip('.,:;"“”') for word in text.lower().split()} for text in (content, true_content))
        assert len(own & true) >= 0.6 * len(own | true)
        assert true_source in source and bool(source) == bool(true_source)


def test_there_are_enough_cases_and_cues() -> None:
    assert len(cases("attribution")) >= 60
    assert sum(len({e.head for e in load_lexicon(name).entries.values()}) for name in attribution.LEXICONS) >= 250


def test_an_unknown_method_names_the_valid_ones() -> None:
    with pytest.raises(AnalysisError, match="'guess' is none of quotes, rules"):
        list(attribution.detect(article("No."), "guess"))


def test_quotes_takes_each_outermost_quotation_and_no_source() -> None:
    text = "“A ‘wet’ dam,” said Okafor. The “wall” stands."
    spans = [span for group in relations(text, "quotes").values() for span in group]
    assert [(text[s.start : s.end], s.label, s.detail, s.source_id) for s in spans] == [
        ("“A ‘wet’ dam,”", "content", "direct", ""),
        ("“wall”", "content", "direct", ""),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"The dam is safe," Okafor said.', ["direct"]),
        ("Okafor said the dam was safe.", ["indirect"]),
        ('Okafor said the dam was "safe as a rock".', ["mixed"]),
        ('"The dam," Okafor said, "is safe."', ["direct", "direct"]),
    ],
)
def test_directness_is_the_share_of_the_whole_content_in_quotation_marks(text: str, expected: list[str]) -> None:
    assert details(text, "content") == expected


@pytest.mark.parametrize(
    ("cue", "stance"),
    [("said", "neutral"), ("admitted", "endorsing"), ("pointed out", "endorsing"), ("claimed", "distancing")],
)
def test_the_cue_carries_its_stance(cue: str, stance: str) -> None:
    assert details(f"Okafor {cue} that the dam was safe.", "cue") == [stance]


def test_so_called_sources_are_kept_at_a_distance() -> None:
    assert details("According to the so-called experts, the dam is safe.", "cue") == ["distancing"]


@pytest.mark.parametrize("word", ["so-called", "supposed", "ostensible", "alleged"])
def test_a_scare_quote_is_no_content(word: str) -> None:
    assert not relations(f'The council, citing {word} "flood security" concerns, closed the road.')
    assert not relations(f'The {word} "flood wall" of the town is leaking.')


def test_only_paragraphs_speak() -> None:
    text = "Okafor says the dam is safe."
    for role in ("headline", "caption"):
        assert not list(attribution.detect(article(text, role=role)))


@with_model
def test_after_a_cue_and_a_colon_the_whole_sentence_is_said() -> None:
    text = "As one paper observed: The council works under the delusion that a dam lasts forever."
    (spans,) = relations(text, "model").values()
    assert [text[s.start : s.end] for s in spans if s.label == "content"] == [text[23:-1]]


@with_model
def test_who_hears_something_does_not_say_it() -> None:
    for text in ("The court heard that the dam was safe.", "Residents were told that the dam was safe."):
        said = {span.label for own in relations(text, "model").values() for span in own}
        assert said == {"cue", "content"}, text


def test_the_headings_of_a_fact_check_are_no_speakers() -> None:
    text = "\n".join(["CLAIM: The dam will burst.", "FACTS: No crack was found.", "RATING: False."] * 2)
    assert not relations(text, "rules")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("The paper was criticised by statisticians, who said the effect was small.", "statisticians"),
        ("Excerpts appeared in the Ledger, which said it had seen them.", "Ledger"),
        ("Mayor Anna Berg met Otto Falk. She said no.", "Anna Berg"),
    ],
)
def test_who_is_meant_by_who_and_she(text: str, who: str) -> None:
    assert {span.source_id for own in relations(text, "rules").values() for span in own} >= {who}


@with_model
def test_a_quotation_of_several_paragraphs_is_its_speakers() -> None:
    text = "“The dam is old and cracked,” Okafor said. “We have told them.\n“Nobody came. Nobody will come.”\nShe left."
    spans = [span for own in relations(text, "model").values() for span in own if span.label == "content"]
    assert {span.source_id for span in spans} == {"Okafor"} and spans[-1].end == text.index("\nShe")


def test_the_rest_of_a_paragraph_after_a_colon_is_the_speakers_and_the_next_is_not() -> None:
    text = "One paper observed: The dam is old. It will not last.\nThe town slept."
    (spans,) = relations(text).values()
    assert [text[s.start : s.end] for s in spans if s.label == "content"] == ["The dam is old", "It will not last"]
    (spans,) = relations("Ann Lee said: we will win this. Never").values()
    assert [s.end - s.start for s in spans if s.label == "content"] == [len("we will win this"), len("Never")]


@pytest.mark.parametrize("method", ["rules", pytest.param("model", marks=with_model)])
def test_a_turn_of_an_interview_is_its_speakers_to_the_end(method: str) -> None:
    said = ["Who built it?", "We did. I say that it is safe. “It will outlast all of us,” as my boss used to say."]
    text = f"LIND: {said[0]}\nOKAFOR: {said[1]}\nLIND: Why?\nQ: So?"
    spans = [[s for s in own if s.label != "cue"] for own in relations(text, method).values()]
    turns = {(own[0].source_id, text[own[-1].start : own[-1].end]) for own in spans}
    assert turns >= {("LIND", said[0]), ("OKAFOR", said[1]), ("LIND", "Why?"), ("", "So?")}
    assert not any(text[s.start : s.end] in ("I", "We", "Q") for own in spans for s in own)
    assert {s.detail for own in spans for s in own if s.label == "content"} == {"direct"}


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Officials said no. The VLP's sudden interest in the dam grew. They said that it was old.", "VLP"),
        ("Olaf Lind said no. Mira Okafor's plan was late. She said that it was ready.", "Mira Okafor"),
        (
            "One paper said: The Velden authorities operate at night. They said that it was safe.",
            "the Velden authorities",
        ),
    ],
)
def test_a_pronoun_may_mean_who_owns_a_subject_or_what_a_colon_opens(text: str, who: str) -> None:
    assert [*relations(text).values()][-1][0].source_id == who


@pytest.mark.parametrize("method", ["rules", pytest.param("model", marks=with_model)])
def test_a_heading_in_capitals_gives_no_name(method: str) -> None:
    text = "Brill Hid Past Health Problems\n\nToday Brill told people that it rained. Brill said that it hailed."
    named = {s.source_id for s in attribution.detect(article(text), method) if s.label == "source"}
    assert named == {"Brill"}


def test_spans_of_a_group_share_their_source_and_come_in_text_order() -> None:
    text = "Mira Okafor, an engineer, said the dam was safe. She added that it was old. Officials disagreed."
    groups = relations(text)
    assert list(groups) == ["1", "2"]
    assert [{span.source_id for span in spans} for spans in groups.values()] == [{"Mira Okafor"}, {"Mira Okafor"}]


WORDS = st.sampled_from(
    [*"“”\"'‘’,.:;?()\n", "said", "that", "Okafor", "the", "report", "by", "according to", "and", "It"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=40))
def test_any_text_gives_spans_inside_it(words: list[str]) -> None:
    text = " ".join(words)
    made = article(text)
    for span in attribution.detect(made):
        assert text[span.start : span.end].strip()
        assert any(block.start <= span.start < block.end for block in made.blocks)
    assert list(attribution.detect(made)) == list(attribution.detect(article(text)))
