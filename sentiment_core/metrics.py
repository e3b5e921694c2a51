"""What is measured: one row per run and optimizer step, one per run, epoch and evaluated part. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Status(StrEnum):
    """Life of an experiment and of each of its runs."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_active(self) -> bool:
        """Whether a worker holds the experiment or will take it."""
        return self in {Status.QUEUED, Status.RUNNING, Status.PAUSED}


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """One optimizer update of one run. Any measured value may be NaN or infinite; it is kept as it is."""

    step: int  # optimizer updates so far, from 1
    epoch: int  # from 1
    loss: float  # mean binary cross-entropy of the batch, nats
    accuracy: float  # share of the batch classified correctly, before the update
    learning_rate: float
    grad_norm: float  # L2 norm of all gradients before clipping
    grad_norm_clipped: float  # the same after clipping; equal when nothing was clipped
    grad_max: float  # largest |component| before clipping
    clip_cosine: float  # cosine of the angle between the gradient before and after clipping
    threshold: float  # max_norm or clip_value in force at this step; NaN without clipping
    tokens: int  # real tokens in the batch, padding not counted
    seconds: float  # training time since the run's first step, pauses not counted


@dataclass(frozen=True, slots=True, eq=False)  # == of arrays is no truth value
class Diagnostic:
    """What only some runs measure, at one step: a number (kept as float64), or float32 numbers, 1-D or 2-D."""

    run_id: str
    step: int
    quantity: str
    value: float | np.ndarray


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One pass over a part of the reviews. Averages are over reviews, not over batches."""

    step: int
    epoch: int
    part: str  # "validation" or "test"
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Balance:
    """How many reviews of a part a run was given, and how many of them are positive."""

    reviews: int
    positives: int

    @property
    def chance(self) -> float:
        """The accuracy of always answering with the more frequent class."""
        return max(self.positives, self.reviews - self.positives) / self.reviews if self.reviews else math.nan

    @property
    def guessing(self) -> float:
        """The cross-entropy, in nats, of always answering with the share of positive reviews: ln 2 for equal ones."""
        shares = (self.positives / self.reviews, 1 - self.positives / self.reviews) if self.reviews else (math.nan,)
        return -sum(share * math.log(share) for share in shares if share)


STEP_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(StepMetrics))
