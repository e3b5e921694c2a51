"""What a look inside every so many updates costs, as a share of the time of training.

    python -m benchmarks.watching [--data FILE.csv.gz] [--every 20] [--blocks 12]

Two trainings of the same experiment take turns over the same batches, one that watches and one that does not, `every`
updates at a time, so that a look falls in each block; each block of the one is held against that of the other. Then the
size of what the looks of 2,000 updates leave in the store. Processor time is what counts on a machine that is busy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.corpus import prepare
from sentiment_core.datasets import load_reviews
from sentiment_core.numerics import prepare_thread
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.inside import USUAL_EVERY
from sentiment_core.steps.quantities import Diagnostic
from sentiment_core.store import Store
from sentiment_core.store.arrays import pack
from sentiment_core.training.build import build_trainer
from sentiment_core.training.trainer import Trainer


def trainer_of(config: ExperimentConfig, every: int, corpus: Any, pool: ThreadPoolExecutor) -> Trainer:
    """Return a trainer that is ready to make updates one by one."""
    watching = from_fields({"watch_every": every}, config)
    ids = [f"run-{number}" for number in range(len(config.runs))]
    trainer = build_trainer(watching, ids, [corpus] * len(ids), torch.device("cpu"))
    trainer._each = pool.map if len(ids) > 1 else map
    trainer.stepper.listeners = trainer._listeners()
    return trainer


def seconds(trainer: Trainer, batches: list[Any]) -> tuple[float, float]:
    """Return wall and processor seconds of updates on `batches`, with all that is done after each."""
    began = time.perf_counter(), time.process_time()
    for examples in batches:
        made = trainer._collate(examples)
        trainer.step += 1
        trainer.stepper.update(trainer.runs, made, trainer.step, 1, trainer._each)
        for run in trainer.runs:
            run.add_seconds(0.0)
        trainer._call("on_step")
    return time.perf_counter() - began[0], time.process_time() - began[1]


def cost(config: ExperimentConfig, every: int, blocks: int) -> tuple[list[tuple[float, float]], list[Diagnostic]]:
    """Return the share that each block's look adds, of wall and of processor time, and what the looks measured."""
    corpus = prepare(config.data, load_reviews(config.data), config.seed, lambda message, share: None)
    with ThreadPoolExecutor(len(config.runs), initializer=prepare_thread, initargs=(1,)) as pool:
        watching, plain = (trainer_of(config, looks, corpus, pool) for looks in (every, 0))
        plan: list[Any] = []
        epoch = 1
        while len(plan) < every * (blocks + 1):
            plan += plain.task.plan_epoch(plain.config, corpus, plain.training_members, epoch)
            epoch += 1
        shares, found = [], []
        for block in range(blocks + 1):
            batches = plan[every * block : every * (block + 1)]
            # Whoever goes first changes, and the first block warms up.
            order = (watching, plain) if block % 2 else (plain, watching)
            taken = {id(trainer): seconds(trainer, batches) for trainer in order}
            drained = [run.drain() for run in (*watching.runs, *plain.runs)]
            found += drained[0].diagnostics
            if block:
                pairs = zip(taken[id(watching)], taken[id(plain)], strict=True)
                shares.append(tuple(ours / theirs - 1 for ours, theirs in pairs))
        return shares, found


def kept_bytes(measured: list[Diagnostic], every: int, updates: int = 2000) -> int:
    """Return by how much a store grows with the looks of a twin of `updates`, each like those `measured`."""
    first = min(item.step for item in measured)
    look = [item for item in measured if item.step == first]
    with Store() as store:
        made = store.create_experiment(with_runs(ExperimentConfig(), [RunConfig(name="one"), RunConfig(name="two")]))
        path = store.folder_of(made.id).parents[1]
        before = sum(file.stat().st_size for file in path.glob("*.sqlite3*"))
        for run in made.runs:
            rows = [item._replace(run_id=run.id, step=step) for step in range(1, updates + 1, every) for item in look]
            store.write_steps({}, rows)
        return sum(file.stat().st_size for file in path.glob("*.sqlite3*")) - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="real reviews; without, those of the demo")
    parser.add_argument("--every", type=int, default=USUAL_EVERY)
    parser.add_argument("--blocks", type=int, default=12)
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = tempfile.mkdtemp()
    prepare_thread(threads=1)
    real = {"data.source": "csv", "data.path": options.data, "data.limit": 6000} if options.data else {}
    base = from_fields({"training.epochs": 200, "training.learning_rate": 1e-3, **real})
    head = {"model.head_activation": "relu", "model.head_sizes": (64,)}
    cases = {
        "tanh RNN, attention, twin": vary_clipping(from_fields({**head, "training.batch_size": 64}, base)),
        "tanh RNN, last state": from_fields({"model.pooling": ("last",)}, base),
        "LSTM, last state": from_fields({"model.pooling": ("last",), "model.cell": "lstm"}, base),
    }
    for name, config in cases.items():
        shares, measured = cost(config, options.every, options.blocks)
        for kind, each in zip(("wall", "processor"), zip(*shares, strict=True), strict=True):
            print(
                f"{name}: a look every {options.every} updates adds {statistics.median(each):.1%} of {kind} time "
                f"(median of {len(each)} blocks, {min(each):.1%} to {max(each):.1%})",
                flush=True,
            )
    arrays = sum(len(pack(item.value)) for item in measured if not isinstance(item.value, float))
    print(
        f"one look: {arrays:,} bytes of arrays; a twin of 2,000 updates: {kept_bytes(measured, options.every):,} bytes"
    )


if __name__ == "__main__":
    main()
