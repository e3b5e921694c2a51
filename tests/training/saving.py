"""Trainings that leave a checkpoint and go no further."""

from __future__ import annotations

from pathlib import Path

from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import save_checkpoint
from sentiment_core.training.trainer import Trainer


class SaveAt(Callback):
    """Saves right after update `step`, before its epoch is evaluated, and stops."""

    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == self.step:
            save_checkpoint(self.path, trainer.state_dict())
            self.end(trainer)

    def end(self, trainer: Trainer) -> None:
        trainer.should_stop = True


class KilledAt(SaveAt):
    """Saves, then ends as if killed."""

    def end(self, trainer: Trainer) -> None:
        raise KeyboardInterrupt
