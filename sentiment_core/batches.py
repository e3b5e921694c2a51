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


@dataclass(frozen=True)
class Batch:
    """B reviews padded to the longest: `token_ids (B, T)` int64, `lengths (B,)` int64, `labels (B,)` float32.

    Padding is id 0. `tokens` counts the real tokens.
    """

    token_ids: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    tokens: int

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`; on CUDA the copy does not wait for running kernels."""
        if device.type == "cpu":
            return self
        token_ids, lengths, labels = (
            (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)
            for tensor in (self.token_ids, self.lengths, self.labels)
        )
        return Batch(token_ids, lengths, labels, self.tokens)

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


def cut(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Return `order (N,)` in parts of `size`, the last one with what is left."""
    return [order[start : start + size] for start in range(0, len(order), size)]
