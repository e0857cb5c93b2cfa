"""Attributions by rules: a row of PATTERNS around each cue from the word lists.

The content is what a pattern leaves of the sentence. Rules miss what has no cue, and cannot tell where a reported
clause ends if the author goes on without a mark or a new cue. References: Pareti (2015), Attribution: a computational
approach; Newell et al. (2018), LREC; O'Keefe et al. (2012), EMNLP, 790-799.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple

from analysis import clauses
from analysis.clauses import Offsets, Phrase, Reading
from analysis.lexicons import Hit, index, match
from analysis.model import Article
from analysis.tagging import Attribution
from analysis.text import Quotation, sentences, touched

USES = {"cues": "", "cues_object": "", "cues_noun": "noun", "cues_preposition": "preposition"}  # "" is a verb
LEXICONS = tuple(USES)
MOST = 50  # cues read in one sentence: text without full stops stays linear, prose has no such sentence
NOBODY = {"i", "no", "nobody"}  # heads of closed-class words: who reports no one's words, or the author's own


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
AFTER = rf"(?P<source>{clauses.NAMING})(?![XBHVSWvq])"
PATTERNS = {
    "According to X, A.  A, according to X": Pattern(
        "preposition", False, "$", "(?P<source>[^,:;.]{1,40})(?P<content>,(?![CcR&]).{4}.*)?", "before"
    ),
    "X's claim that A": Pattern("noun", False, rf"(?P<source>P|{clauses.PHRASE}(?=G))G?[WA]{{0,2}}$", "(?=T)", "after"),
    "As X said, A": Pattern("active", True, "a$", ",", "both"),
    '"A," X said, "A"': Pattern("active", True, "(?:^|(?<=q),?)$", f"{STOP}(?P<content>[,:]q.*)?", "before"),
    "A, X said, A": Pattern("active", True, ",$", f"(?=[FIYAowO,.;]){STOP}(?P<content>,.*)?", "before"),
    '"A," said X, "A"': Pattern("active", False, "(?<=q),?$", f"{AFTER}(?P<content>[,:]?q.*)?", "before"),
    "A, said X": Pattern("active", False, ",$", AFTER, "before", "say"),
    'Said X: "A"': Pattern("active", False, "^$", f"{AFTER}[^:;.q]{{0,24}}(?=:)", "after", "say"),
    '"A?" X said.': Pattern("active", True, "^$", "(?=[.])", "neither"),
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


def relations(article: Article, outer: Sequence[Quotation]) -> Read:
    """The attributions of the paragraphs, and who is mentioned in them.

    A quotation that opens a sentence without a cue goes on with the speaker before it, or is what a colon before it
    announced; so does the rest of a paragraph after a cue and a colon.
    """
    raw, entries = article.raw, index(*LEXICONS)
    made: list[Attribution] = []
    mentions: dict[Offsets, str] = {}
    claimed: set[Quotation] = set()
    speaker: Attribution | None = None  # whose words may go on
    block = -1  # the paragraph whose rest is the speaker's, after a colon
    for sentence in (s for s in sentences(article) if s.role == "paragraph"):
        hits = list(islice(match(sentence.forms, entries), MOST))
        reading = clauses.read(raw, sentence, outer, frozenset(h.first for h in hits if not USES[h.lexicon]))
        mentions |= clauses.mentioned(reading)
        drafts = _drafts(reading, hits, clauses.opening_subject(reading))
        found = [_relation(raw, reading, draft, outer) for draft in drafts]
        waiting = found[-1:] if raw[sentence.end - 1] == ":" else []  # for what the next paragraph quotes
        found = [relation for relation in found if relation.contents or relation in waiting]
        mentions.update((relation.source, "source") for relation in found if relation.source)
        opening = touched(sentence.start, sentence.start + 1, outer)
        if found:
            quoting = [r for r in found if any(raw[end - 1] in "\"”'’" for _, end in r.contents)]
            colon = [r for r in found if r.contents and raw[r.cue[1] - 1 : r.contents[0][0]].strip()[-1:] == ":"]
            speaker = (waiting or quoting or colon or [None])[-1]
            block = sentence.block if colon and not (quoting or waiting) else -1
        elif speaker and opening and opening[0] not in claimed:
            speaker.contents.append(opening[0][:2])
            claimed.update(opening)
        elif speaker and not opening and block == sentence.block:
            *_, last = sentence.tokens
            speaker.contents.append((sentence.start, last.end if last.is_word else max(last.start, sentence.start + 1)))
        elif not opening:
            speaker = None
        made += found
        claimed.update(q for relation in found for content in relation.contents for q in touched(*content, outer))
    return [relation for relation in made if relation.contents], mentions


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


def _drafts(r: Reading, hits: Sequence[Hit], opening: Phrase | None) -> list[Attribution]:
    """The attributions of a sentence in order, each cut where the clause of a later one begins."""
    found: list[Attribution] = []
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
