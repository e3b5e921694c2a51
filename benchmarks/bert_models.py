"""Make the small masked language models that the BERT lab opens with, and record a pre-training on real reviews.

    python -m benchmarks.bert_models                                          # the models, on demo reviews
    python -m benchmarks.bert_models --data movie.csv.gz [--updates 3000]     # the recording

The models, an encoder and the same without positions, learn the small world of the demo reviews in lockstep; of the
first the weights on the way are kept too. Of the pre-training on real reviews the curves ship and what it reached, no
weights and no text.
"""

from __future__ import annotations

import argparse
import json
import shutil
from typing import Any

import safetensors.torch

from benchmarks.bert_twins import Cost, machine, train
from sentiment_core.artifacts import MODEL, WEIGHTS, WORD_PIECES, run_place, snapshot_place
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.explain.fill import FOLDER, SHIPPED
from sentiment_core.findings.recorded_words import PRETRAINING
from sentiment_core.presets import preset
from sentiment_core.snapshots import kept_steps
from sentiment_core.store import Experiment, Run, Store
from sentiment_core.store.source import table
from sentiment_core.work.training import train_here

CARD = """# The models that the BERT lab opens with

{layers} layers of {units} units, {heads} heads, {pieces:,} word pieces, pairs of at most {tokens} pieces. AdamW at
{rate:g} in one cycle, batches of {batch}, seed {seed}, {steps:,} updates on the demo reviews, in lockstep: {cost}.
Made by `python -m benchmarks.bert_models`.

Reached on the test pairs; answering without reading gives {guess:.3f} nats, {chance:.3f} of the words and half of the
pairs:

| model | parameters | loss of masked words | masked words filled in | next sentences named |
|---|---|---|---|---|
{rows}

The demo reviews are written by a program: these models know its words, and nothing of the world.
"""
# Of pre-training on real reviews: some 12 minutes of one core.
UPDATES = 16_000
COMMON: dict[str, Any] = {
    "task": "masked-words",
    "seed": 1,
    "device": "cpu",
    "training.batch_size": 32,
    "training.optimizer": "adamw",
    "training.weight_decay": 0.01,
    "training.schedule": "one_cycle",
    "training.clipping": "norm",
}


def demo(epochs: int) -> ExperimentConfig:
    """Return the experiment that trains all of them."""
    fields = {
        "name": "BERT models",
        "snapshots": 5,
        "data.source": "demo",
        "data.vocabulary_size": 1_200,
        "data.pair_tokens": 64,
        "model.hidden_size": 64,
        "model.num_layers": 2,
        "model.heads": 4,
        "model.feed_forward_size": 256,
        "training.epochs": epochs,
        "training.learning_rate": 3e-3,
    }
    runs = [RunConfig(name=item.title, overrides=item.overrides) for item in SHIPPED.values()]
    return with_runs(from_fields({**COMMON, **fields}), runs)


def real(path: str, updates: int) -> ExperimentConfig:
    """Return the experiment that pre-trains on the reviews in a file as `bert-mlm` does, for so many updates."""
    fields = {
        "name": "BERT on real reviews",
        "seed": 1,
        "device": "cpu",
        "snapshots": 5,
        "data.source": "csv",
        "data.path": path,
        "training.epochs": 100,
        "training.max_steps": updates,
    }
    base = from_fields(fields, preset("bert-mlm").config)
    return with_runs(base, [RunConfig(name="encoder")])


def ship(store: Store, name: str, run: Run, cost: str, on_the_way: bool) -> None:
    """Copy a run's weights in half precision, at the end and on the way, to where `explain.fill` finds them."""
    place = FOLDER / name
    shutil.rmtree(place, ignore_errors=True)
    end = run_place(run.experiment_id, run.id)
    steps = kept_steps(run) if on_the_way else []
    last = {key: values[-1] for key, values in table(store, run.id).items()}
    reached = {key: last[key] for key in ("test_word_loss", "word_guess", "test_pair_accuracy")}
    for source, to in [
        (end, place),
        *((snapshot_place(run.experiment_id, run.id, s), place / f"step-{s}") for s in steps),
    ]:
        to.mkdir(parents=True)
        tensors = safetensors.torch.load_file(source / WEIGHTS)
        safetensors.torch.save_file({key: value.half() for key, value in tensors.items()}, to / WEIGHTS)
        shutil.copy(source / WORD_PIECES, to)
        description = json.loads((source / MODEL).read_text())
        description["details"] |= {"test": reached, "cost": cost}
        (to / MODEL).write_text(json.dumps(description, indent=1) + "\n")


def card(store: Store, made: Experiment, cost: str) -> None:
    """Write what a reader of the models wants to know beside them, and print it."""
    rows = []
    for run in made.runs:
        last = {key: values[-1] for key, values in table(store, run.id).items()}
        rows.append(
            f"| {run.name} | {run.parameters:,} | {last['test_word_loss']:.3f} | {run.test_accuracy:.3f} "
            f"| {last['test_pair_accuracy']:.3f} |"
        )
    config = made.config
    text = CARD.format(
        layers=config.model.num_layers,
        units=config.model.hidden_size,
        heads=config.model.heads,
        pieces=config.data.vocabulary_size,
        tokens=config.data.pair_tokens,
        rate=config.training.learning_rate,
        batch=config.training.batch_size,
        seed=config.seed,
        steps=made.runs[0].steps,
        guess=last["word_guess"],
        chance=last["word_chance"],
        rows="\n".join(rows),
        cost=cost,
    )
    (FOLDER / "README.md").write_text(text)
    print(text)


def main() -> None:
    """Train; copy and write the card, or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a file of real reviews; the demo's without it")
    parser.add_argument("--updates", type=int, default=UPDATES, help="on real reviews")
    parser.add_argument("--epochs", type=int, default=3, help="on demo reviews")
    options = parser.parse_args()
    with Store() as store:
        if options.data:
            train(store, real(options.data, options.updates), PRETRAINING)
            return
        spent = Cost()
        made = train_here(store, demo(options.epochs), spent.watch)
        cost = f"{spent.seconds / 60:.1f} minutes of processor time, {machine()}"
        for place, (name, run) in enumerate(zip(SHIPPED, made.runs, strict=True)):
            ship(store, name, run, cost, place == 0)
        card(store, made, cost)


if __name__ == "__main__":
    main()
