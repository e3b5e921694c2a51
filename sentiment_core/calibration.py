"""Is a probability of 0.9 right nine times out of ten? Reliability, calibration error, temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import binomtest

from sentiment_core.steps.rules import correct

ECE_BINS = 15
# Of a reliability diagram.
BARS = 10
LARGEST_TEMPERATURE = 20.0


@dataclass(frozen=True)
class Bin:
    """Reviews whose P(positive) lies in `[lower, upper)` (the last bin holds 1 as well).

    `mean` is their mean probability, `observed` the share that is positive, `low`..`high` its Wilson 95 % interval.
    """

    lower: float
    upper: float
    count: int
    mean: float
    observed: float
    low: float
    high: float


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = ECE_BINS) -> float:
    """Return the expected calibration error, 0..1, of P(positive) `(N,)` against labels `(N,)` of 0 and 1.

    Σ over bins of n_b / N · |accuracy_b − confidence_b|, over equal-width bins of the confidence in the predicted class
    (Guo et al. 2017, *On calibration of modern neural networks*). Raises `ValueError` for no or mismatched values.
    """
    values, truth = _checked(probabilities, labels)
    confidence = np.maximum(values, 1 - values)
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(places, weights=correct(values, truth) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(values))


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[Bin]:
    """Return the bins of a reliability diagram over P(positive) `(N,)`; empty ones are left out."""
    values, truth = _checked(probabilities, labels)
    places = np.minimum((values * BARS).astype(int), BARS - 1)
    found = []
    for place in range(BARS):
        inside = places == place
        count, positive = int(inside.sum()), int(truth[inside].sum())
        if count:
            interval = binomtest(positive, count).proportion_ci(method="wilson")
            edges = place / BARS, (place + 1) / BARS
            found.append(
                Bin(*edges, count, float(values[inside].mean()), positive / count, interval.low, interval.high)
            )
    return found


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared distance of P(positive) `(N,)` from the labels `(N,)`, 0..1 (Brier 1950)."""
    values, truth = _checked(probabilities, labels)
    return float(np.mean((values - truth) ** 2))


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the T > 0 for which sigmoid(logits / T) has the least cross entropy against labels `(N,)`.

    Temperature scaling (Guo et al. 2017): accuracy stays as it is. Where dividing can only make things better without
    end, because every answer is right or every one is wrong, the result stays within 1/20 and 20.
    """
    _, truth = _checked(expit(logits), labels)
    signs = np.where(truth == 1, 1.0, -1.0) * np.asarray(logits, dtype=np.float64)

    def cross_entropy(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -signs / np.exp(log_temperature)).mean())

    limit = np.log(LARGEST_TEMPERATURE)
    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-limit, limit), method="bounded").x))


def _checked(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if values.ndim != 1 or values.shape != truth.shape or not len(values):
        raise ValueError(f"expected as many labels as probabilities, and at least one: {truth.shape}, {values.shape}")
    if not ((values >= 0) & (values <= 1)).all() or not np.isin(truth, (0, 1)).all():
        raise ValueError("expected probabilities from 0 to 1 and labels of 0 and 1")
    return values, truth
