"""Loaded language: words of fourteen lists, scare quotes, and questions that nobody is quoted as asking.

A hit shows how something is said, not that it is biased or wrong: the card of each list (`data/lexicons/*.toml`) says
what it does not show. Words of topics are on no list.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from analysis.lexicons import LEXICONS, Index, cached_while_unchanged, index, load_lexicon, match, matches
from analysis.model import AnalysisError, Article, Span
from analysis.text import Quotation, Sentence, outermost, sentences, touched, verbatim
from analysis.voice import voice_at

LISTS = (
    *("hedges", "boosters", "factives", "assertives", "implicatives"),
    *("absolutes", "ridicule", "fear", "inevitability", "labels"),
    *("war_metaphors", "contest_metaphors", "distancing", "consensus"),
)
DEVICES = ("scare_quotes", "rhetorical_questions")
CATEGORIES = (*LISTS, *DEVICES)
STYLE = ("epistemic", "reporting")  # families of lists that judge nothing, and do not count in "any"
CLAIMED = ("direct", "indirect")  # voices of others
REPORTER = {"indirect": "author"}  # who keeps a distance in reported words chose them

_LONGEST = 5  # words in a scare quote, after measures.md
_REACH = 4  # tokens between a word that introduces a quotation and the quotation ("called the new plan a “gift”")
_OPENING, _CLOSING = frozenset("(["), frozenset("\"')]")
_MARKS, _GAP = frozenset('"“„«'), 8  # a question with a quotation right after it was put to somebody

VoiceOf = Callable[[int], str]  # the voice of the word at an offset


def detect(article: Article, voices: Sequence[Span] = (), lexicons: Path = LEXICONS) -> Iterator[Span]:
    """Every hit in the kept sentences: label = category, group = family of categories, detail = head word.

    Within a family a token counts once, for the longest entry. Scare quotes (detail: the words) and rhetorical
    questions (detail: the first word) are looked for in what no voice but the author's claims; without `voices` all
    text counts as the author's. What keeps a distance in reported words is the author's own ("the so-called plan").
    After Recasens et al. (2013); each list cites the definition it follows. `lexicons` is the folder of the lists; all
    that stand in another one than ours are used, in place of ours.

    >>> from analysis.model import Block
    >>> [(s.label, s.detail) for s in detect(Article("a", "It seems so.", (Block(0, 12, "paragraph", True),)))]
    [('hedges', 'seem')]
    """
    quoted, families = outermost(article), _families(lexicons)

    def voice_of(offset: int) -> str:
        return voice_at(voices, offset)[0]

    for family, entries in families.items():
        for _, words, hit in matches(article, entries):
            whose = REPORTER.get(voice_of(words[0].start), "") if family == "distancing" else ""
            yield Span("loaded", hit.label, words[0].start, words[-1].end, whose, group=family, detail=hit.head)
    for sentence in sentences(article):
        if inside := touched(sentence.start, sentence.end, quoted):
            yield from _scare_quotes(article, sentence, inside, families.get("distancing", {}), voice_of)
        if "?" in sentence.forms:
            said = touched(sentence.start, sentence.end, verbatim(article))
            yield from _rhetorical_question(article, sentence, said, voice_of)


def _scare_quotes(
    article: Article, sentence: Sentence, quoted: Sequence[Quotation], distancing: Index, voice_of: VoiceOf
) -> Iterator[Span]:
    """Short quotations that no attribution claims, or that stand right after a distancing word (“so-called”).

    Not names and titles (with a capital, or introduced as such), nor speech (a sentence, or with a verb of saying
    around it). Headlines and captions hold none: marks there repeat the text, or mean "somebody says".
    """
    introducers = list(match(sentence.forms, index("introducers")))
    said = any(hit.label == "saying" for hit in introducers)
    introduced, distanced = {hit.last for hit in introducers}, {hit.last for hit in match(sentence.forms, distancing)}
    starts = [token.start for token in sentence.tokens]
    for quotation in (q for q in quoted if q.closed and sentence.start <= q.start and q.end <= sentence.end):
        opening, closing = bisect_left(starts, quotation.start), bisect_left(starts, quotation.end - 1)
        inner = sentence.tokens[opening:closing]  # a single opening mark sticks to its word
        words = [token for token in inner if token.is_word][: _LONGEST + 1]
        if not 0 < len(words) <= _LONGEST or not any(w.form[-1].isalpha() for w in words):
            continue
        if opening not in distanced or opening in introduced:
            first, before_last = article.raw[max(words[0].start, quotation.start + 1)], article.raw[quotation.end - 2]
            named = not first.islower() and (len(words) > 1 or opening > 0)
            speech = said or before_last in "?!" or (opening == 0 and before_last in ",.")
            near = any(i in introduced for i in range(opening - _REACH, opening + 1))
            if named or speech or near or voice_of(words[0].start) in CLAIMED:
                continue
        text = " ".join(word.form.lstrip("'") for word in words)
        whose = REPORTER.get(voice_of(starts[opening - 1]), "") if opening in distanced else ""
        yield Span("loaded", "scare_quotes", quotation.start, quotation.end, whose, group="device", detail=text)


def _rhetorical_question(
    article: Article, sentence: Sentence, said: Sequence[Quotation], voice_of: VoiceOf
) -> Iterator[Span]:
    """A question in the author's voice, or the one after a colon; not in an interview, a quotation, or if attributed.

    Whether the author answers it is not asked: a question that a text puts to itself steers the reader too.
    """
    tokens = sentence.tokens
    last = next((i for i in reversed(range(len(tokens))) if tokens[i].form not in _CLOSING), 0)
    colon = max((i for i in range(last) if tokens[i].form == ":"), default=-1)
    if tokens[last].form != "?" or last == colon + 1:
        return
    first = next((i for i in range(colon + 1, last) if tokens[i].form not in _OPENING), last)
    start, mark = tokens[first].start, tokens[last]
    asked = any(hit.label == "saying" for hit in match(sentence.forms[: max(colon, 0)], index("introducers")))
    answered = article.raw[mark.end : mark.end + _GAP].lstrip()[:1] in _MARKS
    in_marks = any(q.start <= start < q.end or q.start < mark.start < q.end for q in said)
    if not (asked or answered or in_marks or voice_of(start) in CLAIMED):
        yield Span("loaded", "rhetorical_questions", start, mark.end, group="device", detail=tokens[first].form)


def categories(lexicons: Path = LEXICONS) -> tuple[str, ...]:
    """The labels that `detect` may give with the lists of a folder; raises AnalysisError where it holds none."""
    if lexicons == LEXICONS:
        return CATEGORIES
    seconds = [own for entries in _families(lexicons).values() for own in entries.values()]
    return (*sorted({entry.label for own in seconds for known in own.values() for _, _, entry in known}), *DEVICES)


@cached_while_unchanged
def _families(folder: Path) -> dict[str, Index]:
    names: dict[str, list[str]] = {}
    for name in LISTS if folder == LEXICONS else sorted(path.stem for path in folder.glob("*.csv")):
        names.setdefault(load_lexicon(name, folder).family, []).append(name)
    if not names:
        raise AnalysisError(f"{folder}: no word list in it; give a folder of lists, each a .csv with its card (.toml)")
    return {family: index(*own, folder=folder) for family, own in names.items()}
