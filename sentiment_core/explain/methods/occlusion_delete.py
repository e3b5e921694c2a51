"""Leave-one-out: the score with every token minus the score without one.

captum's ablation replaces values and cannot shorten a sequence, so the shortened reviews are made here.
"""

from __future__ import annotations

import numpy as np
import torch

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.methods.target import Target
from sentiment_core.explain.methods.windows import share, window_size
from sentiment_core.explain.predictor import Predictor


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return `(T,)`: what the log-odds of `target` lose when the token is deleted.

    A review that was cut stays cut where it was: no later token moves up into what the model reads.
    """
    scored = Target(predictor, token_ids, target)
    size = window_size(scored.tokens)
    starts = np.arange(0, scored.tokens, size)
    rows = [np.delete(token_ids, slice(start, start + size)) for start in starts]
    with torch.inference_mode():
        whole = float(scored(scored.embedded)[0])
    without = scored.sign * predictor.logits(rows)
    return Scored(share(whole - without, scored.tokens, size), passes=len(rows) + 1, window=size)
