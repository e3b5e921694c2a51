"""Gradient × input (Shrikumar et al. 2016): the first-order change of the score when a token's vector goes to zero."""

from __future__ import annotations

import numpy as np
from captum.attr import InputXGradient

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.methods.target import Target, gradients
from sentiment_core.explain.predictor import Predictor


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return `(T,)`: for each token the sum over components of gradient times vector. Exact for a linear model."""
    scored = Target(predictor, token_ids, target)
    with gradients(scored):
        attributions = InputXGradient(scored).attribute(scored.embedded.requires_grad_())
    return Scored(attributions.detach()[0].double().sum(dim=-1).cpu().numpy(), passes=1)
