"""Models to explain: small ones with drawn weights, which need no training, a linear one, and the one that ships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from sentiment_core.config import ExperimentConfig
from sentiment_core.explain.predictor import Predictor
from sentiment_core.models import ModelOutput, build_model
from sentiment_core.training.checkpoints import EMBEDDING, OWN, SavedModel

CPU = torch.device("cpu")
DIM = 6
KNOWN = [f"word{number}" for number in range(40)]


class Linear(nn.Module):
    """The same `classify` as the real network, but each token adds `weight · vector` to the log-odds."""

    def __init__(self, weight: torch.Tensor, bias: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = bias

    def classify(self, embedded: torch.Tensor, lengths: torch.Tensor) -> ModelOutput:
        real = torch.arange(embedded.shape[1]) < lengths[:, None]  # (B, T)
        values = (embedded @ self.weight) * real  # (B, T)
        return ModelOutput(values.sum(dim=1) + self.bias, None, embedded)


@pytest.fixture
def make_predictor(tiny: Callable[..., ExperimentConfig]) -> Callable[..., Predictor]:
    """`make_predictor({"model.cell": "gru"}, temperature=2.0)` has drawn weights and knows word0 to word39."""

    def make(fields: dict[str, Any] | None = None, seed: int = 0, **details: Any) -> Predictor:
        config = tiny({"model.hidden_size": 8, "model.initialisation": "orthogonal", **(fields or {})})
        generator = torch.Generator().manual_seed(seed)
        matrix = torch.randn(len(KNOWN) + 1, DIM, generator=generator)
        matrix[0] = 0.0
        model = build_model(config.model, matrix, seed, CPU)
        tensors = {**model.state_dict(), EMBEDDING: matrix}
        return Predictor("drawn", SavedModel(config, tensors, OWN, details, tuple(KNOWN)))

    return make


@pytest.fixture
def linear(make_predictor: Callable[..., Predictor]) -> Predictor:
    """A predictor whose network is `Linear`, so that every attribution is known."""
    predictor = make_predictor()
    weight = torch.randn(DIM, generator=torch.Generator().manual_seed(5))
    predictor.model = Linear(weight, 0.3)  # type: ignore[assignment]
    return predictor
