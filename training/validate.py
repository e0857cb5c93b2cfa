"""Score the instruments on annotated corpora: `data/validity.csv` and `data/reliability.csv`; not part of `analysis`.

    python -m training.validate [--gold FOLDER]

Texts are read and measured as `python -m analysis measure` does with a table. The corpora are not part of this
repository; a missing one is named with the public repository it comes from, and its rows are left as they were.
Intervals are percentile bootstraps over documents, never over sentences. A rerun on the same commit writes the same.
"""

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from lxml.etree import Comment, strip_elements
from lxml.html import HTMLParser, defs, fromstring

from analysis import attribution, encoder, framing, loaded, sentiment, stance, text, wording
from analysis.lexicons import Index, load_lexicon, load_targets
from analysis.measures import MEASURES, find_spans, score
from analysis.model import Article
from analysis.page import anatomy
from training import coded, corpora, scoring
from training.scoring import (
    Metric,
    confusions,
    f1_at,
    label_f1,
    macro_f1,
    overlap_counts,
    overlap_f1,
    read,
    reliability,
    scored,
    share_at,
)

NONE = (None, "", None, "")
WANG = "CofeNet-BERT, Wang et al. 2022 (test)"  # counts all six annotators of shared articles
RULE = "rule of the CofeNet paper"
ATTRIBUTION: Mapping[str, Metric] = {
    "content word-level F1": (f1_at(0), 0.59, "quotation marks", None, ""),
    "attributed share, mean error": (share_at(12), 0.25, "quotation marks", None, ""),
    "content exact F1": (f1_at(3), 0.056, RULE, 0.729, WANG),
    "source exact F1": (f1_at(6), 0.107, RULE, 0.832, WANG),
    "cue exact F1": (f1_at(9), 0.228, RULE, 0.753, WANG),
    **{f"recall of {kind} attributions": (share_at(14 + 2 * i), *NONE) for i, kind in enumerate(scoring.QUOTE_KINDS)},
}
TONE = {
    "rw": (macro_f1, 0.51, "VADER of the sentence", 0.831, "GRU-TSC, Hamborg & Donnay 2021 (devtest)"),
    "mt": (macro_f1, 0.50, "VADER of the sentence", 0.825, "GRU-TSC, Hamborg & Donnay 2021 (devtest)"),
}
BABE_BEST = (0.841, "best published on this release, other splits")
BASIL: Metric = (scoring.positive_f1, 0.096, "all positive", 0.31, "neural models, about; other splits")
CHECKTHAT: Metric = (macro_f1, 0.58, "word list", 0.81, "best of .66 to .81, CheckThat! 2025 (test)")
SPANS: Metric = (overlap_f1(0), 0.29, "every line", 0.517, "best neural, SemEval-2020 task 11 (test)")
FRAMES: Mapping[str, Metric] = {
    "macro-F1": (partial(label_f1, macro=True), 0.249, "a constant answer", None, ""),
    "micro-F1": (
        partial(label_f1, macro=False),
        0.614,
        "a constant answer",
        0.579,
        "best of SemEval-2023 task 3 (test)",
    ),
}
AUTHOR: Metric = (macro_f1, 0.22, "a constant answer", 0.5, "neural models, about .4 to .5 (test)")
UNSEEN = ("head", "script", "style", "noscript", "template", "svg", "iframe", "select", "textarea", Comment)
SECTIONS = ("article", "aside", "br", "figcaption", "figure", "footer", "header", "main", "nav", "section")
CUTS = tuple(product(np.linspace(-0.6, -0.05, 12), np.linspace(0.05, 0.6, 12)))
Rows = Iterator[dict]  # of validity.csv (scored) and of reliability.csv (reliability)


