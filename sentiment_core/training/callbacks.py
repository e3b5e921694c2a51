"""Moments of training at which others may listen or steer, in the order of the callbacks.

They run in the training thread, except those about states and gradient, which run in the thread of their run, beside
those of other runs. A callback that does not override these costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentiment_core.metrics import Evaluation

if TYPE_CHECKING:
    import numpy as np
    import torch

    from sentiment_core.training.run import TrainingRun
    from sentiment_core.training.trainer import Trainer


class Callback:
    """Base of all callbacks; override the moments you need.

    `most_states`: of how many examples of a batch, evenly spread, `on_states` is told; None: of all.
    """

    most_states: int | None = None

    def on_start(self, trainer: Trainer) -> None:
        """Before the first update of this process, after a resume as well."""

    def on_ready(self, trainer: Trainer) -> None:
        """After all have heard of the start, which may have changed weights: the next is an update."""

    def wants_states(self, trainer: Trainer, run: TrainingRun) -> bool:
        """Return whether `on_states` is wanted of update `trainer.step` of `run`, which is about to be made."""
        return False

    def on_states(self, trainer: Trainer, run: TrainingRun, states: torch.Tensor, batch: Any) -> None:
        """After the backward pass of an update for which they were wanted: `states (B, T, H)` and their `grad`.

        They are the uppermost layer's, before dropout; `grad` is ∂L/∂h_t through all later steps, L the mean loss of
        `batch`; B counts its examples `models.states.places(…, most_states)`. That walks through time once more, so
        ask for a few updates, not for all. Changes nothing in training.
        """

    def wants_gradient(self, trainer: Trainer, run: TrainingRun) -> bool:
        """Return whether `on_gradient` is to be told of the update that `run` makes; asked after `wants_states`.

        On a GPU an update that somebody listens to is slower: one that nobody does is replayed whole.
        """
        return True

    def on_gradient(self, trainer: Trainer, run: TrainingRun, clipped: bool) -> None:
        """Twice an update: with `grad` of the parameters of `run.model` before clipping, and `clipped`, after it.

        What is changed before clipping is measured and clipped, what is changed afterwards is what trains.
        """

    def on_step(self, trainer: Trainer) -> None:
        """After every run made update `trainer.step`. May set `trainer.should_stop`, or block to pause."""

    def on_evaluation_start(self, trainer: Trainer, part: str) -> None:
        """Before all runs are evaluated on `part`: validation or test."""

    def on_evaluation(self, trainer: Trainer, run: TrainingRun, evaluation: Evaluation) -> None:
        """After a run was evaluated on the validation part (each epoch) or the test part (once, at the end)."""

    def on_test(self, trainer: Trainer, run: TrainingRun, indices: np.ndarray, answers: np.ndarray) -> None:
        """After the evaluation on the test part: the task's answers `(N, …)` about the examples `indices (N,)`.

        Only for a task that keeps its answers; those of the sentiment task are log-odds of positive.
        """

    def on_epoch_end(self, trainer: Trainer) -> None:
        """After the epoch's evaluations."""

    def on_run_end(self, trainer: Trainer, run: TrainingRun, reason: str | None) -> None:
        """When a run is over: its weights are final. `reason` says why when it failed, else it is None."""

    def on_end(self, trainer: Trainer) -> None:
        """After the last update, stopped or finished."""


def overriding(callbacks: list[Callback], moment: str) -> list[Callback]:
    """Return those of `callbacks` that override `moment`."""
    return [callback for callback in callbacks if getattr(type(callback), moment) is not getattr(Callback, moment)]
