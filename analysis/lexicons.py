"""Word lists: one CSV and one TOML each, and the one matcher that finds their entries, longest first.

A lexicon's CSV has the columns entry, forms, label, not_before, not_after, note. `forms` lists the other inflected
forms and `not_before`/`not_after` the neighbouring tokens that rule a hit out ("#" is any number), all separated
by "|". An empty label means the lexicon's name. Its TOML has title, family, citation, licence and caveat.
"""

import csv
import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from itertools import compress, count, product
from math import prod
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from analysis.model import AnalysisError, Article, Entry, Lexicon
from analysis.text import Token, sentences, stream, tokens

LEXICONS = Path(__file__).parents[1] / "data" / "lexicons"
TARGETS = LEXICONS.parent / "targets.toml"
BACKGROUND = LEXICONS.parent / "background.csv"
VALIDITY = LEXICONS.parent / "validity.csv"
OWN_VALIDITY = VALIDITY.with_name("validity.own.csv")
NORMS = LEXICONS.parent / "norms.csv"
CASES = LEXICONS.parents[1] / "tests" / "cases"
COLUMNS = ["entry", "forms", "label", "not_before", "not_after", "note"]
VALIDITY_COLUMNS = ["instrument", "corpus", "split", "metric", "n_documents", "score", "low", "high"]
VALIDITY_COLUMNS += ["trivial", "trivial_what", "best_published", "best_source", "measured_at"]
NORM_KEYS = ["kind", "measure", "label", "voice"]
CARD = ["title", "family", "citation", "licence", "caveat"]
MOST_FORMS = 1_000  # of one phrase of a target, its choices written out
TARGET = {"name": str, "phrases": list, "exceptions": list, "side": str, "kind": str, "note": str}

T = TypeVar("T")
Form = tuple[str, ...]
# by the first token and the second, longest first; "" is any second, and has the one entry of a single token
Index = Mapping[str, Mapping[str, Sequence[tuple[Form, str, Entry]]]]


class Hit(NamedTuple):
    """An entry found in a sentence: token indices (end exclusive), lexicon, label and head word."""

    first: int
    last: int
    lexicon: str
    label: str
    head: str


class Norm(NamedTuple):
    """What reference articles score: their number, and the values at the percentiles 0 to 100."""

    n: int
    points: tuple[float, ...]


def cached_while_unchanged(read: Callable[..., T]) -> Callable[..., T]:
    """As `cache`, but what a file or folder that is given holds is read anew once edited: a notebook's kernel lives on.

    An edit shows by a file's time and size. The folder of our own lists is not looked at, once a sentence, again.
    """
    kept = cache(lambda state, *names, **folder: read(*names, **folder))

    @wraps(read)
    def current(*names: str | Path, **folder: Path) -> T:
        places = [at for at in (*names, *folder.values()) if isinstance(at, Path) and at != LEXICONS]
        if not places:  # as once for each mention
            return kept(None, *names, **folder)
        found = [file for place in places for file in (place, *place.glob("*")) if file.exists()]
        return kept(frozenset((file, (s := file.stat()).st_mtime_ns, s.st_size) for file in found), *names, **folder)

    return current


@cached_while_unchanged
def load_lexicon(name: str, folder: Path = LEXICONS) -> Lexicon:
    """Read `<name>.csv` with its `<name>.toml`; an error names the file, the line, the reason and the mend."""
    table = folder / f"{name}.csv"
    try:
        facts = _toml(table.with_suffix(".toml"))
        return Lexicon(name, *(str(facts.get(key, "")) for key in CARD), entries=dict(_entries(table, name)))
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{table}: {error}; a lexicon needs a card (.toml) with {', '.join(CARD)}") from error


