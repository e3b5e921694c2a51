"""How far back the gradient reaches on real reviews: starts, cells and attention, before and after some training.

    python -m benchmarks.gradient_flow --data FILE.csv.gz [--seeds 5] [--updates 100] [--write]

Each case is trained by the trainer. Measured is ‖∂L/∂h_t‖, mean over the same 64 test reviews of at least 200 known
words, relative to that at the last word: log10, mean ± standard deviation over seeds. `--write` keeps the result where
the app shows it (`sentiment_core/inside/gradient_flow.json`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.batches import Batch, collate
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.corpus import Corpus, prepare
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.inside.flow import CASES, DISTANCES, PATH, Case
from sentiment_core.models import SentimentModel
from sentiment_core.models.through_time import gradient_norms
from sentiment_core.numerics import prepare_thread
from sentiment_core.training.build import build_trainer

WORDS, REVIEWS = 200, 64


def start(model: SentimentModel, case: Case) -> None:
    """Change how the weights of a case start, where it is not by its configuration."""
    for layer in model.encoder.uppermost:
        with torch.no_grad():
            layer.weight_hh_l0.mul_(case.gain)
            if case.forget_bias:
                units = layer.hidden_size
                layer.bias_hh_l0[units : 2 * units] += case.forget_bias


def lengths(model: SentimentModel, batch: Batch) -> list[float | None]:
    """Return log10 of the mean ‖∂L/∂h‖ at each of `DISTANCES` before the last word, relative to the last word's."""
    model.train()
    model.zero_grad(set_to_none=True)
    with model.watch_states() as watch:
        logits = model(batch.token_ids, batch.lengths).logits
    F.binary_cross_entropy_with_logits(logits, batch.labels).backward()
    states = watch.states()
    model.zero_grad(set_to_none=True)
    along = gradient_norms(states.grad, batch.lengths).double().mean(dim=0)
    shares = (along / along[0]).tolist()
    # Subnormal numbers count as zero: below 1e-38 nothing is left.
    return [math.log10(shares[distance]) if shares[distance] else None for distance in DISTANCES]


def measured(config: ExperimentConfig, case: Case, corpus: Corpus, batch: Batch, updates: int) -> dict[str, Any]:
    """Return one seed of one case, before and after `updates`."""
    trainer = build_trainer(
        from_fields({**case.fields, "training.max_steps": updates}, config), ["run"], [corpus], torch.device("cpu")
    )
    (run,) = trainer.runs
    start(run.model, case)
    before = lengths(run.model, batch)
    trainer.fit()
    after = lengths(run.model, batch)
    return {"seed": config.seed, "before": rounded(before), "after": rounded(after)}


def rounded(values: list[float | None]) -> list[float | None]:
    """Return `values` to a hundredth of a decade."""
    return [value if value is None else round(value, 2) for value in values]


def said(values: list[list[float | None]], distance: int) -> str:
    """Return mean ± deviation over seeds at a distance; `0` where nothing is left at all."""
    column = [row[DISTANCES.index(distance)] for row in values]
    if None in column:
        return "nothing"
    return f"{statistics.fmean(column):+.1f} ± {statistics.stdev(column) if len(column) > 1 else math.nan:.1f}"


def main() -> None:
    """Measure, print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = tempfile.mkdtemp()
    prepare_thread(threads=1)
    source = {"data.source": "csv", "data.path": options.data, "data.limit": 10_000, "data.max_tokens": WORDS}
    base = from_fields({**source, "training.batch_size": 64, "training.learning_rate": 1e-3, "training.epochs": 3})
    began = time.perf_counter()
    show: Callable[[str, float | None], None] = lambda message, share: None  # noqa: E731
    corpus = prepare(base.data, load_reviews(base.data), base.seed, show)
    long = np.flatnonzero((corpus.parts == TEST) & (corpus.lengths >= WORDS))[:REVIEWS]
    batch = collate(corpus, long)
    rows = []
    print("| case | when | " + " | ".join(f"{distance} words" for distance in DISTANCES[1:]) + " |")
    print("|---" * (len(DISTANCES) + 1) + "|")
    for case in CASES:
        seeds = [
            measured(from_fields({"seed": seed}, base), case, corpus, batch, options.updates)
            for seed in range(1, options.seeds + 1)
        ]
        rows.append({"case": case.name, "seeds": seeds})
        for when in ("before", "after"):
            values = [seed[when] for seed in seeds]
            print(f"| {case.title} | {when} | " + " | ".join(said(values, d) for d in DISTANCES[1:]) + " |", flush=True)
    print(f"{len(batch.labels)} reviews, {options.updates} updates, {time.perf_counter() - began:.0f} s")
    if options.write:
        made = {"reviews": len(batch.labels), "words": WORDS, "updates": options.updates, "cases": rows}
        PATH.write_text(json.dumps(made, allow_nan=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
