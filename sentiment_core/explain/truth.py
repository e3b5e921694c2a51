"""Where the truth is known: the generator of the demo reviews knows which words carry the reviewer's sentiment."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets import RawReviews, Spans, demo

# Not the seed that training reviews are written with: no model has seen these.
UNSEEN_SEED = 20991231
TOP = (1, 5, 10)


def demo_with_evidence(limit: int, seed: int = UNSEEN_SEED) -> RawReviews:
    """Return `limit` demo reviews with `evidence`, the character spans that carry each reviewer's sentiment.

    Raises `ConfigError` for a limit below 1.
    """
    made = demo.generate(limit, seed)
    return RawReviews(list(made.texts), np.asarray(made.labels, dtype=np.int8), evidence=made.evidence)


def evidence_mask(starts: np.ndarray, ends: np.ndarray, spans: Spans) -> np.ndarray:
    """Return which tokens, character ranges `(T,)` to `(T,)`, lie in or across one of the spans: `(T,)` bool."""
    mask = np.zeros(len(starts), dtype=bool)
    for start, end in spans:
        mask |= (starts < end) & (ends > start)
    return mask


def precision(scores: np.ndarray, evidence: np.ndarray, k: int | None = None) -> float | None:
    """Return the share, 0 to 1, of the `k` tokens with the highest scores `(T,)` that are `evidence (T,)`.

    Without `k`: as many as there are evidence tokens (R-precision). Tokens that tie at the edge of the top count by the
    share of them that fits in. None when no token is evidence or `k` is more than there are tokens.
    """
    k = int(evidence.sum()) if k is None else k
    if not evidence.any() or not 0 < k <= len(scores):
        return None
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, tied = scores > edge, scores == edge
    places = k - int(above.sum())
    return float((evidence[above].sum() + places * evidence[tied].mean()) / k)


def precisions(scores: np.ndarray, evidence: np.ndarray) -> dict[str, float | None]:
    """Return R-precision as `R`, and precision@k under each `k` of `TOP` as text."""
    return {"R": precision(scores, evidence)} | {str(k): precision(scores, evidence, k) for k in TOP}
