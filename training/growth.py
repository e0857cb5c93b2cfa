"""How time grows with the length of a text, on texts made to slow the functions down; prints, and writes nothing.

    python -m training.growth [--largest CHARACTERS] [--worst ROWS]

Asked: twice the text takes at most RATIO times the time, and 1 MB at most SECONDS; the exit code is 1 where it does
not. What does not is timed again, and the better time counts. A text is one piece over and over; "#" in it is a number
that comes but once. CPU seconds, the best of three (of what takes long, of fewer), without the garbage collector.
Functions find sentences and quotations read. The model reads a tenth of the text, and its seconds are not asked about:
a million characters are 15 s of it.
"""

import argparse
import gc
import sys
import time
from contextlib import suppress
from itertools import count
from unittest.mock import patch

from analysis import attribution, encoder, framing, loaded, sentiment, stance, text, voice, wording
from analysis.copies import foreign, sketch
from analysis.lines import parse_date
from analysis.measures import find_spans, score, sentences_frame
from analysis.model import Article, Block
from analysis.page import anatomy
from analysis.suggest import suggested

RATIO, SECONDS, MEGABYTE = 2.6, 5.0, 1_000_000
LEAST = 0.05  # seconds; doubling what takes less is noise
STEPS, REPEATS, PATIENCE = 4, 3, 0.1  # sizes, each half of the next; passes over one, and seconds after which no more
NUMBERS = count(MEGABYTE)
TEXTS = (  # "~" is the end of a line
    "\"¦'¦“¦‘¦«¦' ¦\" ¦” ¦\"q ¦“q ¦‘q ¦'q' ¦“q” ¦“q ‘q’” ¦\"q q q q q q\" ¦\"He said. ¦a ' ' ' ' ' ? ¦so-called “q” ¦"
    "“Q~~¦A¦É¦A ¦Ab ¦AB ¦A. ¦İ¦7¦7 ¦7,¦1.1.¦1:1 ¦(¦( ¦[]¦(a ¦😀¦😀 ¦,¦.¦... ¦!¦?¦!?¦:¦;¦-¦--¦—¦#¦_¦ ¦~¦\r¦\u3000¦"
    "\u200b¦\u200b ¦a\u200b¦\u00ad¦\u0301¦Mr. ¦Mr.¦U.S. ¦a.m. ¦He came. ¦he, ¦and ¦w# ¦W# ¦W# said w#. ¦X# said “w#”. "
    "¦W#, w#, who said, ¦X said that Y said ¦said ¦a, b, who said, ¦according to x ¦MILLER: a ¦, citing a¦as if ¦"
    "China, Google and ¦but good ¦no good, ¦the report of ¦no matter how ¦Ann Lee ¦Ann Lee |a     ¦3 May ¦He w#.~¦"
    "Head line here~¦News~Sport~¦He said so.~Head~~© 2020 x~¦3 May 2020~He came.~¦By Ann Lee~He was.~¦~ ¦"
    "Head of it~3 May 2020~He came.~"
)
PIECES = TEXTS.replace("~", "\n").split("¦")


@text.once_per_article
def voices(article: Article) -> list:
    return [*voice.detect(article, attribution.detect(article, "rules"))]


@text.once_per_article
def spans(article: Article):
    return find_spans([article])


