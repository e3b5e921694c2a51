"""A small network with a norm before it, trained for a moment, and one review scored in changing company.

Word vectors `(B, T, E)` → norm → linear, tanh (16 units) → mean over the real words → linear: enough to show what a
norm does with the batch that a review happens to be in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError
from sentiment_core.models.mistakes import NormPerCall
from sentiment_core.models.norms import build_norm
from sentiment_core.text import TextEncoder

NormName = Literal["masked", "counted", "layer", "per_call"]
SIZES = (1, 2, 8, 128)
UNITS, BATCH, UPDATES, RATE, THRESHOLD = 16, 32, 150, 2.0, 0.5


@dataclass(frozen=True, eq=False)
class PaddedReviews:
    """N reviews padded to the longest: `vectors (N, T, E)` zero at padding, `mask (N, T)`, `labels (N,)`, texts."""

    vectors: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def padding(self) -> float:
        """Share of positions that are padding."""
        return 1.0 - float(self.mask.float().mean())


def padded_reviews(
    reviews: Reviews, vectors: WordVectors, encoder: TextEncoder, count: int = 320, longest: int = 160
) -> PaddedReviews:
    """Return the first `count` training reviews with two known words or more, cut to `longest` of them.

    Raises `DataError` when there are fewer than the largest company needs.
    """
    members = [int(index) for index in reviews.select(TRAIN)[: 2 * count]]
    rows = [
        row[:longest] for chunk in encoder.encode_known([reviews.texts[index] for index in members]) for row in chunk
    ]
    chosen = [place for place, row in enumerate(rows) if len(row) >= 2][:count]
    if len(chosen) < max(SIZES):
        raise DataError(
            f"only {len(chosen)} of these training reviews have two words that the vectors know; the lab needs "
            f"{max(SIZES)}. Choose other reviews"
        )
    lengths = torch.tensor([len(rows[place]) for place in chosen])
    ids = np.zeros((len(chosen), int(lengths.max())), dtype=np.int64)
    for row, place in enumerate(chosen):
        ids[row, : len(rows[place])] = rows[place]
    indices = [members[place] for place in chosen]
    return PaddedReviews(
        torch.from_numpy(vectors.rows(ids)),
        torch.arange(ids.shape[1]) < lengths[:, None],
        torch.from_numpy(reviews.labels[indices].astype(np.float32)),
        tuple(reviews.texts[index] for index in indices),
    )


class CountingBatchNorm(nn.Module):
    """Batch norm of `x (B, T, C)` over every position, padding included."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(size)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.norm(x.flatten(0, -2)).view_as(x)
        return result


NORMS: dict[NormName, Callable[[int], nn.Module]] = {
    "masked": lambda size: build_norm("batch", size, affine=True),
    "counted": CountingBatchNorm,
    "layer": lambda size: build_norm("layer", size, affine=True),
    "per_call": lambda size: NormPerCall("batch"),
}


class Reader(nn.Module):
    """The network above with the norm called `norm`."""

    def __init__(self, size: int, norm: NormName) -> None:
        super().__init__()
        self.norm = NORMS[norm](size)
        self.hidden = nn.Linear(size, UNITS)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return `logits (B,)` of `vectors (B, T, E)`, True in `mask (B, T)` at real words."""
        real = mask.unsqueeze(-1)
        states = torch.tanh(self.hidden(self.norm(vectors, mask))) * real
        logits: torch.Tensor = self.head(states.sum(dim=1) / real.sum(dim=1)).squeeze(-1)
        return logits


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained reader, its losses `(U,)`, and the running mean and variance `(U + 1, E)` where its norm has them."""

    reader: Reader
    losses: np.ndarray
    mean: np.ndarray | None
    variance: np.ndarray | None

    @property
    def affine(self) -> tuple[np.ndarray, np.ndarray] | None:
        """γ and β `(E,)` as they were learned; None for a norm that learns none."""
        state = self.reader.norm.state_dict()
        return (state["norm.weight"].numpy(), state["norm.bias"].numpy()) if "norm.weight" in state else None


