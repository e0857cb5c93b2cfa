"""Voices: each word has exactly one, taken from block, attribution and quotation marks."""

import itertools

from conftest import article
from hypothesis import given
from hypothesis import strategies as st

from analysis import voice
from analysis.measures import find_spans
from analysis.model import Span
from analysis.text import sentences
from analysis.voice import voice_at

TEXT = 'The mayor said the bridge was "a disgrace" and would close. Nobody laughed.'
CONTENT = Span("attribution", "content", 15, 58, source_id="the mayor", group="1", detail="mixed")


def runs(text: str, attributions: list[Span], role: str = "paragraph") -> list[tuple[str, str, str]]:
    return [(s.voice, s.source_id, text[s.start : s.end]) for s in voice.detect(article(text, role=role), attributions)]


def test_content_is_quoted_inside_marks_and_reported_outside() -> None:
    assert runs(TEXT, [CONTENT]) == [
        ("author", "", "The mayor said"),
        ("indirect", "the mayor", "the bridge was"),
        ("direct", "the mayor", '"a disgrace"'),
        ("indirect", "the mayor", "and would close."),
        ("author", "", "Nobody laughed."),
    ]


def test_what_the_author_thinks_is_the_author_s_but_not_what_a_speaker_does() -> None:
    text = 'I think the dam is safe. "I think it leaks," she said.'
    spans = [("source", 0, 1, "1"), ("content", 8, 23, "1"), ("source", 26, 27, "2"), ("content", 34, 42, "2")]
    assert runs(text, [Span("attribution", label, *place, group=group) for label, *place, group in spans]) == [
        ("author", "", "I think the dam is safe."),
        ("author", "", '"I think'),
        ("direct", "", 'it leaks,"'),
        ("author", "", "she said."),
    ]


def test_what_seems_so_to_nobody_named_is_the_author_s() -> None:
    text = "The quay seems to sink. It seems so to Ines."
    spans = [("cue", 9, 14, "1"), ("content", 0, 8, "1"), ("content", 15, 22, "1")]
    spans += [("cue", 27, 32, "2"), ("content", 33, 35, "2"), ("source", 39, 43, "2")]
    assert runs(text, [Span("attribution", label, *place, group=group) for label, *place, group in spans]) == [
        ("author", "", "The quay seems to sink."),
        ("author", "", "It seems"),
        ("indirect", "", "so"),
        ("author", "", "to Ines."),
    ]


def test_a_mark_before_the_first_word_is_of_its_voice() -> None:
    text = "It is wet. ''Not so,'' Ines said."
    content = Span("attribution", "content", 11, 22, source_id="Ines", group="1")
    assert runs(text, [content])[1][:2] in (("direct", "Ines"), ("indirect", "Ines"))
    found = [span for span in voice.detect(article(text), [content]) if span.start <= content.start < span.end]
    assert [span.source_id for span in found] == ["Ines"]


def test_headlines_and_captions_keep_their_own_voice() -> None:
    assert [r[0] for r in runs(TEXT, [CONTENT], role="headline")] == ["headline", "headline"]
    assert [r[0] for r in runs(TEXT, [], role="caption")] == ["caption", "caption"]


def test_the_outer_of_two_nested_sources_speaks() -> None:
    inner = Span("attribution", "content", 26, 58, source_id="an aide", group="2", detail="direct")
    assert {source for _, source, _ in runs(TEXT, [inner, CONTENT])} == {"", "the mayor"}


@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 2), st.integers(1, 30)), max_size=4))
def test_every_word_has_one_voice(cuts: list[tuple[int, int]]) -> None:
    spans = [Span("attribution", "content", a, min(a + n, len(TEXT)), group=str(i)) for i, (a, n) in enumerate(cuts)]
    made = article(TEXT)
    found = list(voice.detect(made, spans))
    assert sum(s.value for s in found) == sum(s.words for s in sentences(made))
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def test_a_quotation_that_opens_with_a_sentence_of_marks_keeps_its_source() -> None:
    made = article("“It rained,” said Bob Ray. “#$%! Nobody told us,” said Ann Lee.")
    spans = find_spans([made], voice="rules").query("label == 'content'")
    assert set(spans["voice"]) == {"direct"} and "Ann Lee" in set(spans["source_id"])
    assert voice_at([Span("voice", "paragraph", 4, 9, voice="direct", source_id="Lee")], 0, 9) == ("direct", "Lee")
    assert voice_at([Span("voice", "paragraph", 4, 9, voice="direct", source_id="Lee")], 0, 3) == ("author", "")
