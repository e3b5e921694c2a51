"""How long the gradient of a hidden state is, counted back from the end of each review."""

from __future__ import annotations

import torch

from sentiment_core.models.encoder import reversal
from sentiment_core.steps.inside import COLUMNS


def gradient_norms(gradient: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return the L2 norms `(B, T)` of `gradient (B, T, H)`, aligned at the end of reviews of `lengths (B,)`.

    Column t is ‖∂L/∂h‖ of the token t before the last real one, column 0 that one's own; NaN where a review does not
    reach so far back. In the precision of `gradient`: each is taken relative to its largest component, so that the
    square of a tiny one does not become zero.
    """
    largest = gradient.abs().amax(dim=-1, keepdim=True).clamp(min=torch.finfo(gradient.dtype).tiny)
    norms = (gradient / largest).norm(dim=-1) * largest.squeeze(-1)
    steps = gradient.shape[1]
    reached = torch.arange(steps, device=lengths.device) < lengths[:, None]
    aligned: torch.Tensor = norms.gather(1, reversal(lengths, steps)).masked_fill(~reached, torch.nan)
    return aligned


def by_distance(norms: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return `(2, C)` from what `gradient_norms` gave: for each of `COLUMNS`, log10 of the mean length, and reviews.

    The mean is over all tokens of all reviews in a column; −inf where it is zero, NaN where no review reaches.
    """
    starts = torch.tensor(COLUMNS, device=norms.device)
    distance = torch.arange(norms.shape[1], device=norms.device)
    column = torch.bucketize(distance, starts, right=True) - 1  # (T,)
    reached = distance < lengths[:, None]  # (B, T)
    sums = norms.new_zeros(len(COLUMNS)).index_add_(0, column, torch.where(reached, norms, 0.0).sum(dim=0))
    tokens = norms.new_zeros(len(COLUMNS)).index_add_(0, column, reached.sum(dim=0).to(norms.dtype))
    reviews = (lengths[:, None] > starts).sum(dim=0)
    return torch.stack([(sums / tokens).log10(), reviews.to(norms.dtype)])
