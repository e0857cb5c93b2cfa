"""The rows that figures plot: spans and scores in, tidy tables of ids, offsets, words and numbers out."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from analysis import encoder, norms
from analysis.attribution import METHODS
from analysis.compare import KEYS
from analysis.counts import CUE_STANCES, UNKNOWN, located, without_own
from analysis.lexicons import OWN_VALIDITY, VALIDITY, load_cases, load_own_validity, load_validity
from analysis.measures import MEASURES, find_spans, score
from analysis.model import Article
from analysis.palette import cut
from analysis.resample import wilson
from analysis.stance import UNFAVOURABLE, lean

LEANS = f"Favourable mentions always count, unfavourable ones from probability {UNFAVOURABLE}: scores lean upward."
UNMEASURED = ("page anatomy", "grammatical roles")  # instruments of no measure by itself


def labels(articles: Sequence[Article]) -> dict[str, str]:
    """A short name for each article, for axes: its topic where no two share one, else its title, else its id.

    Names are cut at 40 characters; those that are alike get the number of their article.
    """
    topics = Counter(a.topic for a in articles)
    full = {a.article_id: a.topic if topics[a.topic] == 1 and a.topic else a.title or a.article_id for a in articles}
    short = {i: cut(n, 40) for i, n in full.items()}
    uses = Counter(short.values())
    return {i: n if uses[n] == 1 and n[-1:] != "]" else f"{n[:32]} [{k}]" for k, (i, n) in enumerate(short.items(), 1)}


def with_labels(table: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """The table with a first column `article`, the short name of each row's article, in the corpus's order."""
    names = labels(articles)
    column = pd.Categorical(table["article_id"].map(names), categories=list(names.values()), ordered=True)
    return table.assign(article=column).loc[:, ["article", *table.columns]]


def reading_strip(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """What stands where, for a strip per article: a row a voice run, tone, loaded word or target mention.

    Columns article_id, lane (voice, tone, loaded, target), label, word, words, value, start, end.
    """
    layers = ["voice", "tone", "loaded", "target"]
    chosen = spans[spans["layer"].isin(layers) & ((spans["layer"] != "tone") | (spans["label"] == "tone"))]
    table = located(chosen, articles).rename(columns={"layer": "lane"})
    table["label"] = table["label"].mask(table["lane"] == "voice", table["voice"])
    return table[["article_id", "lane", "label", "word", "words", "value", "start", "end"]]


def trajectory(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """Tone along each article per voice: a row a voice run, with `smooth`, the mean over five runs of the same voice.

    Columns article_id, voice, sentence, word, words, tone, smooth (weighted by words), start, end.
    """
    tone = located(spans[(spans["layer"] == "tone") & (spans["label"] == "tone")], articles)
    tone = tone.rename(columns={"value": "tone"}).sort_values(["article_id", "voice", "word"], kind="stable")
    runs = tone.assign(points=tone["tone"] * tone["words"]).groupby(["article_id", "voice"])[["points", "words"]]
    sums = runs.rolling(5, center=True, min_periods=1).sum().reset_index(level=[0, 1], drop=True)
    tone["smooth"] = sums["points"] / sums["words"]
    return tone[["article_id", "voice", "sentence", "word", "words", "tone", "smooth", "start", "end"]]


def loaded_words(spans: pd.DataFrame) -> pd.DataFrame:
    """The twelve most frequent of each article and category: article_id, label, word, hits, voices."""
    chosen = spans[(spans["layer"] == "loaded") & (spans["detail"] != "")]
    chosen = chosen.rename(columns={"detail": "word"}).groupby(["article_id", "label", "word"])["voice"]
    table = chosen.agg(hits="size", voices=lambda v: "; ".join(sorted(set(v)))).reset_index()
    table = table.sort_values(["article_id", "label", "hits", "word"], ascending=[True, True, False, True])
    return table.groupby(["article_id", "label"]).head(12).reset_index(drop=True)


def source_table(spans: pd.DataFrame) -> pd.DataFrame:
    """One row a source and article: article_id, source_id, type, named, country, attributions, words, cue stances.

    `words` are those in its voice; `neutral`, `endorsing`, `distancing` count its cues.
    """
    attributed = without_own(spans).query("layer == 'attribution' and source_id != ''")
    keys = ["article_id", "source_id"]
    mentions = attributed[attributed["label"] == "source"].sort_values("start")
    kinds = {"type": ("detail", "first"), "named": ("value", "max"), "attributions": ("group", "nunique")}
    countries = attributed[attributed["label"] == "country"].groupby(keys)["detail"].first()
    words = spans[(spans["layer"] == "voice") & (spans["source_id"] != "")].groupby(keys)["value"].sum()
    facts = [countries.rename("country"), words.rename("words"), _cues(spans)]
    table = mentions.groupby(keys).agg(**kinds).join(facts)
    table = table.fillna({"country": "", "words": 0} | dict.fromkeys(CUE_STANCES, 0)).reset_index()
    return table.sort_values(["article_id", "words"], ascending=[True, False], kind="stable")


def _cues(spans: pd.DataFrame) -> pd.DataFrame:
    """The cues of each article and source by their stance, a column each."""
    cues = without_own(spans).query("layer == 'attribution' and label == 'cue'")
    cues = cues.drop_duplicates(["article_id", "group"]).replace({"source_id": {"": UNKNOWN}})
    table = cues.groupby(["article_id", "source_id"])["detail"].value_counts().unstack("detail", fill_value=0)
    return table.reindex(columns=list(CUE_STANCES), fill_value=0)


def source_target(spans: pd.DataFrame) -> pd.DataFrame:
    """Who speaks about whom, a source or "(author)": article_id, source_id, target, mentions, lean (mean of `lean`)."""
    spoken = spans[(spans["layer"] == "target") & spans["voice"].isin(["author", "direct", "indirect"])]
    speaker = spoken["source_id"].mask(spoken["voice"] == "author", "(author)").replace("", UNKNOWN)
    spoken = spoken.assign(source_id=speaker, lean=spoken["value"].map(lean))
    grouped = spoken.groupby(["article_id", "source_id", "label"])["lean"]
    return grouped.agg(mentions="size", lean="mean").reset_index().rename(columns={"label": "target"})


def mentions(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """Mentions where they stand, as from `located`, `lean`, what each counts for, and `cue_stance` of who speaks."""
    seen = located(spans[spans["layer"] == "target"], articles)
    said = spans[spans["layer"] == "attribution"]
    stances = said[said["label"] == "cue"].drop_duplicates(["article_id", "group"])
    stances = stances.set_index(["article_id", "group"])["detail"].to_dict()
    contents = dict(iter(said[said["label"] == "content"].sort_values("start").groupby("article_id")))
    found = []
    for mention in seen.itertuples():
        own = contents.get(mention.article_id, said.iloc[:0])
        around = own[(own["start"] <= mention.start) & (mention.start < own["end"])]["group"]  # the outermost first
        found.append(stances.get((mention.article_id, *around.iloc[:1]), ""))
    return with_labels(seen.assign(lean=seen["value"].map(lean), cue_stance=found), articles)


def tone_words(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """The ten words of an article that make most of the author's tone: article, article_id, word, hits, points, voice.

    `points` are VADER's valences (-4 to 4, before negation) per 100 of the author's words.
    """
    own = spans[spans["voice"] == "author"]
    size = own[own["layer"] == "voice"].groupby("article_id")["value"].sum()
    rated = own[(own["layer"] == "tone") & (own["label"] == "word")]
    table = rated.groupby(["article_id", "detail"])["value"].agg(hits="size", points="sum").reset_index()
    table["points"] *= 100 / table["article_id"].map(size).astype(float)
    table = table.rename(columns={"detail": "word"}).sort_values("points", key=abs, ascending=False, kind="stable")
    table = table.groupby("article_id").head(10).sort_values(["article_id", "points"], ascending=[True, False])
    return with_labels(table.assign(voice="author"), articles)


def cue_counts(spans: pd.DataFrame) -> pd.DataFrame:
    """Cues by source and stance, the sixteen most cited of each article: article_id, source_id, stance, cues."""
    table = _cues(spans)
    table = table.assign(all=-table.sum(axis=1)).sort_values(["article_id", "all"], kind="stable").reset_index()
    return table.groupby("article_id").head(16).melt(["article_id", "source_id"], list(CUE_STANCES), "stance", "cues")


def role_shares(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """How often the ten most mentioned targets act, and are acted upon: article, article_id, target, n, role, k, share.

    `low` and `high` are Wilson's 95 % interval of the share, as if mentions did not hang together.
    """
    table = spans[spans["layer"] == "target"].assign(n=1)
    table = table.assign(agent=table["detail"] == "agent", patient=table["detail"] == "patient")
    table = table.groupby(["article_id", "label"])[["n", "agent", "patient"]].sum().reset_index()
    table = top(table, 10, by="n").melt(["article_id", "label", "n"], ["agent", "patient"], "role", "k")
    low, high = wilson(table["k"] / table["n"], table["n"])
    table = table.assign(share=table["k"] / table["n"], low=low, high=high).rename(columns={"label": "target"})
    return with_labels(table, articles)


def top(scores: pd.DataFrame, most: int, by: str = "k") -> pd.DataFrame:
    """The `most` labels of each article with the largest `by` in any voice, with all their rows, largest first."""
    table = scores.assign(size=scores.groupby(["article_id", "label"])[by].transform("max"))
    table = table.sort_values(["article_id", "size", "label"], ascending=[True, False, True], kind="stable")
    rank = table.groupby("article_id")["label"].transform(lambda labels: pd.factorize(labels)[0])
    return table[rank < most].drop(columns="size")


SUMMARY = {  # what stands for each question where there is room for one line: measure, label, voice
    "tone, author": ("tone", "tone", "author"),
    "tone, reported": ("tone", "tone", "indirect"),
    "tone words balance, author": ("tone_balance", "tone words", "author"),
    "loaded words, author": ("loaded", "any", "author"),
    "attributed words": ("attributed_share", "attributed", "all"),
    "words in direct attributions": ("attributed_share", "direct", "all"),
    "effective number of sources": ("effective_sources", "sources", "all"),
    "named sources": ("named_share", "named", "all"),
    "endorsing cues": ("cue_stance", "endorsing", "all"),
    "distancing cues": ("cue_stance", "distancing", "all"),
}


def summary_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of SUMMARY, in its order, with a first column `name`."""
    wanted = pd.DataFrame([(name, *key) for name, key in SUMMARY.items()], columns=["name", *KEYS])
    table = wanted.merge(scores, on=KEYS)
    table["name"] = pd.Categorical(table["name"], table["name"].unique(), ordered=True)
    return table[["name", *scores.columns]]