def attribution_rows(gold: Path) -> Rows:
    """By quotation marks, rules and model, on the first annotator's reading of each PolNeAR dev article."""
    rows = [row for row in corpora.rows(gold / "polnear/dev.jsonl") if row["primary"]]
    articles = read(rows)
    for method in attribution.METHODS:
        counts = [
            scoring.attribution_counts(article, row["attributions"], attribution.detect(article, method=method))
            for article, row in zip(articles, rows, strict=True)
        ]
        named = ("source exact F1", "cue exact F1") if method == "quotes" else ()  # marks name no source
        metrics = {metric: how for metric, how in ATTRIBUTION.items() if metric not in named}
        yield from scored(f"attribution ({method})", "PolNeAR", "dev", counts, metrics)
    yield from coded.attributed({row["id"]: article for row, article in zip(rows, articles, strict=True)})


def tone_rows(gold: Path) -> Rows:
    """Tone toward a marked target on NewsMTSC; a document is the article a sentence comes from."""
    cuts = {split: [*corpora.rows(gold / f"newsmtsc/{split}_dev.jsonl")] for split in TONE}
    mentions = {split: [(row, t) for row in rows for t in row["targets"]] for split, rows in cuts.items()}
    asked = {"model": stance.tone_toward, "rules": stance.tone_by_rules}
    said: list[stance.Tone] = []
    for (method, ask), (split, own) in product(asked.items(), mentions.items()):
        tones = [ask(row["text"], t["start"], t["end"]) for row, t in own]
        said += tones if method == "model" else []
        truths, names = [t["polarity"] for _, t in own], _articles_of(own)
        labels = [tone.label for tone in tones]
        unsure = [method == "model" and tone.p_negative < stance.UNFAVOURABLE for tone in tones]
        counted = ["neutral" if x and y == "negative" else y for x, y in zip(unsure, labels, strict=True)]
        for what, answers in (("target tone", labels), ("stance", counted)):
            table = confusions(zip(names, truths, answers, strict=True))
            yield from scored(f"{what} ({method})", "NewsMTSC", f"{split} dev", table, {"macro-F1": TONE[split]})
    so = [t["polarity"] == label for own in mentions.values() for _, t in own for label in stance.LABELS]
    yield from reliability("tone", "NewsMTSC", [p for tone in said for p in tone[1:]], so)
    for split, own in mentions.items():
        truths = [t["polarity"] for _, t in own]
        labels = [sentiment.tone_label(sentiment.tone(row["text"])) for row, _ in own]
        names, what = _articles_of(own), "toward a target"
        yield from tone_by_sentence("NewsMTSC", f"{split} dev", what, names, truths, labels, TONE[split][3:])
    rows = [row for own in cuts.values() for row in own]
    yield from coded.roles({row["id"]: article for row, article in zip(rows, read(rows), strict=True)})


def _articles_of(mentions: Sequence[tuple[Mapping, Mapping]]) -> list[str]:
    return [re.match(r"(?:allsides|polusa_v1)_\d+", row["id"]).group() for row, _ in mentions]


def tone_by_sentence(
    corpus: str,
    split: str,
    what: str,
    documents: Sequence[str],
    truths: Sequence[str],
    labels: Sequence[str],
    best: tuple[float, str],
) -> Rows:
    """How far the tone of whole sentences tells what annotators marked; beside the best constant answer."""
    constant = [sum(confusions(zip(documents, truths, [c] * len(truths), strict=True))) for c in sorted({*truths})]
    floor = max(float(macro_f1(table)) for table in constant)
    how = (macro_f1, floor, "a constant answer", *best)
    answers = confusions(zip(documents, truths, labels, strict=True))
    yield from scored("tone", corpus, split, answers, {f"macro-F1 {what}": how})


