"""The masked language model: a Transformer with two heads, one for chosen pieces and one for the pair as a whole."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.models.network import Network
from sentiment_core.models.transformer import Transformer, spread_weights
from sentiment_core.settings import ModelConfig


class MaskedOutput(NamedTuple):
    """`words (K, V)`: log-odds of each piece at K chosen places, before softmax; `follows (B,)`: of a next segment.

    `states (B, T, H)` are the Transformer's.
    """

    words: torch.Tensor
    follows: torch.Tensor
    states: torch.Tensor


class MaskedLanguageModel(Network):
    """BERT's two tasks (Devlin et al. 2019, section 3.1): fill in chosen pieces; from [CLS], does the second follow?

    The output matrix is the word embedding itself (Press & Wolf 2017, "Using the Output Embedding"). `longest` is the
    number of positions, `vocabulary` that of pieces V; `generator` feeds dropout.
    """

    def __init__(self, config: ModelConfig, vocabulary: int, longest: int, generator: torch.Generator) -> None:
        super().__init__()
        size = config.hidden_size
        self.generator = generator
        self.transformer = Transformer(config, vocabulary, longest, generator)
        self.word_layer = nn.Linear(size, size)
        self.word_norm = nn.LayerNorm(size)
        self.word_bias = nn.Parameter(torch.zeros(vocabulary))
        self.pair_layer = nn.Linear(size, size)
        self.pair_head = nn.Linear(size, 1)
        spread_weights(self)

    def forward(
        self,
        token_ids: torch.Tensor,
        segments: torch.Tensor,
        lengths: torch.Tensor,
        chosen: torch.Tensor,
        weights: list[torch.Tensor] | None = None,
    ) -> MaskedOutput:
        """Read `token_ids, segments (B, T)` of `lengths (B,)`; fill in the places `chosen (K,)`, counted row by row.

        Only chosen places meet the output matrix, the largest of all. `weights`, if given, receives each layer's
        attention `(B, heads, T, T)`.
        """
        states = self.transformer(token_ids, segments, lengths, weights)
        filled = states.flatten(0, 1).index_select(0, chosen)
        filled = self.word_norm(F.gelu(self.word_layer(filled)))
        words = F.linear(filled, self.transformer.embedding.weight, self.word_bias)
        pair = torch.tanh(self.pair_layer(states[:, 0]))
        return MaskedOutput(words, self.pair_head(pair).squeeze(-1), states)


def build_masked_model(
    config: ModelConfig, vocabulary: int, longest: int, seed: int, device: torch.device
) -> MaskedLanguageModel:
    """Return a model on `device` whose weights depend on the arguments alone; they are drawn on the CPU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = torch.Generator(device=device).manual_seed(seed)
        return MaskedLanguageModel(config, vocabulary, longest, generator).to(device)
