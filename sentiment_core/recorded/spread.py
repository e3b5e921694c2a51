"""The same runs over several seeds: how far results scatter, and whether one setting is better than another.

One run cannot tell a cause from chance: rounding alone, with the same seed, has moved the test accuracy of a rung by
0.08. A difference is called clear when Student's interval over the paired differences of at least `LEAST_SEEDS` seeds
leaves out 0. It covers seeds, not reviews: all runs are tested on the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from sentiment_core.intervals import CONFIDENCE, LEAST_SEEDS, mean_of
from sentiment_core.number_words import counted

SAME_REVIEWS = "Intervals cover seeds, not reviews: all runs are tested on the same ones."


@dataclass(frozen=True)
class SeedResult:
    """What one seed reached; shares of reviews (0..1), None where the run diverged."""

    seed: int
    validation: float | None
    test: float | None


@dataclass(frozen=True)
class RunSpread:
    """One run of an experiment over seeds, which differ between its `results`."""

    name: str
    results: tuple[SeedResult, ...]

    @property
    def tests(self) -> dict[int, float]:
        """Test accuracy by seed, of those seeds that reached one."""
        found = {item.seed: item.test for item in self.results}
        return {seed: test for seed, test in found.items() if test is not None and math.isfinite(test)}


@dataclass(frozen=True)
class PairedDifference:
    """Test accuracy of a second run minus a first one's, seed by seed; `low` and `high` bound its mean."""

    seeds: int
    better: int  # seeds with which the second is better
    mean: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether there are seeds enough and the interval leaves out 0."""
        return self.seeds >= LEAST_SEEDS and not self.low <= 0 <= self.high


def paired(first: RunSpread, second: RunSpread) -> PairedDifference | None:
    """Compare two runs over the seeds that both finished; None for fewer than two of those.

    Student's interval of a mean of paired differences: mean ± t(n − 1) · s / √n. It takes them as roughly normal.
    """
    one, other = first.tests, second.tests
    differences = [other[seed] - one[seed] for seed in sorted(one.keys() & other.keys())]
    found = mean_of(differences)
    if found is None or found.half is None:
        return None
    return PairedDifference(found.count, sum(value > 0 for value in differences), found.mean, found.low, found.high)


def sentences(spread: Sequence[RunSpread]) -> tuple[str, ...]:
    """Say what the runs reached and how each compares with the first; nothing for an empty spread."""
    if not spread:
        return ()
    if all(len(run.results) < 2 for run in spread):
        listed = ", ".join(f"{mean_and_deviation(run.tests.values())} with {run.name}" for run in spread)
        lost = "".join(_diverged(run) for run in spread)
        return (f"Test accuracy in one run: {listed}.{lost} One run cannot tell a cause from chance.",)
    if len(spread) == 1:
        return (reached(spread[0]),)
    return (*(compared(spread[0], run) for run in spread[1:]), SAME_REVIEWS)


def reached(run: RunSpread) -> str:
    """Say a run's test accuracy over seeds: mean, standard deviation, smallest and largest."""
    tests = list(run.tests.values())
    if not tests:
        return f"{run.name}: no seed reached a test accuracy.{_diverged(run)}"
    return (
        f"{run.name}: test accuracy {mean_and_deviation(tests)} over {counted(len(tests), 'seed')} "
        f"({min(tests):.3f} to {max(tests):.3f})."
        f"{_diverged(run)}"
    )


def compared(first: RunSpread, second: RunSpread) -> str:
    """Say how a second run compares with a first, as far as seeds can tell."""
    found = paired(first, second)
    lost = _diverged(first) + _diverged(second)
    if found is None:
        return f"{second.name} against {first.name}: too few seeds to tell.{lost}"
    # Means of the very seeds that the difference is about.
    shared = first.tests.keys() & second.tests.keys()
    one, other = (mean_and_deviation([run.tests[seed] for seed in shared]) for run in (first, second))
    mean, low, high = (f"{value:+.3f}".replace("-", "−") for value in (found.mean, found.low, found.high))
    numbers = (
        f"Over {found.seeds} seeds: test accuracy {other} with {second.name}, {one} with {first.name}; "
        f"{second.name} is better in {found.better} of {found.seeds}, difference {mean} "
        f"({CONFIDENCE * 100:.0f} % interval {low} to {high})"
    )
    if found.seeds < LEAST_SEEDS:
        return f"{numbers}: too few seeds to tell.{lost}"
    if not found.clear:
        return f"{numbers}: no clear difference.{lost}"
    return f"{numbers}: clearly {'more' if found.mean > 0 else 'less'} accurate.{lost}"


def in_words(made: Mapping[str, Any]) -> str:
    """Say what a run was computed by; empty when nobody noted it."""
    if not made:
        return ""
    threads = counted(made["threads"], "thread")
    if made.get("halves", 1) != 1:
        threads += ", batches in halves"
    if made.get("graphs", 0):
        threads += ", updates as CUDA graphs"
    return f"PyTorch {made['torch']}, {made['device']}, {threads}, {made['cpu']}"


def mean_and_deviation(shares: Collection[float]) -> str:
    """Return `0.712 ± 0.040`, without the standard deviation for a single share, a dash for none."""
    if not shares:
        return "–"
    return f"{fmean(shares):.3f}" + (f" ± {stdev(shares):.3f}" if len(shares) > 1 else "")


def _diverged(run: RunSpread) -> str:
    lost = len(run.results) - len(run.tests)
    return f" {run.name} diverged with {counted(lost, 'seed')}." if lost else ""
