"""What pre-training is worth to a classifier of reviews: fine-tuned against from scratch, over seeds.

    python -m benchmarks.finetuning --data movie.csv.gz --labelled 2000 --seeds 1,2,3

Pre-trains as `benchmarks.bert_models` does, or starts from such a run of this home (`--pretrained RUN`); then trains
twins that differ in nothing but `model.transfer`. What they learn from, and what they are tested on, are reviews of the
pre-training's test part, which it has not read. Copies of a text count once. One more run learns from the labels of all
reviews that the pre-training read, and is tested on that whole part. Writes `sentiment_core/recorded/fine-tuning.json`,
of which the lesson about [CLS] speaks; no text of a review is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bert_models import UPDATES, real
from sentiment_core.artifacts import folder
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, load_reviews
from sentiment_core.findings import recorded_tuning
from sentiment_core.findings.masked_words import reached
from sentiment_core.findings.recorded_tuning import FineTunings, Whole
from sentiment_core.presets import fitting, preset
from sentiment_core.progress import silent
from sentiment_core.store import Run, Store, WorkProgress
from sentiment_core.work.training import train_here

TESTED, VALIDATED = 3_000, 0.1


def split(pretraining: ExperimentConfig, labelled: int) -> Path:
    """Write labelled and tested reviews that a pre-training has not read, with a column `split`; return where."""
    reviews = load_reviews(pretraining.data, silent)
    rows = reviews.select(TEST)
    rows = rows[np.unique(reviews.hashes[rows], return_index=True)[1]]
    data = pd.DataFrame({"text": [reviews.texts[row] for row in rows], "label": reviews.labels[rows]})
    order = np.random.default_rng(0).permutation(len(data))
    test, validation, train = np.split(order[: TESTED + labelled], [TESTED, TESTED + int(VALIDATED * labelled)])
    parts = {"test": test, "validation": validation, "train": train}
    place = folder("uploads") / "finetuning.csv"
    pd.concat([data.iloc[rows].assign(split=part) for part, rows in parts.items()]).to_csv(place, index=False)
    return place


def said(told: WorkProgress) -> None:
    """Print how far a training is, now and then."""
    if told.step and told.step % 100 == 0:
        print(f"  update {told.step:,} of {told.total_steps:,}", flush=True)


@dataclass(frozen=True)
class Trained:
    """What a training reached: test accuracies by its runs' names, and processor time in seconds."""

    accuracies: dict[str, float]
    seconds: float


def trained(config: ExperimentConfig) -> Trained:
    """Train in this process; what it took is printed."""
    started = time.process_time()
    with Store() as store:
        experiment = train_here(store, config, said)
    seconds = time.process_time() - started
    reached_by = {run.name: run.test_accuracy for run in experiment.runs}
    print(f"{config.name}, seed {config.seed}: {reached_by}, {seconds:.0f} s of CPU", flush=True)
    accuracies = {name: value for name, value in reached_by.items() if value is not None}
    if len(accuracies) < len(reached_by):
        raise SystemExit(f"{config.name}: {experiment.error or experiment.status}; nothing is recorded")
    return Trained(accuracies, seconds)


def tunings(start: Run, options: argparse.Namespace) -> tuple[ExperimentConfig, list[ExperimentConfig]]:
    """Return the fine-tuning on all labelled reviews, and the twins on a few, an experiment a seed."""
    base: dict[str, Any] = {
        "device": "cpu",
        "snapshots": 0,
        "data.source": "csv",
        "data.keep": "head",
        # In one thread, so that processor time is that of the arithmetic.
        "training.halves": "never",
        **fitting(start.config),
        "data.max_tokens": options.tokens,
        "model.pretrained": start.id,
    }
    ours = preset("bert-finetune").config
    own = start.config.data
    every = {"data.path": own.path, "data.split": own.split, "training.epochs": options.all_epochs}
    whole = from_fields({**base, **every, "training.learning_rate": options.all_rate}, ours)
    few = {
        "data.path": str(split(start.config, options.labelled)),
        "data.split": "column",
        "training.epochs": options.epochs,
        "training.learning_rate": options.rate,
    }
    twins = [from_fields({**base, **few, "seed": seed}, ours) for seed in map(int, options.seeds.split(","))]
    return with_runs(whole, [RunConfig(name="fine-tuned", overrides={"model.transfer": True})]), twins


def main() -> None:
    """Pre-train, train on all labels and the twins of each seed, record what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--labelled", type=int, default=2_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--updates", type=int, default=UPDATES, help="of pre-training")
    parser.add_argument("--pretrained", help="a run of this home that `benchmarks.bert_models` made")
    parser.add_argument("--tokens", type=int, default=254, help="longest review, in pieces")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--all-epochs", type=int, default=2, help="on all labelled reviews")
    parser.add_argument("--all-rate", type=float, default=6e-4)
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time")
    options = parser.parse_args()
    with Store() as store:
        name = options.pretrained or train_here(store, real(options.data, options.updates), said).runs[0].id
        start = store.run(name)
    print(f"{name}: {start.steps:,} updates of pre-training, {start.tokens:,} pieces read", flush=True)
    before = reached(start)
    if before is None:
        raise SystemExit(f"{name} has not read its test pairs; pre-train again")
    whole, twins = tunings(start, options)
    with ProcessPoolExecutor(options.processes, multiprocessing.get_context("spawn")) as pool:
        everything, *few = pool.map(trained, [whole, *twins])
    parts = load_reviews(start.config.data, silent).parts
    found = FineTunings(
        labelled=options.labelled,
        tested=TESTED,
        pieces=options.tokens,
        epochs=options.epochs,
        rate=options.rate,
        scratch=tuple(one.accuracies["from scratch"] for one in few),
        tuned=tuple(one.accuracies["fine-tuned"] for one in few),
        updates=start.steps,
        read=start.tokens,
        reached=before,
        whole=Whole(
            labelled=int(np.isin(parts, (TRAIN, VALIDATION)).sum()),
            tested=int((parts == TEST).sum()),
            pieces=options.tokens,
            epochs=options.all_epochs,
            rate=options.all_rate,
            accuracy=everything.accuracies["fine-tuned"],
            cpu_seconds=everything.seconds,
        ),
    )
    recorded_tuning.write(found)
    print(*found.sentences, sep="\n", flush=True)


if __name__ == "__main__":
    main()
