"""Stance: every mention of a target, its grammatical role, and the tone toward it.

Tone toward a mention is not the writer's belief. It is the trained model's (NewsMTSC), read at the mention's words, or
by rules without it. Role and clause are read off word order: cards of `grammar` and `direction` say what that misses.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np

from analysis import encoder
from analysis.clauses import closed_class
from analysis.encoder import HEADS
from analysis.inputs import plain
from analysis.lexicons import Hit, Index, index, load_lexicon, load_targets, match, matches
from analysis.model import Article, Block, Span
from analysis.sentiment import tone
from analysis.text import Token, sentences, tokens

LABELS = ("negative", "neutral", "positive")
WINDOW = 64  # tokens read to each side of a mention: most sentences whole, and linear time in a text without stops
REACH = 6  # tokens from a verb to its subject or object; 4 and 9 change macro-F1 on NewsMTSC train by under .005
# Clause tone (VADER's compound and the words with a direction) cut into five bands, and the share of negative, neutral
# and positive among the NewsMTSC training mentions in each (1,441, 1,251, 3,707, 1,325, 1,015). The largest share as
# the label has macro-F1 .576 on train, .612 on rw_dev, .608 on mt_dev; VADER's whole sentence .523, .506, .525.
EDGES = (-0.5, -0.05, 0.05, 0.5)
SHARES = ((0.77, 0.17, 0.06), (0.59, 0.28, 0.13), (0.26, 0.51, 0.23), (0.28, 0.27, 0.45), (0.15, 0.16, 0.69))
WEIGHTS = {"object": 0.5, "subject": 0.5, "clause": 0.3}  # best of .3, .5, .8 on train, all within .01
# Probability from which the model's "negative" counts against a target: news of trouble reads as negative, too. For the
# author's sentiment on PerSenT dev, .85 has macro-F1 .483, one half .411, .9 .497; from .9 the critical column of the
# known groups is no longer against its government.
UNFAVOURABLE = 0.85
_COMPLEMENT = frozenset(["function", "preposition", "joint preposition", "clause", "adverb"])  # follows a verb
_MARKS, _STOPS = frozenset(";:—–()"), frozenset(",:.?!")


class Tone(NamedTuple):
    """Tone toward a mention: the most probable label, and the probability of each."""

    label: str
    p_negative: float
    p_neutral: float
    p_positive: float


def detect(article: Article, voices: Sequence[Span] = (), targets: Index | None = None) -> Iterator[Span]:
    """One span per mention of a target, the longest phrase first; `detail` is its `role`, `group` whether `passive`.

    `value` is the probability of the tone toward it, below 0 if negative, 0 if neutral. Sentences are read across
    voices, so that a clause with a short quotation in it stays whole.
    """
    entries = load_targets() if targets is None else targets
    answers = encoder.answers(article) if encoder.available() else None
    read: tuple[int, _Clauses | None] = (-1, None)  # the last sentence by rules
    for number, found, hit in matches(article, entries):
        words = sentences(article)[number].tokens
        if hit.label and _capitals_fit(article.raw, found, hit.head):
            if answers:
                toward = _answered(answers, answers.firsts[number] + hit.first, answers.firsts[number] + hit.last)
            else:
                read = read if read[0] == number else (number, _clauses(article.raw, words))
                toward = read[1].tone(hit.first, hit.last)
            value = max(toward[1:]) * (LABELS.index(toward.label) - 1)
            begin = max(0, hit.first - WINDOW)
            near = words[begin : hit.last + WINDOW]
            detail = role(near, hit.first - begin, hit.last - begin)
            group = passive(near, hit.last - begin) if detail == "patient" else ""
            yield Span("target", hit.label, found[0].start, found[-1].end, value=value, detail=detail, group=group)


def lean(value: float) -> int:
    """What a mention of this `value` counts for: 1 favourable, -1 unfavourable (see UNFAVOURABLE), 0 neither."""
    return int(value > 0) - (value < 0 and -value >= UNFAVOURABLE * encoder.available())


def tone_toward(sentence: str, start: int, end: int) -> Tone:
    """Tone toward the mention at `sentence[start:end]`: the trained model's, or the rules' where there is none.

    Raises ValueError where the mention holds no token of the sentence, or begins before it.

    >>> tone_toward("The mayor slammed Acme Motors.", 18, 29).label
    'negative'
    """
    if not encoder.available():
        return tone_by_rules(sentence, start, end)
    sentence = plain(sentence)  # the model reads no lone surrogates
    article = Article("sentence", sentence, (Block(0, len(sentence), "paragraph", kept=True),))
    first, last = _covered([token for part in sentences(article) for token in part.tokens], start, end)
    return _answered(encoder.answers(article), first, last)


def tone_by_rules(sentence: str, start: int, end: int) -> Tone:
    """Tone toward a mention from its clause: VADER's compound, and who does what to whom; else as `tone_toward`."""
    words = tokens(sentence)
    return _clauses(sentence, words).tone(*_covered(words, start, end))