def sentence_rows(
    corpus: str, column: str, rows: Sequence[Mapping], metric: str, how: Metric, *, articles: Sequence[Article] = ()
) -> Rows:
    """Sentences judged by a probability of at least one half; `rows` have document, text, places and truths."""
    found = [scoring.judged(a, column, r["places"]) for a, r in zip(articles or read(rows), rows, strict=True)]
    pairs = [
        (r["document"], so, p)
        for r, own in zip(rows, found, strict=True)
        for so, p in zip(r["truths"], own, strict=True)
    ]
    answers = confusions((document, so, p >= 0.5) for document, so, p in pairs)
    yield from scored(f"{column} sentence (model)", corpus, "dev", answers, {metric: how})
    yield from reliability(column, corpus, [p for *_, p in pairs], [so for _, so, _ in pairs])


def _one_sentence(row: Mapping, document: str, so: bool) -> dict:
    return {"document": document, "text": row["text"], "places": [(0, len(row["text"]))], "truths": [so]}


def babe_rows(gold: Path) -> Rows:
    """Biased sentences by the model; and by any loaded word outside reporting and hedging."""
    decided = [r for r in corpora.rows(gold / "babe/dev.jsonl") if r["label_bias"] in ("Biased", "Non-biased")]
    rows = [_one_sentence(r, r["news_link"] or r["id"], r["label_bias"] == "Biased") for r in decided]
    articles = read(rows)
    how = (macro_f1, 0.61, "word lists", *BABE_BEST)
    yield from sentence_rows("BABE", "biased", rows, "macro-F1", how, articles=articles)
    hits = [any(s.group not in loaded.STYLE for s in loaded.detect(article)) for article in articles]
    answers = confusions((r["document"], r["truths"][0], hit) for r, hit in zip(rows, hits, strict=True))
    how = (macro_f1, 0.333, "a constant answer", *BABE_BEST)
    yield from scored("loaded words", "BABE", "dev", answers, {f"macro-F1 ({coverage()})": how})


def coverage() -> str:
    """How many categories of loaded words are counted, in words; the two that come from no list are devices."""
    families = [load_lexicon(name).family if name in loaded.LISTS else "device" for name in loaded.CATEGORIES]
    return f"{sum(family not in loaded.STYLE for family in families)} of {len(families)} categories"


def basil_rows(gold: Path) -> Rows:
    """Sentences of news that annotators marked for lexical bias."""
    rows = [
        {
            "document": row["id"],
            "text": row["text"],
            "places": [(s["start"], s["end"]) for s in row["sentences"]],
            "truths": ["lex" in s["labels"] for s in row["sentences"]],
        }
        for row in corpora.rows(gold / "basil/dev.jsonl")
    ]
    yield from sentence_rows("BASIL", "biased", rows, "F1 of lexical bias", BASIL)


def subjective_rows(gold: Path) -> Rows:
    """Subjective sentences; the corpus does not say which article one comes from, so each is a document."""
    read_in = corpora.rows(gold / "checkthat_subjectivity_en/dev.jsonl")
    rows = [_one_sentence(row, row["id"], row["label"] == "SUBJ") for row in read_in]
    yield from sentence_rows("CheckThat", "subjective", rows, "macro-F1", CHECKTHAT)


def held_out(gold: Path) -> list[dict]:
    rows = corpora.rows(gold / "ptc2020/train.jsonl")
    return [row for number, row in enumerate(rows) if corpora.is_held_out(number)]


def technique_rows(gold: Path) -> Rows:
    """All technique spans against all of the fourteen, and each of the six against its own."""
    counts, said, so = [], [], []
    metrics = {"partial-overlap F1": SPANS}
    metrics |= {f"overlap F1 of {n}": (overlap_f1(4 * k), *NONE) for k, n in enumerate(encoder.TECHNIQUES, 1)}
    rows = held_out(gold)
    for row, article in zip(rows, read(rows), strict=True):
        found = [s for s in wording.detect(article) if s.layer == "technique"]
        own = overlap_counts([(s.start, s.end) for s in found], row["spans_SI"])
        tokens = [token for sentence in text.sentences(article) for token in sentence.tokens]
        p = encoder.probability(encoder.answers(article).logits[:, encoder.HEADS.technique].astype(np.float32))
        for k, name in enumerate(encoder.TECHNIQUES, 1):
            true = [(t["start"], t["end"]) for t in row["techniques_TC"] if t["technique"] == name]
            own += overlap_counts([(s.start, s.end) for s in found if s.label == name], true)
            said += p[:, k].tolist()
            so += corpora.marked(tokens, true).tolist()
        counts.append(own)
    yield from scored("techniques (model)", "PTC", "held-out sixth of train", counts, metrics)
    yield from reliability("technique", "PTC", said, so)


