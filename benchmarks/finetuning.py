"""What pre-training is worth to a classifier of reviews: fine-tuned against from scratch, over seeds.

    python -m benchmarks.finetuning --data movie.csv.gz --labelled 2000 --seeds 1,2,3

Pre-trains a small BERT on the reviews that are neither labelled nor tested on, for one pass or `--updates` of it; then
trains twins on the labelled ones, which differ in nothing but `model.transfer`. Copies of a text count once. With
`--pretrained RUN` it starts from a run of this home instead, whose reviews should be the others.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from sentiment_core.artifacts import folder
from sentiment_core.config import RunConfig, from_fields, with_runs
from sentiment_core.intervals import student
from sentiment_core.presets import fitting, preset
from sentiment_core.store import Experiment, Store, WorkProgress
from sentiment_core.work.training import train_here

TESTED, VALIDATED = 3_000, 0.1


def split(path: Path, labelled: int) -> tuple[Path, Path]:
    """Write the reviews as two files with a column `split`, labelled and others; return both."""
    data = pd.read_csv(path)
    data = data[~data["text"].str.lower().str.split().str.join(" ").duplicated()]
    order = np.random.default_rng(0).permutation(len(data))
    test, learned, rest = np.split(order, [TESTED, TESTED + labelled])
    place = folder("uploads")
    files = []
    for name, parts in {
        "labelled": {"test": test, **_validated(learned)},
        "others": {"test": rest[:500], **_validated(rest[500:])},
    }.items():
        written = [data.iloc[rows].assign(split=part) for part, rows in parts.items()]
        pd.concat(written).to_csv(place / f"finetuning-{name}.csv", index=False)
        files.append(place / f"finetuning-{name}.csv")
    return files[0], files[1]


def _validated(rows: np.ndarray) -> dict[str, np.ndarray]:
    count = int(VALIDATED * len(rows))
    return {"validation": rows[:count], "train": rows[count:]}


def trained(store: Store, fields: dict[str, Any], base: str, runs: tuple[RunConfig, ...] = ()) -> Experiment:
    """Train a preset with `fields` replaced, in this process; what it took is printed."""
    config = from_fields(
        {"device": "cpu", "snapshots": 0, "data.source": "csv", "data.split": "column", **fields}, preset(base).config
    )
    started = time.process_time()

    def show(told: WorkProgress) -> None:
        if told.step and told.step % 100 == 0:
            print(f"  update {told.step:,} of {told.total_steps:,}", flush=True)

    experiment = train_here(store, with_runs(config, runs or config.runs), show)
    print(f"{config.name}: {experiment.status}, {time.process_time() - started:.0f} s of CPU", flush=True)
    return experiment


def main() -> None:
    """Pre-train, train the twins of each seed, print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labelled", type=int, default=2_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--updates", type=int)
    parser.add_argument("--pair-tokens", type=int, default=128)
    parser.add_argument("--vocabulary", type=int, default=4_000)
    parser.add_argument("--tokens", type=int, help="longest review in pieces; without it, as many as it has positions")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--pretrained")
    options = parser.parse_args()
    labelled, others = split(options.data, options.labelled)
    gains = []
    with Store() as store:
        name = options.pretrained
        if name is None:
            fields = {
                "data.path": str(others),
                "data.pair_tokens": options.pair_tokens,
                "data.vocabulary_size": options.vocabulary,
                "training.epochs": 1,
                "training.batch_size": 32,
                "training.max_steps": options.updates,
            }
            name = trained(store, fields, "bert-mlm").runs[0].id
        start = store.run(name)
        fits = fitting(start.config)
        fits["data.max_tokens"] = min(options.tokens or fits["data.max_tokens"], fits["data.max_tokens"])
        print(f"{name}: {start.steps:,} updates of pre-training, {start.tokens:,} pieces read", flush=True)
        for seed in map(int, options.seeds.split(",")):
            fields = {
                "data.path": str(labelled),
                "seed": seed,
                "data.keep": "head",
                "training.learning_rate": options.rate,
                "training.epochs": options.epochs,
                **fits,
                "model.pretrained": name,
            }
            reached = {run.name: run.test_accuracy for run in trained(store, fields, "bert-finetune").runs}
            gains.append(reached["fine-tuned"] - reached["from scratch"])
            print(f"seed {seed}: {reached}, {100 * gains[-1]:+.1f} points", flush=True)
        beside = {
            "data.path": str(labelled),
            "training.epochs": options.epochs,
            "data.max_tokens": fits["data.max_tokens"],
            "data.keep": "head",
        }
        (run,) = trained(store, beside, "bert-rnn").runs
        print(f"RNN with attention, {run.parameters:,} parameters: {run.test_accuracy:.3f}", flush=True)
    half = student(len(gains)) * np.std(gains, ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
    print(f"fine-tuned minus from scratch, {len(gains)} seeds: {100 * fmean(gains):+.1f} ± {100 * half:.1f} points")


if __name__ == "__main__":
    main()
