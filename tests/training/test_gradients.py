"""What clipping does to a gradient, for any gradient: its length, its direction, and what is measured of both."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from sentiment_core.clipping import RULES
from sentiment_core.training.gradients import measure_and_clip

components = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
gradients = st.lists(arrays.arrays(np.float32, st.integers(1, 6), elements=components), min_size=1, max_size=4)
thresholds = st.floats(1e-6, 1e9, allow_subnormal=False)


def parameters(values: Any) -> list[nn.Parameter]:
    made = [nn.Parameter(torch.zeros(len(value))) for value in values]
    for parameter, value in zip(made, values, strict=True):
        parameter.grad = torch.tensor(value, dtype=torch.float32)
    return made


def joined(owners: list[nn.Parameter]) -> torch.Tensor:
    return torch.cat([owner.grad.flatten() for owner in owners if owner.grad is not None])


@given(gradients, thresholds)
def test_clipping_by_norm_shortens_and_keeps_the_direction(values: Any, threshold: float) -> None:
    owners = parameters(values)
    before = joined(owners).double()
    stats = measure_and_clip(owners, RULES["norm"], threshold)
    after = joined(owners).double()
    assert stats.norm_clipped <= threshold
    assert stats.norm_clipped <= stats.norm * (1 + 1e-6)
    assert stats.norm.item() == pytest.approx(before.norm().item(), rel=1e-5, abs=1e-18)
    assert stats.norm_clipped.item() == pytest.approx(after.norm().item(), rel=1e-5, abs=1e-18)
    assert stats.largest == before.abs().max()
    if before.norm() > 1e-3 and after.norm() > 1e-3:
        torch.testing.assert_close(after / after.norm(), before / before.norm(), rtol=1e-4, atol=1e-5)
        assert stats.cosine == 1.0
        assert stats.norm_clipped.item() == pytest.approx(min(threshold, stats.norm.item()), rel=2e-3)


@given(gradients, st.floats(0.1, 1e6, allow_subnormal=False))
def test_clipping_by_norm_agrees_with_pytorch(values: Any, threshold: float) -> None:
    ours, theirs = parameters(values), parameters(values)
    norm = measure_and_clip(ours, RULES["norm"], threshold).norm
    assert norm == clip_grad_norm_(theirs, threshold)
    torch.testing.assert_close(joined(ours), joined(theirs), rtol=1e-5, atol=1e-18)


@given(gradients, thresholds)
def test_clipping_by_value_cuts_components(values: Any, threshold: float) -> None:
    ours, theirs = parameters(values), parameters(values)
    before = joined(ours).double()
    stats = measure_and_clip(ours, RULES["value"], threshold)
    clip_grad_value_(theirs, threshold)
    assert torch.equal(joined(ours), joined(theirs))
    after = joined(ours).double()
    if after.norm() > 1e-12 and before.norm() > 1e-12:
        expected = (before @ after / before.norm() / after.norm()).item()
        assert stats.cosine.item() == pytest.approx(expected, abs=1e-4)
        assert -1.0 <= stats.cosine <= 1.0
    assert stats.norm_clipped.item() == pytest.approx(after.norm().item(), rel=1e-5, abs=1e-18)


@given(gradients, st.sampled_from(sorted(RULES)))
def test_a_huge_threshold_leaves_every_bit(values: Any, clipping: Any) -> None:
    owners = parameters(values)
    before = joined(owners).clone()
    stats = measure_and_clip(owners, RULES[clipping], 1e9)
    assert torch.equal(joined(owners), before)
    assert stats.norm == stats.norm_clipped


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_gradients_that_are_not_finite(bad: float) -> None:
    owners = parameters([[1.0, bad], [2.0]])
    untouched = measure_and_clip(owners, RULES["none"], 1.0)
    assert not untouched.norm.isfinite() and not untouched.norm_clipped.isfinite()
    assert not math.isfinite(joined(owners)[1])

    stats = measure_and_clip(owners, RULES["norm"], 1.0)
    assert not stats.norm.isfinite() and not stats.largest.isfinite() and stats.cosine.isnan()
    assert not joined(owners).any() and stats.norm_clipped == 0.0

    owners = parameters([[1.0, bad], [-2.0]])
    stats = measure_and_clip(owners, RULES["value"], 0.5)
    middle = 0.0 if math.isnan(bad) else math.copysign(0.5, bad)
    assert joined(owners).tolist() == [0.5, middle, -0.5]
    assert not stats.norm.isfinite() and stats.norm_clipped.isfinite() and stats.cosine.isnan()


def test_a_norm_that_overflows_counts_as_not_finite() -> None:
    owners = parameters([[3e38, 3e38]])
    stats = measure_and_clip(owners, RULES["norm"], 1.0)
    assert stats.norm.isinf() and stats.largest == torch.tensor(3e38)
    assert not joined(owners).any()


@pytest.mark.parametrize("clipping", RULES)
def test_a_zero_gradient_has_no_direction(clipping: Any) -> None:
    stats = measure_and_clip(parameters([[0.0, 0.0]]), RULES[clipping], 1.0)
    assert stats.norm == stats.norm_clipped == stats.largest == 0.0
    assert stats.cosine.isnan()


def test_frozen_parameters_are_left_out() -> None:
    owners = parameters([[3.0, 4.0]])
    owners.append(nn.Parameter(torch.ones(2), requires_grad=False))
    assert measure_and_clip(iter(owners), RULES["norm"], 1.0).norm == 5.0
    assert owners[1].grad is None
