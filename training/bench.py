"""How fast the pipeline is, stage by stage, and how much memory it takes; prints, and writes nothing.

    python -m training.bench [--articles N] [--memory-articles N] [--sizes N ...]

The texts are the invented ones of `tests/cases`, put together anew into articles of about 650 words, no two alike.
CPU seconds are those of all threads of the process, so that what else the machine does counts for little. The spans
are found twice: detector by detector, and by `find_spans`, which runs them all and puts their table together. Memory is
the highest of a process that runs `python -m analysis measure` on articles of its own. Other tools read the same texts
in the same run: VADER of both packages, a blank spaCy pipeline with its sentencizer (`pip install spacy`), and, on the
texts as saved pages, trafilatura. How time grows with the number of articles is measured without the model, on one
worker and on two.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from html import escape
from importlib.util import find_spec
from io import StringIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import nltk
import trafilatura
from nltk.sentiment import vader as nltk_vader
from vaderSentiment import vaderSentiment as vader

from analysis import attribution, encoder, scale, voice
from analysis.corpus import articles_of, load_corpus
from analysis.inputs import ROOT, Record
from analysis.lexicons import CASES, load_cases
from analysis.measures import MEASURES, find_spans, score, sentences_frame
from analysis.model import Article, Block
from analysis.text import sentences

WHOLE, VADER = "whole pipeline", "VADER by sentence"
TRAFILATURA, PAGES = "trafilatura, saved pages", "reading saved pages"
WORDS, SHORTEST = 650, 12  # words of an article, and of the shortest text that is taken: below it stand no sentences
DETECTORS = list(dict.fromkeys(measure.detect for measure in MEASURES if measure.detect is not attribution.detect))


class Row(NamedTuple):
    """A stage and its time: seconds by the clock, and CPU seconds of all threads."""

    stage: str
    seconds: float
    cpu: float


def texts(number: int, seed: int = 0) -> Iterator[str]:
    """Articles of about WORDS words; a paragraph is one to three of the tests' invented texts."""
    lines = [line for path in sorted(CASES.rglob("*.txt")) for line in path.read_text(encoding="utf-8").splitlines()]
    known = [" ".join(text.split()) for text in (*lines, *(text for _, text, _ in load_cases()))]
    known = [text for text in known if text.count(" ") >= SHORTEST]
    draw = random.Random(seed)
    for _ in range(number):
        paragraphs: list[str] = []
        while sum(text.count(" ") for text in paragraphs) < WORDS:
            paragraphs.append(" ".join(draw.sample(known, draw.randint(1, 3))))
        yield "\n\n".join(paragraphs)


