"""What measured numbers mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.clipping import RULES
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.settings import TrainingConfig
from sentiment_core.steps.rules import (
    EVEN_LOG_ODDS,
    clipped,
    clipped_share,
    correct,
    finite,
    not_finite,
    parted,
    positive,
    probability,
    selected,
)
from sentiment_core.training.gradients import measure_and_clip

number = st.floats(allow_nan=True, allow_infinity=True, width=32, allow_subnormal=False)


@given(st.lists(number, min_size=1, max_size=20), st.sampled_from([np.float32, np.float64]))
def test_a_probability_is_positive_where_its_log_odds_are(values, kind):
    raw = np.array(values, np.float32)
    found = probability(raw, kind)
    known = np.isfinite(raw)
    assert found.dtype == kind and np.array_equal(np.isfinite(found), known)
    assert np.array_equal(positive(found[known]), positive(raw[known], EVEN_LOG_ODDS))


def test_one_half_is_positive_however_it_is_written():
    assert positive(0.5) and positive(np.array([0.5]))[0] and positive(torch.tensor([0.5]))[0]
    assert positive(0.0, EVEN_LOG_ODDS) and not positive(-1e-30, EVEN_LOG_ODDS)


@pytest.mark.parametrize("of", [np.array, torch.tensor])
def test_what_gives_no_answer_is_neither_right_nor_wrong(of):
    found = correct(of([2.0, -2.0, 0.0, -0.1]), of([1.0, 1.0, 1.0, 0.0]), EVEN_LOG_ODDS)
    assert found.tolist() == [1.0, 0.0, 1.0, 1.0]
    for nothing in (math.nan, math.inf, -math.inf):
        found = correct(of([2.0, nothing]), of([1.0, 0.0]), EVEN_LOG_ODDS)
        assert found[0] == 1 and math.isnan(found[1]) and math.isnan(found.mean())


@pytest.mark.parametrize("clipping", RULES)
@pytest.mark.parametrize("threshold", [1e-3, 0.05, 1e9])
def test_a_gradient_is_called_clipped_exactly_when_it_was_changed(clipping, threshold):
    torch.manual_seed(1)
    for size in (1, 7, 20_000):
        weights = torch.nn.Parameter(torch.zeros(size))
        weights.grad = torch.randn(size) * 0.01
        before = weights.grad.clone()
        stats = measure_and_clip([weights], RULES[clipping], threshold)
        assert clipped(stats.norm.item(), stats.norm_clipped.item()) is not torch.equal(before, weights.grad)


def test_a_gradient_that_is_not_finite_was_clipped_when_it_is_finite_afterwards():
    assert clipped(math.inf, 0.0) and clipped(math.nan, 0.0)
    assert not clipped(math.nan, math.nan) and not clipped(math.inf, math.inf)
    assert clipped_share([True, None, False, False, True]) == 0.5
    assert clipped_share([None]) is clipped_share([]) is None


def test_a_step_has_diverged_when_loss_or_gradient_is_not_finite():
    steps = {"step": [1, 2, 3], "loss": [0.7, math.nan, 0.7], "grad_norm": [1.0, 1.0, math.inf]}
    assert not_finite(steps) == [2, 3]
    assert finite(3e38, 0.0)


def test_steps_part_at_the_first_bit():
    one = {"step": [1, 2, 3], "loss": [0.5, math.nan, 0.5], "grad_norm": [1.0, 1.0, 1.0]}
    other = {**one, "loss": [0.5, math.nan, math.nextafter(0.5, 1)]}
    assert parted(one, one, ["loss", "grad_norm"]) is None
    assert parted(one, other, ["loss", "grad_norm"]) == 3
    assert parted(one, other, ["grad_norm"]) is None
    assert parted(one, {**one, "loss": [0.5, 0.5, 0.5]}, ["loss"]) == 2
    assert parted(one, {name: values[:2] for name, values in other.items()}, ["loss"]) is None


@given(st.lists(number, min_size=1, max_size=9))
def test_the_kept_validation_is_the_one_early_stopping_keeps(losses):
    found = [Evaluation(place, place, "validation", loss, 0.5) for place, loss in enumerate(losses)]
    test = Evaluation(99, 9, "test", 0.0, 0.5)
    assert selected([*found, test], None) == found[-1] or math.isnan(losses[-1])
    best = selected([*found, test], TrainingConfig(early_stopping=2).early_stopping)
    known = [loss for loss in losses if loss < math.inf]
    assert best is not None and (best.step == losses.index(min(known)) if known else best.step == len(losses) - 1)
    assert selected([test], 2) is None


def test_chance_is_the_larger_class_and_guessing_its_entropy():
    assert (Balance(10, 8).chance, Balance(10, 2).chance, Balance(10, 5).chance) == (0.8, 0.8, 0.5)
    assert Balance(10, 5).guessing == pytest.approx(math.log(2))
    assert Balance(10, 8).guessing == pytest.approx(0.5004, abs=1e-4)
    assert Balance(10, 10).guessing == 0
    assert math.isnan(Balance(0, 0).chance)
