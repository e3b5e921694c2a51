"""Recurrent networks before any training: what a start does to activations and gradients, step by step in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.inside.batch import WordBatch
from sentiment_core.models.initialisation import initialise

Scheme = Literal["default", "xavier", "he", "orthogonal", "identity"]
SCHEMES: tuple[Scheme, ...] = ("default", "xavier", "he", "orthogonal", "identity")
Activation = Literal["tanh", "relu"]
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True)
class Start:
    """How the weights start: a scheme, every weight matrix of the recurrent layers times `gain`, and the sizes."""

    scheme: Scheme = "default"
    activation: Activation = "tanh"
    gain: float = 1.0
    layers: int = 1
    hidden_size: int = 64
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Pushed:
    """One batch forward and back: `activations`, `gradients (L, T, B, H)` float32 = ∂(mean loss)/∂h, and the loss.

    `radius (L,)` is the largest |eigenvalue| of each recurrent matrix, `stretch (L,)` its largest singular value.
    """

    activations: np.ndarray
    gradients: np.ndarray
    loss: float
    radius: np.ndarray
    stretch: np.ndarray


class StartedNetwork(nn.Module):
    """The weights of tanh or ReLU layers and of a linear head on the last state, started as `start` says."""

    def __init__(self, input_size: int, start: Start) -> None:
        super().__init__()
        sizes = [input_size] + [start.hidden_size] * (start.layers - 1)
        self.layers = nn.ModuleList(
            nn.RNN(size, start.hidden_size, nonlinearity=start.activation, batch_first=True) for size in sizes
        )
        self.head = nn.Linear(start.hidden_size, 1)
        # Identity (Le et al. 2015) is about the recurrent matrix; the others start as under Xavier.
        initialise(self, "xavier" if start.scheme == "identity" else start.scheme)
        with torch.no_grad():
            for layer in self.layers:
                if start.scheme == "identity":
                    cast(torch.Tensor, layer.weight_hh_l0).copy_(torch.eye(start.hidden_size))
                for matrix in (layer.weight_ih_l0, layer.weight_hh_l0):
                    cast(torch.Tensor, matrix).mul_(start.gain)


def build(input_size: int, start: Start) -> StartedNetwork:
    """Return the network that `start` describes; its weights depend on nothing else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(start.seed)
        return StartedNetwork(input_size, start)


def push(batch: WordBatch, starts: Sequence[Start]) -> list[Pushed]:
    """Send `batch` through a fresh network for each of `starts` and the gradient of its mean loss back.

    Nothing is trained. The starts share their sizes and their activation: the S networks are computed as one product
    `(S, B, H) × (S, H, H)` a step, which takes about as long as one of them. Each step's states are a tensor of
    their own, where `nn.RNN` gives one for all: so each gets the gradient that reaches it through all later ones.
    """
    networks = [build(batch.vectors.shape[2], start) for start in starts]
    squash = torch.tanh if starts[0].activation == "tanh" else torch.relu
    inputs = batch.vectors.expand(len(starts), -1, -1, -1)  # (S, B, T, E)
    states: list[torch.Tensor] = []
    recurrent = []
    for depth in range(starts[0].layers):
        layers = [network.layers[depth].state_dict() for network in networks]
        into, around, *biases = (torch.stack([layer[f"{part}_l0"] for layer in layers]) for part in PARTS)
        into, around, bias = into.mT, around.mT, (biases[0] + biases[1])[:, None]  # (S, E, H), (S, H, H), (S, 1, H)
        driven = (inputs.flatten(1, 2) @ into + bias).unflatten(1, inputs.shape[1:3])  # (S, B, T, H)
        if not depth:
            driven.requires_grad_()
        state = driven.new_zeros(driven.shape[0], driven.shape[1], driven.shape[3])
        steps = []
        # Not `driven[:, :, step]`: the gradient of a slice is as large as what it was cut from.
        for arriving in driven.unbind(dim=2):
            state = squash(torch.baddbmm(arriving, state, around))
            steps.append(state)
        states += steps
        inputs = torch.stack(steps, dim=2)
        recurrent.append(around.double())
    logits = torch.stack([network.head(state[place]) for place, network in enumerate(networks)]).squeeze(-1)  # (S, B)
    losses = F.binary_cross_entropy_with_logits(logits, batch.labels.expand(len(starts), -1), reduction="none").mean(
        dim=1
    )
    gradients = torch.autograd.grad(losses.sum(), states)
    shape = (len(recurrent), batch.steps, len(starts), len(batch), starts[0].hidden_size)
    activations = torch.stack(states).detach().view(shape).numpy()
    flowed = torch.stack(gradients).view(shape).numpy()
    radius = torch.stack([torch.linalg.eigvals(matrices).abs().amax(dim=-1) for matrices in recurrent]).numpy()
    stretch = torch.stack([torch.linalg.matrix_norm(matrices, 2) for matrices in recurrent]).numpy()
    return [
        Pushed(
            activations[:, :, place],
            flowed[:, :, place],
            float(losses[place].detach()),
            radius[:, place],
            stretch[:, place],
        )
        for place in range(len(starts))
    ]
