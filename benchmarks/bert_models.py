"""Make the small masked language models that the BERT lab opens with, and their card.

    python -m benchmarks.bert_models

An encoder, and the same without positions, in lockstep on the demo reviews: a small world whose words are soon learned,
so that its fill-ins make sense after minutes. Of the first the weights on the way are kept too.
"""

from __future__ import annotations

import argparse
import json
import shutil

import safetensors.torch

from sentiment_core.artifacts import MODEL, WEIGHTS, WORD_PIECES, run_place, snapshot_place
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.explain.fill import FOLDER, SHIPPED
from sentiment_core.snapshots import kept_steps
from sentiment_core.store import Run, Store
from sentiment_core.store.source import table
from sentiment_core.work.training import train_here

CARD = """# The models that the BERT lab opens with

{layers} layers of {units} units, {heads} heads, {pieces:,} word pieces, pairs of at most {tokens} pieces; alike in all
but what their names say. Trained in lockstep on the demo reviews, AdamW at {rate:g} in one cycle, batches of {batch},
seed {seed}, {steps:,} updates. Made by `python -m benchmarks.bert_models`.

Reached on the test pairs; answering without reading gives {guess:.3f} nats, {chance:.3f} of the words and half of the
pairs:

| model | parameters | loss of masked words | masked words filled in | next sentences named |
|---|---|---|---|---|
{rows}

The demo reviews are written by a program: these models know its words, and nothing of the world.
"""


def experiment(epochs: int) -> ExperimentConfig:
    """Return the experiment that trains all of them."""
    base = from_fields(
        {
            "name": "BERT models",
            "task": "masked-words",
            "seed": 1,
            "device": "cpu",
            "snapshots": 5,
            "data.source": "demo",
            "data.vocabulary_size": 1_200,
            "data.pair_tokens": 64,
            "model.hidden_size": 64,
            "model.num_layers": 2,
            "model.heads": 4,
            "model.feed_forward_size": 256,
            "training.epochs": epochs,
            "training.batch_size": 32,
            "training.optimizer": "adamw",
            "training.weight_decay": 0.01,
            "training.learning_rate": 3e-3,
            "training.schedule": "one_cycle",
            "training.clipping": "norm",
        }
    )
    return with_runs(base, [RunConfig(name=item.title, overrides=item.overrides) for item in SHIPPED.values()])


def ship(name: str, run: Run, on_the_way: bool, reached: dict[str, float]) -> None:
    """Copy a run's weights in half precision, at the end and on the way, to where `explain.fill` finds them."""
    place = FOLDER / name
    shutil.rmtree(place, ignore_errors=True)
    end = run_place(run.experiment_id, run.id)
    steps = kept_steps(run) if on_the_way else []
    for source, to in [
        (end, place),
        *((snapshot_place(run.experiment_id, run.id, s), place / f"step-{s}") for s in steps),
    ]:
        to.mkdir(parents=True)
        tensors = safetensors.torch.load_file(source / WEIGHTS)
        safetensors.torch.save_file({key: value.half() for key, value in tensors.items()}, to / WEIGHTS)
        shutil.copy(source / WORD_PIECES, to)
        description = json.loads((source / MODEL).read_text())
        description["details"]["test"] = reached
        (to / MODEL).write_text(json.dumps(description, indent=1) + "\n")


def main() -> None:
    """Train, copy, write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    rows = []
    with Store() as store:
        made = train_here(store, experiment(options.epochs), lambda told: print(told.step, told.message, flush=True))
        for place, (name, run) in enumerate(zip(SHIPPED, made.runs, strict=True)):
            last = {key: values[-1] for key, values in table(store, run.id).items()}
            reached = {key: last[key] for key in ("test_word_loss", "word_guess", "test_pair_accuracy")}
            ship(name, run, place == 0, reached)
            rows.append(
                f"| {run.name} | {run.parameters:,} | {last['test_word_loss']:.3f} | {run.test_accuracy:.3f} "
                f"| {last['test_pair_accuracy']:.3f} |"
            )
    config = made.config
    card = CARD.format(
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
    )
    (FOLDER / "README.md").write_text(card)
    print(card)


if __name__ == "__main__":
    main()
