"""What pre-training is worth to a classifier of reviews: fine-tuned against from scratch, over seeds.

    python -m benchmarks.finetuning --data movie.csv.gz --labelled 2000 --seeds 1,2,3

Pre-trains as `benchmarks.bert_models` does, or starts from such a run of this home (`--pretrained RUN`); then trains
twins that differ in nothing but `model.transfer`. What they learn from, and what they are tested on, are reviews of the
pre-training's test part, which it has not read. Copies of a text count once. Writes
`sentiment_core/recorded/fine-tuning.json`, of which the lesson about [CLS] speaks; no text of a review is kept.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bert_models import real
from sentiment_core.artifacts import folder
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.findings import recorded_tuning
from sentiment_core.findings.masked_words import reached
from sentiment_core.findings.recorded_tuning import FineTunings
from sentiment_core.presets import fitting, preset
from sentiment_core.progress import silent
from sentiment_core.store import Experiment, Store, WorkProgress
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


def trained(store: Store, fields: dict[str, Any], base: str) -> Experiment:
    """Train a preset with `fields` replaced, in this process; what it took is printed."""
    config = from_fields(
        {"device": "cpu", "snapshots": 0, "data.source": "csv", "data.split": "column", **fields}, preset(base).config
    )
    started = time.process_time()
    experiment = train_here(store, config, said)
    print(f"{config.name}: {experiment.status}, {time.process_time() - started:.0f} s of CPU", flush=True)
    return experiment


def main() -> None:
    """Pre-train, train the twins of each seed, print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--labelled", type=int, default=2_000)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--updates", type=int, default=3_000, help="of pre-training")
    parser.add_argument("--pretrained", help="a run of this home that `benchmarks.bert_models` made")
    parser.add_argument("--tokens", type=int, default=62, help="longest review, in pieces")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    options = parser.parse_args()
    scratch: list[float] = []
    tuned: list[float] = []
    with Store() as store:
        name = options.pretrained or train_here(store, real(options.data, options.updates), said).runs[0].id
        start = store.run(name)
        print(f"{name}: {start.steps:,} updates of pre-training, {start.tokens:,} pieces read", flush=True)
        common = {
            "data.path": str(split(start.config, options.labelled)),
            "data.keep": "head",
            "training.epochs": options.epochs,
        }
        reading = {"data.max_tokens": options.tokens}
        for seed in map(int, options.seeds.split(",")):
            fields = {
                **common,
                **fitting(start.config),
                **reading,
                "seed": seed,
                "training.learning_rate": options.rate,
                "model.pretrained": name,
            }
            ours = {run.name: run.test_accuracy for run in trained(store, fields, "bert-finetune").runs}
            scratch.append(ours["from scratch"])
            tuned.append(ours["fine-tuned"])
            print(f"seed {seed}: {ours}", flush=True)
        before = reached(start)
        if before is None:
            raise SystemExit(f"{name} has not read its test pairs; pre-train again")
        found = FineTunings(
            labelled=options.labelled,
            tested=TESTED,
            pieces=options.tokens,
            epochs=options.epochs,
            rate=options.rate,
            scratch=tuple(scratch),
            tuned=tuple(tuned),
            updates=start.steps,
            read=start.tokens,
            reached=before,
        )
        recorded_tuning.write(found)
        print(*found.sentences, sep="\n", flush=True)
        (run,) = trained(store, {**common, **reading}, "bert-rnn").runs
        print(f"RNN with attention, {run.parameters:,} parameters: {run.test_accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
