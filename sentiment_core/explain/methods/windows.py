"""Long reviews are occluded in windows, because one pass per token is quadratic in their length."""

from __future__ import annotations

import math

import numpy as np

# One pass a token up to 1,000 tokens; beyond, a window grows so that all passes together read about as much.
MOST_TOKENS = 1_000_000


def window_size(tokens: int) -> int:
    """Return how many neighbouring tokens are occluded together in a review of `tokens`: 1 up to 1,000."""
    return math.ceil(tokens * tokens / MOST_TOKENS)


def occlusions(tokens: int) -> float:
    """Return how many passes occlude each window of a review of `tokens` once."""
    return tokens / max(window_size(tokens), 1)


def share(differences: np.ndarray, tokens: int, size: int) -> np.ndarray:
    """Return scores `(tokens,)`: the difference of each window, divided equally among its tokens."""
    lengths = np.minimum(size, tokens - size * np.arange(len(differences)))
    return np.repeat(differences / lengths, lengths)
