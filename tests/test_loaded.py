"""Loaded language: what each list must find and leave alone, scare quotes, questions, and voices."""

from pathlib import Path

import pytest
from conftest import CASES, article, cases

from analysis import find_spans, score
from analysis.lexicons import LEXICONS
from analysis.loaded import CATEGORIES, LISTS, categories, detect
from analysis.model import AnalysisError, Span


def found(case: dict) -> list[str]:
    made = article(case["text"], role=case.get("role", "paragraph"))
    return [made.raw[span.start : span.end] for span in detect(made) if span.label == case["label"]]


@pytest.mark.parametrize("case", cases("loaded"))
def test_cases(case: dict) -> None:
    assert found(case) == case["found"]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_cases_of_each_kind(category: str) -> None:
    table = [p.values[0] for p in cases("loaded") if p.values[0]["label"] == category]
    assert any(c["found"] for c in table) and any(not c["found"] for c in table)
    assert any("known_failure" in c for c in table)
    assert CASES.is_dir()


def test_a_hit_says_category_family_and_head_word() -> None:
    (hit,) = detect(article("The plan SEEMS sound."))
    assert hit == Span("loaded", "hedges", 9, 14, group="epistemic", detail="seem")


def test_a_token_counts_once_per_family_and_again_in_another() -> None:
    spans = [(s.label, s.group) for s in detect(article("It seems a total disaster, or so-called progress."))]
    assert spans == [("hedges", "epistemic"), ("absolutes", "evaluative"), ("distancing", "distancing")]


def test_a_short_quotation_that_a_source_is_given_is_no_scare_quote() -> None:
    made = article('The new "order" pleased the owners.')
    spoken = [Span("voice", "paragraph", 0, len(made.raw), voice="indirect", source_id="Pell", value=6)]
    assert [s.label for s in detect(made)] == ["scare_quotes"]
    assert not list(detect(made, spoken))


def test_a_distancing_word_makes_a_scare_quote_in_any_voice() -> None:
    made = article('The so-called "order" pleased the owners.')
    spoken = [Span("voice", "paragraph", 0, len(made.raw), voice="indirect", source_id="Pell", value=6)]
    assert "scare_quotes" in [s.label for s in detect(made, spoken)]


def test_a_question_that_is_reported_is_not_the_authors() -> None:
    made = article("Why should they pay?")
    asked = [Span("voice", "paragraph", 0, len(made.raw), voice="direct", source_id="Pell", value=4)]
    assert [s.label for s in detect(made)] == ["rhetorical_questions"]
    assert not list(detect(made, asked))


def test_captions_and_headlines_are_read_and_furniture_is_not() -> None:
    assert [s.detail for s in detect(article("A clumsy ban", role="caption"))] == ["clumsy"]
    assert len(LISTS) == 14 and len(CATEGORIES) == 16


@pytest.fixture
def own_lists(tmp_path: Path) -> Path:
    """A folder with one list of one's own, of two labels, none of them ours."""
    columns = "entry,forms,label,not_before,not_after,note"
    (tmp_path / "harbour.csv").write_text(f"{columns}\nmurky,murkier,murk,,,\nquay,quays,,,,\n", encoding="utf-8")
    card = "".join(f'{key} = "{key}"\n' for key in ("title", "family", "citation", "licence", "caveat"))
    (tmp_path / "harbour.toml").write_text(card, encoding="utf-8")
    return tmp_path


def test_lists_of_ones_own_stand_in_place_of_ours(own_lists: Path) -> None:
    made = article('The murkier quays are a total disgrace. The new "order" pleased the owners.')
    assert {s.label for s in detect(made)} == {"absolutes", "scare_quotes"}
    hits = [(s.label, s.detail) for s in detect(made, lexicons=own_lists)]
    assert hits == [("murk", "murky"), ("harbour", "quay"), ("scare_quotes", "order")]
    assert categories(own_lists) == ("harbour", "murk", "scare_quotes", "rhetorical_questions")
    assert categories() == categories(LEXICONS) == CATEGORIES


def test_scores_name_what_was_looked_for_and_place_it_among_no_norms(own_lists: Path) -> None:
    calm = [article("The harbour council met again on Monday and heard the engineers about the crane.")]
    table = score(find_spans(calm, voice="rules", lexicons=own_lists), calm)
    loaded = table[(table["measure"] == "loaded") & (table["voice"] == "author")].set_index("label")
    assert set(loaded.index) == {*categories(own_lists), "any"} and (loaded["k"] == 0).all()
    assert loaded[["news_percentile", "opinion_percentile"]].isna().all(axis=None)


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="no word list in it"):
        find_spans([article("x")], voice="rules", lexicons=tmp_path)


def test_who_keeps_a_distance_in_reported_words_is_the_author() -> None:
    text = 'Pell cited so-called "flood" concerns. Lind spoke of “a so-called plan”. It seems a disgrace.'
    made = article(text)
    ends = (text.index(". Lind") + 1, text.index(". It") + 1)
    runs = [("indirect", 0, text.index('"')), ("direct", text.index('"'), text.index(" concerns"))]
    runs += [("direct", ends[0] + 1, ends[1]), ("author", ends[1] + 1, len(text))]
    spoken = [Span("voice", "paragraph", a, b, voice=who, source_id="Pell", value=3) for who, a, b in runs]
    assert [(s.detail, s.voice) for s in detect(made, spoken) if s.label in ("distancing", "scare_quotes")] == [
        ("so-called", "author"),
        ("so-called", ""),
        ("flood", "author"),
    ]


def test_any_counts_what_judges_only() -> None:
    made = [article("It seems a total disaster, perhaps, and Pell noted that so-called progress is clearly late.")]
    table = score(find_spans(made, voice="quotes"), made)
    counted = table[(table["measure"] == "loaded") & (table["voice"] == "all")].set_index("label")["k"]
    assert counted["any"] == counted["absolutes"] + counted["distancing"] > 0 < counted["hedges"]
