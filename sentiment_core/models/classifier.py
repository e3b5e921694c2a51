"""The whole network, from token ids to one logit per review."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from sentiment_core.models.dropout import Dropout
from sentiment_core.models.embedding import build_embedding
from sentiment_core.models.encoder import RecurrentEncoder
from sentiment_core.models.initialisation import initialise
from sentiment_core.models.network import Network
from sentiment_core.models.norms import build_norm
from sentiment_core.models.pooling import Pool
from sentiment_core.models.states import StateWatch
from sentiment_core.settings import ModelConfig

ACTIVATIONS: dict[str, type[nn.Module]] = {"none": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh}


@dataclass(frozen=True)
class ModelOutput:
    """What a network says: `logits (B,)` of P(positive), or `(B, C)` of C classes; `hidden_states (B, T, H)`.

    `attention_weights (B, T)` where the pooling attends.
    """

    logits: torch.Tensor
    attention_weights: torch.Tensor | None
    hidden_states: torch.Tensor


class SentimentModel(Network):
    """Recurrent classifier of reviews, or of other sequences into `classes`; 1: one answer, the log-odds of positive.

    `matrix (V, E)` holds the word vectors, row 0 zeros for padding. `generator` feeds dropout.
    """

    def __init__(self, config: ModelConfig, matrix: torch.Tensor, generator: torch.Generator, classes: int = 1) -> None:
        super().__init__()
        self.generator = generator
        embedding_dim = matrix.shape[1]
        self.embedding = build_embedding(matrix, config.freeze_embeddings)
        self.word_dropout = Dropout(config.word_dropout, generator, whole_vectors=True)
        self.embedding_dropout = Dropout(config.embedding_dropout, generator)
        self.input_norm = build_norm(config.input_norm, embedding_dim, config.norm_affine)
        self.encoder = RecurrentEncoder(config, embedding_dim, generator)
        self.pool = Pool(config.pooling, self.encoder.output_size, config.hidden_size)
        self.state_norm = build_norm(config.state_norm, self.pool.output_size, config.norm_affine)
        self.head = _build_head(config, self.pool.output_size, generator, classes)
        initialise(self, config.initialisation)

    def forward(self, token_ids: torch.Tensor, lengths: torch.Tensor) -> ModelOutput:
        """Classify padded reviews: `token_ids (B, T)`, `lengths (B,)`."""
        return self.classify(self.embedding(token_ids), lengths)

    def classify(self, embedded: torch.Tensor, lengths: torch.Tensor) -> ModelOutput:
        """Classify reviews given as vectors `embedded (B, T, E)`, which attributions differentiate with respect to."""
        steps = embedded.shape[1]
        mask = torch.arange(steps, device=lengths.device) < lengths[:, None]  # (B, T)
        embedded = self.embedding_dropout(self.word_dropout(embedded))
        hidden_states = self.encoder(self.input_norm(embedded, mask), lengths)
        last = self.encoder.last_state(hidden_states, (lengths - 1).clamp(min=0))
        padded_last = self.encoder.last_state(hidden_states, torch.full_like(lengths, steps - 1))
        pooled, weights = self.pool(hidden_states, mask, last, padded_last)
        real_row = torch.ones_like(lengths, dtype=torch.bool)
        logits = self.head(self.state_norm(pooled, real_row))
        logits = logits.squeeze(-1) if logits.shape[-1] == 1 else logits
        return ModelOutput(logits, weights, hidden_states)

    def watch_states(self) -> StateWatch:
        """Return a block around one forward pass that keeps its hidden states."""
        return StateWatch(self.encoder)


def _build_head(config: ModelConfig, input_size: int, generator: torch.Generator, classes: int) -> nn.Sequential:
    sizes = [input_size, *config.head_sizes, classes]
    layers: list[nn.Module] = []
    for size, next_size in pairwise(sizes):
        if config.head_activation != "none":
            layers.append(ACTIVATIONS[config.head_activation]())
        if config.head_dropout:
            layers.append(Dropout(config.head_dropout, generator))
        layers.append(nn.Linear(size, next_size))
    return nn.Sequential(*layers)


def parameter_count(model: nn.Module) -> int:
    """Return the number of trained values; frozen word vectors do not count."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
