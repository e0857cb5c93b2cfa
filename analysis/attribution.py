"""Who says what: attributions as source, cue and content, by quotation marks alone, by rules or by the trained model.

`patterns` reads by rules, `tagging` by the model; here each source gets its name and type, and what both leave open is
closed: quotations that nobody claims, turns of an interview.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from analysis import clauses, patterns, tagging
from analysis.clauses import Offsets, Reading
from analysis.lexicons import Hit, index, match
from analysis.model import AnalysisError, Article, Span
from analysis.patterns import LEXICONS, NOBODY, USES, Read
from analysis.sources import Source, identify
from analysis.tagging import Attribution
from analysis.text import FIRST_PERSON, Quotation, outermost, sentence_at, sentences, touched, turns, verbatim

METHODS = ("quotes", "rules", "model")
SHORT = 5  # words; a quotation this short that no attribution claims is a scare quote, see `loaded`
DIRECT, INDIRECT = 0.90, 0.05  # shares of the content's characters inside quotation marks
SIGNED = re.compile(  # a dash and a name of several words, up to a comma or the end of the line
    r"\s{0,2}(?:[―—–]|--?) ?([A-Z][\w'’.-]*(?: (?:[A-Z][\w'’.-]*|[a-z]{2,3})){1,5})(?=[.,]?\s*$|,)", re.M
)
HEARD = re.compile(
    r"(?:\b(?:was|were|is|are|am|be|been|being)|['’](?:re|m))\b.{0,20}\b(?:told|warned|assured|informed|advised|reminded|notified)$"
    r"|\bhear[ds]?$"
)


def detect(article: Article, method: str = "model") -> Iterator[Span]:
    """Spans of the layer attribution: source, cue, content, country; those of one attribution share a group.

    `quotes` takes each outermost quotation for direct speech of an unknown source; `rules` reads the paragraphs by
    patterns, `model` by the trained tagger. Contents of one group may be several; by rules, one may lie inside another
    (X says that Y said so). An unknown method raises AnalysisError. Time is linear in the length of the article.
    """
    if method not in METHODS:
        raise AnalysisError(f"attribution method {method!r} is none of {', '.join(METHODS)}")
    outer = outermost(article)
    if method == "quotes":
        relations, places = [Attribution(None, None, [q[:2]]) for q in outer], {}
    else:
        relations, places = (_tagged if method == "model" else patterns.relations)(article, outer)
        claimed = {q for relation in relations for content in relation.contents for q in touched(*content, outer)}
        alone = [q for q in outer if q not in claimed and len(article.raw[q.start : q.end].split()) > SHORT]
        relations += [Attribution(None, None, [q[:2]]) for q in alone]  # nobody claims them: of an unknown source
        relations = [_signed(article.raw, relation, outer) for relation in relations]
        places |= {relation.source: "source" for relation in relations if relation.source}
        relations, places = _with_turns(article, (relations, places))
    known = identify(article.raw, places)
    expletive = {place for place, s in known.items() if not s.name and article.raw[slice(*place)] in ("It", "it")}
    relations = [_weighed(article.raw, relation) for relation in relations if relation.source not in expletive]
    relations = _gone_on(article.raw, relations, outer)
    relations.sort(key=lambda r: min(filter(None, [*r.contents, r.cue, r.source])))
    for number, relation in enumerate(relations, start=1):
        yield from _spans(relation, known.get(relation.source, Source()), str(number), verbatim(article))


def _weighed(raw: str, relation: Attribution) -> Attribution:
    """Without its source where that is who was told ("The court heard"); at a distance from "so-called experts"."""
    if not relation.cue or not relation.source:
        return relation
    if relation.source[1] <= relation.cue[0] and HEARD.search(raw[slice(*relation.cue)]):
        return relation._replace(source=None)
    return relation._replace(stance="distancing") if "so-called" in raw[slice(*relation.source)].lower() else relation


def _signed(raw: str, relation: Attribution, outer: Sequence[Quotation]) -> Attribution:
    """With the name after a dash as the source, if a quotation that nobody claims has one (“…” — Mira Okafor)."""
    quoted = [] if relation.source or relation.cue else touched(*relation.contents[-1], outer)
    name = SIGNED.match(raw, quoted[-1].end) if quoted else None
    return relation._replace(source=name.span(1)) if name else relation


def _gone_on(raw: str, relations: Sequence[Attribution], outer: Sequence[Quotation]) -> list[Attribution]:
    """With quotations that nobody claims given to who speaks in those that run on right before them, or right after."""
    owner = {q: r for r in relations if r.source or r.cue for content in r.contents for q in touched(*content, outer)}
    kept, alone = [r for r in relations if r.source or r.cue], {}
    for relation in (r for r in relations if not (r.source or r.cue)):
        alone.setdefault(next(iter(touched(*relation.contents[0], outer)), None), []).append(relation)
    on = [(one, two) for one, two in pairwise(outer) if not one.closed and not raw[one.end : two.start].strip()]
    for known, other in [*on, *((two, one) for one, two in reversed(on))]:
        if known in owner and other in alone:
            owner[other] = owner[known]
            owner[known].contents.extend(place for relation in alone.pop(other) for place in relation.contents)
    return [*kept, *chain.from_iterable(alone.values())]


def _spans(relation: Attribution, source: Source, group: str, quoted: Sequence[Quotation]) -> Iterator[Span]:
    shared = {"source_id": source.name, "group": group}
    if relation.source:
        yield Span("attribution", "source", *relation.source, value=float(source.named), detail=source.kind, **shared)
    if source.country_at:
        yield Span("attribution", "country", *source.country_at, detail=source.country, **shared)
    if relation.cue:
        yield Span("attribution", "cue", *relation.cue, detail=relation.stance, **shared)
    inside = sum(min(e, q.end) - max(s, q.start) for s, e in relation.contents for q in touched(s, e, quoted))
    share = inside / sum(end - start for start, end in relation.contents)
    detail = "direct" if share > DIRECT else "indirect" if share < INDIRECT else "mixed"
    for content in sorted(relation.contents):
        yield Span("attribution", "content", *content, detail=detail, **shared)


def _with_turns(article: Article, read: Read) -> Read:
    """In an interview the whole turn is its speaker's, who is the "I" in it; "Q" and "A" name nobody."""
    if not (spoken := turns(article)):
        return read
    named = {turn[:2] for turn in spoken if turn.colon > turn.start + 1}
    made = [Attribution(t[:2] if t[:2] in named else None, (t.colon, t.colon + 1), [t[2:]], "neutral") for t in spoken]
    for relation in read[0]:
        at = (relation.source or relation.cue or relation.contents[0])[0]
        turn = spoken[max(bisect_left(spoken, (at + 1,)) - 1, 0)]
        own = not relation.cue or (relation.source and article.raw[slice(*relation.source)].lower() in FIRST_PERSON)
        if not turn.start <= at < (turn.end if own else turn.first):
            made.append(relation)
    return made, read[1] | dict.fromkeys(named, "source")


