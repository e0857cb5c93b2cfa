"""Who says what: attributions as source, cue and content, by quotation marks alone or by rules.

A rule is a named pattern around a cue from the word lists; the content is what it leaves of the sentence. Misses what
has no cue, and cannot tell where a reported clause ends if the author goes on without a mark or a new cue. References:
Pareti (2015), Attribution: a computational approach; Newell et al. (2018), LREC; O'Keefe et al. (2012), EMNLP, 790-799.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from analysis import clauses
from analysis.clauses import Phrase, Reading
from analysis.lexicons import Hit, index, load_lexicon, match
from analysis.model import AnalysisError, Article, Span
from analysis.sources import Mention, Source, identify
from analysis.text import Quotation, Sentence, quotations, sentences

METHODS = ("quotes", "rules")
VERBS = ("cues", "cues_object")  # verbs that take a clause or a quotation; verbs whose object is the content
LEXICONS = (*VERBS, "cues_noun", "cues_preposition")
SHORT = 5  # words; a quotation this short that no attribution claims is a scare quote, see `loaded`
DIRECT, INDIRECT = 0.90, 0.05  # shares of the content's characters inside quotation marks
MOST = 50  # cues read in one sentence: text without full stops stays linear, prose has no such sentence
NOBODY = {"i", "we", "you", "nobody", "none", "anyone", "anybody", "everyone", "everybody", "no", "there"}  # no source
SEPARATORS = {",", ";", ":", "--", "–", "—", "-", "and", "but", "while", "or"}

Offsets = tuple[int, int]


class Draft(NamedTuple):
    """An attribution in a sentence, by token indices; its clause begins at `start`. No source: the one before."""

    source: Phrase | None
    cue: Phrase
    stance: str
    start: int
    contents: tuple[Phrase, ...]


class Relation(NamedTuple):
    """An attribution by raw offsets; later sentences may add contents."""

    source: Offsets | None
    cue: Offsets | None
    stance: str
    contents: list[Offsets]


def detect(article: Article, method: str = "rules") -> Iterator[Span]:
    """Spans of the layer attribution: source, cue, content, country; those of one attribution share a group.

    `quotes` takes each outermost quotation for direct speech of an unknown source; `rules` reads the paragraphs by
    patterns. Contents of one group may be several, and a content may lie inside another (X says that Y said so).
    An unknown method raises AnalysisError. Time is linear in the length of the article.
    """
    if method not in METHODS:
        raise AnalysisError(f"attribution method {method!r} is none of {', '.join(METHODS)}")
    outer = [q for q in quotations(article) if q.depth == 0]
    if method == "quotes":
        relations, mentions = [Relation(None, None, "", [(q.start, q.end)]) for q in outer], []
    else:
        relations, mentions = _relations(article, outer)
    known = dict(zip(((m.start, m.end) for m in mentions), identify(article.raw, mentions), strict=True))
    expletive = {place for place, s in known.items() if not s.name and article.raw[slice(*place)] in ("It", "it")}
    relations = [relation for relation in relations if relation.source not in expletive]
    relations.sort(key=lambda r: min([*r.contents, r.cue or r.contents[0], r.source or r.contents[0]]))
    for number, relation in enumerate(relations, start=1):
        yield from _spans(relation, known.get(relation.source, Source()), str(number), outer)


def _spans(relation: Relation, source: Source, group: str, outer: Sequence[Quotation]) -> Iterator[Span]:
    shared = {"source_id": source.name, "group": group}
    if relation.source:
        yield Span("attribution", "source", *relation.source, value=float(source.named), detail=source.kind, **shared)
    if source.country_at:
        yield Span("attribution", "country", *source.country_at, detail=source.country, **shared)
    if relation.cue:
        yield Span("attribution", "cue", *relation.cue, detail=relation.stance, **shared)
    quoted = sum(
        min(e, outer[i].end) - max(s, outer[i].start) for s, e in relation.contents for i in _touched(s, e, outer)
    )
    share = quoted / sum(end - start for start, end in relation.contents)
    detail = "direct" if share > DIRECT else "indirect" if share < INDIRECT else "mixed"
    for content in relation.contents:
        yield Span("attribution", "content", *content, detail=detail, **shared)


def _touched(start: int, end: int, outer: Sequence[Quotation]) -> range:
    """Indices of the quotations that a stretch of text touches."""
    first = max(bisect_right(outer, (start,)) - 1, 0)
    return range(first + (first < len(outer) and outer[first].end <= start), bisect_left(outer, (end,)))


def _relations(article: Article, outer: Sequence[Quotation]) -> tuple[list[Relation], list[Mention]]:
    """The attributions of the paragraphs, and who is mentioned in them, in text order.

    A quotation that opens a sentence without a cue goes on with the speaker before it; so does the rest of a paragraph
    after a cue and a colon. Long quotations that nobody claims are contents of an unknown source.
    """
    entries = index(map(load_lexicon, LEXICONS))
    relations: list[Relation] = []
    mentions: dict[Offsets, str] = {}
    claimed: set[int] = set()
    speaker: Relation | None = None  # whose words may go on
    block = -1  # the paragraph whose rest is the speaker's, after a colon
    for sentence in (s for s in sentences(article) if s.role == "paragraph"):
        hits = list(islice(match(sentence.tokens, entries), MOST))
        reading = clauses.read(article.raw, sentence, outer, frozenset(h.first for h in hits if h.lexicon in VERBS))
        if subject := clauses.opening_subject(reading):
            mentions.setdefault(reading.offsets(subject), "subject")
        found = [
            relation
            for draft in _drafts(reading, hits, subject)
            if (relation := _relation(reading, draft, outer)).contents
        ]
        relations += found
        claimed.update(q for relation in found for content in relation.contents for q in _touched(*content, outer))
        mentions.update((relation.source, "source") for relation in found if relation.source)
        opening = reading.quoted[0]
        if found:
            ending = [r for r in found if any(article.raw[end - 1] in "\"”'’" for _, end in r.contents)]
            colon = [r for r in found if r.cue and article.raw[r.cue[1] - 1 : r.contents[0][0]].strip()[-1:] == ":"]
            speaker = (ending or colon or [None])[-1]
            block = sentence.block if colon and not ending else -1
        elif opening >= 0 and opening not in claimed and speaker and _is_speech(article, outer[opening], sentence):
            speaker.contents.append((outer[opening].start, outer[opening].end))
            claimed.add(opening)
        elif opening < 0 and speaker and block == sentence.block:
            speaker.contents.append((sentence.start, sentence.tokens[-1].start))
        elif opening not in claimed:
            speaker = None
    loose = [q for i, q in enumerate(outer) if i not in claimed and _is_long(article, q)]
    relations += [Relation(None, None, "", [(q.start, q.end)]) for q in loose]
    return relations, [Mention(*place, role) for place, role in sorted(mentions.items())]


def _is_speech(article: Article, quotation: Quotation, sentence: Sentence) -> bool:
    """Whether a quotation that opens a sentence is the whole of it, or long: no scare quote."""
    return quotation.end >= sentence.tokens[-1].start or _is_long(article, quotation)


def _is_long(article: Article, quotation: Quotation) -> bool:
    return len(article.raw[quotation.start : quotation.end].split()) > SHORT


def _drafts(r: Reading, hits: Sequence[Hit], subject: Phrase | None) -> list[Draft]:
    """The attributions of a sentence in order, each cut where the clause of a later one begins."""
    found = [draft] if (draft := label(r)) else []
    for hit in (h for h in hits if r.quoted[h.first] < 0):
        draft = next(filter(None, (pattern(r, hit) for pattern in PATTERNS)), None)
        if draft and (not found or draft.cue[0] > found[-1].cue[1]):  # "users report finding" is one cue
            draft = draft._replace(source=draft.source or (found[-1].source if found else subject))
            if draft.source and r.forms[draft.source[0]] not in NOBODY:
                found.append(draft)
    return [d._replace(contents=tuple(_cut(r, c, found[i + 1 :]) for c in d.contents)) for i, d in enumerate(found)]


def _cut(r: Reading, content: Phrase, later: Sequence[Draft]) -> Phrase:
    """The content up to the separator that opens the clause of the next attribution inside it."""
    first, last = content
    starts = (d.start for d in later if first < d.start < last)
    at = next((s for s in starts if SEPARATORS & {r.forms[s - 1], r.forms[s]}), last)
    while first < at < last and r.forms[at - 1] in SEPARATORS:
        at -= 1
    return first, at


def _relation(r: Reading, draft: Draft, outer: Sequence[Quotation]) -> Relation:
    """Offsets of a draft: contents lose the marks at their edges and are widened to whole quotations."""
    contents = []
    for first, last in draft.contents:
        kept = [i for i in range(first, last) if r.quoted[i] >= 0 or r.kinds[i] != "mark" or r.forms[i] in "%)?!"]
        if any(r.sentence.tokens[i].is_word for i in kept):
            start, end = r.offsets((kept[0], kept[-1] + 1))
            opening, closing = r.quoted[kept[0]], r.quoted[kept[-1]]
            start = min(start, outer[opening].start) if opening >= 0 else start
            contents.append((start, max(end, outer[closing].end) if closing >= 0 else end))
    if not draft.contents:
        earlier = bisect_right(outer, (r.sentence.start,)) - 1
        if earlier >= 0 and not r.raw[outer[earlier].end : r.sentence.start].strip():
            contents.append((outer[earlier].start, outer[earlier].end))
    source = r.offsets(draft.source) if draft.source else None
    return Relation(source, r.offsets(draft.cue), draft.stance, contents)


def label(r: Reading) -> Draft | None:
    """MILLER: A (a line of an interview; its paragraph goes on with the same voice)."""
    colon = r.forms.index(":") if ":" in r.forms[:5] else 0
    if not colon or not all(r.kinds[i] == "name" for i in range(colon)) or min(r.quoted[: colon + 1]) >= 0:
        return None
    speaks = r.raw[slice(*r.offsets((0, colon)))].isupper() or r.quoted[min(colon + 1, len(r.quoted) - 1)] >= 0
    return Draft((0, colon), (colon, colon + 1), "neutral", 0, ((colon + 1, len(r.forms)),)) if speaks else None


def according_to(r: Reading, hit: Hit) -> Draft | None:
    """According to X, A.  A, according to X.  A, according to X, A."""
    end = clauses.apposition(r, r.find((",", ";", ".", ":"), hit.last, len(r.forms)) or len(r.forms))
    if hit.lexicon != "cues_preposition" or not hit.last < end <= hit.last + clauses.LONGEST:
        return None
    before, after = (0, hit.first), (end, len(r.forms))
    goes_on = r.form(end) == "," and len(r.forms) - end > 4 and r.kind(end + 1) not in ("conjunction", "relative")
    contents = (after,) if hit.first < 3 else (before, after) if goes_on else (before,)
    return Draft((hit.last, end), (hit.first, hit.last), hit.label, hit.first, contents)


def noun(r: Reading, hit: Hit) -> Draft | None:
    """X's claim that A.  Their public warning that A."""
    owner = hit.first - 1
    while r.kind(owner) in ("word", "adverb") and hit.first - owner < 3:
        owner -= 1
    if r.kind(owner) not in ("possessive", "genitive") or r.form(hit.last) != "that":
        return None
    source = (owner, owner + 1) if r.kind(owner) == "possessive" else clauses.phrase_before(r, owner)
    cue, rest = (hit.first, hit.last), (hit.last, len(r.forms))
    return Draft(source, cue, hit.label, source[0], (rest,)) if source else None