@cached_while_unchanged
def load_targets(path: Path = TARGETS) -> Index:
    """The phrases of a TOML file of targets, for `match`: label = target, "" for an exception; head = the phrase.

    The head of `data/targets.toml` says how they are written.
    """
    try:
        targets = _toml(path).get("target", [])
        if not isinstance(targets, list) or not all(isinstance(facts, dict) for facts in targets):
            raise ValueError("an entry begins with [[target]], in double brackets")
        pairs = [pair for number, facts in enumerate(targets, 1) for pair in _phrases(number, facts)]
        if len({facts["name"] for facts in targets}) < max(1, len(targets)):
            raise ValueError("no [[target]] entry, or two of one name")
        return _index((phrase_form(phrase), name or "exceptions", Entry(name, phrase)) for phrase, name in pairs)
    except (OSError, ValueError, AnalysisError) as error:
        raise AnalysisError(f"{path}: {error}") from error


@cache
def load_background(path: Path = BACKGROUND) -> Mapping[str, int]:
    """How often each folded word stands in American political news, by training/background.py, which says where."""
    try:
        return {row["word"]: int(row["count"]) for _, row in _rows(path)}
    except (OSError, ValueError, KeyError) as error:
        raise AnalysisError(f"{path}: {error!r}; remake it with training/background.py") from error


@cached_while_unchanged
def load_validity(path: Path = VALIDITY) -> tuple[Mapping[str, str], ...]:
    """The rows of data/validity.csv as `make validate` wrote them; none where it has not been run."""
    return tuple(row for _, row in _rows(path)) if path.is_file() else ()


def load_own_validity(path: Path = OWN_VALIDITY) -> tuple[Mapping[str, str], ...]:
    """What recoding by hand gave, as `recode.import_sheets` wrote it; none where nobody has recoded."""
    try:
        rows = load_validity(path)
    except ValueError as error:
        raise AnalysisError(f"{path}: {error}; move it and import again") from error
    if any(list(row) != VALIDITY_COLUMNS for row in rows):
        raise AnalysisError(f"{path}: its columns are not {', '.join(VALIDITY_COLUMNS)}; move it and import again")
    return tuple({key: cell.removeprefix("'") for key, cell in row.items()} for row in rows)  # of a negative number


@cache
def load_norms() -> Mapping[tuple[str, ...], Norm]:
    """The rows of data/norms.csv by kind, measure, label and voice; none where `make norms` has not been run."""
    rows = load_validity(NORMS)
    points = [tuple(float(row[f"p{i}"]) for i in range(101)) for row in rows]
    return {tuple(map(r.get, NORM_KEYS)): Norm(int(r["n"]), own) for r, own in zip(rows, points, strict=True)}


@cache
def load_cases(failure: str = "known_failure") -> tuple[tuple[str, str, str], ...]:
    """What the tests ask of sentences of our own: kind, text, and the reason of a known failure or "".

    With "model_failure" the reasons are those of the model where the tests ask rules and model, see "attribution".
    """
    read = [(p.stem, tomllib.loads(p.read_text(encoding="utf-8"))) for p in sorted(CASES.glob("*.toml"))]
    return tuple((kind, c["text"], c.get(failure, "")) for kind, table in read for c in table.get("case", ()))


def phrase_form(phrase: str) -> Form:
    """The folded tokens of a phrase as they are inside a sentence.

    >>> phrase_form("Acme’s plan"), phrase_form("U.S.")
    (('acme', "'s", 'plan'), ('u.s.',))
    """
    return tuple(token.form for token in tokens(f"{phrase} ."))[:-1]


@cached_while_unchanged
def index(*names: str, folder: Path = LEXICONS) -> Index:
    """Forms of the named lexicons by their first token, longest first; refuses a form that two of them claim."""
    lexicons = [load_lexicon(name, folder) for name in names]
    return _index((form, lexicon.name, entry) for lexicon in lexicons for form, entry in lexicon.entries.items())


def match(forms: Sequence[str], entries: Index) -> Iterator[Hit]:
    """Entries found in a sentence's folded tokens, from left to right, longest first, without overlap.

    >>> entries = {"may": {"": [(("may",), "hedges", Entry("hedge", "may", not_before=frozenset("#")))]}}
    >>> [h.head for h in match("it may rain on may 5 .".split(), entries)]
    ['may']
    """
    forms = (*forms, "")  # "" follows the last and, at -1, precedes the first
    free = 0
    for at in compress(count(), map(entries.__contains__, forms)):
        known = entries[forms[at]]
        for form, lexicon, entry in known.get(forms[at + 1], known[""]) if at >= free else ():
            end = at + len(form)
            if forms[at:end] == form and not (
                _banned(forms[end], entry.not_before) or _banned(forms[at - 1], entry.not_after)
            ):
                yield Hit(at, end, lexicon, entry.label, entry.head)
                free = end
                break


