"""Train the model that ships further, so that it judges short, negated and edited texts by what they say.

    python -m benchmarks.edited --data FILE.csv.gz --start FOLDER --out FOLDER [--seed 2]

Starts from the weights in `--start`, which `benchmarks.pretrained small` makes of a run of `benchmarks.recipes`. The
examples are training reviews as they are, reviews and spans of one to four sentences beside the same ones edited to say
the opposite (`benchmarks.edits`), opinions written by rule, alone and behind neutral sentences (`benchmarks.verdicts`).
Whole reviews are taught with what NB-SVM, fitted without them, thinks of them (Hinton et al. 2015) as a part of the
target; an edit, with the less certainty the less of the review it changed.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from benchmarks.edits import Editor, Tokens, sentences
from benchmarks.lexicon import learn_lexicon
from benchmarks.verdicts import verdict
from sentiment_core.artifacts import WEIGHTS
from sentiment_core.baselines.models import naive_bayes_svm
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.explain.predictor import Predictor, load
from sentiment_core.models import SentimentModel

BATCH_TOKENS = 8_000
RATE, VECTOR_RATE = 1.5e-3, 4e-4
WHOLE_DROPOUT, SHORT_DROPOUT = 0.25, 0.05
NB_SVM_SHARE = 0.25
LONGEST_WHOLE, LONGEST_EDITED = 350, 230
AVERAGE_FROM = 0.4


class Phase(NamedTuple):
    """A part of the training: what its learning rates are multiplied with, how many examples of each kind it has."""

    rate: float
    whole: int
    edited: int
    spans: int
    verdicts: int
    behind: int


# The first learns what edits change and forgets some of what reviews have in common; the second brings that back.
PHASES = (Phase(1.0, 6_000, 6_000, 8_000, 6_000, 5_000), Phase(0.3, 5_000, 1_000, 1_500, 1_000, 1_000))


class Example(NamedTuple):
    """Token ids `(T,)`, the target P(positive), the share of tokens to hide while it is learned."""

    ids: np.ndarray
    target: float
    dropout: float


def counts_of(rows: list[np.ndarray], words: int) -> csr_matrix:
    """Return `(N, F)`: which words and pairs of words each review has; pairs are hashed."""
    size = 1 << 20
    found = [
        np.unique(
            np.concatenate([row.astype(np.int64), words + 1 + (row[:-1].astype(np.int64) * 1_000_003 + row[1:]) % size])
        )
        for row in rows
    ]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in found])])
    columns = np.concatenate(found)
    return csr_matrix((np.ones(len(columns), np.float32), columns, offsets), shape=(len(rows), words + 1 + size))


def second_opinions(rows: list[np.ndarray], labels: np.ndarray, words: int) -> np.ndarray:
    """Return P(positive) `(N,)` of each review by an NB-SVM that was fitted to the others, in four parts."""
    counts = counts_of(rows, words)
    values = np.zeros(len(rows))
    for fitted, asked in KFold(4, shuffle=True, random_state=0).split(labels):
        values[asked] = naive_bayes_svm().fit(counts[fitted], labels[fitted]).decision_function(counts[asked])
    scale = LogisticRegression().fit(values[:, None], labels)
    return np.asarray(scale.predict_proba(values[:, None])[:, 1])


class Writer:
    """Writes the examples of each phase anew."""

    def __init__(self, predictor: Predictor, rows: list[np.ndarray], labels: np.ndarray) -> None:
        self.words = predictor.vectors.words
        self.ids = {word: place for place, word in enumerate(self.words, start=1)}
        self.rows, self.labels = rows, labels
        self.opinions = second_opinions(rows, labels, len(self.words))
        present = np.zeros((2, len(self.words) + 1))
        for row, label in zip(rows, labels, strict=True):
            present[label, np.unique(row)] += 1
        per_class = np.array([[(labels == side).sum() + 2] for side in (0, 1)])
        negative, positive = np.log((present[:, 1:] + 1) / per_class)
        vectors = predictor.vectors.rows(np.arange(1, len(self.words) + 1))
        self.editor = Editor(learn_lexicon(self.words, vectors, positive - negative, present[:, 1:].sum(axis=0)))

    def examples(self, seed: int, phase: Phase) -> list[Example]:
        """Return the examples of a phase, in no order."""
        rng = Random(seed)
        found: list[Example] = []
        for place in rng.sample(range(len(self.rows)), phase.whole):
            target = (1 - NB_SVM_SHARE) * self.labels[place] + NB_SVM_SHARE * self.opinions[place]
            found.append(Example(self.rows[place][:LONGEST_WHOLE], float(target), WHOLE_DROPOUT))
        for missing, reach in ((phase.edited, (6, 40)), (phase.spans, (1, 4))):
            while missing > 0:
                made = list(self._both_sides(rng, *reach))
                found += made
                missing -= len(made)
        for number in range(phase.verdicts):
            label = number % 2
            texts = [verdict(label, rng) for _ in range(rng.choice((1, 1, 2, 3)))]
            found.append(self._example([token for text in texts for token in text], 0.97 if label else 0.03))
        made = 0
        while made < phase.behind:
            label = made % 2
            plain = self._neutral(rng)
            if plain:
                made += 1
                found.append(self._example([*plain, *verdict(label, rng)], 0.93 if label else 0.07))
        return found

    def _both_sides(self, rng: Random, fewest: int, most: int) -> Iterator[Example]:
        """Yield a run of sentences of a review that speaks for its label, and the same edited; nothing if none does."""
        place = rng.randrange(len(self.rows))
        label = int(self.labels[place])
        tokens = [self.words[token - 1] for token in self.rows[place]]
        parts = list(sentences(tokens))
        size = rng.randint(fewest, most)
        first = rng.randrange(max(len(parts) - size, 0) + 1)
        span: Tokens = []
        for part in parts[first : first + size]:
            if len(span) + len(part) > LONGEST_EDITED:
                break
            span += part
        praise, blame = self.editor.polarity(span)
        own, other = (praise, blame) if label else (blame, praise)
        if own < 1.0 or own < 1.5 * other:
            return
        edited = self.editor.flip(span, label, rng.uniform(0.6, 1.0), rng)
        if edited.share < 0.5:
            return
        certain = 0.95 if own > 2.0 else 0.88
        yield self._example(span, certain if label else 1 - certain)
        trust = certain * min(1.0, 0.72 + 0.7 * (edited.share - 0.5))
        yield self._example(edited.tokens, 1 - trust if label else trust)

    def _neutral(self, rng: Random) -> Tokens:
        row = self.rows[rng.randrange(len(self.rows))]
        parts = list(sentences([self.words[token - 1] for token in row]))
        first = rng.randrange(len(parts))
        found: Tokens = []
        for part in parts[first : first + rng.randint(1, 6)]:
            if max(self.editor.polarity(part)) > 0.5:
                break
            found += part
        return found[:200]

    def _example(self, tokens: Tokens, target: float) -> Example:
        ids = np.array([self.ids[token] for token in tokens if token in self.ids], dtype=np.int32)
        return Example(ids, target, SHORT_DROPOUT)


def batches(examples: list[Example], rng: Random) -> list[list[Example]]:
    """Return batches of examples about equally long, in random order."""
    order = sorted((item for item in examples if len(item.ids)), key=lambda item: len(item.ids) * rng.uniform(0.9, 1.1))
    found, batch, longest = [], [], 0
    for item in order:
        longest = max(longest, len(item.ids))
        if (batch and longest * (len(batch) + 1) > BATCH_TOKENS) or len(batch) == 256:
            found.append(batch)
            batch, longest = [], len(item.ids)
        batch.append(item)
    rng.shuffle(found := [*found, batch])
    return found


def main() -> None:
    """Train through the phases and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    predictor = load("start", options.start)
    torch.set_flush_denormal(True)
    reviews = load_reviews(predictor.config.data.model_copy(update={"path": options.data}), lambda message, share: None)
    members = np.flatnonzero(reviews.parts == TRAIN)
    texts = [reviews.texts[place] for place in members]
    rows = [predictor.cut(ids) for chunk in predictor.encoder.encode_known(texts) for ids in chunk]
    labels = np.asarray(reviews.labels)[members].astype(int)
    writer = Writer(predictor, [row for row in rows if len(row)], labels[[len(row) > 0 for row in rows]])
    train(predictor, writer, options.seed, options.out)