def _tagged(article: Article, outer: Sequence[Quotation]) -> Read:
    """The attributions that the model tags in the paragraphs, and who is mentioned in them."""
    tagged, words = tagging.attributions(article), []
    cues = {at for linked in tagged if linked.cue for at in range(*linked.cue)}
    entries = index(*LEXICONS)
    relations: list[Attribution] = []
    mentions: dict[Offsets, str] = {}
    read: dict[int, tuple[Reading, int]] = {}  # of a cue's token, its sentence and its place there
    for sentence in sentences(article):
        own = range(len(words), len(words) + len(sentence.tokens))
        words += sentence.tokens
        if sentence.role == "paragraph":
            verbs = {at: at - own.start for at in cues.intersection(own)}
            reading = clauses.read(article.raw, sentence, outer, frozenset(verbs.values()))
            mentions |= clauses.mentioned(reading)
            read |= {at: (reading, place) for at, place in verbs.items()}
    for linked in tagged:
        runs = linked.source, linked.cue, *linked.contents
        source, cue, *contents = (run and (words[run[0]].start, words[run[1] - 1].end) for run in runs)
        contents = _after_colon(article, cue[1], contents) if cue else contents
        said = [word.form for word in words[slice(*linked.cue)]] if linked.cue else []
        hits = list(match(said, entries))
        if hits and not source:
            source = _subject(*read[linked.cue[0]], hits)
        relations.append(Attribution(source, cue, contents, hits[-1].label if hits else "neutral" if cue else ""))
        if source:
            mentions[source] = "source"
    return relations, mentions


def _subject(reading: Reading, first: int, hits: Sequence[Hit]) -> Offsets | None:
    """The subject of a known verb in the active, for a cue that begins at a token, if the model gives no source."""
    for hit in (h._replace(first=h.first + first, last=h.last + first) for h in hits if not USES[h.lexicon]):
        use, start = clauses.use(reading, hit.first)
        found = clauses.subject(reading, hit, start) if use == "active" else None
        if found and clauses.head(reading.sentence.forms[found[0]]) not in NOBODY:
            return reading.offsets(found)
    return None


def _after_colon(article: Article, end: int, contents: Sequence[Offsets]) -> Sequence[Offsets]:
    """Contents; but all that follows a colon right after the cue, if not in marks, is one, up to its sentence's end."""
    sentence = sentences(article)[sentence_at(article, end - 1)]
    colon, *rest = [token for token in sentence.tokens if token.start >= end][:2] or [None]
    inside = [content for content in contents if colon and colon.start < content[0] < sentence.end]
    if not inside or colon.form != ":" or rest[0].form == '"':
        return contents
    last = max(token.end for token in sentence.tokens if token.is_word)
    return sorted([*(content for content in contents if content not in inside), (rest[0].start, last)])
