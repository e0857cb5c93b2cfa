"""Word lists: one CSV and one TOML each, and the one matcher that finds their entries, longest first.

A lexicon's CSV has the columns entry, forms, label, not_before, not_after, note. `forms` lists the other inflected
forms and `not_before`/`not_after` the neighbouring tokens that rule a hit out ("#" is any number), all separated
by "|". An empty label means the lexicon's name. Its TOML has title, family, citation, licence and caveat.
"""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from analysis.model import AnalysisError, Entry, Lexicon
from analysis.text import Token, tokens

LEXICONS = Path(__file__).parents[1] / "data" / "lexicons"
TARGETS = LEXICONS.parent / "targets.toml"
BACKGROUND = LEXICONS.parent / "background.csv"
VALIDITY = LEXICONS.parent / "validity.csv"
COLUMNS = ["entry", "forms", "label", "not_before", "not_after", "note"]

Index = Mapping[str, Sequence[tuple[tuple[str, ...], str, Entry]]]


class Hit(NamedTuple):
    """An entry found in a sentence: token indices (end exclusive), lexicon, label and head word."""

    first: int
    last: int
    lexicon: str
    label: str
    head: str


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody or something to take a stance toward; `exceptions` hold one of its phrases but mean something else."""

    name: str
    phrases: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    side: str = ""
    kind: str = ""
    note: str = ""


@cache
def load_lexicon(name: str, folder: Path = LEXICONS) -> Lexicon:
    """Read `<name>.csv` with its `<name>.toml`; an error names the file, the line, the reason and the mend."""
    table, card = folder / f"{name}.csv", folder / f"{name}.toml"
    if not card.is_file():
        raise AnalysisError(f"{card}: missing; a lexicon needs a card with title, family, citation, licence, caveat")
    try:
        facts = tomllib.loads(card.read_text(encoding="utf-8"))
        entries = dict(_entries(table, name))
        keys = ("title", "family", "citation", "licence", "caveat")
        return Lexicon(name, *(str(facts.get(key, "")) for key in keys), entries=entries)
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{table}: {error}") from error


@cache
def load_lexicons(folder: Path = LEXICONS) -> tuple[Lexicon, ...]:
    """Every lexicon of a folder, by name; a CSV without its TOML is refused."""
    return tuple(load_lexicon(path.stem, folder) for path in sorted(folder.glob("*.csv")))


@cache
def load_targets(path: Path = TARGETS) -> tuple[Target, ...]:
    """The `[[target]]` entries of a TOML file; the head of `data/targets.toml` says how they are written."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("target", [])
        found = [_target(f"target {i} ({facts.get('name', 'no name')})", facts) for i, facts in enumerate(entries, 1)]
        owners: dict[tuple[str, ...], str] = {}
        pairs = [(p, n) for t in found for n, ps in ((t.name, t.phrases), ("exceptions", t.exceptions)) for p in ps]
        for (phrase, name), form in zip(pairs, phrase_forms(p for p, _ in pairs), strict=True):
            if not form or owners.setdefault(form, name) != name:
                raise ValueError(f"{phrase!r} under {name} is empty or stands under {owners.get(form)} as well")
        if not found or len({target.name for target in found}) < len(found):
            raise ValueError("no [[target]] entry, or two of one name")
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{path}: {error}") from error
    return tuple(found)


@cache
def load_background(path: Path = BACKGROUND) -> Mapping[str, int]:
    """How often each word stands in American political news, for the prior of `compare.distinctive_words`.

    Counts only, made by training/background.py, which says from what; words are folded, in order of frequency.
    """
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return {row["word"]: int(row["count"]) for row in csv.DictReader(handle)}
    except (OSError, ValueError, KeyError) as error:
        raise AnalysisError(f"{path}: {error!r}; remake it with training/background.py") from error


@cache
def load_validity(path: Path = VALIDITY) -> tuple[Mapping[str, str], ...]:
    """The rows of data/validity.csv as `make validate` wrote them; none where it has not been run."""
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


