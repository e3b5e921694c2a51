"""Drawn numbers, the control: an explanation that does no better explains nothing."""

from __future__ import annotations

import numpy as np

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.predictor import Predictor


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return `(T,)` uniform numbers from 0 to 1 that depend on `seed` and T alone."""
    return Scored(np.random.default_rng(seed).random(len(token_ids)), passes=0)
