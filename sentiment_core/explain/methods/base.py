"""The interface that every explanation method has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from sentiment_core.errors import ConfigError
from sentiment_core.explain.records import Completeness

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

# What stands for "no word". Padding is the zero vector, for fine-tuned vectors too (their row 0 is never trained), so
# "padding" and "zero" would be one choice under two names.
BASELINES: dict[str, str] = {
    "mean": "mean vector of the most frequent words",
    "zero": "zero vector, which is padding",
}
# No review ever showed the network a zero vector. The pretrained model answers a review of them with log-odds between
# −0.5 (10 tokens) and +13.0 (600), and its gradients swing so hard on the way from there that hundreds of passes do not
# add up.
DEFAULT_BASELINE = "mean"


@dataclass(frozen=True)
class Scored:
    """What a method found for one review of T tokens: `scores (T,)` float64; the rest as in `Attribution`."""

    scores: np.ndarray
    passes: int
    window: int = 1
    completeness: Completeness | None = None


@dataclass(frozen=True)
class Method:
    """One way to score the tokens of a review.

    `signed`: scores are log-odds for (positive) or against (negative) the target class; else they are sizes, never
    negative. `needs_attention`: only for models that attend. `uses_baseline`: depends on what stands for "no word".
    `cost`: how many reviews of that length it sends through the network, in words. `passes`: as many for a review of so
    many tokens, about, with forward and back counted as three.
    """

    name: str
    title: str
    signed: bool
    description: str
    cost: str
    passes: Callable[[int], float]
    module: str
    needs_attention: bool = False
    uses_baseline: bool = False

    def score(
        self,
        predictor: Predictor,
        token_ids: np.ndarray,
        target: int,
        *,
        baseline: str = DEFAULT_BASELINE,
        seed: int = 0,
    ) -> Scored:
        """Score one review given as source ids `(T,)`; id 0 (padding, unknown) gets exactly 0 and is not read.

        Raises `ConfigError` for an impossible target or baseline, or a method that the model has no use for.
        """
        if target not in (0, 1):
            raise ConfigError(f"target {target} is no class; use 1 (positive) or 0 (negative)")
        if baseline not in BASELINES:
            raise ConfigError(f"there is no baseline {baseline!r}; use one of {', '.join(BASELINES)}")
        if self.needs_attention and not predictor.has_attention:
            raise ConfigError(f"{self.name} is not for {predictor.model_id}: its pooling weighs no tokens")
        real = token_ids != 0
        if not real.any():
            return Scored(np.zeros(len(token_ids)), 0)
        # Imported late: pages list the methods before anybody needs torch and captum.
        found: Scored = import_module(f"sentiment_core.explain.methods.{self.module}").score(
            predictor, token_ids[real], target, baseline=baseline, seed=seed
        )
        scores = np.zeros(len(token_ids))
        scores[real] = found.scores
        return Scored(scores, found.passes, found.window, found.completeness)
