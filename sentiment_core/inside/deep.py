"""The deep feed-forward network of Karpathy's *makemore part 3*, on titles of our own: five tanh layers of 100 units.

Embeddings of 10 numbers a character, three characters a context; weights N(0, 1) · gain / √fan_in, the last layer's a
tenth, biases zero; batches of 32. With batch norm every linear layer, the last one included, is followed by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.inside.measures import saturated_share
from sentiment_core.inside.titles import CONTEXT, Characters

LAYERS, UNITS, EMBEDDING, BATCH = 5, 100, 10, 32
GAIN = 5 / 3
# What the lecture's notebook prints at gain 5/3: share of saturated tanh outputs of each layer, without and with norm;
# the standard deviation of their gradients with norm; the loss before the first update.
PUBLISHED_SATURATED = {
    False: (0.2025, 0.0838, 0.0662, 0.0547, 0.0612),
    True: (0.0278, 0.0256, 0.0225, 0.0169, 0.0188),
}
PUBLISHED_GRADIENT = (2.64e-3, 1.95e-3)  # first and last tanh layer, with norm
PUBLISHED_LOSS = (3.29, 3.32)


class DeepNet(nn.Module):
    """Embedding → five times linear (→ batch norm) → tanh → linear (→ batch norm)."""

    def __init__(self, classes: int, gain: float, norm: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, EMBEDDING)
        sizes = [CONTEXT * EMBEDDING] + [UNITS] * LAYERS + [classes]
        self.linears = nn.ModuleList(nn.Linear(a, b, bias=not norm) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(size) for size in sizes[1:] if norm)
        for depth, linear in enumerate(self.linears):
            scale = gain if depth < LAYERS else 1.0 if norm else 0.1
            for name, parameter in linear.named_parameters():
                nn.init.normal_(parameter, 0.0, scale / math.sqrt(sizes[depth]) if name == "weight" else 0.0)
        if norm:
            nn.init.constant_(dict(self.norms[-1].named_parameters())["weight"], 0.1)

    def forward(self, contexts: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return `logits (B, classes)` of `contexts (B, 3)` and the five tanh outputs `(B, 100)`."""
        x = self.embedding(contexts).flatten(1)
        outputs = []
        for depth, linear in enumerate(self.linears):
            x = linear(x)
            if len(self.norms):
                x = self.norms[depth](x)
            if depth < LAYERS:
                x = torch.tanh(x)
                outputs.append(x)
        return x, outputs


@dataclass(frozen=True, eq=False)
class DeepPush:
    """One batch through a fresh network: tanh outputs and their gradients `(5, 32, 100)`, and the loss."""

    activations: np.ndarray
    gradients: np.ndarray
    loss: float


def push_deep(data: Characters, gain: float, norm: bool, seed: int) -> DeepPush:
    """Draw weights and a batch of 32 with `seed`, send it through and the gradient of its loss back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DeepNet(len(data.alphabet), gain, norm)
        chosen = torch.randint(len(data.targets), (BATCH,))
    logits, outputs = network(data.contexts[chosen])
    loss = F.cross_entropy(logits, data.targets[chosen])
    gradients = torch.autograd.grad(loss, outputs)
    stacked = torch.stack(outputs).detach().numpy()
    return DeepPush(stacked, torch.stack(gradients).numpy(), float(loss.detach()))


@dataclass(frozen=True, eq=False)
class DeepSpread:
    """The same over S draws of weights and batch: saturated shares, gradient deviations `(S, 5)`, losses `(S,)`."""

    saturated: np.ndarray
    gradient_std: np.ndarray
    losses: np.ndarray
    first: DeepPush


def spread(data: Characters, gain: float, norm: bool, draws: int = 10) -> DeepSpread:
    """Return what `draws` fresh networks show, each with a batch of its own."""
    pushed = [push_deep(data, gain, norm, seed) for seed in range(1, draws + 1)]
    return DeepSpread(
        np.array([[saturated_share(layer) for layer in one.activations] for one in pushed]),
        np.array([[float(layer.std()) for layer in one.gradients] for one in pushed]),
        np.array([one.loss for one in pushed]),
        pushed[0],
    )