def power(gaps: pd.DataFrame) -> pd.DataFrame:
    """`compare.difference`'s rows in units of the smallest difference that could have been shown, largest first.

    Beyond ±1 a difference would have been found in four of five such texts. Rows without an interval are left out.
    """
    table = gaps.dropna(subset=["difference", "smallest_detectable"]).query("smallest_detectable > 0")
    scaled = table[["difference", "low", "high"]].div(table["smallest_detectable"], axis=0)
    return table.assign(**scaled).sort_values("difference", key=abs, ascending=False, kind="stable", ignore_index=True)


def outside_band(page: pd.DataFrame) -> str:
    """Which rows of `norms.with_band` (with `article` and `name`) lie beyond its ends, a sentence; "" without bands."""
    if "norm" not in page or page["norm"].isna().all():
        return ""
    rare = page[(page["value"] < page["norm_low"]) | (page["value"] > page["norm_high"])].itertuples()
    said = listed(f"{row.article}, {row.name}{norms.standing(row)}" for row in rare)
    return f"Outside the middle 80 % of reference articles: {said}."


def listed(items: Iterable[str], most: int = 6) -> str:
    """Items as one phrase, cut where there are many; "none" of none.

    >>> listed(["a", "b", "c"], most=2)
    'a; b; and 1 more'
    """
    items = list(items)
    rest = [f"and {len(items) - most} more"] if len(items) > most else []
    return "; ".join([*items[:most], *rest]) or "none"


