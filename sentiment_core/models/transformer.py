"""A Transformer: layers of self-attention over padded texts, as an encoder or, by its attention mask, a decoder.

Vaswani et al. 2017, "Attention Is All You Need"; with learned positions, segments and GELU as in Devlin et al. 2019,
"BERT". The mask is all that makes one a decoder: see `reach`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.models.dropout import Dropout
from sentiment_core.settings import ModelConfig

SPREAD = 0.02  # standard deviation of weights at the start, BERT's
# Root mean square that word vectors come to in training: 0.09 in the models that ship, which start at `SPREAD`.
GROWN = 0.1
SINE_SIZE = GROWN * math.sqrt(2.0)  # of sinusoidal positions as large: a sine's mean square is a half
SEGMENTS = 2


def reach(lengths: torch.Tensor, steps: int, direction: str) -> torch.Tensor:
    """Return which places may be attended to, `(B, 1, 1 or T, T)`, True where.

    `direction` both: every piece sees all pieces, never the padding behind `lengths (B,)`. left: only itself and those
    before it, so that what comes later cannot change what was computed.
    """
    places = torch.arange(steps, device=lengths.device)
    real = (places < lengths[:, None])[:, None, None, :]
    return real & (places <= places[:, None]) if direction == "left" else real


def sinusoidal(steps: int, size: int) -> torch.Tensor:
    """Return the sinusoidal positions `(T, H)` of Vaswani et al. 2017, section 3.5: sin at even, cos at odd components.

    The wavelengths rise from 2π to 10,000 · 2π; values are in -1..1.
    """
    places = torch.arange(steps, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, size, 2, dtype=torch.float32) * (-math.log(10_000.0) / size))
    table = torch.zeros(steps, size)
    table[:, 0::2] = torch.sin(places * rates)
    table[:, 1::2] = torch.cos(places * rates[: size // 2])
    return table


class SelfAttention(nn.Module):
    """`x (B, T, H)` → `(B, T, H)`; softmax(QKᵀ / √d) V in each head, d = H / heads."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.projection = nn.Linear(size, 3 * size)  # queries, keys and values
        self.output = nn.Linear(size, size)

    def forward(
        self, x: torch.Tensor, allowed: torch.Tensor, weights: list[torch.Tensor] | None = None
    ) -> torch.Tensor:
        """Attend where `allowed` (see `reach`); append the attention weights `(B, heads, T, T)` to `weights` if given.

        With them, the sum is computed from the weights that are returned; without, by PyTorch's fused kernel.
        """
        queries, keys, values = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.projection(x).chunk(3, dim=-1)
        )  # (B, heads, T, d)
        if weights is None:
            mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        else:
            scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])
            scores = scores.masked_fill(~allowed, -math.inf)
            weights.append(scores.softmax(dim=-1))
            mixed = weights[-1] @ values
        result: torch.Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return result


class TransformerLayer(nn.Module):
    """Self-attention, then a feed-forward network, each added to its input; layer norm before (pre) or after (post)."""

    def __init__(self, config: ModelConfig, generator: torch.Generator) -> None:
        super().__init__()
        size = config.hidden_size
        self.attention = SelfAttention(size, config.heads)
        self.attention_norm = nn.LayerNorm(size)
        self.widen = nn.Linear(size, config.feed_forward_size)
        self.narrow = nn.Linear(config.feed_forward_size, size)
        self.feed_forward_norm = nn.LayerNorm(size)
        self.dropout = Dropout(config.state_dropout, generator)
        self.pre = config.norm_place == "pre"

    def forward(
        self, x: torch.Tensor, allowed: torch.Tensor, weights: list[torch.Tensor] | None = None
    ) -> torch.Tensor:
        if self.pre:
            x = x + self.dropout(self.attention(self.attention_norm(x), allowed, weights))
            return x + self._feed_forward(self.feed_forward_norm(x))
        x = self.attention_norm(x + self.dropout(self.attention(x, allowed, weights)))
        normed: torch.Tensor = self.feed_forward_norm(x + self._feed_forward(x))
        return normed

    def _feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = self.dropout(self.narrow(F.gelu(self.widen(x))))
        return added


class Transformer(nn.Module):
    """`token_ids, segments (B, T)`, `lengths (B,)` → states `(B, T, H)`: embeddings, layers, and a last norm if pre.

    States at padding are meaningless. `generator` feeds dropout.
    """

    def __init__(self, config: ModelConfig, vocabulary: int, longest: int, generator: torch.Generator) -> None:
        super().__init__()
        size = config.hidden_size
        self.direction = config.direction
        self.embedding = nn.Embedding(vocabulary, size)
        self.segments = nn.Embedding(SEGMENTS, size)
        self.embedding_norm = nn.LayerNorm(size)
        self.dropout = Dropout(config.embedding_dropout, generator)
        self.layers = nn.ModuleList(TransformerLayer(config, generator) for _ in range(config.num_layers))
        self.final_norm = nn.LayerNorm(size) if config.norm_place == "pre" else nn.Identity()
        self.positions: torch.Tensor | None
        if config.positions == "learned":
            self.positions = nn.Parameter(torch.zeros(longest, size))
        else:
            # Word vectors grow in training and these do not: as small as words begin, they would be drowned before
            # attention has found out what they are for.
            table = sinusoidal(longest, size) * SINE_SIZE if config.positions == "sinusoidal" else None
            self.register_buffer("positions", table, persistent=False)

    def forward(
        self,
        token_ids: torch.Tensor,
        segments: torch.Tensor,
        lengths: torch.Tensor,
        weights: list[torch.Tensor] | None = None,
    ) -> torch.Tensor:
        return self.read(self.embedding(token_ids), segments, lengths, weights)

    def read(
        self,
        vectors: torch.Tensor,
        segments: torch.Tensor,
        lengths: torch.Tensor,
        weights: list[torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Do the same with the pieces' vectors `(B, T, H)` in the place of their ids."""
        steps = vectors.shape[1]
        x = vectors + self.segments(segments)
        if self.positions is not None:
            x = x + self.positions[:steps]
        x = self.dropout(self.embedding_norm(x))
        allowed = reach(lengths, steps, self.direction)
        for layer in self.layers:
            x = layer(x, allowed, weights)
        states: torch.Tensor = self.final_norm(x)
        return states


def spread_weights(model: nn.Module) -> None:
    """Start as BERT does: matrices and vectors normal with standard deviation `SPREAD`, biases 0, norms the identity.

    Positions are drawn last, so that models which differ in them alone share all other weights.
    """
    with torch.no_grad():
        late = []
        for name, parameter in model.named_parameters():
            if name.endswith("positions"):
                late.append(parameter)
            elif parameter.dim() > 1:
                parameter.normal_(0.0, SPREAD)
            elif name.endswith("bias"):
                parameter.zero_()
        for parameter in late:
            parameter.normal_(0.0, SPREAD)
