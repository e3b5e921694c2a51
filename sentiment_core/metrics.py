"""Life of a run, and what is measured of it per epoch and evaluated part. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


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
