"""Normalisation that never sees padding."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class MaskedBatchNorm(nn.Module):
    """Batch normalisation over the real rows of `x (..., C)`; `mask (...)` is True at them. Padding stays zero.

    Statistics come from real rows only, with running estimates for evaluation (Ioffe & Szegedy 2015). A batch with
    one real row has no spread to divide by, so it uses the running estimates.
    """

    def __init__(self, size: int, affine: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(size, affine=affine)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        rows = x[mask]  # (N, C)
        if self.training and len(rows) < 2:
            norm = self.norm
            rows = F.batch_norm(rows, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps)
        elif len(rows):
            rows = self.norm(rows)
        result = torch.zeros_like(x, dtype=rows.dtype)
        result[mask] = rows
        return result


class MaskedLayerNorm(nn.Module):
    """Layer normalisation of each row of `x (..., C)` (Ba et al. 2016); padding stays zero."""

    def __init__(self, size: int, affine: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size, elementwise_affine=affine)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.norm(x) * mask.unsqueeze(-1)
        return result


class NoNorm(nn.Module):
    """Leave `x` as it is."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return x


def build_norm(kind: str, size: int, affine: bool) -> nn.Module:
    """Return the norm `none`, `batch` or `layer` for vectors of `size` components."""
    if kind == "batch":
        return MaskedBatchNorm(size, affine)
    return MaskedLayerNorm(size, affine) if kind == "layer" else NoNorm()