def _target(where: str, facts: Mapping[str, object]) -> Target:
    lists = {key: facts.get(key, []) for key in ("phrases", "exceptions")}
    texts = {key: facts.get(key, "") for key in ("name", "side", "kind", "note")}
    if unknown := facts.keys() - lists.keys() - texts.keys():
        raise ValueError(f"{where}: unknown {sorted(unknown)}; known are {[*texts, *lists]}")
    if not all(isinstance(v, str) for v in texts.values()) or not (texts["name"] and lists["phrases"]):
        raise ValueError(f"{where}: needs a name and phrases, and text in {', '.join(texts)}")
    if not all(isinstance(v, list) and all(isinstance(p, str) for p in v) for v in lists.values()):
        raise ValueError(f"{where}: phrases and exceptions are lists of texts")
    choices = {key: [product(*(word.split("|") for word in p.split())) for p in v] for key, v in lists.items()}
    return Target(
        **texts, **{key: tuple(" ".join(filter(None, c)) for cs in v for c in cs) for key, v in choices.items()}
    )


def phrase_forms(phrases: Iterable[str]) -> list[tuple[str, ...]]:
    """The folded tokens of each phrase as they are inside a sentence; one pass of the tokenizer, which is slow to call.

    >>> phrase_forms(["U.S. firms", "Acme’s plan"])
    [('u.s.', 'firms'), ('acme', "'s", 'plan')]
    """
    forms: list[list[str]] = [[]]
    for token in tokens("".join(f"{phrase} ¶ " for phrase in phrases)):
        if token.form == "¶":
            forms.append([])
        else:
            forms[-1].append(token.form)
    return [tuple(form) for form in forms[:-1]]


def index(lexicons: Iterable[Lexicon]) -> Index:
    """Forms of several lexicons by their first token, longest first; refuses a form that two of them claim."""
    by_first: dict[str, dict[tuple[str, ...], tuple[str, Entry]]] = {}
    for lexicon in lexicons:
        for form, entry in lexicon.entries.items():
            claimed = by_first.setdefault(form[0], {}).setdefault(form, (lexicon.name, entry))
            if claimed[0] != lexicon.name:
                raise AnalysisError(f"{' '.join(form)!r} stands in both {claimed[0]} and {lexicon.name}: drop one")
    ordered = {first: sorted(forms.items(), key=lambda f: -len(f[0])) for first, forms in by_first.items()}
    return {first: tuple((form, *found) for form, found in forms) for first, forms in ordered.items()}


def match(sentence: Sequence[Token], entries: Index) -> Iterator[Hit]:
    """Entries found in a sentence's tokens, from left to right, longest first, without overlap.

    >>> hedge = Entry("hedge", "may", not_before=frozenset("#"))
    >>> entries = {"may": [(("may",), "hedges", hedge)]}
    >>> [h.head for h in match(tokens("It may rain on May 5."), entries)]
    ['may']
    """
    forms = [token.form for token in sentence]
    at = 0
    while at < len(forms):
        for form, lexicon, entry in entries.get(forms[at], ()):
            end = at + len(form)
            if tuple(forms[at:end]) == form and not _ruled_out(forms, at, end, entry):
                yield Hit(at, end, lexicon, entry.label, entry.head)
                at = end
                break
        else:
            at += 1


def _ruled_out(forms: Sequence[str], start: int, end: int, entry: Entry) -> bool:
    after = forms[end] if end < len(forms) else ""
    before = forms[start - 1] if start else ""
    return any(
        neighbour in banned or ("#" in banned and neighbour[:1].isdigit())
        for neighbour, banned in ((after, entry.not_before), (before, entry.not_after))
    )


def _entries(table: Path, name: str) -> Iterator[tuple[tuple[str, ...], Entry]]:
    written: list[tuple[str, int, Entry]] = []
    with table.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle)
        if rows.fieldnames != COLUMNS:
            raise ValueError(f"columns are {rows.fieldnames}, not {COLUMNS}")
        for row in rows:
            if None in row or None in row.values():
                raise ValueError(f"line {rows.line_num}: not {len(COLUMNS)} cells; quote cells that hold a comma")
            before, after = (frozenset(row[key].split("|")) - {""} for key in ("not_before", "not_after"))
            entry = Entry(row["label"] or name, row["entry"], before, after)
            forms = [row["entry"], *filter(None, row["forms"].split("|"))]
            written += [(form.strip(), rows.line_num, entry) for form in forms]
    seen: dict[tuple[str, ...], int] = {}
    for key, (form, line, entry) in zip(phrase_forms([w[0] for w in written]), written, strict=True):
        if not key or key in seen:
            raise ValueError(f"line {line}: entry {form!r} is {f'already on line {seen[key]}' if key else 'empty'}")
        seen[key] = line
        yield key, entry
