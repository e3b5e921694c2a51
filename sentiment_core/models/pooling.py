"""From the states of all tokens to one vector: the notebook's padding bug, its cure, and attention.

Every pooling but `padded_last` ignores padding, and a review without tokens pools to zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import nn


class States(NamedTuple):
    """What a pooling is given: all states `(B, T, H)`, True at real tokens `(B, T)`, and two of the states `(B, H)`."""

    hidden_states: torch.Tensor
    mask: torch.Tensor
    last: torch.Tensor  # at the last real token
    padded_last: torch.Tensor  # after the padding


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return softmax of `scores (B, T)` over True positions of `mask`: exactly 0 elsewhere, all 0 in an empty row."""
    scores = scores.float()
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1)
    return weights * mask


class Attention(nn.Module):
    """Weights over tokens from their states and the last state `q`, for states of `size` components.

    Returns the weighted sum of states `(B, H)` and the weights `(B, T)`. Each kind says how it scores the states.
    """

    def __init__(self, size: int, attention_size: int) -> None:
        super().__init__()

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        weights = masked_softmax(self.scores(hidden_states, last), mask)
        pooled = torch.bmm(weights.to(hidden_states.dtype).unsqueeze(1), hidden_states).squeeze(1)
        return pooled, weights

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Return the scores `(B, T)` of the states."""
        raise NotImplementedError


class DotAttention(Attention):
    """Scores `h_i · q`."""

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return torch.bmm(hidden_states, last.unsqueeze(-1)).squeeze(-1)


class ScaledDotAttention(DotAttention):
    """Scores `h_i · q / √H` (Vaswani et al. 2017)."""

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        scaled: torch.Tensor = super().scores(hidden_states, last) / hidden_states.shape[-1] ** 0.5
        return scaled


class AdditiveAttention(Attention):
    """Scores `v · tanh(W h_i + U q + b)` (Bahdanau et al. 2015)."""

    def __init__(self, size: int, attention_size: int) -> None:
        super().__init__(size, attention_size)
        self.keys = nn.Linear(size, attention_size, bias=False)
        self.query = nn.Linear(size, attention_size)
        self.score = nn.Linear(attention_size, 1, bias=False)

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        joined = torch.tanh(self.keys(hidden_states) + self.query(last).unsqueeze(1))  # (B, T, A)
        scores: torch.Tensor = self.score(joined).squeeze(-1)
        return scores


class UniformAttention(Attention):
    """A control that learns nothing about where to look: every token gets 1 / length.

    After Wiegreffe & Pinter 2019, "Attention is not not Explanation".
    """

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return hidden_states.new_zeros(hidden_states.shape[:2])


class RandomAttention(Attention):
    """A control like the uniform one: scores `h_i · r` against a vector `r ~ N(0, 1)`, drawn once and never trained.

    No gradient goes through the scores, so that the states cannot learn to steer it either.
    """

    query_drawn: torch.Tensor

    def __init__(self, size: int, attention_size: int) -> None:
        super().__init__(size, attention_size)
        self.register_buffer("query_drawn", torch.randn(size))

    def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return hidden_states.detach() @ self.query_drawn.to(hidden_states.dtype)


def _mean(states: States) -> torch.Tensor:
    count = states.mask.sum(dim=1, keepdim=True)  # (B, 1)
    return (states.hidden_states * states.mask.unsqueeze(-1)).sum(dim=1) / count.clamp(min=1)


def _max(states: States) -> torch.Tensor:
    lowest = torch.finfo(states.hidden_states.dtype).min
    return states.hidden_states.masked_fill(~states.mask.unsqueeze(-1), lowest).amax(dim=1)


# By their names in `architecture.POOLINGS`: an attention's layer, or what any other makes of the states `(B, H)`.
ATTENTIONS: dict[str, type[Attention]] = {
    "attention_dot": DotAttention,
    "attention_scaled_dot": ScaledDotAttention,
    "attention_additive": AdditiveAttention,
    "attention_uniform": UniformAttention,
    "attention_random": RandomAttention,
}
REDUCTIONS: dict[str, Callable[[States], torch.Tensor]] = {
    "padded_last": lambda states: states.padded_last,
    "last": lambda states: states.last,
    "mean": _mean,
    "max": _max,
}


class Pool(nn.Module):
    """Concatenate the chosen poolings of `hidden_states (B, T, H)` into `(B, H × poolings)`.

    Also returns the attention weights `(B, T)`, or None when no pooling is an attention.
    """

    def __init__(self, kinds: Sequence[str], size: int, attention_size: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.output_size = size * len(kinds)
        attention = next((kind for kind in kinds if kind in ATTENTIONS), None)
        self.attention: nn.Module | None = ATTENTIONS[attention](size, attention_size) if attention else None

    def forward(
        self, hidden_states: torch.Tensor, mask: torch.Tensor, last: torch.Tensor, padded_last: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        states = States(hidden_states, mask, last, padded_last)
        empty = ~mask.any(dim=1, keepdim=True)  # (B, 1)
        weights = None
        parts = []
        for kind in self.kinds:
            if kind in REDUCTIONS:
                pooled = REDUCTIONS[kind](states)
            else:
                assert self.attention is not None
                pooled, weights = self.attention(hidden_states, last, mask)
            # The state after the padding is there whether or not a token is.
            parts.append(pooled if kind == "padded_last" else pooled.masked_fill(empty, 0.0))
        return torch.cat(parts, dim=-1), weights
