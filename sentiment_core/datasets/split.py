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


def stratified_sample(kinds: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` indices into `kinds` (N,), ascending, with the kinds' shares kept and no kind left out.

    With the same seed a smaller sample is part of every larger one. A kind can only be left out when there are more
    kinds than `count`.
    """
    return np.sort(stratified_order(kinds, seed)[:count])


def stratified_order(kinds: np.ndarray, seed: int) -> np.ndarray:
    """Return the indices of `kinds` (N,) in a random order whose every beginning has about the shares of the whole."""
    shuffled = np.random.default_rng(seed).permutation(len(kinds))
    rank = np.empty(len(kinds))
    for kind in np.unique(kinds):
        members = shuffled[kinds[shuffled] == kind]
        rank[members] = np.arange(len(members)) / len(members)
    return np.argsort(rank, kind="stable")


def drawn_test(groups: np.ndarray) -> np.ndarray:
    """Return a random fifth as a mask (N,) bool in which reviews of one group (N,), such as copies, stay together.

    Where every review is a group of its own these are the rows of the notebook's, scikit-learn's
    `train_test_split(test_size=0.2, random_state=54321)`; a test compares the two. Importing scikit-learn for this one
    line would cost each start more than a second. Raise `DataError` where no group is small enough for a fifth.
    """
    heads, members = _grouped(groups)
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[np.random.RandomState(NOTEBOOK_SEED).permutation(len(groups))] = np.arange(len(groups))
    chosen = _filled(np.argsort(ranks[heads]), np.bincount(members), math.ceil(NOTEBOOK_TEST_SHARE * len(groups)))
    if not len(chosen):
        raise DataError(
            f"these {len(groups):,} reviews are copies of {len(heads):,} texts: too few to test on others than are "
            "trained on. Add reviews with texts of their own."
        )
    return np.isin(members, chosen)


def assign_parts(labels: np.ndarray, parts: np.ndarray, validation_fraction: float, groups: np.ndarray) -> np.ndarray:
    """Return parts (N,) int8: `parts` (N,) as they are; without a validation part it is cut from the training part.

    That cut is stratified by label and takes whole `groups` (N,). Raise `DataError` when the reviews left for training
    lack one of the two labels.
    """
    parts = parts.astype(np.int8)
    if not np.any(parts == VALIDATION):
        rest = np.flatnonzero(parts == TRAIN)
        count = max(2, round(validation_fraction * len(rest)))
        heads, members = _grouped(groups[rest])
        order = stratified_order(labels[rest][heads], VALIDATION_SEED)
        sizes = np.bincount(members)
        chosen = _filled(order, sizes, count)
        # Few texts with many copies each: the one with the fewest is better than none.
        parts[rest[np.isin(members, chosen if len(chosen) else order[[sizes[order].argmin()]])]] = VALIDATION
    for label, name in enumerate(("negative", "positive")):
        if not np.any(labels[parts == TRAIN] == label):
            raise DataError(f"too few {name} reviews: none is left to train on. Add more {name} reviews.")
    return parts


def _grouped(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each group, ascending, and for each row which of those is its group's."""
    _, heads, members = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(heads)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return heads[order], places[members]


def _filled(order: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the groups, in `order`, that fit into `count` reviews; one that is too large is passed over."""
    chosen, held = [], 0
    for group in order.tolist():
        if held + sizes[group] <= count:
            chosen.append(group)
            held += sizes[group]
    return np.array(chosen, dtype=np.int64)
