"""Lengths of gradients counted back from the end of each review, by hand."""

from __future__ import annotations

import pytest
import torch

from sentiment_core.models.through_time import gradient_norms


def test_norms_are_aligned_at_the_last_real_token_and_padding_counts_nowhere() -> None:
    gradient = torch.zeros(3, 4, 2)
    gradient[0, :2] = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    gradient[0, 2:] = 99.0  # at padding
    gradient[1] = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0], [6.0, 8.0]])
    found = gradient_norms(gradient, torch.tensor([2, 4, 0]))
    nothing = torch.nan
    expected = torch.tensor([[2.0, 5.0, nothing, nothing], [10.0, 0.0, 2.0, 1.0], [nothing] * 4])
    torch.testing.assert_close(found, expected, equal_nan=True)


def test_a_tiny_gradient_keeps_its_length_and_an_infinite_one_is_not_hidden() -> None:
    gradient = torch.tensor([[[3e-30, 4e-30], [torch.inf, 1.0]]])
    found = gradient_norms(gradient, torch.tensor([2]))[0]
    assert found[1].item() == pytest.approx(5e-30) and not found[0].isfinite()
