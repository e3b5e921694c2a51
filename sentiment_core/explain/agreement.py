"""Do two methods point at the same tokens? Kendall's τ of their rankings, and how many of their top tokens they share.

Jain & Wallace, "Attention is not Explanation" (2019), compare attention with gradients this way. Attention is never
negative, so a token that speaks strongly against the class can only be high in it: where one of two methods is
unsigned, both are ranked by absolute score. Two signed methods are ranked from most for to most against the target.
Agreement is no proof of faithfulness: two methods can agree and both be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import hypergeom, kendalltau

from sentiment_core.explain.records import Attribution

TOP = 10


@dataclass(frozen=True)
class Agreement:
    """Two methods by name. `tau` is Kendall's τ-b, −1 to 1; `overlap` the share, 0 to 1, of the `k` top tokens that
    both have. Both are None when a method gives every token the same score, which ranks nothing.
    """

    first: str
    second: str
    tau: float | None
    overlap: float | None
    k: int


def agreements(attributions: Sequence[Attribution], used: np.ndarray, k: int = TOP) -> list[Agreement]:
    """Compare every pair of methods over the tokens that the model used, `used (N,)` a mask parallel to the scores."""
    return [
        agreement(first.method, first.scores[used], second.method, second.scores[used], k, first.signed, second.signed)
        for first, second in combinations(attributions, 2)
    ]


def agreement(
    first: str,
    first_scores: np.ndarray,
    second: str,
    second_scores: np.ndarray,
    k: int = TOP,
    first_signed: bool = True,
    second_signed: bool = True,
) -> Agreement:
    """Compare two rankings of the same tokens, scores `(T,)` each; `k` is cut to a review that has fewer tokens.

    τ-b counts ties (Kendall 1945); among equal scores at the edge of the top, the earlier token is in.
    """
    if not (first_signed and second_signed):
        first_scores, second_scores = np.abs(first_scores), np.abs(second_scores)
    k = min(k, len(first_scores))
    if len(np.unique(first_scores)) < 2 or len(np.unique(second_scores)) < 2:
        return Agreement(first, second, None, None, k)
    shared = np.intersect1d(_top(first_scores, k), _top(second_scores, k))
    return Agreement(first, second, float(kendalltau(first_scores, second_scores).statistic), len(shared) / k, k)


def chance(tokens: int) -> float:
    """Return how large |τ| of two random rankings of `tokens`, at least two, gets in 19 of 20 cases.

    τ of unrelated rankings is about normal with variance 2 (2n + 5) / (9 n (n − 1)) (Kendall 1938).
    """
    return min(1.0, 1.96 * math.sqrt(2 * (2 * tokens + 5) / (9 * tokens * (tokens - 1))))


def chance_shared(tokens: int, k: int) -> int:
    """Return how many of the top `k` of `tokens` two random rankings share at most in 19 of 20 cases.

    Which `k` of them the second has is drawn without regard to the first: hypergeometric.
    """
    return int(hypergeom.ppf(0.95, tokens, k, k))


def _top(scores: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-scores, kind="stable")[:k]
