"""Sentences, words and quotation marks of an article, all as offsets into its raw text.

The only module that touches a tokenizer. Each kept block is read by itself, so that a heading or a caption is
never glued to a sentence.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial, wraps
from itertools import accumulate, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from analysis.model import Article

ABBREVIATIONS = Path(__file__).parents[1] / "data" / "abbreviations.txt"

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_ONE_FOR_ONE = dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"')
_ONE_FOR_ONE |= {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | dict.fromkeys("\u00a0\u2007\u202f\u3000", " ")
_FOLDED = re.compile(f"[{''.join(_ONE_FOR_ONE)}]")
FIRST_PERSON = ("i", "we")  # outside quotation marks, whoever writes
_OPENING = {"“": "”", "„": "”", "«": "»", "‘": "’"}
_MIXED = {'"': "”", "”": '"'}  # a curly mark closed by a straight one, or the reverse
_MARK = re.compile("''|``|[\"“”„«»'‘’]")
_OPENED = re.compile(r"\s*(?:''|``|[\"“„«])")
_OWNERS = re.compile(r"(?<=s)['’] (?=[a-z])(?:[^'‘’]|(?<=\w)['’](?=\w)){1,300}(?<=[,.?!])['’](?!\w)")  # workers’ rights
_OPENS_WORD = re.compile(r"(?<!\w)'(?=[^\W\d_]{3})(?!tis|twas)", re.I)
_STRETCH, _CLOSING = re.compile(r"\S{1,500}"), "])}>\"'"  # without blanks; marks after the full stop of a sentence
_TURN = re.compile(r"(?s)\s*([^\W\d_][\w .'’-]{,40}):\s+(\S.*)")
NO_SPEAKER = {"CLAIM", "CLAIMS", "FACT", "FACTS", "FACT CHECK", "RATING", "VERDICT", "RULING", "CONCLUSION", "NOTE"}
NO_SPEAKER |= {"UPDATE", "UPDATED", "READ MORE", "WATCH", "SOURCE", "SOURCES", "BACKGROUND", "CONTEXT", "ANALYSIS"}
_ITEM = re.compile(r"\s*\d{1,3}\.")
_PART = r"(?!(?i:cannot|gimme|gonna|gotta|lemme|wanna))[^\W_]+"  # but for words that the tokenizer cuts (R. MacIntyre)
_CLITIC = "n't|N'T|'(?:[sSmMdD]|ll|LL|re|RE|ve|VE)"
# a word as the tokenizer leaves it, and what it cuts off
_PLAIN = re.compile(rf"""(["(\[]?)({_PART}(?:-{_PART})*?)({_CLITIC})?(["\])]?)([,:;?!.]?)(["\])]?)""")
_DEEPEST = 4  # quotations nested deeper than this do not occur in news; the bound keeps pairing linear

T = TypeVar("T")


class Token(NamedTuple):
    """A word, clitic or punctuation mark: offsets into the raw text, its folded lower-case form, whether it counts."""

    start: int
    end: int
    form: str
    is_word: bool


_token = partial(tuple.__new__, Token)  # of a tuple, in half the time of Token(...)


class Sentence(NamedTuple):
    """A sentence of a kept block: offsets, the block's role and index in `article.blocks`, tokens, forms, words."""

    start: int
    end: int
    role: str
    block: int
    tokens: tuple[Token, ...]
    forms: tuple[str, ...]
    words: int


class Quotation(NamedTuple):
    """A passage in quotation marks, the marks included; `depth` 0 is outermost; `closed` is False if it runs on."""

    start: int
    end: int
    depth: int
    closed: bool


class Turn(NamedTuple):
    """Of an interview: where the label that says who speaks begins and ends, and where what is said does."""

    start: int
    colon: int
    first: int
    end: int


def once_per_article(function: Callable[[Article], T]) -> Callable[[Article], T]:
    """Keep a pure function's answer for as long as the article lives, so that all measures share one reading."""
    answers: WeakKeyDictionary[Article, T] = WeakKeyDictionary()

    @wraps(function)
    def answer(article: Article) -> T:
        if (found := answers.get(article)) is None:
            found = answers[article] = function(article)
        return found

    return answer


def fold(text: str) -> tuple[str, list[int] | None]:
    """Straight quotation marks, half-width letters, no invisible characters; and the way back to raw offsets.

    The second value maps each folded position, and the end, to its raw offset; None where nothing moved.

    >>> fold("It’s ＢＩＧ")
    ("It's BIG", None)
    >>> fold("no\\u200bw")
    ('now', [0, 1, 3, 4])
    """
    if text.isascii():  # a tenth of the time
        return text.replace("`", "'"), None
    folded = _FOLDED.sub(lambda mark: _ONE_FOR_ONE[mark[0]], text)
    if not _INVISIBLE.search(folded):
        return folded, None
    offsets = [i for i, c in enumerate(folded) if not _INVISIBLE.match(c)]
    return "".join(folded[i] for i in offsets), [*offsets, len(text)]


def tokens(text: str, base: int = 0) -> tuple[Token, ...]:
    """Tokens of one sentence after the Penn Treebank convention; `is_word` is False for marks and clitics.

    But for the full stop that ends a sentence, the rules look no further than the next blank, so that each stretch
    without blanks is read once and kept; the same tokens as of whole sentences, in a fraction of the time.

    >>> [t.form for t in tokens("It’s China’s plan.") if t.is_word]
    ['it', 'china', 'plan']
    """
    stretches = [(m.start(), m.group()) for m in _STRETCH.finditer(text)]
    last = len(stretches) - 1
    while last > max(0, len(stretches) - 5) and not fold(stretches[last][1])[0].strip(_CLOSING):
        last -= 1  # the full stop may stand before marks, four of them apart
    read = [(base + at, _tokenized(stretch, False)) for at, stretch in stretches[:last]]
    read += [(base + at, _tokenized(text[at:], True)) for at, _ in stretches[last : last + 1]]
    return tuple([_token((at + s, at + e, form, is_word)) for at, own in read for s, e, form, is_word in own])


@lru_cache(maxsize=100_000)
def _tokenized(stretch: str, ends: bool) -> tuple[Token, ...]:
    """The tokens of a stretch without blanks inside a sentence, or of its end, by offsets into the stretch."""
    folded, offsets = fold(stretch)
    folded = _OPENS_WORD.sub('"', folded)  # the tokenizer would leave a single opening mark on its word
    made: list[Token] = []
    last_end, last_solid = -1, False
    if plain := _PLAIN.fullmatch(folded):  # the same, without the tokenizer, which is slow
        inside = plain[5] == "." and not (plain[4] or ends)  # Jan.
        body = [(plain.start(2), plain.end(5))] if inside else map(plain.span, (2, 3, 4, 5))
        cut = [(first, last) for first, last in (plain.span(1), *body, plain.span(6)) if 0 <= first < last]
    else:
        inside = f"x {folded}" if ends else f"x {folded} x"
        cut = [(s - 2, e - 2) for s, e in list(_word_tokenizer().span_tokenize(inside))[1 : None if ends else -1]]
    for start, end in cut:
        form = folded[start:end].lower()
        solid = any(map(str.isalnum, form))
        raw_start, raw_end = (start, end) if offsets is None else (offsets[start], offsets[end - 1] + 1)
        made.append(Token(raw_start, raw_end, form, solid and not (last_solid and start == last_end)))
        last_end, last_solid = end, solid
    return tuple(made)


@once_per_article
def sentences(article: Article) -> tuple[Sentence, ...]:
    """The sentences of the kept blocks, in order; each stays within its block."""
    found = []
    for index, block in enumerate(article.blocks):
        if block.kept:
            for first, last in _split(article.raw[block.start : block.end]):
                start, end = block.start + first, block.start + last
                if words := tokens(article.raw[start:end], start):
                    _, _, forms, counted = zip(*words, strict=True)
                    found.append(Sentence(start, end, block.role, index, words, forms, sum(counted)))
    return tuple(found)


def sentence_at(article: Article, offset: int) -> int:
    """Index of the sentence that holds a raw offset, or of the last one before it (-1 before the first)."""
    return bisect_right(sentences(article), offset, key=itemgetter(0)) - 1


@once_per_article
def stream(article: Article) -> tuple[tuple[str, ...], list[int]]:
    """The forms of all sentences, one after the other with "" between them, and where in them each sentence begins."""
    forms = tuple([form for sentence in sentences(article) for form in (*sentence.forms, "")])
    return forms, [0, *accumulate(len(sentence.forms) + 1 for sentence in sentences(article))][:-1]


@once_per_article
def quotations(article: Article) -> tuple[Quotation, ...]:
    """Passages in quotation marks in the kept paragraphs: curly, straight, single, or two single ones; nested ones too.

    One pass with a stack that is cleared at each paragraph. An opening mark that is not closed counts to the end of
    its paragraph where the next paragraph opens with a mark again (a quotation of several paragraphs), else not.
    """
    paragraphs = [b for b in article.blocks if b.kept and b.role == "paragraph"]
    found: list[Quotation] = []
    for block, after in zip_longest(paragraphs, paragraphs[1:]):
        closed, left_open = _pair(article.raw, block.start, block.end)
        if left_open is not None and after and _OPENED.match(article.raw, after.start, after.end):
            end = block.start + len(article.raw[block.start : block.end].rstrip())
            closed = [q._replace(depth=q.depth + (q.start > left_open)) for q in closed]
            found.append(Quotation(left_open, end, 0, closed=False))
        found += closed
    return tuple(sorted(found))


@once_per_article
def turns(article: Article) -> tuple[Turn, ...]:
    """What is said in an interview or a transcript, by paragraphs that open with a name in capitals, or Q or A.

    None in a text with fewer than three, or where each label stands once, for these are headings ("BACKGROUND:").
    """
    paragraphs = [b for b in article.blocks if b.kept and b.role == "paragraph"]
    opened = filter(None, (_TURN.match(article.raw, b.start, b.end) for b in paragraphs))
    found = [m for m in opened if m[1].isupper() and m[1] not in NO_SPEAKER]
    if len(found) < 3 or len({m[1] for m in found}) == len(found):
        return ()
    return tuple(Turn(*m.span(1), m.start(2), m.start(2) + len(m[2].rstrip())) for m in found)


def outermost(article: Article) -> list[Quotation]:
    """The quotations that stand in no other: disjoint, in order."""
    return [quotation for quotation in quotations(article) if quotation.depth == 0]


@once_per_article
def verbatim(article: Article) -> list[Quotation]:
    """What is given word for word: the turns of an interview, and quotations outside them; disjoint, in order."""
    spoken = [Quotation(turn.first, turn.end, 0, closed=True) for turn in turns(article)]
    return sorted([*spoken, *(q for q in outermost(article) if not touched(q.start, q.end, spoken))])


def touched(start: int, end: int, outer: Sequence[Quotation]) -> Sequence[Quotation]:
    """Those of the outermost quotations that a stretch of text touches."""
    return outer[bisect_right(outer, start, key=itemgetter(1)) : bisect_left(outer, (end,))]


def _pair(raw: str, start: int, end: int) -> tuple[list[Quotation], int | None]:
    """The pairs of marks that close within one paragraph, and the first double mark that does not."""
    stack: list[tuple[int, str]] = []
    pairs: list[tuple[int, int]] = []
    for mark in _MARK.finditer(raw, start, end):
        at, char = mark.start(), mark.group() if mark.end() - mark.start() == 1 else '"'  # of two single ones
        before = raw[at - 1] if at > start else " "
        after = raw[mark.end()] if mark.end() < end else " "
        closes = char not in "'’" or not (after.isalnum() or before.isspace() or _OWNERS.match(raw, at, end))
        mixed = _MIXED.get(char, char) if not (before.isspace() or before.isdigit()) else char
        depths = [i for wanted in (mixed, char) for i, (_, closing) in enumerate(stack) if closing == wanted]
        opened = depths[-1] if closes and depths else None
        if opened is not None:
            pairs.append((stack[opened][0], mark.end()))
            del stack[opened:]
        elif len(stack) < _DEEPEST and _opens(char, before, after):
            stack.append((at, _OPENING.get(char, char)))
    quotations, ends = [], []  # depth is counted among the pairs that closed: a stray mark pushes nothing down
    for opening, closing in sorted(pairs):
        while ends and ends[-1] <= opening:
            ends.pop()
        quotations.append(Quotation(opening, closing, len(ends), closed=True))
        ends.append(closing)
    return quotations, next((at for at, closing in stack if closing not in "'’"), None)


def _opens(char: str, before: str, after: str) -> bool:
    if char == '"':
        return before.isspace() or not after.isspace()  # else an inch mark, or a closing mark without its opening one
    return char in _OPENING or (char == "'" and not before.isalnum() and after.isalpha())


def _split(text: str) -> list[tuple[int, int]]:
    """Sentence offsets in one block; no sentence begins in lower case, or after the number of an item ("3. Who?")."""
    folded, offsets = fold(text)
    pieces, solid = [], len(folded.rstrip())
    several = re.search("[.?!]", folded[: solid - 1])  # else it is one sentence, and the tokenizer is slow to call
    for start, end in _sentence_tokenizer().span_tokenize(folded) if several else [(0, solid)] * (solid > 0):
        if pieces and folded[start].islower():
            start = pieces.pop()[0]
        elif len(pieces) == 1 and _ITEM.fullmatch(folded[: pieces[0][1]]):
            pieces.clear()
        pieces.append((start, end))
    return pieces if offsets is None else [(offsets[s], offsets[e - 1] + 1) for s, e in pieces]


@cache
def _word_tokenizer():
    from nltk.tokenize import NLTKWordTokenizer  # nltk takes over a second to import

    return NLTKWordTokenizer()


@cache
def _sentence_tokenizer():
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    lines = ABBREVIATIONS.read_text(encoding="utf-8").splitlines()
    parameters.abbrev_types = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    made = PunktSentenceTokenizer(parameters)
    made.text_contains_sentbreak = lru_cache(maxsize=100_000)(made.text_contains_sentbreak)  # of a stop and its words
    return made
