"""Does the model change its mind when the tokens that a method ranks first are taken away?

Deletion and insertion curves after Samek et al. 2017 and Petsiuk et al. 2018, comprehensiveness and sufficiency after
DeYoung et al. 2020 (ERASER). All refer to P of the target class; a token that is taken away is deleted, so the review
gets shorter. Every ranking is asked at the same places, and a random order is ranked beside the methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from sentiment_core.explain.records import Attribution
from sentiment_core.steps.rules import EVEN_LOG_ODDS, positive

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Shares of the tokens at which the curves are measured."""

AOPC_FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares over which comprehensiveness and sufficiency are averaged."""

RANDOM = "random"
RANDOM_ORDERS = 5


@dataclass(frozen=True)
class Faithfulness:
    """How one ranking fared on one review; `p` is the model's P of the target class.

    `deletion (F,)`: p after the top share of `FRACTIONS` went; the sooner it falls, the better. `insertion (F,)`:
    p when only that top share is left, in its order; the sooner it rises, the better. The areas under both are 0..1.
    `comprehensiveness`: p(review) − p(review without its top tokens), high is good; `sufficiency`: p(review) − p(only
    its top tokens), low is good; both are means over `AOPC_FRACTIONS`. For random order all are means over its orders.
    """

    method: str
    deletion: np.ndarray
    insertion: np.ndarray
    comprehensiveness: float
    sufficiency: float
    deletion_area: float
    insertion_area: float


def faithfulness(
    predictor: Predictor,
    token_ids: np.ndarray,
    scores: Mapping[str, np.ndarray],
    target: int,
    *,
    random_orders: int = RANDOM_ORDERS,
    seed: int = 0,
) -> dict[str, Faithfulness]:
    """Measure rankings of one review's used tokens, source ids `(T,)`; `random` is measured in any case.

    `scores`: for each method `(T,)`, the highest first to go; among equal ones the earlier token.
    """
    order: dict[str, list[np.ndarray]] = {
        name: [np.argsort(-values, kind="stable")] for name, values in scores.items() if name != RANDOM
    }
    order[RANDOM] = [np.random.default_rng([seed, n]).permutation(len(token_ids)) for n in range(random_orders)]
    counts = top_counts(len(token_ids))
    inner = [count for count in np.unique(counts) if 0 < count < len(token_ids)]
    rows = [token_ids, token_ids[:0]]
    for orders in order.values():
        for ranking in orders:
            for count in inner:
                top = np.zeros(len(token_ids), dtype=bool)
                top[ranking[:count]] = True
                rows += [token_ids[~top], token_ids[top]]
    logits = predictor.logits(rows)
    whole, empty, measured = (probability(part, target) for part in (logits[0], logits[1], logits[2:]))
    measured = measured.reshape(sum(map(len, order.values())), len(inner), 2)
    found, first = {}, 0
    for name, orders in order.items():
        curves = measured[first : first + len(orders)].mean(axis=0)  # (inner, 2)
        first += len(orders)
        deletion = dict(zip(inner, curves[:, 0], strict=True)) | {0: whole, len(token_ids): empty}
        insertion = dict(zip(inner, curves[:, 1], strict=True)) | {0: empty, len(token_ids): whole}
        found[name] = _summary(
            name,
            np.array([deletion[count] for count in counts], dtype=np.float64),
            np.array([insertion[count] for count in counts], dtype=np.float64),
            float(whole),
        )
    return found


def of_review(predictor: Predictor, text: str, attributions: Sequence[Attribution]) -> dict[str, Faithfulness]:
    """Measure the attributions of one text, all for the same target, beside a random order.

    Raises `ValueError` when they are for different targets; without attributions the target is the predicted class.
    """
    tokens, used = predictor.read(text)
    token_ids = tokens.token_ids[used]
    answer = predictor.logits([token_ids])[0]
    targets = {item.target for item in attributions} or {int(positive(answer, EVEN_LOG_ODDS))}
    if len(targets) > 1:
        raise ValueError("attributions for different targets cannot be compared")
    scores = {item.method: item.scores[used] for item in attributions}
    return faithfulness(predictor, token_ids, scores, targets.pop())


def top_counts(tokens: int, fractions: Sequence[float] = FRACTIONS) -> np.ndarray:
    """Return how many of `tokens` are the top share `(F,)`: rounded up, so that the smallest share is one token."""
    # Without rounding first, 0.05 · 20 would be a little over 1.
    return np.ceil(np.round(np.asarray(fractions) * tokens, 9)).astype(np.int64)


def probability(logits: np.ndarray, target: int) -> np.ndarray:
    """Return P of the target class from log-odds of positive."""
    return np.asarray(expit(logits if target == 1 else -np.asarray(logits)))


def _summary(name: str, deletion: np.ndarray, insertion: np.ndarray, whole: float) -> Faithfulness:
    places = [FRACTIONS.index(fraction) for fraction in AOPC_FRACTIONS]
    return Faithfulness(
        name,
        deletion,
        insertion,
        comprehensiveness=float(np.mean(whole - deletion[places])),
        sufficiency=float(np.mean(whole - insertion[places])),
        deletion_area=float(np.trapezoid(deletion, FRACTIONS)),
        insertion_area=float(np.trapezoid(insertion, FRACTIONS)),
    )
