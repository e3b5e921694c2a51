"""From encoded reviews to padded batches: which reviews go together, and how they are padded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from sentiment_core.corpus import EncodedReviews

# Reviews are sorted by length within pools of this many batches: long enough for 98 % real tokens where real
# reviews are cut at 400 (90 % where they are not), short enough that every epoch mixes different reviews.
POOL_BATCHES = 50


@dataclass(eq=False)
class Batch:
    """B reviews padded to the longest: `token_ids (B, T)` int64, `lengths (B,)` int64, `labels (B,)` float32.

    Padding is id 0. `tokens` counts the real tokens.
    """

    token_ids: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`."""
        if device.type == self.token_ids.device.type:
            return self
        token_ids, lengths, labels = (_sent(tensor, device) for tensor in (self.token_ids, self.lengths, self.labels))
        return Batch(token_ids, lengths, labels, self.tokens)

    @property
    def shape(self) -> tuple[int, int]:
        """Reviews and steps, (B, T)."""
        return self.token_ids.shape[0], self.token_ids.shape[1]

    def take(self, other: Batch) -> None:
        """Become the batch `other`, which has the same shape, in the memory that this one has."""
        self.token_ids.copy_(other.token_ids)
        self.lengths.copy_(other.lengths)
        self.labels.copy_(other.labels)
        self.tokens = other.tokens

    def __len__(self) -> int:
        """How many reviews, B."""
        return len(self.lengths)

    def __getitem__(self, rows: slice) -> Batch:
        """Return some of the reviews, padded as they are."""
        lengths = self.lengths[rows]
        return Batch(self.token_ids[rows], lengths, self.labels[rows], int(lengths.sum()))


def plan_epoch(
    members: np.ndarray,
    lengths: np.ndarray,
    batch_size: int,
    batching: Literal["bucketed", "random"],
    seed: int,
    epoch: int,
) -> list[np.ndarray]:
    """Return the epoch's batches as arrays of review indices; the same arguments give the same plan.

    `members (M,)` are the reviews to use, `lengths (N,)` the token counts of all reviews. `bucketed` sorts by length
    within shuffled pools and then shuffles the batches.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(members)
    if batching == "random":
        return cut(order, batch_size)
    batches: list[np.ndarray] = []
    for pool in cut(order, batch_size * POOL_BATCHES):
        batches += cut(pool[np.argsort(lengths[pool], kind="stable")], batch_size)
    return [batches[index] for index in generator.permutation(len(batches))]


def plan_evaluation(members: np.ndarray, lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return batches of similar length in a fixed order: evaluation depends on no seed."""
    return cut(members[np.argsort(lengths[members], kind="stable")], batch_size)


def collate(corpus: EncodedReviews, indices: np.ndarray) -> Batch:
    """Pad the reviews `indices (B,)` to the longest of them, at least one step."""
    lengths = corpus.lengths[indices]
    steps = np.arange(max(int(lengths.max(initial=0)), 1))
    mask = steps < lengths[:, None]  # (B, T)
    token_ids = np.zeros(mask.shape, dtype=np.int64)
    positions = corpus.offsets[indices][:, None] + steps
    token_ids[mask] = corpus.token_ids[positions[mask]]
    return Batch(
        torch.from_numpy(token_ids),
        torch.from_numpy(lengths.astype(np.int64)),
        torch.from_numpy(corpus.labels[indices].astype(np.float32)),
        int(lengths.sum()),
    )


class ResidentReviews:
    """Encoded reviews that lie on `device`, where batches are made of them: of a batch, only its places are sent there.

    Batches have `padded_steps`, else they are what `collate` makes.
    """

    def __init__(self, data: EncodedReviews, device: torch.device, multiple: int = 1) -> None:
        self._steps = data.lengths
        self._multiple = multiple
        self._token_ids = torch.from_numpy(data.token_ids).to(device)
        self._offsets = torch.from_numpy(data.offsets.astype(np.int64)).to(device)
        self._lengths = torch.from_numpy(data.lengths.astype(np.int64)).to(device)
        self._labels = torch.from_numpy(data.labels.astype(np.float32)).to(device)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the reviews `indices (B,)` as a batch on the device."""
        known = self._steps[indices]
        steps = max(int(known.max(initial=0)), 1)
        rows = _sent(torch.from_numpy(indices.astype(np.int64)), self._lengths.device)
        lengths = self._lengths[rows]
        places = torch.arange(padded_steps(steps, self._multiple), device=rows.device)
        # What lies behind a review's end is another one's, or nothing.
        found = (self._offsets[rows, None] + places).clamp_(max=len(self._token_ids) - 1)
        token_ids = torch.where(places < lengths[:, None], self._token_ids[found], 0).long()
        return Batch(token_ids, lengths, self._labels[rows], int(known.sum()))


def padded_steps(steps: int, multiple: int) -> int:
    """Return the next of a few lengths from `steps` on: a multiple of `multiple`, up to eight times of it.

    Twice that length goes in steps twice as long, and so on, so that a batch grows by a quarter at most from there on.
    1: the length itself.
    """
    if multiple == 1:
        return steps
    while steps > 8 * multiple:
        multiple *= 2
    return steps + -steps % multiple


def _sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return `tensor` on `device`; on CUDA the copy does not wait for running kernels."""
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


def cut(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Return `order (N,)` in parts of `size`, the last one with what is left."""
    return [order[start : start + size] for start in range(0, len(order), size)]