def ends(table: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """The names of both sides where all rows of `compare.of_pairs` are of one pair, else none."""
    pairs = table[["left", "right"]].drop_duplicates().to_numpy().tolist()
    return [names[article_id] for article_id in pairs[0]] if len(pairs) == 1 else []


def voice_shares(spans: pd.DataFrame, articles: Sequence[Article]) -> pd.DataFrame:
    """Each article's words by voice: columns article, article_id, voice, words, n, share."""
    table = spans[spans["layer"] == "voice"].groupby(["article_id", "voice"])["value"].sum().reset_index(name="words")
    table["n"] = table.groupby("article_id")["words"].transform("sum")
    table["share"] = table["words"] / table["n"]
    return with_labels(table, articles).sort_values("article", kind="stable")


def by_method(articles: Sequence[Article], measures: Sequence[str], **options: str) -> pd.DataFrame:
    """Scores of the named measures under each way of telling voices apart, with a column `method`.

    `options` are those of `measures.find_spans`. The spread says how far a result depends on that choice.
    """
    chosen = [m for m in MEASURES if m.name in measures]
    found = {method: find_spans(articles, chosen, voice=method, **options) for method in METHODS}
    made = [score(spans, articles, measures=chosen).assign(method=method) for method, spans in found.items()]
    return pd.concat(made, ignore_index=True).astype({"method": pd.CategoricalDtype(list(METHODS))})


def validity(instrument: str, corpus: str = "") -> str:
    """What data/validity.csv says of an instrument, as a sentence for a caption; "Not validated" where it is silent.

    Of an instrument that is the trained model's or the rules', it speaks of the one in use, on `corpus` or its first.
    Ends with what people found who recoded their own articles, see `recode`.
    """
    names = (instrument, f"{instrument} ({'model' if encoder.available() else 'rules'})")
    rows = [r for r in load_validity() if r["instrument"] in names and corpus in ("", r["corpus"])]
    own = on_own_articles(r for r in load_own_validity(OWN_VALIDITY) if r["instrument"] in names)
    if not rows:
        return f"Instrument ({instrument}): not validated{' elsewhere' if own else ''}.{own}"
    row = {key: f"{float(text):.2f}" if re.fullmatch(r"-?\d+\.\d+", text) else text for key, text in rows[0].items()}
    told = "Instrument ({instrument}): {metric} {score} ({low} to {high}) on {corpus} {split}, n = {n_documents} "
    best = ", best published {best_published}" if row["best_published"] else ""
    return (told + "documents; {trivial_what} {trivial}" + best + ".").format(**row) + own


def on_own_articles(rows: Iterable[Mapping[str, str]]) -> str:
    """Rows of an own validity file, a sentence a sheet: " On own articles (2 coders, …): precision 0.71 (…), …."."""
    told: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        numbers = [f"{float(row[key]):.2f}" for key in ("score", "low", "high") if row[key]]
        said = "{} {} ({} to {})".format(row["metric"], *numbers) if numbers else f"{row['metric']} undefined"
        told.setdefault((row["corpus"], row["split"], row["measured_at"]), []).append(said)
    return "".join(f" On {corpus} ({split}): {', '.join(said)}." for (corpus, split, _), said in told.items())


def measured(name: str) -> pd.DataFrame:
    """A table that a scoring run wrote into data/ (validity, reliability, invariance), its numbers as such."""
    table = pd.DataFrame(load_validity(VALIDITY.with_name(f"{name}.csv")))
    numbers = table.apply(pd.to_numeric, errors="coerce")
    return table.assign(**numbers.dropna(axis="columns", how="all"))


def instruments() -> pd.DataFrame:
    """data/validity.csv, with n = 0 and no score for an instrument on which it is silent; `line` names a row."""
    table = measured("validity").rename(columns={"n_documents": "n"})
    names = dict.fromkeys([*(m.instrument for m in MEASURES), *UNMEASURED])
    silent = [name for name in names if "not validated" in validity(name)]
    table = pd.concat([table, pd.DataFrame({"instrument": silent, "n": 0})], ignore_index=True)
    where = (table["corpus"] + " " + table["split"].str.replace("(dev|held-out).*", "", regex=True)).str.strip()
    told = " · " + where + " · " + table["metric"]
    return table.assign(line=table["instrument"] + told.fillna(" · not validated"))


def known_failures() -> pd.DataFrame:
    """The known failures among the cases of the tests, sentences of our own: kind, text, reason, and its kind's cases.

    The reason says what misleads the instrument: rules and word lists, or the tone read at a mention.
    """
    asked = [("attribution by the model", *own) for kind, *own in load_cases("model_failure") if kind == "attribution"]
    table = pd.DataFrame([*load_cases(), *asked], columns=["kind", "text", "reason"])
    table = table.replace({"kind": {"attribution": "attribution by rules"}})
    return table.assign(cases=table.groupby("kind")["text"].transform("size")).query("reason != ''")
