"""Clipping by norm (Pascanu et al. 2013, "On the difficulty of training recurrent neural networks")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_core.clipping.rule import ClippingRule

if TYPE_CHECKING:
    import torch
    from torch import nn

# Scale to a hair below the threshold, so that the measured norm stays below it after rounding to float32.
_MARGIN = 1.0 - 1e-6


def clip_norm(parameters: Sequence[nn.Parameter], norm: torch.Tensor, threshold: float) -> None:
    """Scale the whole gradient to length `threshold` when it is longer: its direction stays.

    A gradient that is not finite has no direction; it becomes zero.
    """
    from torch.nn.utils import clip_grads_with_norm_

    for parameter in parameters:
        assert parameter.grad is not None
        parameter.grad.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
    usable = norm.nan_to_num(nan=math.inf, posinf=math.inf)
    clip_grads_with_norm_(parameters, threshold * _MARGIN, usable)


RULE = ClippingRule(
    "norm",
    "By norm",
    "by norm",
    "scaled back to a length",
    threshold="max_norm",
    limits="length",
    clip=clip_norm,
)