def inverted(r: Reading, hit: Hit) -> Draft | None:
    """ "A," said X.  "A," says X, "A"."""
    quoted = hit.first > 0 and r.quoted[hit.first - 1] >= 0
    if hit.lexicon != "cues" or not (quoted or (r.form(hit.first - 1) == "," and hit.head == "say")):
        return None
    source = clauses.phrase_after(r, hit.last)
    if not source or r.kinds[source[0]] == "subject" or r.kind(source[1]) in ("auxiliary", "verb", "subject", "word"):
        return None
    return Draft(source, (hit.first, hit.last), hit.label, 0, _both_sides(r, hit.first, source[1]))


def _both_sides(r: Reading, left: int, right: int) -> tuple[Phrase, ...]:
    """Content before a cue clause and, where a quotation goes on after it, behind."""
    quote = next((i for i in range(right, min(right + 20, len(r.forms))) if r.quoted[i] >= 0), None)
    goes_on = quote is not None and (quote == right or r.forms[quote - 1] in (",", ":"))
    return ((0, left), (quote, len(r.forms))) if goes_on else ((0, left),)


def passive(r: Reading, hit: Hit) -> Draft | None:
    """A was described by X as A."""
    group, auxiliaries = clauses.helpers(r, hit.first)
    if hit.lexicon not in VERBS or "be" not in auxiliaries or clauses.form_of(r, hit) != "past":
        return None
    source = clauses.phrase_after(r, hit.last + 1) if r.form(hit.last) == "by" else None
    if not source or not (about := clauses.subject_before(r, group)):
        return None
    return Draft(source, (group, hit.last + 1), hit.label, about[0], (about, (source[1], len(r.forms))))


