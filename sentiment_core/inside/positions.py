"""Positions as a Transformer adds them: how similar two are by their distance, and a text in another order."""

from __future__ import annotations

import numpy as np


def similarity_by_distance(table: np.ndarray) -> np.ndarray:
    """Return the mean cosine of two rows of `table (T, H)` by how many positions they are apart `(T,)`, from 0.

    For sinusoidal positions every pair of one distance has the same product (Vaswani et al. 2017, section 3.5).
    """
    rows = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    cosines = rows @ rows.T
    return np.array([cosines.diagonal(apart).mean() for apart in range(len(table))])


def shuffled(text: str, seed: int) -> str:
    """Return a text with its words, as white space parts them, in another order."""
    words = text.split()
    return " ".join(words[place] for place in np.random.default_rng(seed).permutation(len(words)))
