"""From the states of all tokens to one vector: the notebook's padding bug, its cure, and attention.

Every pooling but `padded_last` ignores padding, and a review without tokens pools to zeros.
"""

from __future__ import annotations

import torch
from torch import nn

from sentiment_core.config import ATTENTION_POOLINGS, Pooling


def masked_softmax(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return softmax of `scores (B, T)` over True positions of `mask`: exactly 0 elsewhere, all 0 in an empty row."""
    scores = scores.float()
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1)
    return weights * mask


class Attention(nn.Module):
    """Weights over tokens from their states and the last state `q`.

    Scores: dot `h_i · q`; scaled dot `h_i · q / √H` (Vaswani et al. 2017); additive `v · tanh(W h_i + U q + b)`
    (Bahdanau et al. 2015). Returns the weighted sum of states `(B, H)` and the weights `(B, T)`.

    Two controls learn nothing about where to look (after Wiegreffe & Pinter 2019, "Attention is not not Explanation"):
    uniform gives every token 1 / length; random scores `h_i · r` against a vector `r ~ N(0, 1)` that is drawn once and
    never trained, and sends no gradient through the scores, so that the states cannot learn to steer it either.
    """

    query_drawn: torch.Tensor

    def __init__(self, kind: str, size: int, attention_size: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "attention_additive":
            self.keys = nn.Linear(size, attention_size, bias=False)
            self.query = nn.Linear(size, attention_size)
            self.score = nn.Linear(attention_size, 1, bias=False)
        elif kind == "attention_random":
            self.register_buffer("query_drawn", torch.randn(size))

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.kind == "attention_additive":
            joined = torch.tanh(self.keys(hidden_states) + self.query(last).unsqueeze(1))  # (B, T, A)
            scores = self.score(joined).squeeze(-1)
        elif self.kind == "attention_uniform":
            scores = torch.zeros_like(mask, dtype=hidden_states.dtype)
        elif self.kind == "attention_random":
            scores = hidden_states.detach() @ self.query_drawn.to(hidden_states.dtype)
        else:
            scores = torch.bmm(hidden_states, last.unsqueeze(-1)).squeeze(-1)  # (B, T)
            if self.kind == "attention_scaled_dot":
                scores = scores / hidden_states.shape[-1] ** 0.5
        weights = masked_softmax(scores, mask)
        pooled = torch.bmm(weights.to(hidden_states.dtype).unsqueeze(1), hidden_states).squeeze(1)
        return pooled, weights


class Pool(nn.Module):
    """Concatenate the chosen poolings of `hidden_states (B, T, H)` into `(B, H × poolings)`.

    Also returns the attention weights `(B, T)`, or None when no pooling is an attention.
    """

    def __init__(self, kinds: tuple[Pooling, ...], size: int, attention_size: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.output_size = size * len(kinds)
        attention = next((kind for kind in kinds if kind in ATTENTION_POOLINGS), None)
        self.attention = Attention(attention, size, attention_size) if attention else None

    def forward(
        self, hidden_states: torch.Tensor, mask: torch.Tensor, last: torch.Tensor, padded_last: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        real = mask.unsqueeze(-1)  # (B, T, 1)
        count = mask.sum(dim=1, keepdim=True)  # (B, 1)
        weights = None
        parts = []
        for kind in self.kinds:
            if kind == "padded_last":
                parts.append(padded_last)
                continue
            if kind == "last":
                pooled = last
            elif kind == "mean":
                pooled = (hidden_states * real).sum(dim=1) / count.clamp(min=1)
            elif kind == "max":
                pooled = hidden_states.masked_fill(~real, torch.finfo(hidden_states.dtype).min).amax(dim=1)
            else:
                assert self.attention is not None
                pooled, weights = self.attention(hidden_states, last, mask)
            parts.append(torch.where(count > 0, pooled, torch.zeros_like(pooled)))
        return torch.cat(parts, dim=-1), weights
