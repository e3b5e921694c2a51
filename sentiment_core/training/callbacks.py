"""Moments of training at which others may listen or steer. Callbacks run in the training thread, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment_core.metrics import Evaluation

if TYPE_CHECKING:
    import numpy as np

    from sentiment_core.training.run import Run
    from sentiment_core.training.trainer import Trainer


class Callback:
    """Base of all callbacks; override the moments you need."""

    def on_start(self, trainer: Trainer) -> None:
        """Before the first update of this process, after a resume as well."""

    def on_step(self, trainer: Trainer) -> None:
        """After every run made update `trainer.step`. May set `trainer.should_stop`, or block to pause."""

    def on_evaluation_start(self, trainer: Trainer, part: str) -> None:
        """Before all runs are evaluated on `part`: validation or test."""

    def on_evaluation(self, trainer: Trainer, run: Run, evaluation: Evaluation) -> None:
        """After a run was evaluated on the validation part (each epoch) or the test part (once, at the end)."""

    def on_test(self, trainer: Trainer, run: Run, indices: np.ndarray, logits: np.ndarray) -> None:
        """After the evaluation on the test part: the log-odds of positive `(N,)` of the reviews `indices (N,)`."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """After the epoch's evaluations."""

    def on_run_end(self, trainer: Trainer, run: Run, reason: str | None) -> None:
        """When a run is over: its weights are final. `reason` says why when it failed, else it is None."""

    def on_end(self, trainer: Trainer) -> None:
        """After the last update, stopped or finished."""
