"""Look-up of word vectors, frozen or trained."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class FrozenEmbedding(nn.Module):
    """Token ids `(B, T)` → vectors `(B, T, E)` from a matrix `(V, E)` that is shared, never trained and never saved."""

    weight: torch.Tensor

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", matrix, persistent=False)

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        return F.embedding(token_ids, self.weight)


def build_embedding(matrix: torch.Tensor, frozen: bool) -> nn.Module:
    """Return a look-up into `matrix (V, E)`; fine-tuning works on a copy, and row 0 (padding) gets no gradient."""
    if frozen:
        return FrozenEmbedding(matrix)
    trained: nn.Module = nn.Embedding.from_pretrained(matrix.clone(), freeze=False, padding_idx=0)
    return trained
