"""Intervals and tests over seeds and reviews, each formula once: what can be told from few trainings.

Student's interval takes its values as roughly normal; McNemar's test and its exact binomial take nothing of the kind.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

# Fewer differences than this are shown, but nothing is claimed of them: rounding alone has moved one run by 0.08.
LEAST_SEEDS = 5
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """The mean of `count` values and `half` the width of its interval; None for a single value, which has none."""

    count: int
    mean: float
    half: float | None

    @property
    def low(self) -> float:
        """The lower end; minus infinity where a single value leaves everything open."""
        return self.mean - (math.inf if self.half is None else self.half)

    @property
    def high(self) -> float:
        """The upper end; infinity where a single value leaves everything open."""
        return self.mean + (math.inf if self.half is None else self.half)


def student(count: int, confidence: float = CONFIDENCE) -> float:
    """Return what a standard error is multiplied by for the interval of a mean of `count` ≥ 2 values: t(count − 1)."""
    # A page that shows no interval need not wait for it.
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 0.5 + confidence / 2))


def mean_of(values: Collection[float]) -> Mean | None:
    """Return mean and Student's interval, mean ± t(n − 1) · s / √n, of finite `values`; None without any."""
    count = len(values)
    if not count:
        return None
    half = student(count, CONFIDENCE) * stdev(values) / math.sqrt(count) if count > 1 else None
    return Mean(count, fmean(values), half)


def tail(ratio: float, count: int) -> float:
    """Return the two-sided p-value of a mean of `count` ≥ 2 values that is `ratio` standard errors away from 0."""
    from scipy.special import stdtr

    return float(2 * stdtr(count - 1, -abs(ratio)))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (1947): of the reviews that just one of two reads right,
    each is as likely to be the one's as the other's, if both are equally accurate.
    """
    from scipy.special import bdtr

    count = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), count, 0.5))) if count else 1.0


def crossed(seeds: Sequence[float], reviews: float) -> float:
    """Return the standard error of a mean over `seeds` ≥ 2 differences, for other seeds and other reviews at once.

    `reviews` is the variance of the mean from the reviews alone (0 where it is not known). What is both a seed's and a
    review's doing counts twice, so the sum is on the careful side (Owen 2007, crossed random effects).
    """
    return math.sqrt(stdev(seeds) ** 2 / len(seeds) + reviews)