def train(predictor: Predictor, writer: Writer, seed: int, out: Path, first: int = 0) -> None:
    """Train `predictor` through the phases, from the `first` on, and write what the last leaves to `out`."""
    model = predictor.model.requires_grad_(True).train()
    model.word_dropout.rate = 0.0  # each example has its own
    table = torch.nn.Parameter(torch.from_numpy(predictor.embed(np.arange(len(writer.words) + 1))))
    weights = dict(model.named_parameters()) | {"embedding.weight": table}
    rng = Random(seed)
    updates = 0
    for number, phase in enumerate(PHASES):
        plan = batches(writer.examples(1_000 * seed + number, phase), rng)
        updates += len(plan)
        if number < first:
            continue
        halves = [Half(model, 2 * seed + 1_000 * number + half) for half in (0, 1)]
        mean = _phase(phase, plan, halves, weights)
        made = {"seed": str(seed), "updates": str(updates)}
        half = {name: value.half().contiguous() for name, value in mean.items()}
        out.mkdir(parents=True, exist_ok=True)
        save_file(half, out / WEIGHTS, metadata=made)
        with torch.no_grad():
            for name, value in weights.items():
                value.copy_(half[name])


def _phase(
    phase: Phase, plan: list[list[Example]], halves: list[Half], weights: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Train `weights` on the batches of `plan`; return their mean over the later updates."""
    table = weights["embedding.weight"]
    inner = [value for name, value in weights.items() if name != "embedding.weight"]
    groups = [{"params": inner, "peak": RATE * phase.rate}, {"params": [table], "peak": VECTOR_RATE * phase.rate}]
    optimizer = torch.optim.Adam(groups, lr=0.0)
    pool = ThreadPoolExecutor(2, initializer=torch.set_flush_denormal, initargs=(True,))
    mean = {name: torch.zeros_like(value) for name, value in weights.items()}
    averaged, running, started = 0, 0.0, time.perf_counter()
    for step, batch in enumerate(plan, start=1):
        share = step / len(plan)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(share / 0.1, 0.5 * (1 + math.cos(math.pi * share)) + 0.02)
        found = list(pool.map(lambda half, part: half.gradients(table, part), halves, (batch[::2], batch[1::2])))
        for value, *parts in zip(weights.values(), *(gradients for _, gradients in found), strict=True):
            value.grad = sum(parts) / len(batch)
        torch.nn.utils.clip_grad_norm_(inner, 1.0)
        optimizer.step()
        running = 0.98 * running + 0.02 * sum(total for total, _ in found) / len(batch)
        if share >= AVERAGE_FROM and step % 5 == 0:
            averaged += 1
            for name, value in weights.items():
                mean[name] += (value.detach() - mean[name]) / averaged
        if step % 25 == 0:
            print(
                f"update {step} of {len(plan)}, loss {running:.4f}, {time.perf_counter() - started:.0f} s", flush=True
            )
    return mean


class Half:
    """The model for half of a batch, in a thread of its own: the weights are shared, the random numbers are not."""

    def __init__(self, model: SentimentModel, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        kept: dict[int, Any] = {id(value): value for value in model.parameters()}
        self.model = deepcopy(model, {**kept, id(model.generator): self.generator})

    def gradients(self, table: torch.Tensor, batch: list[Example]) -> tuple[float, tuple[torch.Tensor, ...]]:
        """Return the summed loss of `batch` and its gradients, the word vectors' last."""
        if not batch:
            return 0.0, tuple(torch.zeros_like(value) for value in (*self.model.parameters(), table))
        loss = _loss(self.model, table, batch, self.generator)
        return loss.item(), torch.autograd.grad(loss, [*self.model.parameters(), table])


def _loss(model: SentimentModel, table: torch.Tensor, batch: list[Example], generator: torch.Generator) -> torch.Tensor:
    """Return the cross entropy summed over `batch`."""
    lengths = torch.tensor([len(item.ids) for item in batch])
    ids = torch.zeros(len(batch), int(lengths.max()), dtype=torch.long)
    for place, item in enumerate(batch):
        ids[place, : len(item.ids)] = torch.from_numpy(item.ids.astype(np.int64))
    rates = torch.tensor([item.dropout for item in batch])[:, None]
    kept = (torch.rand(ids.shape, generator=generator) >= rates) / (1 - rates)
    vectors = F.embedding(ids, table, padding_idx=0) * kept[..., None]
    targets = torch.tensor([item.target for item in batch])
    return F.binary_cross_entropy_with_logits(model.classify(vectors, lengths).logits, targets, reduction="sum")


if __name__ == "__main__":
    main()