def frame_rows(gold: Path) -> Rows:
    """Policy frames of the articles that PTC holds out, for they are the same articles."""
    names = {row["id"] for row in held_out(gold)}
    rows = [r for r in corpora.rows(gold / "semeval2023_t3_en/visible.jsonl") if r["id"] in names and r["frames"]]
    articles, chosen = read(rows), [m for m in MEASURES if m.detect is framing.policy]
    table = score(find_spans(articles, chosen), articles, by="all", measures=chosen)
    p, has = (table.pivot(index="article_id", columns="label", values=v) for v in ("value", "n"))
    order = [[a.article_id for a in articles], list(encoder.FRAMES)]
    p, has = (part.loc[*order].to_numpy() for part in (p, has))
    so = np.array([[frame in row["frames"] for frame in encoder.FRAMES] for row in rows])
    counts = np.stack([has * so, has, so], axis=-1).reshape(len(rows), -1)
    yield from scored("policy frames (model)", "SemEval-2023", "held-out sixth of train", counts, FRAMES)
    yield from reliability("frame", "SemEval-2023", p.ravel(), so.ravel())


def author_rows(gold: Path) -> Rows:
    """The author's sentiment toward the entity a document is about: stance over all voices, cut into three.

    Once at ±.05, as mentions are; once at the cuts that are best on the other half of the documents.
    """
    rows = [*corpora.rows(gold / "persent/dev.jsonl")]
    with TemporaryDirectory() as folder:
        targets = [one_target(row["target"], Path(folder, f"{number}.toml")) for number, row in enumerate(rows)]
    articles = read(rows)
    values = np.array([stance_of(a, t) for a, t in zip(articles, targets, strict=True)])
    truths = np.array([row["label"] for row in rows])
    halves = np.arange(len(rows)) % 2
    best = [max(CUTS, key=lambda cut: _fit(truths[halves != h], sided(values[halves != h], *cut))) for h in (0, 1)]
    chosen = np.where(halves, sided(values, *best[1]), sided(values, *best[0]))
    names = [row["id"] for row in rows]
    for what, said in (("±.05", sided(values, -0.05, 0.05)), ("fitted cut", chosen)):
        answers = confusions(zip(names, truths, said, strict=True))
        metric = f"author, {what}, macro-F1"
        yield from scored("stance (model)", "PerSenT", "dev", answers, {metric: AUTHOR})
    tones = [np.mean([span.value for span in sentiment.detect(a) if span.label == "tone"]) for a in articles]
    said = sided(np.array(tones), -0.05, 0.05)
    yield from tone_by_sentence("PerSenT", "dev", "of the author", names, truths, said, AUTHOR[3:])


def _fit(truths: np.ndarray, said: np.ndarray) -> float:
    (table,) = confusions(("all", truth, answer) for truth, answer in zip(truths, said, strict=True))
    return float(macro_f1(table))


def one_target(name: str, path: Path) -> Index:
    """A list of one target by its full name and its last word, through a file like `data/targets.toml`."""
    phrases = json.dumps([*dict.fromkeys([name, name.split()[-1]])], ensure_ascii=False)
    path.write_text(f'[[target]]\nname = "target"\nphrases = {phrases}\n', encoding="utf-8")
    return load_targets(path)


