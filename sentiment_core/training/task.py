"""A task: what is learned from what, and how it is measured. Trainer, store, checkpoints and pages know no more of it.

Another task is a subclass of `Task` and an entry in `sentiment_core/tasks.py`, which `config.task` then names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import torch

from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Balance
from sentiment_core.models import Network
from sentiment_core.tasks import TASKS

Show = Callable[[str, float | None], None]


class Examples(Protocol):
    """A batch: examples of a task, ready for its model."""

    @property
    def tokens(self) -> int:
        """Tokens that are read, padding not counted."""

    def to(self, device: torch.device) -> Self:
        """Return the batch on `device`."""


class Answers(Protocol):
    """What a model says about a batch: a tensor `(N, …)`, or something that holds several."""

    def __len__(self) -> int:
        """How many answers are judged, N."""

    def float(self) -> Self:
        """Return the answers in float32."""


Data = TypeVar("Data")
AnyBatch = TypeVar("AnyBatch", bound=Examples)


class Task(ABC, Generic[Data, AnyBatch]):
    """What a training is about. It keeps no state: everything it needs is handed to it.

    `Data` is what a run learns from, with its parts `train`, `validation` and `test`. `config` is a whole experiment's
    where several data are given, else a single run's (`ExperimentConfig.resolve`).
    """

    # Whether the answers about the test part are kept, for `write_test`.
    keeps_answers = False
    # Whether a batch has a length and gives parts for a slice, and every loss is a mean over its examples.
    divisible = False
    # Whether a batch is a `Batch`, and the work on one depends on its shape alone: what a CUDA graph can repeat.
    repeatable = False

    @abstractmethod
    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[Data]:
        """Return what each run learns from; runs that read the same share one object.

        `folder` is the experiment's, for what the task wants to keep beside its runs; `show` is told what is being done
        and how much of it (0..1). Raises `OutOfMemory` when `device` cannot hold the training, `DataError` and others.
        """

    @abstractmethod
    def members(self, data: Sequence[Data]) -> np.ndarray:
        """Return the training examples `(M,)` that every run can learn from; raise `DataError` when there are none."""

    @abstractmethod
    def plan_epoch(self, config: ExperimentConfig, data: Data, members: np.ndarray, epoch: int) -> list[np.ndarray]:
        """Return the batches of epoch `epoch` (from 1) as arrays of examples, ⌈M / batch size⌉ in all.

        They depend on the arguments alone, so that a resumed training sees the same ones.
        """

    @abstractmethod
    def plan_evaluation(self, data: Data, part: str) -> list[np.ndarray]:
        """Return the batches of `validation` or `test` in a fixed order."""

    @abstractmethod
    def batch(self, data: Data, examples: np.ndarray) -> AnyBatch:
        """Return the examples `(B,)` as one batch on the CPU."""

    def reader(self, data: Data, device: torch.device, multiple: int = 1) -> Callable[[np.ndarray], AnyBatch]:
        """Return what makes examples `(B,)` a batch on `device`.

        A task whose sequences differ in length pads them to `padded_steps` with `multiple`.
        """
        return lambda examples: self.batch(data, examples).to(device)

    @abstractmethod
    def models(self, configs: Sequence[ExperimentConfig], data: Sequence[Data], device: torch.device) -> list[Network]:
        """Return each run's untrained model on `device`; its weights depend on its configuration and seed alone."""

    @abstractmethod
    def answers(self, model: Any, batch: AnyBatch) -> Answers:
        """Return what the model says about a batch, in the precision of the run."""

    @abstractmethod
    def loss(self, answers: Any, batch: AnyBatch) -> torch.Tensor:
        """Return the mean loss (0-dimensional) of float32 `answers`, which is what is minimised."""

    def training_loss(
        self, config: ExperimentConfig, data: Data, members: np.ndarray
    ) -> Callable[[Any, AnyBatch], torch.Tensor]:
        """Return what a run minimises over its training examples `members (M,)`, called as `loss` is.

        Evaluations use `loss` whatever this is, so that runs can be held against each other.
        """
        return self.loss

    @abstractmethod
    def right(self, answers: Any, batch: AnyBatch) -> torch.Tensor:
        """Return 1 where `answers` are right, 0 where wrong, NaN where there is none `(N,)`."""

    def details(self, answers: Any, batch: AnyBatch) -> Mapping[str, torch.Tensor]:
        """Return what else is measured of `answers`: values `(n,)` by the name of a diagnostic, which is their mean.

        Of an evaluation it is called `validation_NAME` or `test_NAME`.
        """
        return {}

    def levels(self, data: Data) -> Mapping[str, float]:
        """Return numbers that stay, by the name of a diagnostic: what answering without reading reaches, say."""
        return {}

    @abstractmethod
    def save(
        self, folder: Path, model: Network, config: ExperimentConfig, data: Data, made: dict[str, str | int]
    ) -> None:
        """Write a trained model; `made` says on what it was computed, and after which update. Raises `StoreError`."""

    def balances(self, data: Data, members: np.ndarray) -> dict[str, Balance]:
        """Return the balance of the classes in `train` (the examples `members`), `validation` and `test`.

        Nothing, where a task does not have two classes.
        """
        return {}

    def kept(self, answers: Any, batch: AnyBatch) -> torch.Tensor:
        """Return what is kept of float32 `answers` about the test part, a row for each example of `batch` `(B, …)`."""
        kept: torch.Tensor = answers
        return kept

    def write_test(self, folder: Path, data: Data, examples: np.ndarray, answers: np.ndarray) -> None:
        """Keep `answers (N, …)`, see `kept`, about the examples `(N,)` of the test part. Raises `StoreError`."""


def task_named(name: str) -> Task[Any, Any]:
    """Return the task that a configuration names."""
    module, _, kind = TASKS[name].code.partition(":")
    task: Task[Any, Any] = getattr(import_module(module), kind)()
    return task
