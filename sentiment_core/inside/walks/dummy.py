"""The dummy RNN that walks 3 and 4 go through: small enough to see every number."""

from __future__ import annotations

import torch
from torch import nn

REVIEWS, WORDS, COMPONENTS, UNITS = 2, 5, 4, 6


def dummy_rnn(generator: torch.Generator) -> nn.RNN:
    """Return a tanh RNN, 4 components to 6 units, whose weights come from `generator` alone and are not trained."""
    rnn = nn.RNN(COMPONENTS, UNITS, batch_first=True, device="meta").to_empty(device="cpu")
    for weight in rnn.parameters():
        weight.requires_grad_(False)
        weight.copy_(torch.rand(weight.shape, generator=generator) - 0.5)
    return rnn
