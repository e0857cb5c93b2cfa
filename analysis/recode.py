"""Recoding by hand: a sheet of sentences for people to code, and how well the machine agrees with them.

The unit is a sentence: half of the sheet holds what the machine found, half does not, shuffled; the machine's answers
lie in a key beside it. As the halves are sampled apart, recall weighs each by the sentences that it stands for.
Agreement between coders is Krippendorff's alpha (Krippendorff 2019, Content Analysis, ch. 12). See docs/recoding.md.
"""

import io
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.lexicons import OWN_VALIDITY, VALIDITY_COLUMNS, load_own_validity
from analysis.loaded import STYLE
from analysis.measures import MEASURES, find_spans
from analysis.model import AnalysisError, Article
from analysis.text import sentence_at, sentences
from analysis.writing import csv_bytes, write_atomic

RUN = "label == 'run' and value >= 0.5"
QUESTIONS = {  # layer: what the coder is asked, the instrument that the answer is about, which of its spans say yes
    "loaded": ("Does any word, metaphor, pair of quotation marks or question here judge, exaggerate, mock or frighten?",
        "loaded words", f"group not in {list(STYLE)}"),
    "biased": ("Is this sentence biased by its choice of words?", "biased sentence (model)", RUN),
    "subjective": ("Does this sentence express an opinion, whoever holds it?", "subjective sentence (model)", RUN),
    "technique": ("Is anything here loaded, name calling, doubt, exaggeration, flag-waving, repetition or the like?",
        "techniques (model)", "label != ''"),
    "attribution": ("Does this tell what a source says or thinks?", "attribution ({voice})", "label == 'content'"),
}  # fmt: skip
SCOPE = {"loaded words": ", without hedges, boosters, factives, assertives, implicatives"}  # which judge nothing
SHEET = ["item", "before", "sentence", "after", "question", "code"]
KEY = ["item", "instrument", "found", "stands_for", "article_id", "number", "sentence"]
_letters = partial(re.sub, "[^A-Za-z]", "")  # what no spreadsheet changes in a sentence, whatever the encoding
DRAWS, SHORT = 2000, 12  # letters up to which a sentence may be a date or number, which spreadsheets rewrite


def export(articles: Sequence[Article], layer: str, n: int, out: Path, seed: int = 0, voice: str = "model") -> str:
    """Write a sheet of `n` sentences with a span of `layer` and `n` without, fewer of both where one runs out; its key.

    Says what it wrote. AnalysisError for files that are there already (they may hold codes), and for lack of a kind.
    """
    key = out.parent / f"{out.stem}.key.csv"
    if there := [str(path) for path in (out, key) if path.exists()]:
        raise AnalysisError(f"{' and '.join(there)}: already there, perhaps with codes; choose another --out")
    table = _sentences(articles, layer, voice)
    counts = [int((table["found"] == so).sum()) for so in (1, 0)]
    if (size := min(n, *counts)) < 1 or seed < 0:
        told = f"{counts[0]} sentences with a span of {layer}, {counts[1]} without, n = {n}, seed = {seed}"
        raise AnalysisError(f"{told}: at least 1 of each and of n is needed, and a seed from 0")
    random = np.random.default_rng([seed, *counts])
    chosen = table.groupby("found").sample(size, random_state=random).sample(frac=1, random_state=random)
    chosen = chosen.assign(item=range(1, 2 * size + 1), question=QUESTIONS[layer][0], code="")
    for path, columns in ((out, SHEET), (key, KEY)):
        write_atomic(path, "\ufeff".encode() + csv_bytes(chosen[columns]))  # without this mark Excel reads no UTF-8
    return f"{2 * size} sentences to code, {size} of each kind: {out}; keep {key.name} from the coders"


def import_sheets(sheets: Sequence[Path], key: Path, out: Path = OWN_VALIDITY) -> str:
    """Add `score`'s rows to a validity file, in the place of earlier ones of the sheet; says them, and what to discuss.

    Sheets may come back reordered, with more columns, another separator. AnalysisError for a sheet given twice; else it
    names file and item: missing, repeated, unknown, another sentence than in the key, or coded neither yes nor no.
    """
    from analysis.tables import on_own_articles  # which draw

    if len({path.resolve() for path in sheets}) < len(sheets):
        raise AnalysisError(f"{', '.join(map(str, sheets))}: a sheet is given twice; each coder counts once")
    known = _table(key, KEY)
    if {*known["found"]} != {"0", "1"} or not known["stands_for"].str.fullmatch("[0-9]{1,9}").all():
        raise AnalysisError(f"{key}: `found` is not 0 and 1, or `stands_for` no number; keep the key as exported")
    codes = np.column_stack([_codes(path, key, known["sentence"].to_dict()) for path in sheets])
    rows = score(known := known.astype({"found": int, "stands_for": int}), codes)
    kept = [row for row in load_own_validity(out) if row["measured_at"] != rows.loc[0, "measured_at"]]
    write_atomic(out, csv_bytes(pd.concat([pd.DataFrame(kept, columns=VALIDITY_COLUMNS), rows])))
    votes, found = codes.mean(axis=1), known["found"].to_numpy()
    cases = {"coders differ": (votes > 0) & (votes < 1), "only the machine says yes": (found == 1) & (votes < 0.5)}
    cases["only people say yes"] = (found == 0) & (votes > 0.5)
    doubt = dict(zip(known.index, -np.minimum(votes, 1 - votes), strict=True))  # where most differ stands first
    told = [f"{so}: items {', '.join(sorted(known.index[at], key=doubt.get)) or 'none'}" for so, at in cases.items()]
    return "\n".join([on_own_articles(rows.to_dict("records")).strip(), *told, f"added to {out}"])