def train_reader(data: PaddedReviews, norm: NormName, updates: int = UPDATES, seed: int = 1) -> Trained:
    """Return a reader after `updates` of SGD, clipped by norm, on random batches of 32; the seed decides everything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(data.vectors.shape[2], norm)
        batches = [torch.randint(len(data), (BATCH,)) for _ in range(updates)]
    running = [_running(reader)]
    losses = []
    for chosen in batches:
        loss = F.binary_cross_entropy_with_logits(reader(data.vectors[chosen], data.mask[chosen]), data.labels[chosen])
        parameters = list(reader.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            pace = RATE * (THRESHOLD / torch.nn.utils.get_total_norm(gradients)).clamp(max=1.0)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(pace * gradient)
        losses.append(float(loss.detach()))
        running.append(_running(reader))
    kept = [pair for pair in running if pair is not None]
    mean, variance = (np.array(each) for each in zip(*kept, strict=True)) if kept else (None, None)
    return Trained(reader.eval(), np.array(losses), mean, variance)


def _running(reader: Reader) -> tuple[np.ndarray, np.ndarray] | None:
    state = reader.norm.state_dict()
    if "norm.running_mean" not in state:
        return None
    return state["norm.running_mean"].numpy().copy(), state["norm.running_var"].numpy().copy()


@torch.no_grad()
def in_company(
    trained: Trained, data: PaddedReviews, review: int, size: int, training: bool, draws: int = 12
) -> np.ndarray:
    """Return P(positive) `(draws,)` of one review among `size` − 1 others, drawn anew each time.

    In training mode the statistics are the batch's; the running ones of `trained` are left as they are.
    """
    reader = copy.deepcopy(trained.reader).train(training)
    for module in reader.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = 0.0
    generator = np.random.default_rng([1, size])
    others = np.setdiff1d(np.arange(len(data)), [review])
    found = []
    for _ in range(draws):
        batch = torch.from_numpy(np.concatenate([[review], generator.choice(others, size - 1, replace=False)]))
        mask = data.mask[batch]
        longest = int(mask.sum(dim=1).max())
        logits = reader(data.vectors[batch, :longest], mask[:, :longest])
        found.append(float(torch.sigmoid(logits[0])))
    return np.array(found)


def statistics(data: PaddedReviews, counted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance `(E,)` of all word vectors, over real words or, `counted`, over padding as well."""
    rows = data.vectors.flatten(0, 1) if counted else data.vectors[data.mask]
    variance, mean = torch.var_mean(rows.double(), dim=0)
    return mean.numpy(), variance.numpy()


def settling(trained: Trained, data: PaddedReviews) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the running statistics are from those of all real words, after each update `(U + 1,)`.

    First the mean |running mean − mean| in standard deviations, then the mean of running variance / variance, over the
    components. Raises `ValueError` for a norm that keeps none.
    """
    if trained.mean is None or trained.variance is None:
        raise ValueError("this norm keeps no running statistics")
    mean, variance = statistics(data, counted=False)
    away = np.abs(trained.mean - mean) / np.sqrt(variance)
    return away.mean(axis=1), (trained.variance / variance).mean(axis=1)


@torch.no_grad()
def normalised(data: PaddedReviews, counted: bool, component: int, gamma: float, beta: float) -> np.ndarray:
    """Return one component of the first 128 reviews' real words `(3, N)`: as it is, normalised, and γ · x + β of that.

    In training mode, with statistics of real words or, `counted`, of every position.
    """
    size = max(SIZES)
    vectors, mask = data.vectors[:size, :, component : component + 1], data.mask[:size]
    norm = NORMS["counted" if counted else "masked"](1).train()
    after = norm(vectors, mask)[mask].squeeze(-1)
    return torch.stack([vectors[mask].squeeze(-1), after, gamma * after + beta]).numpy()
