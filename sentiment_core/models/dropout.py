"""Dropout that draws from a generator of its run, so that runs trained side by side do not share random numbers."""

from __future__ import annotations

import torch
from torch import nn


class Dropout(nn.Module):
    """Zero elements of `x` with probability `rate` in training and scale the rest by 1 / (1 − rate).

    With `whole_vectors`, the last axis is kept or dropped as one: a token `(B, T, E)` loses its whole vector (word
    dropout). `nn.Dropout` takes no generator; without one, two runs in two threads could not be repeated.
    """

    def __init__(self, rate: float, generator: torch.Generator, whole_vectors: bool = False) -> None:
        super().__init__()
        self.rate = rate
        self.generator = generator
        self.whole_vectors = whole_vectors

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0.0:
            return x
        shape = (*x.shape[:-1], 1) if self.whole_vectors else x.shape
        kept = torch.rand(shape, generator=self.generator, device=x.device) >= self.rate
        return x * kept.to(x.dtype) / (1.0 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}, whole_vectors={self.whole_vectors}"