def score(known: pd.DataFrame, codes: np.ndarray) -> pd.DataFrame:
    """Precision and recall of the machine against what most coders say, and their alpha: rows of a validity file.

    Items with as many yes as no are left out of the first two, and counted. 95 % intervals: Jeffreys's draws of the
    shares of yes in both halves (Brown, Cai & DasGupta 2001, Statistical Science 16), and for alpha a bootstrap over
    items; both take items as independent and the coders as given. A score that is undefined is empty.
    """
    votes, (items, coders), random = codes.mean(axis=1), codes.shape, np.random.default_rng(0)
    halves = [known["found"].to_numpy() == so for so in (1, 0)]
    sizes = np.array([known.loc[half, "stands_for"].iloc[0] for half in halves])
    yes, no = (np.array([said[half].sum() for half in halves]) for said in (votes > 0.5, votes < 0.5))
    with np.errstate(invalid="ignore"):  # shares of yes: as they are, then drawn
        shares = np.vstack([yes / (yes + no), random.beta(yes + 0.5, no + 0.5, (DRAWS, 2))])
        values = {"precision": shares[:, 0], "recall": shares[:, 0] * sizes[0] / (shares @ sizes)}
    if coders > 1:
        again = codes.sum(axis=1)[random.integers(items, size=(DRAWS, items))]
        values["Krippendorff's alpha"] = alpha(np.vstack([codes.sum(axis=1), again]), coders)
    instrument, articles, ties = known["instrument"].iloc[0], str(known["article_id"].nunique()), (votes == 0.5).sum()
    about = f"{coders} coder{'s' * (coders > 1)}, {items} sentences{f', {ties} of them split' * bool(ties)}"
    about += SCOPE.get(instrument, "")
    sheet = f"sheet {zlib.crc32(''.join([instrument, *sorted(map(_letters, known['sentence']))]).encode()):08x}"
    rows = []
    for metric, (value, *draws) in values.items():
        low, high = np.quantile(draws, [0.025, 0.975])
        told = [f"{x:.4f}" if np.isfinite(value) else "" for x in (value, min(low, value), max(high, value))]
        rows.append([instrument, "own articles", about, metric, articles, *told, "", "", "", "", sheet])
    return pd.DataFrame(rows, columns=VALIDITY_COLUMNS)


def alpha(yes: np.ndarray, coders: int) -> np.ndarray:
    """Krippendorff's alpha of each draw of numbers of yes (draws, items): 0 as by chance, 1 where all agree (0/0).

    The same as nltk's, which takes 16 s for 2,000 draws.

    >>> alpha(np.array([[2, 0, 1, 0]]), coders=2).round(3).tolist()
    [0.533]
    """
    said, total = yes.sum(axis=1), yes.shape[1] * coders
    return 1 - (total - 1) * (yes * (coders - yes)).sum(axis=1) / ((coders - 1) * np.maximum(said * (total - said), 1))


def _sentences(articles: Sequence[Article], layer: str, voice: str) -> pd.DataFrame:
    """A row a sentence: whether the instrument finds something in it, and columns of sheet and key."""
    _, instrument, yes = QUESTIONS[layer]
    spans = find_spans(articles, [m for m in MEASURES if instrument.startswith(m.instrument)], voice=voice)
    failed = {failure["article_id"] for failure in spans.attrs["failures"]}  # there nothing is known
    own, used, rows = spans[spans["layer"] == layer].query(yes), instrument.format(voice=spans.attrs["voice"]), []
    for article in (a for a in articles if a.article_id not in failed):
        ends = own.loc[own["article_id"] == article.article_id, ["start", "end"]].to_numpy().tolist()
        found = {i for a, b in ends for i in range(sentence_at(article, a), sentence_at(article, b - 1) + 1)}
        texts = ["", *(" ".join(article.raw[s.start : s.end].split()) for s in sentences(article)), ""]
        numbers = [number for number, sentence in enumerate(sentences(article)) if sentence.words]
        rows += [(int(i in found), article.article_id, i, *texts[i : i + 3], used) for i in numbers]
    table = pd.DataFrame(rows, columns=["found", "article_id", "number", "before", "sentence", "after", "instrument"])
    return table.assign(stands_for=table.groupby("found")["found"].transform("size"))


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a csv as a spreadsheet saves it, as text, by item."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        table = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False)
        table = table.rename(columns=str.strip)[list(columns)].map(str.strip)
    except (OSError, ValueError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such csv; a workbook has to be saved as CSV"
        raise AnalysisError(f"{path}: {reason}; a csv with the columns {', '.join(columns)} is needed") from error
    table = table[(table != "").any(axis=1)].set_index("item")
    if table.index.has_duplicates:
        raise AnalysisError(f"{path}: item {table.index[table.index.duplicated()][0]} is repeated; keep one line of it")
    return table


def _codes(path: Path, key: Path, known: Mapping[str, str]) -> list[int]:
    """A coder's codes in the order of the key's sentences by item."""
    coded = _table(path, ["item", "sentence", "code"])
    for item in [*known, *coded.index]:
        if item not in coded.index or item not in known:
            raise AnalysisError(f"{path}: item {item} is missing {'here' if item in known else f'in {key}'}")
        sentence, code = coded.loc[item]
        if len(_letters(known[item])) > SHORT and _letters(sentence) != _letters(known[item]):
            raise AnalysisError(f"{path}: item {item} is another sentence than in {key}; take the key of this sheet")
        if code.lower() not in ("yes", "no"):
            raise AnalysisError(f"{path}: item {item} has the code {code!r}; write yes or no")
    return [int(code.lower() == "yes") for code in coded.loc[[*known], "code"]]