def reported(r: Reading, hit: Hit) -> Draft | None:
    """X said that A.  "A," X said.  A, X said, A.  As X said, A.  X, who said A, left."""
    verb = clauses.active(r, hit) if hit.lexicon in VERBS else None
    if not verb:
        return None
    group, source = verb
    cue, end, before = (group, hit.last), len(r.forms), source[0] - 1
    if r.form(before) == "as" and r.form(hit.last) == ",":
        return Draft(source, cue, hit.label, before, ((0, before), (hit.last, end)))
    quoted = before >= 0 and r.quoted[before] >= 0
    if (quoted or r.form(before) == ",") and hit.lexicon == "cues" and _is_parenthesis(r, hit, quoted):
        comma = r.find((",",), hit.last, hit.last + 15)
        if comma and not quoted and r.quoted[min(comma + 1, end - 1)] < 0:
            return Draft(source, cue, hit.label, source[0], ((0, source[0]), (comma, end)))
        return Draft(source, cue, hit.label, source[0], _both_sides(r, source[0], hit.last))
    start = clauses.content_start(r, hit)
    if before < 0 and r.form(hit.last) == ".":  # "Safe?" X said. (the quotation is a sentence of its own)
        return Draft(source, cue, hit.label, 0, ())
    if start is None or not clauses.agrees(r, hit, source, start):
        return None
    if r.kinds[source[0]] == "relative" and r.form(before) == ",":
        end = r.find((",",), start + 1, end) or end
    return Draft(source, cue, hit.label, before if r.form(before) in ("as", "with") else source[0], ((start, end),))


