"""How fast training is, as ratios measured side by side in one run.

    python -m benchmarks.speed --data FILE.csv.gz [--embeddings glove-100] [--reviews 6400] [--device cuda]

1. One epoch against the course notebook's pipeline: per-word gensim look-ups in the collate function, random batches
   padded to their longest review. Same model, same reviews, same optimizer, same threads.
2. The trainer, with metrics and store, against a bare `nn.RNN` forward, backward and step over the same batches.
3. A twin experiment against one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from gensim.models import KeyedVectors
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from sentiment_core.batches import collate, plan_epoch
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.presets import preset, vary_clipping
from sentiment_core.reporting import Reporter
from sentiment_core.store import Store
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.trainer import Trainer


class BareModel(nn.Module):
    """The notebook's rung 2: tanh RNN, last real state, one linear layer."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.rnn = nn.RNN(dim, 128, batch_first=True)
        self.head = nn.Linear(128, 1)

    def forward(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states = self.rnn(embedded)[0]
        return self.head(states[torch.arange(len(lengths)), (lengths - 1).clamp(min=0)]).squeeze(-1)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, *batch: torch.Tensor) -> None:
    """Forward, backward and update; `batch` is the model's inputs and then the labels."""
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(model(*batch[:-1]), batch[-1]).backward()
    optimizer.step()


def notebook_epoch(texts: list[str], labels: np.ndarray, vectors: KeyedVectors, batch_size: int) -> float:
    """Return seconds for one epoch as the notebook has it."""
    model = BareModel(vectors.vector_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def embed(rows: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        reviews = []
        for row in rows:
            words = [vectors[word] for word in texts[row].lower().split() if word in vectors]
            reviews.append(torch.from_numpy(np.stack(words or [np.zeros(vectors.vector_size, np.float32)])))
        lengths = torch.tensor([len(review) for review in reviews])
        return pad_sequence(reviews, batch_first=True), lengths, torch.from_numpy(labels[rows].astype(np.float32))

    loader = torch.utils.data.DataLoader(range(len(texts)), batch_size, shuffle=True, collate_fn=embed)  # type: ignore[arg-type]
    started = time.perf_counter()
    for batch in loader:
        step(model, optimizer, *batch)
    return time.perf_counter() - started


def our_epoch(
    config: ExperimentConfig, corpus: Corpus, threads: int, max_steps: int | None = None, device: str = "cpu"
) -> tuple[float, int]:
    """Return wall seconds of the updates of one epoch, metrics written to a store on disk, and their number."""
    config = from_fields({"training.max_steps": max_steps, "training.epochs": 1}, config)
    with Store() as store:
        experiment = store.create_experiment(config)
        reporter = Reporter(store, experiment.id, lambda: False, lambda trainer: None)
        ids = [run.id for run in experiment.runs]
        trainer = Trainer(config, ids, [corpus] * len(ids), torch.device(device), [reporter], threads)
        clock = Clock()
        trainer.callbacks = [reporter, clock]
        trainer.fit()
        return clock.last - clock.first, trainer.step - 1


class Clock(Callback):
    """Notes when the first and the last update were done."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    def on_step(self, trainer: Trainer) -> None:
        if not self.first or trainer.step == trainer.total_steps:
            _wait_for(trainer.device.type)
        self.last = time.perf_counter()
        self.first = self.first or self.last


def bare_steps(config: ExperimentConfig, corpus: Corpus, threads: int, count: int, device: str = "cpu") -> float:
    """Return seconds for `count` updates of a bare model over the trainer's own batches, made beforehand."""
    torch.set_num_threads(threads)
    members = np.flatnonzero((corpus.parts == TRAIN) & (corpus.lengths > 0))
    plan = plan_epoch(members, corpus.lengths, config.training.batch_size, "bucketed", config.seed, 1)
    matrix = torch.from_numpy(corpus.matrix).to(device)
    batches = [collate(corpus, indices).to(torch.device(device)) for indices in plan[: count + 1]]
    model = BareModel(corpus.matrix.shape[1]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    started = 0.0
    for index, batch in enumerate(batches):
        step(model, optimizer, F.embedding(batch.token_ids, matrix), batch.lengths, batch.labels)
        if index == 0:
            _wait_for(device)
            started = time.perf_counter()
    _wait_for(device)
    return time.perf_counter() - started


def _wait_for(device: str) -> None:
    """A GPU works on after Python has gone on."""
    if device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--embeddings", default="glove-100")
    parser.add_argument("--reviews", type=int, default=6400, help="reviews in the epoch against the notebook")
    parser.add_argument("--steps", type=int, default=40, help="updates per repetition of the other two")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--device", default="cpu", help="cpu or cuda; the notebook's epoch stays on the CPU")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = tempfile.mkdtemp()
    fields = {"data.source": "csv", "data.path": options.data, "data.embeddings": options.embeddings}
    fields |= {"data.batching": "bucketed", "data.limit": int(options.reviews / 0.72)}
    config = from_fields(fields, preset("last-state").config)
    threads = os.cpu_count() or 1
    torch.set_num_threads(threads)
    reviews = load_reviews(config.data)
    started = time.perf_counter()
    corpus = prepare(config.data, reviews, config.seed, lambda message, fraction: None)
    preparation = time.perf_counter() - started
    members = reviews.select(TRAIN)
    texts = [reviews.texts[index] for index in members]
    vectors = KeyedVectors(corpus.vectors.dim)
    vectors.add_vectors(list(corpus.vectors.words), np.asarray(corpus.vectors.matrix))

    ours, steps = our_epoch(config, corpus, threads, device=options.device)
    theirs = notebook_epoch(texts, reviews.labels[members], vectors, config.training.batch_size)
    ours *= (steps + 1) / steps
    print(f"one epoch over {len(members)} reviews: notebook {theirs:.1f} s, here {ours:.1f} s")
    print(
        f"  ratio {theirs / ours:.1f}x; with the first encoding of the reviews ({preparation:.1f} s): "
        f"{theirs / (ours + preparation):.1f}x"
    )

    pairs = []
    for _ in range(options.repetitions):
        bare = bare_steps(config, corpus, threads, options.steps, options.device)
        seconds, _ = our_epoch(config, corpus, threads, options.steps + 1, options.device)
        pairs.append((bare, seconds))
    ratios = [bare / seconds for bare, seconds in pairs]
    print(
        f"trainer against bare nn.RNN, {threads} threads, {options.steps} updates: "
        f"throughput ratios {[round(ratio, 2) for ratio in ratios]}, median {statistics.median(ratios):.2f}"
    )

    twin = vary_clipping(config)
    ratios = []
    for _ in range(options.repetitions):
        one, _ = our_epoch(config, corpus, threads, options.steps + 1, options.device)
        two, _ = our_epoch(twin, corpus, max(1, threads // 2), options.steps + 1, options.device)
        ratios.append(two / one)
    print(
        f"twin against one run: time ratios {[round(ratio, 2) for ratio in ratios]}, "
        f"median {statistics.median(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
