"""Bytes of every kind into the loaders, led by what code they reach: no error leaves them, and every character is kept.

Needs atheris, which is in no list of ours: `pip install atheris`. Ten minutes, with what it learns kept in a folder:

    mkdir -p build/fuzz
    python -m training.fuzz build/fuzz -artifact_prefix=build/fuzz/ -max_total_time=600 -timeout=20

It stops at the first input that breaks a promise and writes it there as `crash-…`; given that file instead of a
folder it runs it again. A finding becomes a case of `tests/test_inputs.py`.
"""

import gzip
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analysis"]):
    import pandas as pd

    from analysis import corpus, inputs
    from analysis.model import Failure

KINDS = (".txt", ".html", ".jsonl", ".csv", ".jsonl.gz", ".parquet", "as .jsonl.gz", "as .parquet", "index")
PAGE = "Ferry runs again\nBy Ann Lee\n3 July 2025\n\n“Rain,” she said.\n\nShare\nShare\nRelated\n\nIt rained — 4 p.m.\n"
SEEDS = {".txt": PAGE.encode(), ".html": f"<html><title>x</title><p>{PAGE * 5}<p>{PAGE}</html>".encode()}
SEEDS |= {".jsonl": b'{"id": "a", "text": "It rained.", "title": null}\n', ".csv": b'id,text,date\na,"It rained.",\n'}
SEEDS |= {"as .jsonl.gz": SEEDS[".jsonl"], "as .parquet": b"a\0It rained.\nb\0It \xf0\x9f\x98\x80"}
SEEDS["index"] = b"article_id,title\na,x\n"
FOLDER = Path(tempfile.mkdtemp())


def rows(data: bytes) -> pd.DataFrame:
    cells = [line.decode("utf-8", "replace").partition("\0") for line in data.split(b"\n")]
    return pd.DataFrame([(name, text) for name, _, text in cells], columns=["id", "text"])


def one(data: bytes) -> None:
    """The first byte chooses the kind, the others are the file."""
    kind, data = KINDS[data[0] % len(KINDS) if data else 0], data[1:]
    path = FOLDER / f"a{kind.removeprefix('as ')}"
    if kind == "index":
        path = FOLDER / "a.txt"
        (FOLDER / "index.csv").write_bytes(data)
        data = PAGE.encode()
    if kind == "as .parquet":
        rows(data).to_parquet(path)
    else:
        path.write_bytes(gzip.compress(data, 1) if kind == "as .jsonl.gz" else data)
    try:
        index = inputs.read_index([FOLDER / "index.csv"])[0]
    except inputs.AnalysisError:
        index = {}
    (FOLDER / "index.csv").unlink(missing_ok=True)
    for record in inputs.records(path):
        found = [*corpus.articles_of(record, index)]
        assert found, "a record that gave neither article nor failure"
        articles = [read for read in found if not isinstance(read, Failure)]
        assert all(read.reason for read in found if isinstance(read, Failure))
        blocks = sorted(block for article in articles for block in [(b.start, b.end) for b in article.blocks])
        ends = [0, *(end for _, end in blocks)]
        if len(articles) == len(found):  # else a part of the page was refused
            assert [start for start, _ in blocks] == ends[:-1] and ends[-1] == len(articles[0].raw)
        corpus.articles_frame(articles)


if __name__ == "__main__":
    for folder in [Path(argument) for argument in sys.argv[1:] if Path(argument).is_dir()]:
        for kind, seed in SEEDS.items():
            (folder / f"seed-{KINDS.index(kind)}").write_bytes(bytes([KINDS.index(kind)]) + seed)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