def stance_of(article: Article, target: Index) -> float:
    """The score `stance` of a target over all voices; 0 where it is not mentioned."""
    leans = [stance.lean(span.value) for span in stance.detect(article, targets=target)]
    return sum(leans) / max(len(leans), 1)


def sided(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """PerSenT's labels: Negative up to `low`, Positive from `high`, else Neutral."""
    return np.where(values >= high, "Positive", np.where(values <= low, "Negative", "Neutral"))


def narrative_rows(gold: Path) -> Rows:
    """What no instrument was made for: news of the climate, with its heroes and villains, and two of its frames.

    Each hero and villain where the text first names it; the frames that have a counterpart among the policy frames.
    """
    rows = [row for file in NARRATIVES for row in corpora.rows(gold / file)]
    articles, chosen = read(rows), [m for m in MEASURES if m.detect is framing.policy]
    table = score(find_spans(articles, chosen), articles, by="all", measures=chosen)
    p = table.pivot(index="article_id", columns="label", values="value").loc[[a.article_id for a in articles]]
    for frame, theirs in (("Economic", "EC"), ("Morality", "MO")):
        so = np.array([row["frames"][theirs] for row in rows])
        yield from auc_rows(
            "policy frames (model)", f"AUC of {frame}", [[pair] for pair in zip(so, p[frame], strict=True)]
        )
    asked = {"target tone (model)": stance.tone_toward, "target tone (rules)": stance.tone_by_rules}
    found: dict[str, list[list[tuple[bool, float]]]] = {name: [] for name in (*asked, "tone")}
    for row, article in zip(rows, articles, strict=True):
        for own in found.values():
            own.append([])
        for entity in row["entities"]:
            if entity["role"] not in ("hero", "villain") or entity["start"] is None:
                continue
            sentence = text.sentences(article)[max(text.sentence_at(article, entity["start"]), 0)]
            said, end = article.raw[sentence.start : sentence.end], min(entity["end"], sentence.end) - sentence.start
            for name, ask in asked.items():
                tone = ask(said, entity["start"] - sentence.start, end)
                found[name][-1].append((entity["role"] == "hero", (tone.p_positive - tone.p_negative + 1) / 2))
            found["tone"][-1].append((entity["role"] == "hero", (sentiment.tone(said) + 1) / 2))
    for name, documents in found.items():
        yield from auc_rows(name, "AUC, hero over villain", documents)


def auc_rows(name: str, metric: str, documents: Sequence[Sequence[tuple[bool, float]]]) -> Rows:
    """The area under the ROC curve of pairs (whether it is so, a value from 0 to 1) of each document."""
    counts = [scoring.histograms(pairs) for pairs in documents if pairs]
    how = (scoring.auc, 0.5, "chance", None, "")
    yield from scored(name, "Narrative Frames", "dev and train", counts, {metric: how})


def page_rows(gold: Path) -> Rows:
    """Which lines of a page, as a browser copies it, are text of its article; on pages the rules were not written on.

    Annotators name a few stretches of each page that belong to its text, and a few that do not.
    """
    kept, whole = [], []
    for row in [*corpora.rows(gold / PAGES)][1::2]:  # the rules were written on the others
        html = gzip.decompress(((gold / PAGES).parent / row["html"]).read_bytes())
        raw = as_pasted(html.decode("utf-8", "replace"))
        blocks = [block for article in anatomy(raw) for block in article.blocks if block.kept]
        for counts, shown in ((kept, "\n".join(raw[b.start : b.end] for b in blocks)), (whole, raw)):
            right, wrong = (
                sum(_in_line(part) in _in_line(shown) for part in row[side]) for side in ("with", "without")
            )
            counts.append([right, right + wrong, len(row["with"])])
    how = (f1_at(0), float(f1_at(0)(np.sum(whole, axis=0))), "the whole page", None, "")
    yield from scored("page anatomy", "Trafilatura", "held-out half, as pasted", kept, {"F1 of stretches": how})


def _in_line(shown: str) -> str:
    return " ".join(shown.split())


def as_pasted(html: str) -> str:
    """The text of a saved page, a line for each of its blocks, as a browser copies it."""
    tree = fromstring(html.encode("utf-8"), parser=HTMLParser(encoding="utf-8", huge_tree=True))
    strip_elements(tree, *UNSEEN, with_tail=False)
    for node in tree.iter():
        node.text, node.tail = (re.sub(r"\s+", " ", part or "") for part in (node.text, node.tail))
    for node in tree.iter(*defs.block_tags, *defs.table_tags, *SECTIONS):
        node.text, node.tail = f"\n{node.text}", f"\n{node.tail}"
    lines = (line.strip() for line in "".join(tree.itertext()).split("\n"))
    return "\n".join(filter(None, lines))


ORIGINS = {corpus.name: corpus.origin for corpus in corpora.CORPORA}
NARRATIVES = ("narrative_frames/train.jsonl", "narrative_frames/dev.jsonl")
PAGES = "trafilatura_eval/english.jsonl"
PTC, SEMEVAL = "ptc2020/train.jsonl", "semeval2023_t3_en/visible.jsonl"
SOURCES: Mapping[str, tuple[tuple[str, ...], str, Callable[[Path], Rows]]] = {  # files, public source, who measures
    "PolNeAR": (("polnear/dev.jsonl",), ORIGINS["PolNeAR"], attribution_rows),
    "NewsMTSC": (("newsmtsc/rw_dev.jsonl", "newsmtsc/mt_dev.jsonl"), ORIGINS["NewsMTSC"], tone_rows),
    "BABE": (("babe/dev.jsonl",), ORIGINS["BABE"], babe_rows),
    "BASIL": (("basil/dev.jsonl",), ORIGINS["BASIL"], basil_rows),
    "CheckThat": (("checkthat_subjectivity_en/dev.jsonl",), ORIGINS["CheckThat"], subjective_rows),
    "PTC": ((PTC,), ORIGINS["PTC"], technique_rows),
    "SemEval-2023": ((PTC, SEMEVAL), ORIGINS["PTC"], frame_rows),
    "PerSenT": (("persent/dev.jsonl",), "MHDBST/PerSenT, commit 7e29e0f5b5a23a9b2269b8d37b788fd32ac94aea", author_rows),
    "Narrative Frames": (
        NARRATIVES,
        "phenixace/narrative-framing, commit 197314dfe86838e20420894bc3dfa285814dc04c",
        narrative_rows,
    ),
    "Trafilatura": (
        (PAGES,),
        "adbar/trafilatura, commit e90b0ef51ab026fdb905fb6c5b3c84dd3d784fd5, folder tests/",
        page_rows,
    ),
}


def main(arguments: Sequence[str] | None = None, out: Path = scoring.ROOT / "data") -> int:
    """Measure every instrument whose corpus is there; exit code 1 where one is missing, 2 without the model."""
    gold = scoring.gold_folder(__doc__, arguments)
    rows, missing = [], 0
    for corpus, (files, origin, measure) in SOURCES.items():
        if absent := [file for file in files if not (gold / file).is_file()]:
            missing += 1
            print(f"{corpus}: {', '.join(absent)} missing, not measured; it comes from {origin}", file=sys.stderr)
        else:
            print(f"{corpus} …", file=sys.stderr, flush=True)
            rows += measure(gold)
    for name, columns in (("validity", scoring.COLUMNS), ("reliability", scoring.BIN_COLUMNS)):
        new = pd.DataFrame([row for row in rows if row.keys() == {*columns}], columns=columns)
        table = scoring.with_kept(new, out / f"{name}.csv", [*SOURCES])
        table.to_csv(out / f"{name}.csv", index=False, float_format="%.4f", lineterminator="\n")
        print(table.to_string(index=False, columns=columns[:8]))
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
