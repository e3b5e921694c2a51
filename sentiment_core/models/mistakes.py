"""The course notebook's mistakes in the model, off unless `model.mistakes` names them.

Parts that draw or hold weights stay, so a mistaken model starts from the same weights as its correct twin.
"""

from __future__ import annotations

import torch
from torch import nn

from sentiment_core.errors import ConfigError
from sentiment_core.models.classifier import SentimentModel
from sentiment_core.settings import ModelConfig

EPSILON = 1e-5  # PyTorch's own in its norms


class OffByOneMask(nn.Module):
    """`off_by_one_mask`: the mask compares with `length − 1`, so the last real token never gets weight.

    Wraps a correct attention. The notebook masks with a very low score instead of leaving positions out: in a review of
    one token every position has that score, so each of the T gets weight 1 / T, padding included.
    """

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        shorter = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], dim=1)  # (B, T)
        pooled, weights = self.attention(hidden_states, last, shorter)
        alone = mask.sum(dim=1, keepdim=True) == 1  # (B, 1)
        pooled = torch.where(alone, hidden_states.mean(dim=1), pooled)
        return pooled, torch.where(alone, 1 / mask.shape[1], weights)


class CrossReviewAttention(nn.Module):
    """`cross_review_attention`: `h_n` is squeezed once too often, and broadcasting pairs every review with every other.

    The slip of the notebook's mock-up, which its trained network never had. What the mock-up does next (it adds over
    time and takes the softmax over reviews) leaves no weights on tokens; here scores and softmax are as they should be.
    `states (B, T, H) × q (B, 1, 1, H)` is `(B, B, T, H)`: entry `[i, j]` holds review j's states under review i's
    question. Summed over H they are scores, and review i reads the mean over all j of what it attends to there, so its
    answer depends on who shares its batch. The weights `(B, T)` returned are those on a review's own tokens; they add
    up to 1 / B. Dot product only; the sum over H is taken at once, as the broadcast tensor would need gigabytes.
    """

    def forward(
        self, hidden_states: torch.Tensor, last: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        scores = torch.einsum("jth,ih->ijt", hidden_states, last).float()  # (B, B, T)
        weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1) * mask / len(mask)
        pooled = torch.einsum("ijt,jth->ih", weights.to(hidden_states.dtype), hidden_states)
        return pooled, weights.diagonal().T


class NormPerCall(nn.Module):
    """`norm_per_call`: a norm layer made anew in every forward pass.

    What it could learn is thrown away with it, it has no running statistics, and it is always in training mode. Batch
    norm of `x (B, T, C)` takes the time step for the channel (its mean is over reviews and components) and counts
    padding; of `x (B, C)` it uses this batch's statistics even in evaluation, so a review alone becomes zeros (where
    PyTorch refuses). Layer norm only forgets what it learned.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        axes = (-1,) if self.kind == "layer" else (0, 2)[: x.dim() - 1]
        variance, mean = torch.var_mean(x, dim=axes, correction=0, keepdim=True)
        return (x - mean) / torch.sqrt(variance + EPSILON)


def norm_per_call(model: SentimentModel, config: ModelConfig) -> None:
    """Replace the norms; raise `ConfigError` when there are none: the mistake would do nothing, unnoticed."""
    if (config.input_norm, config.state_norm) == ("none", "none"):
        raise ConfigError("model.mistakes: norm_per_call needs a norm; set model.input_norm or state_norm")
    if config.input_norm != "none":
        model.input_norm = NormPerCall(config.input_norm)
    if config.state_norm != "none":
        model.state_norm = NormPerCall(config.state_norm)


def cross_review_attention(model: SentimentModel, config: ModelConfig) -> None:
    """Replace the dot-product attention; raise `ConfigError` where there is none."""
    if "attention_dot" not in config.pooling:
        raise ConfigError("model.mistakes: cross_review_attention needs attention_dot among model.pooling")
    model.pool.attention = CrossReviewAttention()


def off_by_one_mask(model: SentimentModel, config: ModelConfig) -> None:
    """Put the wrong mask before the attention; raise `ConfigError` where there is none."""
    if model.pool.attention is None:
        raise ConfigError("model.mistakes: off_by_one_mask needs an attention among model.pooling")
    model.pool.attention = OffByOneMask(model.pool.attention)


# In the order in which they are made: a wrong mask also goes before an attention that is itself mistaken.
MISTAKES = {
    "norm_per_call": norm_per_call,
    "cross_review_attention": cross_review_attention,
    "off_by_one_mask": off_by_one_mask,
}
