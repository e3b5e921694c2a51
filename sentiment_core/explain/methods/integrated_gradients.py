"""Integrated gradients (Sundararajan et al. 2017) on word vectors, refined where the way is steep.

On the way from nothing to a long review, a recurrence can change its mind within a hundredth of the way: 256 evenly
spread steps then miss completeness by three per cent. The straight way is therefore cut into segments. The attributions
of a segment must add up to the difference between its ends, which is known; segments where they do not are cut in two.
"""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from sentiment_core.explain.methods.base import Scored
from sentiment_core.explain.methods.target import Target, gradients
from sentiment_core.explain.parallel import THREADS, each
from sentiment_core.explain.predictor import Predictor
from sentiment_core.explain.records import Completeness

# Segments begin short near the baseline, where recurrences are steepest.
FIRST_CUTS = (0.0, 1 / 32, 1 / 8, 1 / 2, 1.0)
STEPS = 8
TOLERANCE = 0.01  # of the difference in log-odds, of one log-odd where that is smaller
MOST_PASSES = 512
# A review of thousands of tokens gets fewer passes rather than minutes; its completeness is reported like any other.
MOST_TOKENS = 150_000


def score(predictor: Predictor, token_ids: np.ndarray, target: int, *, baseline: str, seed: int) -> Scored:
    """Return `(T,)`: (vector − baseline) · ∫ gradient, by Gauss–Legendre quadrature along the straight way.

    Refined until the errors of all segments together, signs ignored, are below 1 % of the difference in log-odds, or
    the passes are used up; what was reached is reported as it is.
    """
    scored = Target(predictor, token_ids, target)
    way = _Way(scored, scored.baseline(baseline))
    most = min(MOST_PASSES, MOST_TOKENS // scored.tokens)
    cuts = torch.tensor(FIRST_CUTS)
    starts, ends = cuts[:-1], cuts[1:]
    parts, gains = way.integrate(starts, ends)  # (S, T), (S,)
    while way.passes < most:
        errors = (parts.sum(dim=1) - gains).abs()
        allowed = TOLERANCE * gains.sum().abs().clamp(min=1.0)
        wrong = errors > allowed / (2 * len(errors))
        if errors.sum() <= allowed or not wrong.any():
            break
        middles = (starts[wrong] + ends[wrong]) / 2
        new_starts, new_ends = torch.cat([starts[wrong], middles]), torch.cat([middles, ends[wrong]])
        new_parts, new_gains = way.integrate(new_starts, new_ends)
        starts, ends = torch.cat([starts[~wrong], new_starts]), torch.cat([ends[~wrong], new_ends])
        parts, gains = torch.cat([parts[~wrong], new_parts]), torch.cat([gains[~wrong], new_gains])
    scores = parts.sum(dim=0).cpu().numpy()
    completeness = _completeness(float(scores.sum()), float(gains.sum()))
    return Scored(scores, way.passes, completeness=completeness)


class _Way:
    """The straight way from `empty (1, T, E)`, at 0, to the review, at 1."""

    def __init__(self, scored: Target, empty: torch.Tensor) -> None:
        self.scored = scored
        self.empty = empty
        self.passes = 0

    def at(self, places: torch.Tensor) -> torch.Tensor:
        return torch.lerp(self.empty, self.scored.embedded, places[:, None, None])  # (S, T, E)

    def attribute(self, ends_of_segments: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        first, last = ends_of_segments
        with gradients(self.scored):
            found: torch.Tensor = IntegratedGradients(self.scored).attribute(
                self.at(last),
                self.at(first),
                n_steps=STEPS,
                method="gausslegendre",
                internal_batch_size=max(len(first), self.scored.gradient_batch_size),
            )
        return found.detach().double().sum(dim=-1)

    def integrate(self, starts: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return attributions `(S, T)` of the segments and what each changes in the log-odds `(S,)`, float64."""
        together = max(1, min(self.scored.gradient_batch_size // STEPS, -(-len(starts) // THREADS)))
        parts = each(self.attribute, list(zip(starts.split(together), ends.split(together), strict=True)))
        places, positions = torch.cat([starts, ends]).unique(return_inverse=True)
        with torch.inference_mode():
            values = torch.cat([self.scored(self.at(some)) for some in places.split(self.scored.batch_size)])
        self.passes += STEPS * len(starts) + len(places)
        values = values.double()
        gains = values[positions[len(starts) :]] - values[positions[: len(starts)]]
        return torch.cat(parts), gains


def _completeness(total: float, difference: float) -> Completeness:
    return Completeness(total, difference, abs(total - difference) / max(abs(difference), 1.0))
