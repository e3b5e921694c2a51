"""Occlusion with a stand-in: captum's feature ablation over the vectors, one token (or window) as one feature."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import FeatureAblation

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.methods.target import Target
from sentiment_core.explain.methods.windows import share, window_size
from sentiment_core.explain.parallel import THREADS
from sentiment_core.explain.predictor import Predictor


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return `(T,)`: what the log-odds of `target` lose when the baseline's vector stands in the token's place."""
    scored = Target(predictor, token_ids, target)
    size = window_size(scored.tokens)
    windows = torch.arange(scored.tokens) // size  # (T,)
    with torch.inference_mode():
        attributions = FeatureAblation(scored).attribute(
            scored.embedded,
            scored.baseline(baseline),
            feature_mask=windows[None, :, None].expand_as(scored.embedded),
            perturbations_per_eval=scored.batch_size * THREADS,
        )
    # Every component of a window carries the whole difference.
    differences = attributions[0, ::size, 0].double().cpu().numpy()
    return Scored(share(differences, scored.tokens, size), passes=len(differences) + 1, window=size)
