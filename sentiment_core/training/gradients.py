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
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from sentiment_core.config import Clipping

# Scale to a hair below the threshold, so that the measured norm stays below it after rounding to float32.
_MARGIN = 1.0 - 1e-6


@dataclass(frozen=True)
class GradientStats:
    """0-dimensional tensors on the model's device; reading them on a GPU would wait for it, so nothing here does."""

    norm: torch.Tensor  # L2 norm over all gradients before clipping
    norm_clipped: torch.Tensor  # after clipping
    largest: torch.Tensor  # largest |component| before clipping
    cosine: torch.Tensor  # of the angle between the gradient before and after; NaN when either is zero or not finite


def measure_and_clip(parameters: Iterable[nn.Parameter], clipping: Clipping, threshold: float) -> GradientStats:
    """Clip the gradients of `parameters` in place and return what was measured before and after.

    `norm` scales the whole gradient to length `threshold` when it is longer: its direction stays. `value` cuts each
    component to ±`threshold`: its direction turns. A gradient that is not finite has no direction: both replace it by
    a finite one (zero, under `norm`), while `none` leaves everything as it is.
    """
    owners = [parameter for parameter in parameters if parameter.grad is not None]
    gradients = [owner.grad for owner in owners if owner.grad is not None]
    norm = get_total_norm(gradients)
    largest = get_total_norm(gradients, norm_type=math.inf)
    if clipping == "none":
        return GradientStats(norm, norm, largest, norm / norm)
    if clipping == "norm":
        for gradient in gradients:
            gradient.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
        usable = torch.nan_to_num(norm, nan=math.inf, posinf=math.inf)
        clip_grads_with_norm_(owners, threshold * _MARGIN, usable)
        after = get_total_norm(gradients)
        return GradientStats(norm, after, largest, norm / norm)
    clipped = [gradient.nan_to_num(nan=0.0).clamp_(-threshold, threshold) for gradient in gradients]
    after = get_total_norm(clipped)
    products = [torch.dot(old.flatten(), new.flatten()) for old, new in zip(gradients, clipped, strict=True)]
    for owner, gradient in zip(owners, clipped, strict=True):
        owner.grad = gradient
    cosine = torch.stack(products).sum() / (norm * after)
    return GradientStats(norm, after, largest, cosine.clamp(-1.0, 1.0))
