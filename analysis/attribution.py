"""Who says what: attributions as source, cue and content, by quotation marks alone, by rules or by the trained model.

The model tags words (`tagging`). A rule is a row of PATTERNS around a cue from the word lists; the content is what it
leaves of the sentence. Rules miss what has no cue, and cannot tell where a reported clause ends if the author goes on
without a mark or a new cue. References: Pareti (2015), Attribution: a computational approach; Newell et al. (2018),
LREC; O'Keefe et al. (2012), EMNLP, 790-799.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple

from analysis import clauses, tagging
from analysis.clauses import Phrase, Reading
from analysis.lexicons import Hit, index, match
from analysis.model import AnalysisError, Article, Span
from analysis.sources import Mention, Source, identify
from analysis.tagging import Attribution
from analysis.text import FIRST_PERSON, Quotation, outermost, sentence_at, sentences, touched, turns, verbatim

METHODS = ("quotes", "rules", "model")
USES = {"cues": "", "cues_object": "", "cues_noun": "noun", "cues_preposition": "preposition"}  # "" is a verb
LEXICONS = tuple(USES)
SHORT = 5  # words; a quotation this short that no attribution claims is a scare quote, see `loaded`
DIRECT, INDIRECT = 0.90, 0.05  # shares of the content's characters inside quotation marks
SURE = 0.6  # probability to believe without a known cue or a quotation mark; .75 costs .005 word F1 on PolNeAR dev
MOST = 50  # cues read in one sentence: text without full stops stays linear, prose has no such sentence
NOBODY = {"i", "no", "nobody"}  # heads of closed-class words: who reports no one's words, or the author's own

Offsets = tuple[int, int]


class Pattern(NamedTuple):
    """One way to write an attribution, as regular expressions over the letters of `clauses`.

    `use` is that of the cue; with `subject` it has its source before it. `left` is read up to the clause, `right` from
    the cue on; their groups are a source or a content. Of the rest of the sentence `rest` is content, too.
    """

    use: str
    subject: bool
    left: str
    right: str
    rest: str  # before, after, both or neither
    verb: str = ""  # the only one, if any


CONTENT = r"(?:(?=[Tq:])|,(?=q)|[FowIYA][^;.]{0,24}?(?=[T:qS])|Y*(?=[^,.;)bFIBHX]))"  # past a time or a place
HEARER = r"[^;.]{1,24}?(?=[T:qS])|D?N+(?=[DPSQ])|(?=[OTq:C])"  # past whom somebody told
TOLD = {"tell": HEARER} | dict.fromkeys(
    ("ask", "remind", "warn", "assure", "inform", "convince", "notify", "persuade", "advise"), f"{HEARER}|{CONTENT}"
)
STOP = r"[^TSXBH,.:;q]{0,15}(?=[,.:;]|$)"  # up to the next mark nothing that could be content
AFTER = rf"(?P<source>{clauses.NAMING})(?![XBHVSW])"
PATTERNS = {
    "According to X, A.  A, according to X": Pattern(
        "preposition", False, "$", "(?P<source>[^,:;.]{1,40})(?P<content>,(?![CcR&]).{4}.*)?", "before"
    ),
    "X's claim that A": Pattern("noun", False, rf"(?P<source>P|{clauses.PHRASE}(?=G))G?[WA]{{0,2}}$", "(?=T)", "after"),
    "As X said, A": Pattern("active", True, "a$", ",", "both"),
    '"A," X said, "A"': Pattern("active", True, "(?:^|(?<=q),?)$", f"{STOP}(?P<content>[,:]q.*)?", "before"),
    "A, X said, A": Pattern("active", True, ",$", f"(?=[FIYAowO,.:;]){STOP}(?P<content>,.*)?", "before"),
    '"A," said X, "A"': Pattern("active", False, "(?<=q),?$", f"{AFTER}(?P<content>[,:]?q.*)?", "before"),
    "A, said X": Pattern("active", False, ",$", AFTER, "before", "say"),
    '"A?" X said.': Pattern("active", True, "^$", "(?=[.])", "neither"),
    "X, who said A, left": Pattern("active", False, ",(?P<source>R)$", f"{CONTENT}(?P<content>[^,]+)", "neither"),
    "X said that A": Pattern("active", True, "$", CONTENT, "after"),
    "X, citing A, left": Pattern(
        "participle", False, rf"^(?P<source>{clauses.PHRASE}),$", f"{CONTENT}(?P<content>[^,]+)", "neither"
    ),
    "with X saying A": Pattern("participle", True, "w$", CONTENT, "after"),
    "A was called A by X": Pattern(
        "passive", False, rf"(?P<content>{clauses.PHRASE})$", rf"b(?P<source>{clauses.NAMING})", "after"
    ),
    "X left, saying A": Pattern("participle", False, "(?:^|[-,;:&cC]|(?<=E))$", CONTENT, "after"),
    "X left to say that A": Pattern("infinitive", False, "$", "(?=[Tq])", "after"),
    "X left and said A": Pattern("active", False, "[&c,]$", CONTENT, "after"),
}


Read = tuple[list[Attribution], dict[Offsets, str]]  # the attributions of an article, and where who is mentioned


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
        relations, places = (_tagged if method == "model" else _relations)(article, outer)
        claimed = {q for relation in relations for content in relation.contents for q in touched(*content, outer)}
        alone = [q for q in outer if q not in claimed and len(article.raw[q.start : q.end].split()) > SHORT]
        relations += [Attribution(None, None, [q[:2]]) for q in alone]  # nobody claims them: of an unknown source
        relations, places = _with_turns(article, (relations, places))
    mentions = [Mention(*place, role) for place, role in sorted(places.items())]
    known = dict(zip(((m.start, m.end) for m in mentions), identify(article.raw, mentions), strict=True))
    expletive = {place for place, s in known.items() if not s.name and article.raw[slice(*place)] in ("It", "it")}
    relations = [relation for relation in relations if relation.source not in expletive]
    relations.sort(key=lambda r: min([*r.contents, r.cue or r.contents[0], r.source or r.contents[0]]))
    for number, relation in enumerate(relations, start=1):
        yield from _spans(relation, known.get(relation.source, Source()), str(number), verbatim(article))


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
    for content in relation.contents:
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
    for sentence in sentences(article):
        own = range(len(words), len(words) + len(sentence.tokens))
        words += sentence.tokens
        if sentence.role == "paragraph":
            verbs = frozenset(at - own.start for at in cues.intersection(own))
            reading = clauses.read(article.raw, sentence, outer, verbs)
            mentions.update((reading.offsets(subject), "subject") for subject in clauses.subjects(reading))
    for linked in tagged:
        runs = linked.source, linked.cue, *linked.contents
        source, cue, *contents = (run and (words[run[0]].start, words[run[1] - 1].end) for run in runs)
        contents = _after_colon(article, cue[1], contents) if cue else contents
        said = [word.form for word in words[slice(*linked.cue)]] if linked.cue else []
        stances = [hit.label for hit in match(said, entries)]
        if linked.probability >= SURE or stances or any(touched(*content, outer) for content in contents):
            stance = stances[-1] if stances else "neutral" if cue else ""
            relations.append(Attribution(source, cue, contents, stance))
            if source:
                mentions[source] = "source"
    return relations, mentions


def _after_colon(article: Article, end: int, contents: Sequence[Offsets]) -> Sequence[Offsets]:
    """Contents; but all that follows a colon right after the cue, if not in marks, is one, up to its sentence's end."""
    sentence = sentences(article)[sentence_at(article, end - 1)]
    colon, *rest = [token for token in sentence.tokens if token.start >= end][:2] or [None]
    inside = [content for content in contents if colon and colon.start < content[0] < sentence.end]
    if not inside or colon.form != ":" or rest[0].form == '"':
        return contents
    last = max(token.end for token in sentence.tokens if token.is_word)
    return sorted([*(content for content in contents if content not in inside), (rest[0].start, last)])


