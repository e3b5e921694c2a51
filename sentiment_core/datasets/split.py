"""Which reviews are for training, which for validation, which for the test."""

from __future__ import annotations

import math

import numpy as np

from sentiment_core.datasets.base import TRAIN, VALIDATION
from sentiment_core.errors import DataError

NOTEBOOK_SEED = 54321
NOTEBOOK_TEST_SHARE = 0.2
LIMIT_SEED = 20240502
VALIDATION_SEED = 20240503


def stratified_sample(groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` indices into `groups` (N,), ascending, with the groups' shares kept and no group left out.

    With the same seed a smaller sample is part of every larger one. A group can only be left out when there are more
    groups than `count`.
    """
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    rank = np.empty(len(groups))
    for group in np.unique(groups):
        members = shuffled[groups[shuffled] == group]
        rank[members] = np.arange(len(members)) / len(members)
    return np.sort(np.argsort(rank, kind="stable")[:count])


def notebook_test(count: int) -> np.ndarray:
    """Return the notebook's test part as a mask (count,) bool.

    These are the rows of scikit-learn's `train_test_split(test_size=0.2, random_state=54321)`; a test compares the
    two. Importing scikit-learn for this one line would cost each start more than a second.
    """
    size = math.ceil(NOTEBOOK_TEST_SHARE * count)
    mask = np.zeros(count, dtype=bool)
    mask[np.random.RandomState(NOTEBOOK_SEED).permutation(count)[:size]] = True
    return mask


def assign_parts(labels: np.ndarray, parts: np.ndarray, validation_fraction: float) -> np.ndarray:
    """Return parts (N,) int8: `parts` (N,) as they are; without a validation part it is cut from the training part.

    That cut is stratified by label. Raise `DataError` when the reviews left for training lack one of the two labels.
    """
    parts = parts.astype(np.int8)
    if not np.any(parts == VALIDATION):
        rest = np.flatnonzero(parts == TRAIN)
        count = max(2, round(validation_fraction * len(rest)))
        parts[rest[stratified_sample(labels[rest], count, VALIDATION_SEED)]] = VALIDATION
    for label, name in enumerate(("negative", "positive")):
        if not np.any(labels[parts == TRAIN] == label):
            raise DataError(f"too few {name} reviews: none is left to train on. Add more {name} reviews.")
    return parts