FUNCTIONS = {
    "text.fold": lambda a: text.fold(a.raw),
    "text.tokens": lambda a: text.tokens(a.raw),
    "text.sentences": text.sentences,
    "text.quotations": text.quotations,
    "lines.parse_date": lambda a: parse_date(a.raw),
    "page.anatomy": lambda a: anatomy(a.raw),
    "copies.foreign": foreign,
    "copies.sketch": sketch,
    "sentiment.tone": lambda a: sentiment.tone(a.raw),
    "stance.tone_toward": lambda a: stance.tone_toward(a.raw, len(a.raw) // 2, len(a.raw) // 2 + 20),
    "attribution.detect, quotes": lambda a: [*attribution.detect(a, "quotes")],
    "attribution.detect, rules": lambda a: [*attribution.detect(a, "rules")],
    "voice.detect": voices,
    "sentiment.detect": lambda a: [*sentiment.detect(a, voices(a))],
    "loaded.detect": lambda a: [*loaded.detect(a, voices(a))],
    "stance.detect": lambda a: [*stance.detect(a, voices(a))],
    "framing.detect": lambda a: [*framing.detect(a, voices(a))],
    "suggest.suggested": lambda a: [*suggested([a])],
    "measures.find_spans": spans,
    "measures.score": lambda a: score(spans(a), [a]),
    "measures.sentences_frame": lambda a: sentences_frame([a], spans(a)),
}
OF_MODEL = {
    "encoder.answers": encoder.answers,
    "attribution.detect, model": lambda a: [*attribution.detect(a, "model")],
    "wording.detect": lambda a: [*wording.detect(a, voices(a))],
    "stance.detect, model": lambda a: [*stance.detect(a, voices(a))],
    "framing.policy": lambda a: [*framing.policy(a, voices(a))],
}


def made(piece: str, size: int) -> Article:
    """A text of about so many characters, a block a paragraph, with its sentences not yet read."""
    number = size // len(piece.replace("#", str(MEGABYTE)))
    raw = "".join(piece.replace("#", str(next(NUMBERS))) for _ in range(number)) if "#" in piece else piece * number
    ends = [at for at, char in enumerate(raw, start=1) if char == "\n" and raw[at : at + 1] != "\n"]
    edges = zip([0, *ends], [*ends, len(raw)], strict=True)
    return Article("a", raw, tuple(Block(*edge, "paragraph", kept=True) for edge in edges if raw[slice(*edge)].strip()))


def seconds(functions: dict, piece: str, size: int) -> dict[str, float]:
    """CPU seconds of each function on a text of the piece."""
    found: dict[str, list[float]] = {name: [] for name in functions}
    while len(next(iter(found.values()))) < REPEATS and sum(map(sum, found.values())) < PATIENCE:
        article = made(piece, size)
        for name, function in functions.items():
            before = time.process_time()
            with suppress(TimeoutError, ValueError):  # the tokenizer gives up; no word to mention in the middle
                function(article)
            found[name].append(time.process_time() - before)
    return {name: min(times) for name, times in found.items()}


def growth(functions: dict, piece: str, largest: int) -> list[tuple[float, float, str, str]]:
    """(seconds for 1 MB, mean ratio at doubling, function, piece); what has got too slow is not asked to read more."""
    left, times = functions, []
    for step in reversed(range(STEPS)):
        times.append(seconds(left, piece, largest >> step) if left else {})
        left = {name: left[name] for name, took in times[-1].items() if took < SECONDS}
    rows = []
    for name in functions:
        own = [took[name] for took in times if name in took]
        told = [took for took in own if took >= LEAST]
        ratio = (told[-1] / told[0]) ** (1 / (len(told) - 1)) if len(told) > 1 else 0.0  # mean, for one alone is noisy
        rows.append((own[-1] * MEGABYTE / (largest >> (STEPS - len(own))), ratio, name, piece))
    return rows


def slow(row: tuple[float, float, str, str]) -> bool:
    """Whether a row of `growth` breaks what is asked."""
    return row[0] > SECONDS or row[1] > RATIO


def main(arguments: list[str] | None = None) -> int:
    """Print the rows that break what is asked, and the worst of the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=MEGABYTE, help="characters of the longest text (1000000)")
    parser.add_argument("--worst", type=int, default=12, help="rows to print that hold (12)")
    options = parser.parse_args(arguments)
    rows = []
    gc.disable()
    for piece in PIECES:
        with patch.object(encoder, "available", lambda: False):
            own = growth(FUNCTIONS, piece, options.largest)
            if any(map(slow, own)):
                own = [min(pair, key=slow) for pair in zip(own, growth(FUNCTIONS, piece, options.largest), strict=True)]
            rows += own
        if encoder.available():
            rows += [(0.0, *row[1:]) for row in growth(OF_MODEL, piece, options.largest // 10)]
        gc.collect()
    gc.enable()
    broken = {*filter(slow, rows)}
    rest = sorted({*rows} - broken, key=lambda row: max(row[0] / SECONDS, row[1] / RATIO), reverse=True)
    print(f"{'function':28}{'s for 1 MB':>12}{'ratio':>8}  text")
    for row in [*sorted(broken, reverse=True), *rest[: options.worst]]:
        print(f"{row[2]:28}{row[0]:12.2f}{row[1]:8.2f}  {row[3]!r}{'  TOO SLOW' * (row in broken)}")
    print(f"{len(rows)} functions on texts, {len(broken)} slower than asked")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
