"""Word lists: what the loader refuses, how the matcher chooses, and what every list of loaded language must be."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from conftest import article

from analysis import find_spans, lexicons
from analysis.lexicons import COLUMNS, LEXICONS, index, load_lexicon, match, phrase_form
from analysis.loaded import LISTS
from analysis.model import AnalysisError
from analysis.text import tokens

CARD = 'title = "T"\nfamily = "f"\ncitation = "c"\nlicence = "CC0-1.0"\ncaveat = "v"\n'


def write(folder: Path, *rows: str, card: str = CARD, name: str = "list") -> Path:
    (folder / f"{name}.csv").write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    (folder / f"{name}.toml").write_text(card, encoding="utf-8")
    return folder


def heads(folder: Path, text: str) -> list[str]:
    return [hit.head for hit in match([token.form for token in tokens(text)], index("list", folder=folder))]


@pytest.mark.parametrize(
    ("rows", "card", "reason"),
    [
        (["a,,,,,n", "a,,,,,n"], CARD, "line 3: entry 'a' is already on line 2"),
        (["a,b|B,,,,n"], CARD, "line 2: entry 'B' is already on line 2"),
        ([",,,,,n"], CARD, "line 2: entry '' is empty"),
        (["a,,,,,so, quoted"], CARD, "line 2: not the cells entry, forms, label, not_before, not_after, note; quote"),
        (["a,,,"], CARD, "line 2: not the cells entry"),
        (["a,,,,,n"], CARD.replace('caveat = "v"', ""), "lexicon list: no caveat"),
        (["a,,,,,n"], "title = ", "list.csv: "),
        ([], CARD, "lexicon list: no entries"),
        (["a,,,,,n", 'b,,,,,"n', "c,,,,,n"], CARD, "list.csv: after line 2: unexpected end of data"),
        (["a;;;;;n"], CARD, "separate cells by commas alone"),
        (["a,,,,,n"], f"x = {'[' * 5_000}{']' * 5_000}", "too deep to be read"),
    ],
)
def test_a_bad_list_is_refused_with_line_and_reason(tmp_path: Path, rows: list, card: str, reason: str) -> None:
    with pytest.raises(AnalysisError) as error:
        load_lexicon("list", write(tmp_path, *rows, card=card))
    assert reason in str(error.value) and "list.csv" in str(error.value)


def test_a_list_without_its_card_or_with_other_columns_is_refused(tmp_path: Path) -> None:
    (write(tmp_path, "a,,,,,n") / "list.toml").unlink()
    with pytest.raises(AnalysisError, match=r"list\.toml'; a lexicon needs a card"):
        load_lexicon("list", tmp_path)
    write(tmp_path, name="other").joinpath("other.csv").write_text("word,note\na,n\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match="line 2: not the cells entry, "):
        load_lexicon("other", tmp_path)


def test_a_list_as_excel_and_a_card_as_notepad_save_them(tmp_path: Path) -> None:
    for path in write(tmp_path, "a,,,,,n").iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [*load_lexicon("list", tmp_path).entries] == [("a",)]


def test_a_cell_that_is_too_long_is_refused(tmp_path: Path) -> None:
    before = csv.field_size_limit(131_072)  # what the loader of articles may have raised
    with pytest.raises(AnalysisError, match=r"list\.csv: after line 1: field larger than field limit"):
        load_lexicon("list", write(tmp_path, f"a,,,,,{'n' * 131_073}"))
    csv.field_size_limit(before)


def test_two_lists_may_not_claim_one_form(tmp_path: Path) -> None:
    write(tmp_path, "so called,so-called,,,,n")
    write(tmp_path, "title,SO-CALLED,,,,n", name="second")
    with pytest.raises(AnalysisError, match="'so-called' stands in both list and second: drop one"):
        index("list", "second", folder=tmp_path)


def test_lists_that_are_edited_are_read_anew_and_ours_are_not_looked_at(tmp_path: Path, monkeypatch) -> None:
    assert heads(write(tmp_path, "rain,,,,,n"), "Rain and snow.") == ["rain"]
    assert index("list", folder=tmp_path) is index("list", folder=tmp_path)
    assert heads(write(tmp_path, "rain,,,,,n", "snow,,,,,n"), "Rain and snow.") == ["rain", "snow"]
    write(tmp_path, "hail,,,,,n", name="other")
    assert index("list", "other", folder=tmp_path).keys() == {"rain", "snow", "hail"}
    (tmp_path / "other.csv").unlink()
    with pytest.raises(AnalysisError, match=r"other\.csv"):
        index("list", "other", folder=tmp_path)
    ours = index("introducers")
    monkeypatch.setattr(Path, "stat", lambda *_, **__: pytest.fail("asked for the state of our lists"))
    assert index("introducers") is ours


def test_spans_come_from_the_lists_as_they_are_now(tmp_path: Path) -> None:
    found = []
    for word in ("rain", "snow"):
        write(tmp_path, f"{word},,,,,n {word}s")
        spans = find_spans([article("They want neither rain nor snow.")], voice="rules", lexicons=tmp_path)
        found += list(spans.loc[spans["layer"] == "loaded", "text"])
    assert found == ["rain", "snow"]


def test_the_longest_entry_wins_and_hits_do_not_overlap(tmp_path: Path) -> None:
    write(tmp_path, "no,,,,,n", "no doubt,,,,,n", "doubt that,,,,,n", "no doubt that he,,,,,n")
    assert heads(tmp_path, "No doubt that she lied.") == ["no doubt"]
    assert heads(tmp_path, "No doubt that he lied.") == ["no doubt that he"]
    assert heads(tmp_path, "No, I doubt that.") == ["no", "doubt that"]


def test_a_guarded_entry_gives_way_to_a_shorter_one(tmp_path: Path) -> None:
    write(tmp_path, "may,,,#|,,n", "may well,,,be,,n")
    assert heads(tmp_path, "It may well rain, it may well be dry.") == ["may well", "may"]


def test_guards_are_the_next_tokens_and_a_hash_is_any_number(tmp_path: Path) -> None:
    write(tmp_path, "may,,,#,in,n")
    assert heads(tmp_path, "In May it may rain on May 5, or on May fifth.") == ["may", "may"]


def test_forms_match_as_the_tokenizer_cuts_them(tmp_path: Path) -> None:
    write(tmp_path, "it's no secret,,,,,n", "can't stop,cannot stop,,,,n")
    assert (
        heads(tmp_path, "It’s no secret: they can’t stop; we cannot stop.") == ["it's no secret"] + ["can't stop"] * 2
    )


def test_the_label_is_the_lists_name_unless_given(tmp_path: Path) -> None:
    write(tmp_path, "a,,,,,n", "b,,other,,,n")
    hits = match(["a", "b"], index("list", folder=tmp_path))
    assert [(h.lexicon, h.label) for h in hits] == [("list", "list"), ("list", "other")]


def test_all_lists_load_and_each_family_makes_one_index() -> None:
    families: dict[str, list[str]] = {}
    for name in LISTS:
        families.setdefault(load_lexicon(name).family, []).append(name)
    assert set(families) == {"epistemic", "reporting", "evaluative", "metaphor", "distancing", "device"}
    for members in families.values():
        index(*members)
    assert all(load_lexicon(path.stem).entries for path in LEXICONS.glob("*.csv"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_loaded_words_is_considered_entry_by_entry(name: str) -> None:
    with (LEXICONS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    lexicon = load_lexicon(name)
    assert len(rows) >= 60 and lexicon.licence == "CC0-1.0" and "(" in lexicon.citation
    assert [r["entry"] for r in rows] == sorted(r["entry"] for r in rows)
    assert all(10 <= len(r["note"]) <= 160 and r["note"] == r["note"].strip() for r in rows)
    assert max(Counter(r["note"] for r in rows).values()) <= 12, "a note that fits every entry says nothing"
    for row in rows:
        guards = [g for key in ("not_before", "not_after") for g in row[key].split("|") if g and g != "#"]
        assert [*map(phrase_form, guards)] == [(g,) for g in guards], f"{row['entry']}: a guard is one folded token"


def test_words_of_topics_are_on_no_list() -> None:
    topics = [
        "security",
        "ban",
        "artificial",
        "threat",
        "risk",
        "attack",
        "crisis",
        "war",
        "race",
        "win",
        "lead",
        "said",
    ]
    assert not [t for t in topics for name in LISTS if (t,) in load_lexicon(name).entries]


def test_validity_is_optional_and_a_broken_background_says_so(tmp_path: Path) -> None:
    assert lexicons.load_validity(tmp_path / "none.csv") == ()
    (tmp_path / "background.csv").write_text("word,times\na,1\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"background\.csv: KeyError\('count'\); remake it"):
        lexicons.load_background(tmp_path / "background.csv")
