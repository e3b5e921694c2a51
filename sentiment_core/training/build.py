"""A trainer as its experiment's configuration describes it, mistakes included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.inside_watch import InsideWatch
from sentiment_core.training.mistakes import put_into
from sentiment_core.training.trainer import Trainer


def build_trainer(
    config: ExperimentConfig,
    run_ids: Sequence[str],
    data: Sequence[Any],
    device: torch.device,
    callbacks: Sequence[Callback] = (),
    threads: int = 1,
) -> Trainer:
    """Return `Trainer(…)`; where the configuration names mistakes, they stand in the place of the correct parts."""
    trainer = Trainer(config, run_ids, data, device, callbacks, threads)
    if config.watch_every:
        # First of all: what it measures at a step is there before anyone writes that step, or a checkpoint.
        trainer.callbacks.insert(0, InsideWatch(config.watch_every))
    if any(run.config.mistakes for run in trainer.runs):
        put_into(trainer)
    return trainer