def _relations(article: Article, outer: Sequence[Quotation]) -> Read:
    """The attributions of the paragraphs, and who is mentioned in them.

    A quotation that opens a sentence without a cue goes on with the speaker before it; so does the rest of a paragraph
    after a cue and a colon.
    """
    entries = index(*LEXICONS)
    relations: list[Attribution] = []
    mentions: dict[Offsets, str] = {}
    claimed: set[Quotation] = set()
    speaker: Attribution | None = None  # whose words may go on
    block = -1  # the paragraph whose rest is the speaker's, after a colon
    for sentence in (s for s in sentences(article) if s.role == "paragraph"):
        hits = list(islice(match(sentence.forms, entries), MOST))
        reading = clauses.read(article.raw, sentence, outer, frozenset(h.first for h in hits if not USES[h.lexicon]))
        mentions |= {reading.offsets(phrase): "subject" for phrase in clauses.subjects(reading)}
        drafts = _drafts(article.raw, reading, hits, clauses.opening_subject(reading))
        found = [relation for draft in drafts if (relation := _relation(article.raw, reading, draft, outer)).contents]
        mentions.update((relation.source, "source") for relation in found if relation.source)
        opening = touched(sentence.start, sentence.start + 1, outer)
        if found:
            quoting = [r for r in found if any(article.raw[end - 1] in "\"”'’" for _, end in r.contents)]
            colon = [r for r in found if article.raw[r.cue[1] - 1 : r.contents[0][0]].strip()[-1:] == ":"]
            speaker = (quoting or colon or [None])[-1]
            block = sentence.block if colon and not quoting else -1
        elif speaker and opening and opening[0] not in claimed:
            speaker.contents.append(opening[0][:2])
            claimed.update(opening)
        elif speaker and not opening and block == sentence.block:
            *_, last = sentence.tokens
            speaker.contents.append((sentence.start, last.end if last.is_word else max(last.start, sentence.start + 1)))
        elif not opening:
            speaker = None
        relations += found
        claimed.update(q for relation in found for content in relation.contents for q in touched(*content, outer))
    return relations, mentions


