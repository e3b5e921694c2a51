"""The padding of a batch as an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_core.batches import plan_epoch


@dataclass(frozen=True, eq=False)
class BatchImage:
    """One batch of an epoch: `real (B, T)` bool is True at real tokens, longest review first.

    `share`: of the batch that is padding; `epoch_share`: of all batches of the epoch together.
    """

    real: np.ndarray
    share: float
    epoch_share: float


def batch_images(
    members: np.ndarray,
    lengths: np.ndarray,
    batch_size: int,
    batching: Literal["bucketed", "random"],
    place: int,
) -> BatchImage:
    """Return the batch at `place` (counted from 0, again from the first after the last) of the first epoch's plan.

    `members (M,)` are the reviews to train on, `lengths (N,)` the tokens of all reviews, as in `batches.plan_epoch`.
    """
    plan = plan_epoch(members, lengths, batch_size, batching, 1, 1)
    real = sum(int(lengths[batch].sum()) for batch in plan)
    cells = sum(len(batch) * max(int(lengths[batch].max()), 1) for batch in plan)
    sizes = np.sort(lengths[plan[place % len(plan)]])[::-1]
    image = np.arange(max(int(sizes[0]), 1)) < sizes[:, None]  # (B, T)
    return BatchImage(image, 1.0 - float(image.mean()), 1.0 - real / cells)