def _is_parenthesis(r: Reading, hit: Hit, after_quotation: bool) -> bool:
    """Whether nothing that could be content follows the cue up to the next mark."""
    inside = range(hit.last, r.find((",", ".", ";", ":"), hit.last, hit.last + 15) or len(r.forms))
    if any(r.forms[i] == "that" or r.kinds[i] in ("subject", "auxiliary") for i in inside):
        return False
    return not inside or after_quotation or r.kinds[hit.last] in ("time", "preposition", "adverb")


def elliptic(r: Reading, hit: Hit) -> Draft | None:
    """X left, saying that A.  X issued a notice calling B A.  X went on to say that A.  X said A and added that A."""
    (group, auxiliaries), form = clauses.helpers(r, hit.first), clauses.form_of(r, hit)
    start, before = clauses.content_start(r, hit), r.form(group - 1)
    if hit.lexicon not in VERBS or start is None or r.form(hit.last) == "by":
        return None
    if form == "ing":
        fits = before in (*SEPARATORS, "") or clauses.is_noun(before, "document")
    elif form == "base":
        fits = "to" in auxiliaries and (r.form(start) == "that" or r.quoted[start] >= 0)
    else:
        fits = before in ("and", "but", ",", "or") and not auxiliaries & {"be", "to"}
        fits = fits and (form == "past" or clauses.opens_clause(r, start))
    end, subject = len(r.forms), clauses.opening_subject(r)
    if form == "ing" and subject and subject[1] == group - 1:  # "X, citing A, left"
        end = r.find((",",), start + 1, end) or end
    return Draft(None, (group, hit.last), hit.label, group, ((start, end),)) if fits else None


PATTERNS = (according_to, noun, inverted, passive, reported, elliptic)  # the first that fits
