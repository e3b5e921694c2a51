"""Dropout that draws from a generator of its run, so that runs trained side by side do not share random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class _Part:
    """Which `rows` of a batch of `size` are read here, and a generator of its own to draw for the whole batch."""

    rows: slice
    size: int
    generator: torch.Generator


_part: ContextVar[_Part | None] = ContextVar("part of a batch", default=None)


@contextmanager
def part_of_batch(rows: slice, size: int, generator: torch.Generator) -> Iterator[None]:
    """Let this thread's dropout drop in `rows` what it would drop there in the whole batch of `size`.

    `generator` is in the state that the run's has before the update; after the block it is in that after the update.
    """
    token = _part.set(_Part(rows, size, generator))
    try:
        yield
    finally:
        _part.reset(token)


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
        if (part := _part.get()) is None:
            drawn = torch.rand(shape, generator=self.generator, device=x.device)
        else:
            drawn = torch.rand((part.size, *shape[1:]), generator=part.generator, device=x.device)[part.rows]
        kept = drawn >= self.rate
        return x * kept.to(x.dtype) / (1.0 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}, whole_vectors={self.whole_vectors}"