def write_texts(number: int, folder: Path) -> Path:
    """A table of articles, as `python -m analysis measure` reads it."""
    path = folder / f"{number}.jsonl"
    rows = (json.dumps({"id": str(i), "text": text}) for i, text in enumerate(texts(number)))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def peak_memory(number: int, folder: Path) -> int:
    """The most memory, in bytes, that measuring so many articles in one process takes."""
    command = [sys.executable, "-m", "analysis", "measure", write_texts(number, folder), "--out", folder / "memory"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def stages(number: int, folder: Path) -> tuple[int, list[Row]]:
    """The words of so many articles, and how long each stage takes; the first row is loading the model."""
    rows: list[Row] = []

    def timed(stage: str, job: Callable) -> list:
        before = time.perf_counter(), time.process_time()
        made = job()
        rows.append(Row(stage, time.perf_counter() - before[0], time.process_time() - before[1]))
        return made

    def each(stage: str, job: Callable, *arguments: Sequence) -> list:
        return timed(stage, lambda: [job(*row) for row in zip(*arguments, strict=True)])

    path, text = write_texts(number, folder), "The mayor said so."
    first = Article("first", text, (Block(0, len(text), "paragraph", kept=True),))
    sentences(first)
    timed("loading the model", lambda: encoder.available() and encoder.answers(first))
    score(find_spans([first]), [first])  # the word lists are read
    with redirect_stdout(StringIO()):
        timed(WHOLE, lambda: scale.measure(path, folder / "whole"))
    corpus = timed("reading", lambda: load_corpus(path, copies=True))
    articles = corpus.articles
    words = sum(s.words for own in each("sentences and tokens", sentences, articles) for s in own)
    if encoder.available():
        each("encoder", encoder.answers, articles)
    method = "model" if encoder.available() else "rules"
    found = each("attribution", lambda article: [*attribution.detect(article, method)], articles)
    voices = each("voice", lambda article, spans: [*voice.detect(article, spans)], articles, found)
    for detect in DETECTORS:
        name = f"{detect.__module__.rpartition('.')[2]}.{detect.__name__}"
        each(name, lambda article, runs, detect=detect: [*detect(article, runs)], articles, voices)
    spans = timed("all of them, and their table", partial(find_spans, articles))
    timed("score", partial(score, spans, articles))
    timed("sentences_frame", partial(sentences_frame, articles, spans))
    said = [article.raw[s.start : s.end] for article in articles for s in sentences(article)]
    each(VADER, vader.SentimentIntensityAnalyzer().polarity_scores, said)
    nltk.data.path.append(str(Path(vader.__file__).parent))  # nltk reads no lexicon from elsewhere; it is the same one
    polarity = nltk_vader.SentimentIntensityAnalyzer("vader_lexicon.txt").polarity_scores
    each("VADER of nltk, by sentence", polarity, said)
    if find_spec("spacy"):
        import spacy

        blank = spacy.blank("en")
        blank.add_pipe("sentencizer")
        each("spaCy, blank with sentencizer", blank, [article.raw for article in articles])
    else:
        print("spaCy is not installed, so not compared: pip install spacy", file=sys.stderr)
    pages = [as_page(article.raw) for article in articles]
    each(TRAFILATURA, trafilatura.extract, pages)
    each(PAGES, lambda page: [*articles_of(Record("page.html", None, page), {})], pages)
    return words, rows


def as_page(text: str) -> str:
    """The text as a saved page with a menu and a footer."""
    first, *rest = [f"<p>{escape(line)}</p>" for line in text.split("\n\n")]
    body = (
        f"<nav><a href='/'>Home</a></nav><article><h1>A page</h1>{first}{''.join(rest)}</article><footer>About</footer>"
    )
    return f"<html lang='en'><head><title>A page</title></head><body>{body}</body></html>"


def growth(sizes: Sequence[int], folder: Path) -> None:
    """Print how long `measure` takes without the model for so many articles, on one worker and on two."""
    before: dict[int, float] = {}
    for number, workers in product(sizes, (1, 2)):
        command = [sys.executable, "-m", "analysis", "measure", write_texts(number, folder), "--voice", "rules"]
        options = ["--out", folder / f"{number}-{workers}", "--workers", str(workers)]
        begun, used = time.perf_counter(), _children()
        subprocess.run([*command, *options], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = time.perf_counter() - begun
        said = f"{number:,} articles by rules, {workers} worker(s): {took:.0f} s, CPU {_children() - used:.0f} s"
        print(said + (f"; {took / before[workers]:.1f} times the size before" if workers in before else ""), flush=True)
        before[workers] = took


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of stages, then the ratios to other tools, the memory, and how time grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100, help="articles for the stages (100)")
    parser.add_argument("--memory-articles", type=int, default=1_000, help="articles for the memory, 0 for none (1000)")
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help="numbers of articles, to see how time grows")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        memory = peak_memory(options.memory_articles, Path(name)) if options.memory_articles else 0
        words, rows = stages(options.articles, Path(name))
    print(f"{options.articles} articles, {words:,} words")
    print(f"{'stage':32}{'seconds':>9}{'CPU s':>9}{'words/s':>12}{'words/CPU s':>14}")
    for row in rows:
        speed = (f"{words / max(time, 1e-9):,.0f}" if row != rows[0] else "" for time in row[1:])
        print("{:32}{:9.2f}{:9.2f}{:>12}{:>14}".format(*row, *speed))
    used = {row.stage: max(row.cpu, 1e-9) for row in rows}
    for ours, theirs in (
        (WHOLE, VADER),
        *((WHOLE, s) for s in used if "nltk" in s or "spaCy" in s),
        (PAGES, TRAFILATURA),
    ):
        print(f"{ours}: {used[ours] / used[theirs]:.1f} times the CPU of {theirs}")
    if memory:
        print(f"{options.memory_articles} articles in one process take at most {memory / 2**20:,.0f} MiB")
    with TemporaryDirectory() as name:
        growth(options.sizes, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
