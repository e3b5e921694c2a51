"""How fast training is, as ratios measured side by side in one run.

    python -m benchmarks.speed --data FILE.csv.gz [--embeddings glove-100] [--reviews 6400] [--device cuda]

1. One epoch against the course notebook's pipeline: per-word gensim look-ups in the collate function, random batches
   padded to their longest review. Same model, same reviews, same optimizer, same threads.
2. The trainer, with metrics and store, against a bare loop of forward, backward and step over the same batches: one
   run, one run of whole batches and a twin's total against a recurrent layer, the best recipe against the same model.
3. A twin experiment and one of eight runs against one run.
4. The same updates with subnormal floats and with those counted as zero, in alternating processes, which must measure
   the same to the last bit.

Both sides of 1 to 3 count subnormal floats as zero; the notebook, which does not, is timed once more as it is.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from sentiment_core.batches import collate, plan_epoch
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import TRAIN, load_reviews
from sentiment_core.numerics import prepare_thread
from sentiment_core.presets import preset, vary_clipping
from sentiment_core.settings import ModelConfig
from sentiment_core.store import Store, rows_of
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.reporting import Reporter

FLUSHED_PRESETS = ("clip-norm", "last-state", "attention")

Result = TypeVar("Result")


class BareModel(nn.Module):
    """A recurrent layer, its output at the last real word, one linear layer: the notebook's rung 2."""

    def __init__(self, dim: int, size: int = 128) -> None:
        super().__init__()
        self.rnn = nn.RNN(dim, size, batch_first=True)
        self.head = nn.Linear(size, 1)

    def forward(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states = self.rnn(embedded)[0]
        return self.head(states[torch.arange(len(lengths)), (lengths - 1).clamp(min=0)]).squeeze(-1)


class BareRecipe(nn.Module):
    """The best recipe in PyTorch's own modules: trained word vectors, dropouts, both directions, three poolings.

    Its backward direction starts in the padding, which costs nothing more.
    """

    def __init__(self, config: ModelConfig, matrix: torch.Tensor) -> None:
        super().__init__()
        size = 2 * config.hidden_size
        self.embedding = nn.Embedding.from_pretrained(matrix.clone(), freeze=False, padding_idx=0)
        self.words, self.components, self.between, self.before_head = (
            nn.Dropout(rate)
            for rate in (config.word_dropout, config.embedding_dropout, config.state_dropout, config.head_dropout)
        )
        self.rnn = nn.GRU(matrix.shape[1], config.hidden_size, batch_first=True, bidirectional=True)
        self.keys = nn.Linear(size, config.hidden_size, bias=False)
        self.query = nn.Linear(size, config.hidden_size)
        self.score = nn.Linear(config.hidden_size, 1, bias=False)
        self.head = nn.Linear(3 * size, 1)

    def forward(self, token_ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        rows = torch.arange(len(lengths), device=lengths.device)
        mask = torch.arange(token_ids.shape[1], device=lengths.device) < lengths[:, None]
        embedded = self.embedding(token_ids)
        embedded = self.components(embedded * self.words(torch.ones_like(embedded[..., :1])))
        states = self.between(self.rnn(embedded)[0])
        last = states[rows, lengths - 1]
        scores = self.score(torch.tanh(self.keys(states) + self.query(last)[:, None])).squeeze(-1)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)
        real = mask[..., None]
        pooled = (
            (weights[..., None] * states).sum(dim=1),
            states.masked_fill(~real, -torch.inf).amax(dim=1),
            (states * real).sum(dim=1) / lengths[:, None],
        )
        return self.head(self.before_head(torch.cat(pooled, dim=1))).squeeze(-1)


def step(model: nn.Module, optimizer: torch.optim.Optimizer, *batch: torch.Tensor) -> None:
    """Forward, backward and update; `batch` is the model's inputs and then the labels."""
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(model(*batch[:-1]), batch[-1]).backward()
    optimizer.step()


def notebook_epoch(config: ExperimentConfig, threads: int) -> float:
    """Return seconds for one epoch over the training reviews as the notebook has it."""
    from gensim.models import KeyedVectors  # nothing else here needs it

    torch.set_num_threads(threads)
    reviews = load_reviews(config.data)
    members = reviews.select(TRAIN)
    texts, labels = [reviews.texts[index] for index in members], reviews.labels[members]
    known = corpus_of(config).vectors
    vectors = KeyedVectors(known.dim)
    vectors.add_vectors(list(known.words), np.asarray(known.matrix))
    model = BareModel(vectors.vector_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def embed(rows: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        reviews = []
        for row in rows:
            words = [vectors[word] for word in texts[row].lower().split() if word in vectors]
            reviews.append(torch.from_numpy(np.stack(words or [np.zeros(vectors.vector_size, np.float32)])))
        lengths = torch.tensor([len(review) for review in reviews])
        return pad_sequence(reviews, batch_first=True), lengths, torch.from_numpy(labels[rows].astype(np.float32))

    loader = torch.utils.data.DataLoader(
        range(len(texts)),  # type: ignore[arg-type]
        config.training.batch_size,
        shuffle=True,
        collate_fn=embed,
    )
    started = time.perf_counter()
    for batch in loader:
        step(model, optimizer, *batch)
    return time.perf_counter() - started


def corpus_of(config: ExperimentConfig) -> Corpus:
    """Return the encoded reviews; from the second time on from the cache of the home folder."""
    return prepare(config.data, load_reviews(config.data), config.seed, lambda message, fraction: None)


def our_epoch(
    config: ExperimentConfig,
    corpus: Corpus,
    threads: int,
    max_steps: int | None = None,
    device: str = "cpu",
    warm_up: int = 1,
) -> tuple[float, int, list[dict[str, Any]]]:
    """Return wall seconds of the updates of one epoch, their number, and the first run's steps from the store.

    The clock starts after `warm_up` updates. `max_steps` may go on beyond the epoch.
    """
    config = from_fields({"training.max_steps": max_steps, "training.epochs": 1 if max_steps is None else 100}, config)
    with Store() as store:
        experiment = store.create_experiment(config)
        reporter = Reporter(store, experiment.id, lambda: False, lambda trainer: None)
        ids = [run.id for run in experiment.runs]
        trainer = Trainer(config, ids, [corpus] * len(ids), torch.device(device), [reporter], threads)
        clock = Clock(warm_up)
        trainer.callbacks = [reporter, clock]
        trainer.fit()
        reporter.finish(trainer)
        rows = [{**row, "seconds": 0.0} for row in rows_of(store, ids[0])]
        return clock.last - clock.first, trainer.step - warm_up, rows


class Clock(Callback):
    """Notes when the last update of the warm-up and the last of all were done."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.first = self.last = 0.0

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step in {self.warm_up, trainer.total_steps}:
            _wait_for(trainer.device.type)
        self.last = time.perf_counter()
        if trainer.step == self.warm_up:
            self.first = self.last


def bare_steps(
    config: ExperimentConfig,
    corpus: Corpus,
    threads: int,
    count: int,
    device: str = "cpu",
    warm_up: int = 1,
    recipe: bool = False,
) -> float:
    """Return seconds for `count` updates of a bare model or `recipe` over the trainer's own batches, made beforehand.

    They follow `warm_up` others.
    """
    torch.set_num_threads(threads)
    members = np.flatnonzero((corpus.parts == TRAIN) & (corpus.lengths > 0))
    epochs = (
        plan_epoch(members, corpus.lengths, config.training.batch_size, "bucketed", config.seed, epoch)
        for epoch in itertools.count(1)
    )
    plan = itertools.islice(itertools.chain.from_iterable(epochs), count + warm_up)
    matrix = torch.from_numpy(corpus.matrix).to(device)
    batches = [collate(corpus, indices).to(torch.device(device)) for indices in plan]
    model = BareRecipe(config.model, matrix) if recipe else BareModel(corpus.matrix.shape[1])
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    started = 0.0
    for index, batch in enumerate(batches):
        words = batch.token_ids if recipe else F.embedding(batch.token_ids, matrix)
        step(model, optimizer, words, batch.lengths, batch.labels)
        if index == warm_up - 1:
            _wait_for(device)
            started = time.perf_counter()
    _wait_for(device)
    return time.perf_counter() - started


def apart(task: Callable[[], Result], flush: bool) -> Result:
    """Return `task()` from a process of its own whose threads count subnormal floats as zero, or do not."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_with_or_without, task, flush).result()


def _with_or_without(task: Callable[[], Result], flush: bool) -> Result:
    if flush:
        prepare_thread()
        return task()
    with mock.patch("sentiment_core.training.trainer.prepare_thread", torch.set_num_threads):
        return task()


def measured_steps(
    config: ExperimentConfig, threads: int, count: int, device: str
) -> tuple[float, int, list[dict[str, Any]]]:
    """Return what `our_epoch` does for `count` updates after the first."""
    return our_epoch(config, corpus_of(config), threads, count + 1, device)


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
    parser.add_argument("--longest", type=int, help="known tokens kept per review; else as many as the presets keep")
    parser.add_argument("--steps", type=int, default=40, help="updates per repetition of the other two")
    parser.add_argument("--warm-up", type=int, default=1, help="updates before those; a GPU meets each length first")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", choices=("notebook", "bare", "runs", "flushed"), nargs="+", help="leave the rest out")
    parser.add_argument("--device", default="cpu", help="cpu or cuda; the notebook's epoch stays on the CPU")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = tempfile.mkdtemp()
    source: dict[str, Any] = {"data.source": "csv", "data.path": options.data, "data.embeddings": options.embeddings}
    source |= {"data.batching": "bucketed", "data.limit": int(options.reviews / 0.72)}
    if options.longest is not None:
        source["data.max_tokens"] = options.longest
    config = from_fields(source, preset("last-state").config)
    threads = os.cpu_count() or 1
    prepare_thread(threads)
    started = time.perf_counter()
    corpus = corpus_of(config)
    preparation = time.perf_counter() - started

    wanted = options.only or ("notebook", "bare", "runs", "flushed")
    if "notebook" in wanted:
        against_notebook(config, corpus, threads, preparation, options.device)
    if "bare" in wanted:
        against_bare(config, source, threads, options)
    if "runs" in wanted:
        several_runs(config, corpus, threads, options)
    if "flushed" in wanted:
        with_subnormals(source, threads, options)


def against_notebook(config: ExperimentConfig, corpus: Corpus, threads: int, preparation: float, device: str) -> None:
    """One epoch of the trainer's and of the notebook's."""
    ours, steps, _ = our_epoch(config, corpus, threads, device=device)
    theirs = apart(partial(notebook_epoch, config, threads), flush=True)
    as_it_is = apart(partial(notebook_epoch, config, threads), flush=False)
    ours *= (steps + 1) / steps
    print(f"one epoch over {int((corpus.parts == TRAIN).sum())} reviews: notebook {theirs:.1f} s, here {ours:.1f} s")
    print(
        f"  ratio {theirs / ours:.1f}x; with the first encoding of the reviews ({preparation:.1f} s): "
        f"{theirs / (ours + preparation):.1f}x; the notebook with subnormal floats: {as_it_is:.1f} s, "
        f"{as_it_is / ours:.1f}x"
    )


def against_bare(config: ExperimentConfig, source: dict[str, Any], threads: int, options: argparse.Namespace) -> None:
    """Updates of the trainer and of a bare loop."""
    warm_up = options.warm_up
    best = from_fields(source, preset("best").config)
    whole = from_fields({"training.halves": "never"}, config)
    for name, ours_is, runs in (
        ("one run", config, 1),
        ("one run, whole batches, no graphs", whole, 1),
        ("two runs, together", vary_clipping(config), 2),
        ("the best recipe", best, 1),
    ):
        known = corpus_of(ours_is)
        ratios, times = [], []
        for _ in range(options.repetitions):
            bare = bare_steps(ours_is, known, threads, options.steps, options.device, warm_up, ours_is is best)
            seconds, _, _ = our_epoch(
                ours_is, known, max(1, threads // runs), options.steps + warm_up, options.device, warm_up
            )
            ratios.append(runs * bare / seconds)
            times.append((bare / options.steps * 1000, seconds / options.steps * 1000))
        middle = [statistics.median(column) for column in zip(*times, strict=True)]
        print(
            f"trainer against a bare loop, {name}, {threads} threads, {options.steps} updates: "
            f"throughput ratios {[round(ratio, 2) for ratio in ratios]}, median {statistics.median(ratios):.2f} "
            f"(bare {middle[0]:.2f} ms an update, trainer {middle[1]:.2f} ms); load {os.getloadavg()[0]:.1f}"
        )


def several_runs(config: ExperimentConfig, corpus: Corpus, threads: int, options: argparse.Namespace) -> None:
    """Two and eight runs against one."""
    warm_up, steps = options.warm_up, options.steps + options.warm_up
    eight = with_runs(
        config,
        [RunConfig(name=f"rate {n}", overrides={"training.learning_rate": n / 1000}) for n in range(1, 9)],
    )
    for name, several, runs in (("twin", vary_clipping(config), 2), ("eight runs", eight, 8)):
        ratios = []
        for _ in range(options.repetitions):
            one, _, _ = our_epoch(config, corpus, threads, steps, options.device, warm_up)
            all_of_them, _, _ = our_epoch(several, corpus, max(1, threads // runs), steps, options.device, warm_up)
            ratios.append(all_of_them / one)
        print(
            f"{name} against one run: time ratios {[round(ratio, 2) for ratio in ratios]}, "
            f"median {statistics.median(ratios):.2f}"
        )


def with_subnormals(source: dict[str, Any], threads: int, options: argparse.Namespace) -> None:
    """The same updates with subnormal floats and without."""
    for name in FLUSHED_PRESETS:
        task = partial(measured_steps, from_fields(source, preset(name).config), threads, options.steps, options.device)
        ratios, equal = [], True
        for _ in range(options.repetitions):
            (slow, _, kept), (fast, _, flushed) = apart(task, flush=False), apart(task, flush=True)
            ratios.append(slow / fast)
            equal &= repr(kept) == repr(flushed)  # not-a-number equals itself here
        print(
            f"{name}, {options.steps} updates with subnormal floats against without: time ratios "
            f"{[round(ratio, 2) for ratio in ratios]}, median {statistics.median(ratios):.2f}; "
            f"metrics {'equal to the last bit' if equal else 'DIFFER'}"
        )


if __name__ == "__main__":
    main()
