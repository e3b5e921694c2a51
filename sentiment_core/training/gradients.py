"""Measure the gradient, clip it, measure it again.

The order is the point: a norm read after clipping can never exceed the threshold, so it hides the explosion that
clipping is there to stop (Pascanu et al. 2013, "On the difficulty of training recurrent neural networks").
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils import get_total_norm

from sentiment_core.clipping import ClippingRule


@dataclass(frozen=True)
class GradientStats:
    """0-dimensional tensors on the model's device; reading them on a GPU would wait for it, so nothing here does."""

    norm: torch.Tensor  # L2 norm over all gradients before clipping
    norm_clipped: torch.Tensor  # after clipping
    largest: torch.Tensor  # largest |component| before clipping
    cosine: torch.Tensor  # of the angle between the gradient before and after; NaN when either is zero or not finite


def measure_and_clip(parameters: Iterable[nn.Parameter], rule: ClippingRule, threshold: float) -> GradientStats:
    """Clip the gradients of `parameters` in place and return what was measured before and after.

    A gradient that is not finite has no direction, so its cosine is NaN.
    """
    owners = [parameter for parameter in parameters if parameter.grad is not None]
    before = [owner.grad for owner in owners if owner.grad is not None]
    norm = get_total_norm(before)
    largest = get_total_norm(before, norm_type=math.inf)
    if rule.clip is None:
        return GradientStats(norm, norm, largest, norm / norm)
    if rule.turns:
        before = [gradient.clone() for gradient in before]
    rule.clip(owners, norm, threshold)
    after = [owner.grad for owner in owners if owner.grad is not None]
    norm_clipped = get_total_norm(after)
    if not rule.turns:
        return GradientStats(norm, norm_clipped, largest, norm / norm)
    products = [torch.dot(old.flatten(), new.flatten()) for old, new in zip(before, after, strict=True)]
    cosine = torch.stack(products).sum() / (norm * norm_clipped)
    return GradientStats(norm, norm_clipped, largest, cosine.clamp(-1.0, 1.0))