def _covered(words: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """The tokens [first, last) that a stretch of the sentence touches."""
    first = bisect_left(words, start + 1, key=lambda t: t.end)
    last = bisect_left(words, end, key=lambda t: t.start)
    if first >= last or start < 0:
        raise ValueError(f"no token of the sentence at {start}:{end}")
    return first, last


def _answered(answers: encoder.Answers, first: int, last: int) -> Tone:
    shares = np.exp(answers.logits[first:last, HEADS.tone].mean(axis=0, dtype=np.float32))
    shares /= shares.sum()
    return Tone(LABELS[shares.argmax()], *shares.tolist())


def role(words: Sequence[Token], first: int, last: int) -> str:
    """Role of the mention `words[first:last]`: agent, patient, possessor or other.

    Agent: subject of an active clause, or after a participle and "by". Patient: direct object, or subject of a
    passive, be its agent named or not. Possessor: before "'s". Other: after a preposition, before a noun, in a list.

    >>> role(tokens("The app was quietly banned."), 1, 2)
    'patient'
    """
    earlier = (t.form for t in reversed(words[:first]) if t.form not in ("the", "a", "an"))
    before = [*islice(earlier, 2), "", ""][1::-1]
    chain, rest = _verb_group(words, last)
    after = [*chain, *rest[:3], "", "", ""]
    if after[0] == "'s" or (after[0] == "'" and words[last - 1].form.endswith("s")):
        contracted = _kind(after[1]) == "be" or (after[1].endswith("ing") and _kind(after[2]) in _COMPLEMENT)
        return "agent" if contracted else "possessor"
    if "preposition" in _kind(before[1]):
        return "agent" if before[1] == "by" and _participle(before[0]) else "other"
    finite = [form for form in chain if _kind(form) != "adverb"]
    verb, complement = after[len(chain) : len(chain) + 2]
    if finite:
        return "patient" if _kind(finite[-1]) == "be" and _participle(verb) else "agent"
    plural = words[last - 1].form.endswith("s")
    present = not _kind(verb) and verb.isalpha() and (verb.endswith("s") or (plural and not verb.endswith("ing")))
    if _participle(verb) or verb in _verbs() or (present and (chain or _kind(complement) in _COMPLEMENT)):
        return "agent"
    infinitive = before[0] == "to" or _kind(before[0]) == "auxiliary"
    transitive = before[1].isalpha() and not _kind(before[1]) and (infinitive or before[1].endswith(("ing", "s")))
    past = _participle(before[1]) and _kind(before[1]) != "reporting"
    return "patient" if transitive or past else "other"


def _verb_group(words: Sequence[Token], last: int) -> tuple[Sequence[str], Sequence[str]]:
    """The auxiliaries and adverbs that follow a mention which ends at `last`, and what comes after them."""
    after = _to_verb([token.form for token in words[last:]])
    chain = list(takewhile(lambda form: _kind(form) in ("be", "auxiliary", "adverb"), after))
    return chain, after[len(chain) :]


def _to_verb(after: Sequence[str]) -> Sequence[str]:
    """What follows a mention from its verb on: past a time ("on Friday warned"), and who acts with it ("and X")."""
    first = 1 + (after[:1] == ["on"])
    time = closed_class().get("".join(after[first - 1 : first]))
    if time and time.label == "Y":
        return after[first:]
    for i, form in enumerate(after[:5]) if after[:1] == ["and"] else ():
        if i > 1 and (_kind(form) in ("be", "auxiliary") or _participle(form)):
            return after[i:]
        if i and _kind(form):
            break
    return after


@cache
def _verbs() -> frozenset[str]:
    """Verbs of saying in the third person ("warns"), but for those that after a name are nouns more often."""
    forms = (form for name in ("cues", "cues_object") for form in load_lexicon(name).entries if len(form) == 1)
    return frozenset(form[0] for form in forms if form[0].endswith("s")) - {"reports", "claims", "promises", "notes"}


def passive(words: Sequence[Token], last: int) -> str:
    """Of a patient whose mention ends at `last`: "passive", "agentless passive" where no "by" follows; "" of an object.

    >>> passive(tokens("The app was quietly banned."), 2)
    'agentless passive'
    """
    chain, rest = _verb_group(words, last)
    if all(_kind(form) == "adverb" for form in chain):
        return ""
    clause = takewhile(lambda form: form not in _STOPS | _MARKS, rest)
    return "passive" if "by" in clause else "agentless passive"


def _lean(words: Sequence[Token], first: int, last: int, hits: Iterable[Hit]) -> float:
    """Sum of the words with a direction that touch the mention `words[first:last]`; above 0 in its favour."""
    total = 0.0
    for hit in hits:
        between = words[max(last, hit.first - 4) : hit.first]
        passive = _participle(words[hit.last - 1].form) and any(_kind(token.form) == "be" for token in between)
        before, after = 0 <= first - hit.last < REACH, 0 <= hit.first - last < REACH
        apart = hit.last <= first or hit.first >= last
        touches = {"object": before or (after and passive), "subject": after and not passive, "clause": apart}
        side, _, sign = hit.label.partition(" ")
        if touches.get(side):
            total += WEIGHTS[side] if sign == "positive" else -WEIGHTS[side]
    return total


class _Clauses(NamedTuple):
    """A sentence's tokens, as they stand too, its words with a direction, and where clauses end and the next begin."""

    words: Sequence[Token]
    said: Sequence[str]
    hits: Sequence[Hit]
    breaks: Sequence[tuple[int, int]]

    def tone(self, first: int, last: int) -> Tone:
        """Tone toward the mention `words[first:last]`."""
        begin, stop = self.around(first, last)
        near = slice(*(bisect_left(self.hits, at, key=lambda hit: hit.first) for at in (begin, stop)))
        hits = [hit for hit in self.hits[near] if hit.last <= stop]
        clause = list(self.said[begin:stop])
        for start, end in [(first, last), *(hit[:2] for hit in hits if hit.label == "topic")]:
            clause[start - begin : end - begin] = ["it"] * (end - start)
        shares = SHARES[bisect_left(EDGES, tone(" ".join(clause)) + _lean(self.words, first, last, hits))]
        return Tone(LABELS[shares.index(max(shares))], *shares)

    def around(self, first: int, last: int) -> tuple[int, int]:
        """Token indices of the clause that holds the mention, at most WINDOW to each side."""
        before, after = bisect_left(self.breaks, (first,)), bisect_left(self.breaks, (last,))
        begin = [start for _, start in self.breaks[max(0, before - 1) : before]]
        stop = [end for end, _ in self.breaks[after : after + 1]]
        return max(0, first - WINDOW, *begin), min(len(self.words), last + WINDOW, *stop)


def _clauses(raw: str, words: Sequence[Token]) -> _Clauses:
    """The clauses of a sentence; a short quotation stays in its clause."""
    breaks, forms = [], [token.form for token in words]
    for at, form in enumerate(forms):
        before = forms[at - 1] if at else ""
        mark = form in _MARKS or (form == '"' and before in _STOPS)
        joint = before == "," and ("joint" in _kind(form) or form.endswith("ing"))
        if mark or joint or _kind(form) == "clause":
            breaks.append((at, at + mark))
    said = [raw[word.start : word.end] for word in words]
    return _Clauses(words, said, list(match(forms, index("direction"))), breaks)


def _participle(form: str) -> bool:
    return _kind(form) in ("participle", "reporting") or (form.endswith("ed") and len(form) > 3 and not _kind(form))


def _kind(form: str) -> str:
    return "adverb" if form.endswith("ly") and len(form) > 4 else _grammar().get(form, "")


def _capitals_fit(raw: str, found: Sequence[Token], phrase: str) -> bool:
    """Capitals in a phrase ask for capitals in the text: an initial for an initial, "US" for "US"."""
    said = [raw[token.start : token.end] for token in found]
    pairs = zip(_written(phrase), said, strict=False)  # "¶" has no partner
    return all(s[0].isupper() >= a[0].isupper() and s.isupper() >= (len(a) > 1 and a.isupper()) for a, s in pairs)


@cache
def _written(phrase: str) -> list[str]:
    """The words of a phrase, and "¶", which keeps the last of them from ending a sentence."""
    return [f"{phrase} ¶"[token.start : token.end] for token in tokens(f"{phrase} ¶")]


@cache
def _grammar() -> Mapping[str, str]:
    return {form[0]: entry.label for form, entry in load_lexicon("grammar").entries.items()}
