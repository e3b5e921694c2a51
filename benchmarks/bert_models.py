"""Make the small masked language models that the BERT lab opens with, and record a pre-training on real reviews.

    python -m benchmarks.bert_models                                          # the models, on demo reviews
    python -m benchmarks.bert_models --data movie.csv.gz [--updates 3000]     # the recording

Two models, an encoder and the same without positions, learn the small world of the demo reviews in lockstep. The one
that is pre-trained on real reviews ships with its weights on the way, its curves and what it reached; no text does.
With `--run` it is one that this home has trained and recorded before.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import safetensors.torch

from benchmarks.bert_twins import Cost, machine, train
from benchmarks.shared_words import by_shared_words
from sentiment_core.artifacts import MODEL, WEIGHTS, WORD_PIECES, run_place, snapshot_place
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.explain.fill import REAL, SHIPPED
from sentiment_core.findings.recorded_words import PRETRAINING, PRETRAININGS, Pretrainings
from sentiment_core.presets import preset
from sentiment_core.shipped_bert import FOLDER, shipped_config
from sentiment_core.snapshots import kept_steps
from sentiment_core.sources import SOURCES
from sentiment_core.store import Run, Store
from sentiment_core.store.source import table
from sentiment_core.work.training import train_here

CARD = """# The models that the BERT lab opens with

AdamW, in batches of 32, one seed; weights in half precision. Made by `python -m benchmarks.bert_models`.

{models}

Reached on the test pairs, beside answering without reading:

| model | parameters | loss of masked words (nats) | by frequency | next sentences named (by chance a half) |
|---|---|---|---|---|
{rows}

The demo reviews are written by a program: a model of them knows its words, and nothing of the world. No model contains
the text of a review.
"""
# Of the weights kept on the way, those from here on ship beside the first: at first nothing changes that can be seen.
FIRST_SHIPPED = 50
DEMO = [name for name in SHIPPED if name != REAL]
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
        "snapshots": 0,
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
    runs = [RunConfig(name=name, overrides=SHIPPED[name].overrides) for name in DEMO]
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
    steps = [step for step in kept_steps(run) if not 0 < step < FIRST_SHIPPED] if on_the_way else []
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
        data = description["config"]["data"]
        data["path"] = data["path"] and Path(data["path"]).name
        counts = {"parameters": run.parameters, "updates": run.steps}
        description["details"] |= {"test": reached, "cost": cost, **counts}
        (to / MODEL).write_text(json.dumps(description, indent=1) + "\n")


def card() -> None:
    """Write what a reader of the models wants to know beside them, and print it."""
    models, rows = [], []
    for name in SHIPPED:
        config = shipped_config(name)
        details = json.loads((FOLDER / name / MODEL).read_text())["details"]
        reached = details["test"]
        learned, network = config.training, config.model
        models.append(
            f"- `{name}`: {SOURCES[config.data.source].kind}, {details['updates']:,} updates at "
            f"{learned.learning_rate:g} ({learned.schedule}) in {details['cost']}; {network.num_layers} layers of "
            f"{network.hidden_size} units, {network.heads} heads, positions {network.positions}, "
            f"{config.data.vocabulary_size:,} word pieces, pairs of at most {config.data.pair_tokens} pieces"
        )
        rows.append(
            f"| `{name}` | {details['parameters']:,} | {reached['test_word_loss']:.3f} | {reached['word_guess']:.3f} "
            f"| {reached['test_pair_accuracy']:.3f} |"
        )
    text = CARD.format(models="\n".join(models), rows="\n".join(rows))
    (FOLDER / "README.md").write_text(text)
    print(text)


def main() -> None:
    """Train and record; copy, and write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a file of real reviews; the demo's without it")
    parser.add_argument("--updates", type=int, default=UPDATES, help="on real reviews")
    parser.add_argument("--run", help="ship this recorded run of a pre-training on real reviews")
    parser.add_argument("--epochs", type=int, default=3, help="on demo reviews")
    options = parser.parse_args()
    with Store() as store:
        if options.data or options.run:
            if options.run:
                run = store.run(options.run)
            else:
                (run,) = train(store, real(options.data, options.updates), PRETRAINING).runs
            found = PRETRAININGS.read().recordings
            recorded = replace(found[PRETRAINING], by_words=by_shared_words(store.experiment(run.experiment_id).config))
            PRETRAININGS.write(Pretrainings({**found, PRETRAINING: recorded}))
            print(*recorded.sentences, sep="\n")
            ship(store, REAL, run, recorded.cost, on_the_way=True)
        else:
            spent = Cost()
            made = train_here(store, demo(options.epochs), spent.watch)
            cost = f"{spent.seconds / 60:.1f} minutes of processor time for both, {machine()}"
            for name, run in zip(DEMO, made.runs, strict=True):
                ship(store, name, run, cost, on_the_way=False)
    card()


if __name__ == "__main__":
    main()
