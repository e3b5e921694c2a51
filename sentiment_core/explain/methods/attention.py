"""Attention weights as they are: how much of each state enters the weighted sum that the decision is made from."""

from __future__ import annotations

import numpy as np
import torch

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.predictor import Predictor


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return the weights `(T,)`, which add up to 1; target, baseline and seed change nothing."""
    with torch.inference_mode():
        weights = predictor.classify(token_ids[None], np.array([len(token_ids)])).attention_weights
    assert weights is not None  # the registry asks only models that attend
    return Scored(weights[0].double().cpu().numpy(), passes=1)
