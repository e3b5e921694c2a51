"""Clipping by value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_core.clipping.rule import ClippingRule

if TYPE_CHECKING:
    import torch
    from torch import nn


def clip_value(parameters: Sequence[nn.Parameter], norm: torch.Tensor, threshold: float) -> None:
    """Cut each component of the gradient to ±`threshold`: its direction turns. Not-a-number becomes zero."""
    for parameter in parameters:
        assert parameter.grad is not None
        parameter.grad.nan_to_num_(nan=0.0).clamp_(-threshold, threshold)


RULE = ClippingRule(
    "value",
    "By value",
    "by value",
    "cut component by component",
    threshold="clip_value",
    limits="component",
    turns=True,
    clip=clip_value,
)
