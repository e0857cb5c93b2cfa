"""Who says what: attributions as source, cue and content, by quotation marks alone or by rules.

A rule is a named pattern around a cue of the word lists; content is what it leaves of the sentence. Evaluated on
PolNeAR dev (see `data/validity.csv`). Misses attributions without a cue, and cannot tell where a reported clause
ends and the author goes on without punctuation.
Reference: Pareti (2015), Attribution: a computational approach; O'Keefe et al. (2012), EMNLP-CoNLL, 790-799.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analysis.clauses import (
    Phrase,
    Reading,
    opening_subject,
    phrase_after,
    read,
    subject_before,
    verb_group,
)
from analysis.lexicons import Hit, index, load_lexicon, match
from analysis.model import AnalysisError, Article, Span
from analysis.sources import Mention, Source, identify
from analysis.text import Quotation, quotations, sentences

METHODS = ("quotes", "rules")
LEXICONS = ("cues", "cues_object", "cues_noun", "cues_preposition")
SHORT = 5  # words; a quotation this short that no attribution claims is a scare quote, see `loaded`
DIRECT, INDIRECT = 0.90, 0.05  # shares of content inside quotation marks, from measures.md
SEPARATORS = (",", ";", ":", "--", "–", "—", "-", "and", "but", "while", "or")

Offsets = tuple[int, int]


class Draft(NamedTuple):
    """An attribution in one sentence by token indices; its clause begins at `start`; no source: the one before it."""

    source: Phrase | None
    cue: Phrase
    stance: str
    start: int
    contents: tuple[Phrase, ...]
    pattern: str = ""


class Relation(NamedTuple):
    """An attribution by raw offsets."""

    source: Offsets | None
    cue: Offsets | None
    stance: str
    contents: list[Offsets]
    pattern: str = ""


def detect(article: Article, method: str = "rules") -> Iterator[Span]:
    """Spans of the layer attribution: source, cue, content, country; those of one attribution share a group.

    `quotes` takes each outermost quotation for the words of an unknown source; `rules` reads the paragraphs by
    patterns. An unknown method raises AnalysisError. Time is linear in the length of the article.
    """
    if method not in METHODS:
        raise AnalysisError(f"attribution method {method!r} is none of {', '.join(METHODS)}")
    outer = [q for q in quotations(article) if q.depth == 0]
    if method == "quotes":
        relations, mentions = [Relation(None, None, "", [(q.start, q.end)]) for q in outer], []
    else:
        relations, mentions = _relations(article, outer)
    sources = dict(zip(mentions, identify(article.raw, mentions), strict=True))
    by_place = {(m.start, m.end): s for m, s in sources.items() if m.role != "name"}
    ordered = sorted(relations, key=lambda r: min([*r.contents, r.cue or r.contents[0]]))
    for number, relation in enumerate(ordered, start=1):
        source = by_place[relation.source] if relation.source else Source("", "", False)
        yield from _spans(relation, source, str(number), outer)


def _spans(relation: Relation, source: Source, group: str, outer: Sequence[Quotation]) -> Iterator[Span]:
    shared = {"source_id": source.name, "group": group}
    if relation.source:
        yield Span("attribution", "source", *relation.source, value=float(source.named), detail=source.kind, **shared)
    if source.country_at:
        yield Span("attribution", "country", *source.country_at, detail=source.country, **shared)
    if relation.cue:
        yield Span("attribution", "cue", *relation.cue, detail=relation.stance, **shared)
    for content in relation.contents:
        yield Span("attribution", "content", *content, detail=_directness(relation.contents, outer), **shared)


def _directness(contents: Sequence[Offsets], outer: Sequence[Quotation]) -> str:
    total = sum(end - start for start, end in contents)
    inside = sum(max(0, min(e, q.end) - max(s, q.start)) for s, e in contents for q in outer)
    return "direct" if inside > DIRECT * total else "indirect" if inside < INDIRECT * total else "mixed"


def _relations(article: Article, outer: Sequence[Quotation]) -> tuple[list[Relation], list[Mention]]:
    """Attributions of the paragraphs, quotations that go on or that no cue claims included; mentions in text order."""
    entries = index(map(load_lexicon, LEXICONS))
    relations: list[Relation] = []
    mentions: set[Mention] = set()
    claimed: set[int] = set()
    speaker: Relation | None = None
    for sentence in sentences(article):
        if sentence.role != "paragraph":
            continue
        hits = list(match(sentence.tokens, entries))
        verbs = frozenset(hit.first for hit in hits if hit.lexicon in ("cues", "cues_object"))
        reading = read(article.raw, sentence, outer, verbs)
        subject = opening_subject(reading)
        if subject:
            mentions.add(Mention(*reading.offsets(subject), role="subject"))
        found = []
        for draft in _drafts(reading, hits, subject):
            contents = [span for span in (_trimmed(reading, c, outer) for c in draft.contents) if span]
            source = reading.offsets(draft.source) if draft.source else None
            if contents:
                found.append(Relation(source, reading.offsets(draft.cue), draft.stance, contents, draft.pattern))
                if source:
                    mentions.add(Mention(*source))
        inside = {q for q in reading.quoted if q >= 0}
        touched = {
            q for q in inside if any(s < outer[q].end and e > outer[q].start for r in found for s, e in r.contents)
        }
        if (
            speaker
            and not found
            and reading.quoted[0] >= 0
            and not inside & claimed
            and _long(article, outer[reading.quoted[0]])
        ):
            q = reading.quoted[0]
            speaker.contents.append((outer[q].start, outer[q].end))
            claimed.add(q)
        elif found:
            quoting = [r for r in found if any(article.raw[e - 1] in "\"”'’" for _, e in r.contents)]
            speaker = quoting[-1] if quoting else None
        elif not inside & claimed:
            speaker = None
        claimed |= touched
        relations += found
    unclaimed = [q for i, q in enumerate(outer) if i not in claimed and _long(article, q)]
    relations += [Relation(None, None, "", [(q.start, q.end)], "unclaimed") for q in unclaimed]
    spoken = {(m.start, m.end) for m in mentions if m.role == "source"}
    kept = [m for m in mentions if m.role == "source" or (m.start, m.end) not in spoken]
    return relations, sorted(kept)


def _long(article: Article, q: Quotation) -> bool:
    return len(article.raw[q.start : q.end].split()) > SHORT


def _trimmed(r: Reading, content: Phrase, outer: Sequence[Quotation]) -> Offsets | None:
    """Offsets of a content without the marks at its edges, widened to whole quotations (these may be of many sentences)."""
    first, last = content
    while first < last and r.kinds[first] == "mark" and r.quoted[first] < 0:
        first += 1
    while (
        last > first
        and r.kinds[last - 1] == "mark"
        and r.quoted[last - 1] < 0
        and r.forms[last - 1] not in ("%", ")", "?", "!")
    ):
        last -= 1
    if first == last or not any(r.sentence.tokens[i].is_word for i in range(first, last)):
        return None
    start, end = r.offsets((first, last))
    opening, closing = r.quoted[first], r.quoted[last - 1]
    return min(start, outer[opening].start) if opening >= 0 else start, max(
        end, outer[closing].end
    ) if closing >= 0 else end


def _drafts(r: Reading, hits: Sequence[Hit], subject: Phrase | None) -> list[Draft]:
    """All attributions of a sentence, each content cut where the clause of a later one begins."""
    found: list[Draft] = []
    for hit in hits:
        if r.quoted[hit.first] < 0:
            draft = next(filter(None, (pattern(r, hit, found) for pattern in PATTERNS)), None)
            if draft and draft.source is None:
                draft = draft._replace(source=found[-1].source if found else subject)
            if draft and (draft.source is None or _speaks(r, draft.source)):
                found.append(draft)
    return [d._replace(contents=tuple(_cut(r, c, found[i + 1 :]) for c in d.contents)) for i, d in enumerate(found)]


def _speaks(r, source):
    return r.forms[source[0]] not in ("i", "we", "you") or source[1] - source[0] > 1


def _cut(r: Reading, content: Phrase, later: Sequence[Draft]) -> Phrase:
    first, last = content
    for draft in later:
        if first < draft.start < last and (
            r.forms[draft.start - 1] in SEPARATORS or r.forms[draft.start] in SEPARATORS
        ):
            last = draft.start
            while last > first and r.forms[last - 1] in SEPARATORS:
                last -= 1
            break
    return first, last


def stop(r):
    return len(r.forms)


def according_to(r, hit, found):
    """According to X, …;  …, according to X."""
    if hit.lexicon != "cues_preposition":
        return None
    src = phrase_after(r, hit.last)
    if src is None:
        return None
    begin = max([d.cue[1] for d in found], default=0)
    before = (begin, hit.first) if hit.first - begin > 2 else None
    after_at = src[1]
    if before is None:
        return Draft(src, (hit.first, hit.last), hit.label, hit.first, ((after_at, stop(r)),), "according to")
    if found and found[-1].pattern == "subject":
        return None
    return Draft(src, (hit.first, hit.last), hit.label, hit.first, (before,), "according to")


def inverted(r, hit, found):
    """ "…," said X."""
    if hit.lexicon != "cues" or not hit.first:
        return None
    b = hit.first - 1
    if not (r.forms[b] == "," or r.quoted[b] >= 0):
        return None
    if r.forms[b] == "," and r.quoted[b] < 0 and r.quoted[b - 1] < 0:
        if hit.head not in ("say", "write", "add"):
            return None
    src = phrase_after(r, hit.last)
    if src is None or r.kind(hit.last) in ("possessive", "adverb", "time"):
        return None
    return Draft(src, (hit.first, hit.last), hit.label, 0, sides(r, 0, hit.first, src[1]), "inverted")


def sides(r, begin, left, right):
    """Content before `left`, and after `right` where it goes on."""
    res = [(begin, left)]
    m = r.form(right)
    if m == ":" or r.quoted[right] >= 0 if right < stop(r) else False:
        res.append((right, stop(r)))
    elif m == "," and right + 1 < stop(r) and (r.quoted[right + 1] >= 0):
        res.append((right, stop(r)))
    else:
        q = next((i for i in range(right, min(right + 20, stop(r))) if r.quoted[i] >= 0), None)
        if q is not None and r.form(q - 1) in (",", ":"):
            res.append((q, stop(r)))
    return tuple(res)


PRONOUN1 = ("i", "we", "you")


def subject_verb(r, hit, found):
    """X said that …;  …, X said."""
    if hit.lexicon not in ("cues", "cues_object"):
        return None
    form = r.form(hit.first)
    group = verb_group(r, hit.first)
    aux = r.forms[group : hit.first]
    if "to" in aux:
        return None
    src = subject_before(r, group)
    if src is None:
        return None
    if r.form(src[0]) in (*PRONOUN1, "it") and src[1] - src[0] == 1 and r.form(src[0]) != "it":
        return None
    passive = any(a in ("is", "are", "was", "were", "be", "been", "being") for a in aux) and not form.endswith("ing")
    if passive:
        return None
    if form.endswith("ing") and not aux:
        if r.form(src[0] - 1) != "with":
            return None
    if form == hit.head.split()[0] and not aux and r.form(src[0]) in ("he", "she", "it"):
        return None
    cue = (group, hit.last)
    begin = src[0]
    as_clause = r.form(src[0] - 1) == "as"
    after = hit.last
    rest_short = r.form(after) in (",", ".", "", ";") or (r.kind(after) == "time")
    has_before = src[0] >= 2 and (r.form(src[0] - 1) == "," or r.quoted[src[0] - 1] >= 0)
    if as_clause and r.form(after) == ",":
        return Draft(
            src,
            cue,
            hit.label,
            src[0] - 1,
            ((after, stop(r)),) if src[0] < 4 else ((0, src[0] - 1), (after, stop(r))),
            "as clause",
        )
    if has_before and hit.lexicon == "cues":
        end_clause = next(
            (i for i in range(after, min(after + 12, stop(r))) if r.forms[i] in (",", ".", ";", ":")), stop(r)
        )
        thatish = any(r.forms[i] == "that" for i in range(after, end_clause))
        clauselike = any(r.kinds[i] in ("subject", "auxiliary") for i in range(after, end_clause))
        if (
            not thatish
            and not clauselike
            and (r.quoted[src[0] - 1] >= 0 or rest_short or r.kind(after) in ("preposition",))
        ):
            begin0 = max([d.cue[1] for d in found if d.pattern != "x"], default=0)
            q = r.quoted[src[0] - 1]
            if r.form(after) == "," and q < 0:
                return Draft(src, cue, hit.label, src[0], ((begin0, src[0]), (after, stop(r))), "medial")
            return Draft(src, cue, hit.label, src[0], sides(r, begin0, src[0], after), "after")
    c = content_after(r, hit, after)
    if c is None:
        return None
    end = stop(r)
    if r.kinds[src[0]] == "relative" and r.form(src[0] - 1) == ",":
        end = next((i for i in range(c + 1, end) if r.forms[i] == "," and r.quoted[i] < 0), end)
    return Draft(src, cue, hit.label, begin, ((c, end),), "subject")


def content_after(r, hit, at):
    """Token where the content begins after the cue."""
    n = stop(r)
    if at >= n or r.forms[at] in (".", ";", ")"):
        return None
    if hit.lexicon == "cues_object":
        return at
    if r.form(at) == ":" or r.quoted[at] >= 0 or r.form(at) == "that":
        return at
    limit = min(at + 25, n)
    if hit.head in (
        "tell",
        "ask",
        "remind",
        "warn",
        "assure",
        "inform",
        "convince",
        "notify",
        "persuade",
        "advise",
    ) or r.kind(at) in ("preposition", "time", "adverb"):
        for i in range(at, limit):
            if r.forms[i] == "that" or r.forms[i] == ":" or (r.quoted[i] >= 0 and r.forms[i] in ('"', "``", "'")):
                return i
            if r.forms[i] in (";",):
                break
            if r.kinds[i] == "subject" and i > at:
                return i
        if hit.head == "tell" and r.kind(at) in ("object", "name", "word", "determiner", "possessive"):
            i = at
            if r.kind(at) in ("determiner", "possessive"):
                i += 1
            while i < n and r.kind(i) == "name":
                i += 1
            return min(max(i, at + 1), n - 1)
        if r.kind(at) == "time":
            while at < n - 1 and r.kind(at) in ("time", "number"):
                at += 1
    if r.form(at) == ",":
        return at + 1 if at + 1 < n and r.quoted[at + 1] >= 0 else None
    return at


def participle(r, hit, found):
    """…, saying that …"""
    if hit.lexicon not in ("cues", "cues_object", "cues_preposition"):
        return None
    form = r.form(hit.first)
    if not form.endswith("ing"):
        return None
    b = verb_group(r, hit.first)
    if r.form(b - 1) not in (",", "and", "--", ""):
        return None
    c = content_after(r, hit, hit.last)
    if c is None:
        return None
    return Draft(None, (hit.first, hit.last), hit.label, b, ((c, stop(r)),), "participle")


def coordinate(r, hit, found):
    """X said A and added that B."""
    if hit.lexicon not in ("cues", "cues_object"):
        return None
    form = r.form(hit.first)
    g = verb_group(r, hit.first)
    if "to" in r.forms[g : hit.first]:
        return None
    if r.form(g - 1) not in ("and", "but", ",", "then", "or"):
        return None
    if form == hit.head.split()[0] or form.endswith("ing"):
        return None
    c = content_after(r, hit, hit.last)
    if c is None:
        return None
    return Draft(None, (g, hit.last), hit.label, g - 1, ((c, stop(r)),), "coordinate")


PATTERNS = (according_to, inverted, subject_verb, participle, coordinate)