def matches(article: Article, entries: Index) -> Iterator[tuple[int, Sequence[Token], Hit]]:
    """As `match`, in all sentences of an article, in one go: the number of its sentence, its tokens, and the hit."""
    forms, firsts = stream(article)
    for first, last, *facts in match(forms, entries):
        number = bisect_right(firsts, first) - 1
        hit = Hit(first - firsts[number], last - firsts[number], *facts)
        yield number, sentences(article)[number].tokens[hit.first : hit.last], hit


def _banned(neighbour: str, banned: frozenset[str]) -> bool:
    return neighbour in banned or ("#" in banned and neighbour[:1].isdigit())


def _index(forms: Iterable[tuple[Form, str, Entry]]) -> Index:
    found: dict[Form, tuple[str, Entry]] = {}
    for form, name, entry in forms:
        if not form:
            raise AnalysisError(f"{entry.head!r} is empty")
        if (owner := found.get(form, (name,))[0]) != name:
            raise AnalysisError(f"{' '.join(form)!r} stands in both {owner} and {name}: drop one")
        found[form] = (name, entry)
    by_first: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    for form in sorted(found, key=len, reverse=True):
        by_first[form[0]]["".join(form[1:2])].append((form, *found[form]))
    for known in by_first.values():
        for second in known.keys() - {""}:
            known[second] += known[""]
    return by_first


def _toml(path: Path) -> dict[str, Any]:
    """What a TOML file says, with or without the mark that Windows sets before it; ValueError if it is nested deep."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("brackets within brackets, too deep to be read") from error


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each line of a CSV, with or without the mark that Excel sets before the first."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows, line = csv.DictReader(handle, strict=True), 1
        try:
            for row in rows:
                line = rows.line_num
                yield line, row
        except csv.Error as error:
            raise ValueError(f"after line {line}: {error}") from error


def _entries(table: Path, name: str) -> Iterator[tuple[Form, Entry]]:
    lines: dict[Form, int] = {}
    for line, row in _rows(table):
        if list(row) != COLUMNS or None in row.values():
            told = f"not the cells {', '.join(COLUMNS)}; quote cells that hold a comma, separate cells by commas alone"
            raise ValueError(f"line {line}: {told}")
        before, after = (frozenset(row[key].split("|")) - {""} for key in ("not_before", "not_after"))
        entry = Entry(row["label"] or name, row["entry"], before, after)
        for form in (row["entry"], *filter(None, row["forms"].split("|"))):
            if not (key := phrase_form(form)) or key in lines:
                told = f"already on line {lines[key]}" if key else "empty"
                raise ValueError(f"line {line}: entry {form!r} is {told}")
            lines[key] = line
            yield key, entry


def _phrases(number: int, facts: Mapping) -> Iterator[tuple[str, str]]:
    """Each phrase of a `[[target]]` with its choices ("A|B c") written out, and the target's name or ""."""
    wrong = sorted(key for key, value in facts.items() if not isinstance(value, TARGET.get(key, ())))
    if wrong or not (facts.get("name") and facts.get("phrases")):
        where = f"target {number} ({facts.get('name', 'no name')})"
        raise ValueError(f"{where}: needs a name and a list of phrases; unknown or not of its kind: {wrong}")
    for name, phrases in ((facts["name"], facts["phrases"]), ("", facts.get("exceptions", []))):
        for phrase in map(str, phrases):
            choices = [word.split("|") for word in phrase.split()]
            if prod(map(len, choices)) > MOST_FORMS:
                raise ValueError(f"{phrase!r}: more than {MOST_FORMS} forms; write several phrases")
            for words in product(*choices):
                yield " ".join(filter(None, words)), name
