"""A model from its configuration."""

from __future__ import annotations

import torch

from sentiment_core.models.classifier import SentimentModel
from sentiment_core.models.mistakes import MISTAKES
from sentiment_core.settings import ModelConfig


def build_model(
    config: ModelConfig, matrix: torch.Tensor, seed: int, device: torch.device, classes: int = 1
) -> SentimentModel:
    """Return a model on `device` whose weights depend on `config` and `seed` alone.

    Weights are drawn on the CPU, so that every device starts from the same ones.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return assemble(config, matrix, torch.Generator(device=device).manual_seed(seed), classes).to(device)


def assemble(config: ModelConfig, matrix: torch.Tensor, generator: torch.Generator, classes: int = 1) -> SentimentModel:
    """Return a model on the CPU, with weights drawn from PyTorch's own generator and dropout from `generator`.

    Raises `ConfigError` for a mistake in a part that the model does not have.
    """
    model = SentimentModel(config, matrix, generator, classes)
    for name in MISTAKES:
        if name in config.mistakes:
            MISTAKES[name](model, config)
    return model
