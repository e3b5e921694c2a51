"""Make the small models that the Glass RNN opens with, and their card: alike in all but the cell and the pooling.

    python -m benchmarks.glass_models --data movie.csv.gz

All run in lockstep on random batches, which hold as much padding as the notebook's. Their weights on the way are kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from sentiment_core.artifacts import MODEL, run_place, snapshot_place
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.inside.shipped import FOLDER, SHIPPED
from sentiment_core.snapshots import kept_steps
from sentiment_core.store import Run, Store
from sentiment_core.work.training import train_here

CARD = """# The models that the Glass RNN opens with

{units} hidden units, GloVe 50-d as published and frozen, the first {tokens} known tokens of a review, one linear layer
on top; alike in all but the cell and in what the head reads. Trained in lockstep on random batches of {batch}, Adam
{rate:g}, clipped by norm at {norm:g}, {epochs} epochs of {count:,} IMDb reviews (Maas et al. 2011), seed {seed},
{steps:,} updates. Made by `python -m benchmarks.glass_models --data movie.csv.gz`.

| model | parameters | validation accuracy | test accuracy | weights kept after update |
|---|---|---|---|---|
{rows}

Their size is what makes them readable, and it costs accuracy: they are here to be looked into.
"""


def experiment(data: str, epochs: int) -> ExperimentConfig:
    """Return the experiment that trains all of them."""
    base = from_fields(
        {
            "name": "Glass models",
            "seed": 1,
            "device": "cpu",
            "snapshots": 4,
            "data.source": "csv",
            "data.path": data,
            "data.max_tokens": 150,
            "data.batching": "random",
            "model.hidden_size": 32,
            "training.epochs": epochs,
            "training.batch_size": 64,
            "training.learning_rate": 2e-3,
            "training.clipping": "norm",
        }
    )
    runs = [
        RunConfig(name=item.title, overrides={"model.cell": item.cell, "model.pooling": (item.pooling,)})
        for item in SHIPPED.values()
    ]
    return with_runs(base, runs)


def ship(name: str, run: Run) -> None:
    """Copy a run's weights, at the end and on the way, to where `inside.shipped` finds them."""
    place = FOLDER / name
    shutil.rmtree(place, ignore_errors=True)
    for source, to in [
        (run_place(run.experiment_id, run.id), place),
        *((snapshot_place(run.experiment_id, run.id, step), place / f"step-{step}") for step in kept_steps(run)),
    ]:
        to.mkdir(parents=True)
        shutil.copy(source / "model.safetensors", to)
        description = json.loads((source / MODEL).read_text())
        description["config"]["data"]["path"] = Path(run.config.data.path or "").name
        description["details"]["test_accuracy"] = run.test_accuracy
        (to / MODEL).write_text(json.dumps(description, indent=1) + "\n")


def main() -> None:
    """Train, copy, write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    with Store() as store:
        made = train_here(
            store, experiment(options.data, options.epochs), lambda told: print(told.step, told.message, flush=True)
        )
        balances = store.balances(made.runs[0].id)
    rows = []
    for name, run in zip(SHIPPED, made.runs, strict=True):
        ship(name, run)
        steps = ", ".join(map(str, [*kept_steps(run), run.steps]))
        rows.append(
            f"| {run.name} | {run.parameters:,} | {run.validation_accuracy:.4f} | {run.test_accuracy:.4f} | {steps} |"
        )
    config = made.config
    card = CARD.format(
        units=config.model.hidden_size,
        tokens=config.data.max_tokens,
        batch=config.training.batch_size,
        rate=config.training.learning_rate,
        norm=config.training.max_norm,
        epochs=config.training.epochs,
        count=sum(balance.reviews for balance in balances.values()),
        seed=config.seed,
        steps=made.runs[0].steps,
        rows="\n".join(rows),
    )
    (FOLDER / "README.md").write_text(card)
    print(card)


if __name__ == "__main__":
    main()
