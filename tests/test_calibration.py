"""Calibration against cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from sentiment_core.calibration import brier_score, expected_calibration_error, fit_temperature, reliability


def test_calibrated_answers_have_next_to_no_error() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.uniform(size=200_000)
    labels = rng.uniform(size=200_000) < probabilities
    assert expected_calibration_error(probabilities, labels) < 0.005
    for part in reliability(probabilities, labels):
        assert part.low - 0.005 < part.mean < part.high + 0.005


def test_boasting_costs_what_it_exceeds() -> None:
    # Sure to 95 %, right in 70 %: 0.25 too sure, whichever class is named.
    probabilities = np.array([0.95] * 10 + [0.05] * 10)
    labels = np.array([1] * 7 + [0] * 3 + [0] * 7 + [1] * 3)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.25)
    low, high = reliability(probabilities, labels)
    assert (low.count, low.observed, high.observed) == (10, 0.3, 0.7)
    assert high.low < 0.7 < high.high < 1


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature: float) -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, 100_000)
    labels = rng.uniform(size=len(logits)) < expit(logits)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.03)


def test_no_mistakes_end_at_the_bound() -> None:
    assert fit_temperature(np.array([3.0, -2.0]), np.array([1, 0])) == pytest.approx(1 / 20, rel=0.01)
    assert fit_temperature(np.array([3.0, -2.0]), np.array([0, 1])) == pytest.approx(20, rel=0.01)


@given(st.lists(st.tuples(st.floats(0, 1, allow_subnormal=False), st.integers(0, 1)), min_size=1, max_size=60))
def test_the_order_of_reviews_does_not_matter(pairs: list[tuple[float, int]]) -> None:
    probabilities, labels = (np.array(column) for column in zip(*pairs, strict=True))
    order = np.random.default_rng(len(pairs)).permutation(len(pairs))
    error = expected_calibration_error(probabilities, labels)
    assert 0 <= error <= 1
    assert expected_calibration_error(probabilities[order], labels[order]) == pytest.approx(error)
    assert sum(part.count for part in reliability(probabilities, labels)) == len(pairs)
    assert brier_score(probabilities, labels) == pytest.approx(brier_score_loss(labels, probabilities, pos_label=1))


@pytest.mark.parametrize("bad", [([], []), ([0.5], [1, 0]), ([1.5], [1]), ([float("nan")], [1]), ([0.5], [2])])
def test_what_is_no_probability_is_refused(bad: tuple[list[float], list[int]]) -> None:
    with pytest.raises(ValueError, match="expected"):
        expected_calibration_error(np.array(bad[0]), np.array(bad[1]))
