"""Hold the trainer's pre-training against a bare PyTorch loop of the same model on the same batches.

    python -m benchmarks.bert_speed [--data movie.csv.gz] [--updates 60]

Both take turns, a few updates each, so that what else the machine does falls on both. Processor time is compared, not
time on the clock: of one thread they are the same on a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_

from sentiment_core.config import from_fields
from sentiment_core.numerics import prepare_thread
from sentiment_core.presets import preset
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.pretraining import PretrainingTask
from sentiment_core.training.trainer import Trainer

TURN = 5


class Turns(Callback):
    """After every few updates of the trainer, lets the bare loop make as many, and times both."""

    def __init__(self, bare: Any) -> None:
        self.bare = bare
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.tokens = 0
        self.begun = time.process_time()

    def on_step(self, trainer: Trainer) -> None:
        for run in trainer.runs:
            self.tokens = sum(step.tokens for step in run.drain().steps) or self.tokens
        if trainer.step % TURN:
            return
        now = time.process_time()
        self.ours.append(now - self.begun)
        self.bare(trainer.step)
        self.begun = time.process_time()
        self.theirs.append(self.begun - now)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a file of reviews; the demo's without it")
    parser.add_argument("--updates", type=int, default=60)
    options = parser.parse_args()
    prepare_thread(1)
    fields: dict[str, Any] = {"device": "cpu", "training.max_steps": options.updates}
    if options.data:
        fields |= {"data.source": "csv", "data.path": options.data}
    config = from_fields(fields, preset("bert-mlm").config)
    task, device = PretrainingTask(), torch.device("cpu")
    data = task.prepare(config, device, Path(), lambda *told: None)
    plan = task.plan_epoch(config, data[0], task.members(data), 1)
    (model,) = task.models([config], data, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.training.learning_rate)

    def bare(step: int) -> None:
        for examples in plan[step - TURN : step]:
            batch = task.batch(data[0], examples)
            optimizer.zero_grad(set_to_none=True)
            output = model(batch.token_ids, batch.segments, batch.lengths, batch.chosen)
            loss = torch.nn.functional.cross_entropy(output.words, batch.targets)
            loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(output.follows, batch.follows)
            loss.backward()
            clip_grad_norm_(model.parameters(), config.training.max_norm)
            optimizer.step()

    turns = Turns(bare)
    trainer = Trainer(config, ["run"], data, device, [turns])
    trainer.stepper.evaluate = lambda *given, **more: (0.0, 0.0)  # type: ignore[method-assign]
    trainer.fit()
    # The first turn warms up.
    ours, theirs = statistics.median(turns.ours[1:]) / TURN, statistics.median(turns.theirs[1:]) / TURN
    sizes = f"{config.model.num_layers} layers of {config.model.hidden_size}"
    print(f"{sizes}, {len(data[0].pieces):,} word pieces, one thread")
    print(f"trainer {ours * 1e3:.1f} ms an update, {turns.tokens / ours:,.0f} tokens a second of processor time")
    print(f"bare    {theirs * 1e3:.1f} ms an update; trainer / bare throughput {theirs / ours:.3f}")


if __name__ == "__main__":
    main()
