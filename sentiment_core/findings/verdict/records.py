"""What a verdict consists of: plain records of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sentiment_core.clipping import ClippingRule
from sentiment_core.findings.twins import Parting
from sentiment_core.metrics import Balance

Topic = Literal[
    "summary", "changed", "learned", "compared", "clipped", "spike", "long gradients", "twins", "spread", "diverged"
]

CONFIDENCE = 0.99


@dataclass(frozen=True)
class Interval:
    """Where a share (or a difference of shares) lies, with `CONFIDENCE`, had other reviews of the kind been drawn.

    It says nothing about another seed or another number of threads: those make another run.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Spike:
    """The update with the longest finite gradient; losses of the steps around it, None where there is no such step.

    `before`, `after`: mean losses of the steps on either side; `followed`: whether the loss stayed higher, beyond what
    it varies by. None where there are too few steps to tell.
    """

    step: int
    norm: float
    times_median: float
    loss_before: float | None
    loss: float
    loss_after: float | None
    before: float | None = None
    after: float | None = None
    followed: bool | None = None


@dataclass(frozen=True)
class LongGradients:
    """Mean batch accuracy at the tenth of steps with the longest gradients, and at the others."""

    accuracy_long: float
    accuracy_other: float


@dataclass(frozen=True)
class RunVerdict:
    """What one run measured; None where it measured nothing of the kind."""

    run_id: str
    name: str
    steps: int
    accuracy: float | None  # validation, of the weights that are kept; NaN where the network gives no answers
    balance: Balance | None  # of the validation reviews; None where it is not known
    interval: Interval | None
    learned: bool | None  # better than chance, wherever in `interval` the accuracy lies
    clipped_share: float | None
    clipping: ClippingRule
    norm_hidden: bool  # the norm was read after clipping, so how often it was clipped cannot be told
    usual_norm: float | None  # median before clipping, over finite steps
    threshold: float | None  # the last in force
    cosine: float | None  # median over clipped steps: how far clipping turned the gradient
    spike: Spike | None
    long_gradients: LongGradients | None
    spread: float | None  # standard deviation of the batch loss over the last `spread_steps`, where all are numbers
    spread_steps: int
    non_finite: int  # steps whose loss or gradient is not a finite number
    first_non_finite: int | None
    diverged: str | None  # why the run was ended, in the worker's words
    course: tuple[float, ...] = ()  # validation accuracies in their order


@dataclass(frozen=True)
class Comparison:
    """Two runs: `difference` is the second's validation accuracy minus the first's."""

    first: str
    second: str
    parting: Parting
    difference: float | None
    interval: Interval | None

    @property
    def better(self) -> bool | None:
        """Whether the second run is better (True) or worse (False) all over `interval`; None when it holds both."""
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return None
        return self.interval.low > 0


@dataclass(frozen=True)
class Finding:
    """One statement in plain words; `alert` where something went wrong; `run` empty when it is about all runs."""

    topic: Topic
    run: str
    text: str
    alert: bool = False


@dataclass(frozen=True)
class Verdict:
    """All that was found about an experiment; `comparisons` hold each run against the first."""

    runs: tuple[RunVerdict, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
