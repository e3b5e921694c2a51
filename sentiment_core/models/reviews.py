"""A Transformer that answers from [CLS] whether a review is positive: what fine-tuning trains."""

from __future__ import annotations

import torch
from torch import nn

from sentiment_core.architecture import SPECIAL_IN_REVIEW
from sentiment_core.models.classifier import ModelOutput
from sentiment_core.models.network import Network
from sentiment_core.models.transformer import Transformer, spread_weights
from sentiment_core.settings import ModelConfig
from sentiment_core.wordpiece import CLS_ID, SEP_ID

WORD_TABLE = "transformer.embedding.weight"


class ReviewTransformer(Network):
    """BERT with a classifier on [CLS] (Devlin et al. 2019, section 4.1): one answer a review, the log-odds of positive.

    The parts that a `MaskedLanguageModel` has too are called as there, so that its weights fit. `vocabulary` is the
    number of pieces V, `longest` that of positions, special pieces counted; `generator` feeds dropout.
    """

    def __init__(self, config: ModelConfig, vocabulary: int, longest: int, generator: torch.Generator) -> None:
        super().__init__()
        size = config.hidden_size
        self.generator = generator
        self.transformer = Transformer(config, vocabulary, longest, generator)
        self.pair_layer = nn.Linear(size, size)
        self.answer = nn.Linear(size, 1)
        spread_weights(self)

    def forward(self, token_ids: torch.Tensor, lengths: torch.Tensor) -> ModelOutput:
        """Classify padded reviews: `token_ids (B, T)` without special pieces, `lengths (B,)`. No weights come along."""
        return self._answer(self.transformer.embedding(token_ids), lengths, None)

    def classify(self, embedded: torch.Tensor, lengths: torch.Tensor) -> ModelOutput:
        """Classify reviews given as the vectors of their pieces `embedded (B, T, H)`.

        The attention weights are those of [CLS] in the last layer, the mean of its heads: with what [CLS] and [SEP] get
        themselves they add up to 1.
        """
        weights: list[torch.Tensor] = []
        return self._answer(embedded, lengths, weights)

    def attention(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return who attends to whom among [CLS], the pieces and [SEP]: `(layers, B, heads, T + 2, T + 2)`.

        A row is what the piece looks at; its weights add up to 1, none on padding. Rows of padding mean nothing.
        """
        weights: list[torch.Tensor] = []
        self._answer(embedded, lengths, weights)
        return torch.stack(weights)

    def _answer(self, embedded: torch.Tensor, lengths: torch.Tensor, weights: list[torch.Tensor] | None) -> ModelOutput:
        rows, steps = embedded.shape[:2]
        first, last = self.transformer.embedding.weight[[CLS_ID, SEP_ID]]
        places = torch.arange(steps + SPECIAL_IN_REVIEW, device=lengths.device)
        vectors = torch.cat([first.expand(rows, 1, -1), embedded, last.expand(rows, 1, -1)], dim=1)
        # [SEP] stands behind the last piece, in the padding of a shorter review.
        vectors = torch.where((places == lengths[:, None] + 1)[..., None], last, vectors)
        segments = torch.zeros_like(places).expand(rows, -1)
        states = self.transformer.read(vectors, segments, lengths + SPECIAL_IN_REVIEW, weights)
        logits = self.answer(torch.tanh(self.pair_layer(states[:, 0]))).squeeze(-1)
        looked = None
        if weights is not None:
            real = places[:steps] < lengths[:, None]
            looked = weights[-1].mean(dim=1)[:, 0, 1 : steps + 1] * real
        return ModelOutput(logits, looked, states[:, 1 : steps + 1])


def build_review_transformer(
    config: ModelConfig, vocabulary: int, longest: int, seed: int, device: torch.device
) -> ReviewTransformer:
    """Return a model on `device` whose weights depend on the arguments alone; they are drawn on the CPU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = torch.Generator(device=device).manual_seed(seed)
        return ReviewTransformer(config, vocabulary, longest, generator).to(device)
