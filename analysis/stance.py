"""Stance: every mention of a target, its grammatical role, and the tone of its clause.

Tone toward a mention is the tone of the words around it, not the writer's belief; the role is read off the order of
the words, without a parser (data/lexicons/grammar.toml says where that errs).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from math import exp
from typing import NamedTuple

from analysis.lexicons import Index, Target, load_lexicon, load_targets, match
from analysis.model import Article, Entry, Span
from analysis.sentiment import tone
from analysis.text import Token, sentences, tokens

LABELS = ("negative", "neutral", "positive")
_MARKS = frozenset(';:—–()"“”')


class Tone(NamedTuple):
    """Tone toward a mention: the most probable of three labels, and the probability of each."""

    label: str
    p_negative: float
    p_neutral: float
    p_positive: float


def detect(article: Article, voices: Sequence[Span] = (), targets: tuple[Target, ...] | None = None) -> Iterator[Span]:
    """One span per mention of a target; `detail` is its role: agent, patient, possessor or other.

    `value` is the probability of the tone toward it, with a minus if negative, and 0 if neutral: above 0 counts as
    favourable, below 0 as unfavourable. Clauses are read across voices, so that short quoted phrases count.
    """
    entries = _index(load_targets() if targets is None else targets)
    for sentence in sentences(article):
        text = article.raw[sentence.start : sentence.end]
        for hit in match(sentence.tokens, entries):
            found = sentence.tokens[hit.first : hit.last]
            if hit.label and _capitals_fit(article.raw, found, hit.head):
                toward = tone_toward(text, found[0].start - sentence.start, found[-1].end - sentence.start)
                value = max(toward[1:]) * (LABELS.index(toward.label) - 1)
                detail = role(sentence.tokens, hit.first, hit.last)
                yield Span("target", hit.label, found[0].start, found[-1].end, value=value, detail=detail)


def tone_toward(sentence: str, start: int, end: int) -> Tone:
    """Tone toward the mention at `sentence[start:end]`, from VADER's compound of its clause."""
    words = tokens(sentence)
    first = next((i for i, t in enumerate(words) if t.end > start), 0)
    last = next((i for i, t in enumerate(words) if t.start >= end), len(words))
    begin, stop = _clause(words, first, last)
    compound = tone(sentence[words[begin].start : words[stop - 1].end])
    label = "neutral" if abs(compound) < 0.05 else "positive" if compound > 0 else "negative"
    weights = [exp(2 * compound * i) for i in (-1, 0, 1)]
    return Tone(label, *(w / sum(weights) for w in weights))


def role(words: Sequence[Token], first: int, last: int) -> str:
    """Role of the mention `words[first:last]`: agent, patient, possessor or other.

    Agent: subject of an active clause, or "by" after a participle. Patient: direct object, or subject of a passive,
    with or without its agent. Possessor: before "'s". Mentions after other prepositions and before nouns are other.

    >>> role(tokens("The app was quietly banned."), 1, 2)
    'patient'
    """
    after = [t.form for t in words[last : last + 5]] + [""] * 5
    before = [""] * 3 + [t.form for t in words[max(0, first - 3) : first]]
    if after[0] in ("'s", "'"):
        if not (_is(after[1], "be") or (after[1].endswith("ing") and _is(after[2], "function"))):
            return "possessor"
        return "agent"
    while after[0] and (_is(after[0], "adverb") or after[0].endswith("ly")):
        after.pop(0)
    chain = after[0]
    passive = False
    finite = False
    while after[0] and (
        _is(after[0], "be")
        or _is(after[0], "auxiliary")
        or (finite and (_is(after[0], "adverb") or after[0].endswith("ly")))
    ):
        finite = True
        passive = _is(after[0], "be") or (passive and not _is(after[0], "auxiliary"))
        after.pop(0)
    if finite:
        return "patient" if passive and _participle(after[0]) else "agent"
    if (
        _participle(chain)
        or _is(chain, "past")
        or (chain.endswith("s") and not _is(chain, "not a verb") and _is(after[1], "function"))
    ):
        return "agent"
    if before[-1] in ("the", "a", "an"):
        before.pop()
    verb = before[-1]
    if verb == "by" and _participle(before[-2]):
        return "agent"
    if _participle(verb) or (verb.endswith(("ing", "s")) and len(verb) > 3 and not _grammar(verb)):
        return "patient"
    if before[-2] == "to" and verb.isalpha() and not _grammar(verb):
        return "patient"
    return "other"


def _participle(form: str) -> bool:
    return _is(form, "participle") or (form.endswith("ed") and len(form) > 3 and not _grammar(form))


def _clause(words: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """Token indices of the clause that holds the mention `words[first:last]`."""
    begin, stop = 0, len(words)
    for i, token in enumerate(words):
        after_comma = i and words[i - 1].form == ","
        mark = token.form in _MARKS or token.form in ("``", "''")
        opens = (
            mark
            or _is(token.form, "clause")
            or (after_comma and (_is(token.form, "joint") or token.form.endswith("ing")))
        )
        if opens and i < first:
            begin = i + mark
        elif opens and i >= last:
            stop = i
            break
    return begin, stop


def _is(form: str, label: str) -> bool:
    return _grammar(form) == label


def _grammar(form: str) -> str:
    entry = load_lexicon("grammar").entries.get((form,))
    return entry.label if entry else ""


def _capitals_fit(raw: str, found: Sequence[Token], phrase: str) -> bool:
    """Capitals in the phrase ask for capitals in the text, so that "US" is not found in "us"."""
    pairs = zip(tokens(phrase), found, strict=True)
    texts = [(phrase[p.start : p.end], raw[t.start : t.end]) for p, t in pairs]
    return all(
        (t[0].isupper() or not p[0].isupper()) and (t.isupper() or len(p) < 2 or not p.isupper()) for p, t in texts
    )


@cache
def _index(targets: tuple[Target, ...]) -> Index:
    """Phrases of all targets by their first token, longest first; exceptions have an empty label."""
    by_first: dict[str, dict[tuple[str, ...], Entry]] = {}
    for target in targets:
        for label, phrases in ((target.name, target.phrases), ("", target.exceptions)):
            for phrase in phrases:
                form = tuple(token.form for token in tokens(phrase))
                by_first.setdefault(form[0], {})[form] = Entry(label, phrase)
    return {
        first: tuple((form, "targets", entry) for form, entry in sorted(forms.items(), key=lambda f: -len(f[0])))
        for first, forms in by_first.items()
    }