def _relation(raw: str, r: Reading, draft: Attribution, outer: Sequence[Quotation]) -> Attribution:
    """Offsets of a draft: contents lose the marks at their edges and are widened to whole quotations."""
    contents = []
    for first, last in draft.contents:
        kept = [i for i in range(first, last) if r.letters[i] not in "M,:;.-("]
        if any(r.sentence.tokens[i].is_word for i in kept):
            start, end = r.offsets((kept[0], kept[-1] + 1))
            quoted = [*touched(start, end, outer), (start, end)]
            contents.append((min(q[0] for q in quoted), max(q[1] for q in quoted)))
    earlier = touched(r.sentence.start - 9, r.sentence.start, outer)[-1:]
    if not draft.contents and earlier and not raw[earlier[0].end : r.sentence.start].strip():
        contents.append(earlier[0][:2])
    return Attribution(draft.source and r.offsets(draft.source), r.offsets(draft.cue), contents, draft.stance)


def _drafts(raw: str, r: Reading, hits: Sequence[Hit], opening: Phrase | None) -> list[Attribution]:
    """The attributions of a sentence in order, each cut where the clause of a later one begins."""
    found: list[Attribution] = []
    label = re.match("N{1,4}:(q?)", r.letters)  # MILLER: A (a line of an interview; its paragraph goes on)
    if label and (label[1] or raw[slice(*r.offsets((0, label.end() - 1)))].isupper()):
        colon = r.letters.index(":")
        found.append(Attribution((0, colon), (colon, colon + 1), [(colon + 1, len(r.letters))], "neutral"))
    for hit in (h for h in hits if r.letters[h.first] != "q"):
        draft = _draft(r, hit)
        if draft and (not found or draft.cue[0] > found[-1].cue[1]):  # "users report finding" is one cue
            draft = draft._replace(source=draft.source or (found[-1].source if found else opening))
            if draft.source and clauses.head(r.sentence.forms[draft.source[0]]) not in NOBODY:
                found.append(draft)
    return [d._replace(contents=[_cut(r, c, found[i + 1 :]) for c in d.contents]) for i, d in enumerate(found)]


def _draft(r: Reading, hit: Hit) -> Attribution | None:
    """The attribution around a cue, by the first pattern that fits."""
    use, start = (USES[hit.lexicon], hit.first) if USES[hit.lexicon] else clauses.use(r, hit.first)
    subject = clauses.subject(r, hit, start)
    for pattern in PATTERNS.values():
        if pattern.use != use or pattern.subject > bool(subject) or pattern.verb not in ("", hit.head):
            continue
        begins = subject[0] if pattern.subject else start
        right = TOLD.get(hit.head, CONTENT) if pattern.right == CONTENT else pattern.right
        before = _compiled(pattern.left).search(r.letters, max(0, begins - clauses.LONGEST), begins)
        after = before and _compiled(right).match(r.letters, hit.last)
        if after:
            named = [(name, m.span(name)) for m in (before, after) for name, text in m.groupdict().items() if text]
            contents = [(0, before.start())] if pattern.rest in ("before", "both") else []
            contents += [place for name, place in named if name == "content"]
            contents += [(after.end(), len(r.letters))] if pattern.rest in ("after", "both") else []
            contents = [(first, last) for first, last in contents if first < last]
            if contents or pattern.rest == "neither":
                source = subject if pattern.subject else dict(named).get("source")
                last = max(hit.last, source[0]) if source else hit.last  # "was called by"
                return Attribution(source, (start, last), contents, hit.label, start=before.start())
    return None


_compiled = cache(re.compile)  # which asks more each time than whether it has the pattern


def _cut(r: Reading, content: Phrase, later: Sequence[Attribution]) -> Phrase:
    """The content up to the separator that opens the clause of the next attribution inside it."""
    first, last = content
    starts = (d.start for d in later if first < d.start < last)
    at = next((s for s in starts if re.search("[-,;:&c]", r.letters[s - 1 : s + 1])), last)
    return first, first + len(r.letters[first:at].rstrip("-,;:&c")) if at < last else last
