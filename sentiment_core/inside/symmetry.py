"""A start in which all units are equal: each gets the same gradient, so they stay equal and count as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.inside.batch import WordBatch

UNITS, RATE = 16, 0.2
# Units whose states differ by less than this on every review count as the same; rounding in float64 is far below.
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Symmetric:
    """N updates of a tanh RNN of 16 units: `states (N + 1, H)` of one review's last word, `losses (N + 1,)`.

    `different (N + 1,)` counts the units that differ from one another on some review; `rank` is that of the
    recurrent matrix after the last update.
    """

    states: np.ndarray
    losses: np.ndarray
    different: np.ndarray
    rank: int


def train_symmetric(batch: WordBatch, constant: float, noise: float, updates: int = 40) -> Symmetric:
    """Set every weight to `constant` plus N(0, `noise`²) and make `updates` steps of SGD on the one `batch`."""
    generator = torch.Generator().manual_seed(1)

    def started(*shape: int) -> torch.Tensor:
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64) * noise
        return (constant + drawn).requires_grad_()

    words, labels = batch.vectors.double(), batch.labels.double()
    into, around, out = started(UNITS, words.shape[2]), started(UNITS, UNITS), started(UNITS)
    bias, offset = (torch.zeros(size, dtype=torch.float64, requires_grad=True) for size in (UNITS, 1))
    parameters = [into, around, out, bias, offset]
    states, losses, different = [], [], []
    for update in range(updates + 1):
        state = words.new_zeros(len(batch), UNITS)
        driven = F.linear(words, into, bias)
        for arriving in driven.unbind(dim=1):
            state = torch.tanh(arriving + F.linear(state, around))
        loss = F.binary_cross_entropy_with_logits(state @ out + offset, labels)
        states.append(state[0].detach().numpy().copy())
        losses.append(float(loss.detach()))
        different.append(count_different(state.detach().numpy()))
        if update < updates:
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter -= RATE * gradient
    rank = int(torch.linalg.matrix_rank(around.detach(), rtol=SAME))
    return Symmetric(np.array(states), np.array(losses), np.array(different), rank)


def count_different(states: np.ndarray) -> int:
    """Return how many units (columns) of `states (B, H)` are left when equal ones are counted once."""
    left: list[np.ndarray] = []
    for unit in states.T:
        if not any(np.abs(unit - other).max() < SAME for other in left):
            left.append(unit)
    return len(left)
