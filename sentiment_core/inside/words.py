"""What the looks inside say: every sentence from measured numbers, with their range over the draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Fate = Literal["vanishes", "arrives", "explodes", "unclear"]
# A gradient a thousand times shorter or longer than where it came from counts as vanished or exploded.
FAR = 1e3


def fate(ratios: Sequence[float]) -> Fate:
    """Return what becomes of a gradient whose lengths at the far end, relative to the near one, are `ratios`.

    `unclear` when the draws disagree. A ratio of infinity explodes; NaN, where nothing was finite, is unclear.
    """
    kinds = {"vanishes" if ratio < 1 / FAR else "explodes" if ratio > FAR else "arrives" for ratio in ratios}
    if len(kinds) != 1 or np.isnan(ratios).any():
        return "unclear"
    (kind,) = kinds
    return kind  # type: ignore[return-value]


def through_time(ratios: Sequence[float], steps: int) -> str:
    """Return what `ratios (D,)` = ‖∂L/∂h‖ at the first of `steps` words / at the last, over D draws, say."""
    verdicts = {
        "vanishes": "It vanishes: an update hardly depends on the first words.",
        "arrives": "It arrives, within a factor of a thousand.",
        "explodes": "It explodes: the first words alone would decide an update.",
        "unclear": "The draws disagree, so this start decides nothing.",
    }
    return (
        f"The gradient at word 1 of {steps} is {span(ratios)} of the one at the last word, in {len(ratios)} draws. "
        f"{verdicts[fate(ratios)]}"
    )


def span(values: Sequence[float], form: str = ".1e") -> str:
    """Return `values` as their range, or as one number where they are written alike."""
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def recurrent_share(share: float, activation: str) -> str:
    """Return what the share of saturated (tanh) or zero (ReLU) outputs means, or nothing where it is small."""
    if activation == "tanh":
        return f"{share:.1%} of the outputs are saturated." if share >= 0.001 else "Hardly an output is saturated."
    return f"{share:.1%} of the outputs are zero."


def symmetric(different: int, units: int, losses: tuple[float, float], rank: int) -> str:
    """Return what a start with equal units has come to: units that still differ, loss before and after."""
    fall = losses[0] - losses[1]
    moved = f"The loss went from {losses[0]:.4f} to {losses[1]:.4f}"
    if different == 1:
        return (
            f"All {units} units are one: after every update they hold the same value on every review, because each "
            f"gets the same gradient. The recurrent matrix has rank {rank}. {moved}."
        )
    return f"{different} of {units} units differ from one another. {moved}{'' if fall > 0 else ', no lower'}."


def saturated(shares: np.ndarray, published: Sequence[float], tolerance: float = 0.02) -> str:
    """Return how measured `shares (S, L)` over S draws stand to the published ones of L layers."""
    distance = np.abs(shares.mean(axis=0) - np.asarray(published))
    worst = int(distance.argmax())
    if distance[worst] <= tolerance:
        return (
            f"Each layer's mean over {len(shares)} draws lies within {distance[worst] * 100:.1f} points of the "
            "lecture's figure, which is one draw."
        )
    low, high = shares[:, worst].min(), shares[:, worst].max()
    inside = "inside" if low <= published[worst] <= high else "outside"
    return (
        f"Layer {worst + 1} is {distance[worst] * 100:.1f} points from the lecture's figure, which lies {inside} the "
        f"range of {len(shares)} draws ({low:.1%} to {high:.1%})."
    )


def initial_loss(losses: np.ndarray, classes: int) -> str:
    """Return how the losses `(S,)` before the first update stand to guessing among `classes`."""
    chance = float(np.log(classes))
    off = float(losses.mean()) / chance - 1
    verdict = (
        "as good as guessing" if abs(off) < 0.05 else "worse than guessing: it is sure and wrong" if off > 0 else ""
    )
    return (
        f"Loss before the first update {losses.mean():.3f}; guessing among {classes} characters costs {chance:.3f}"
        + (f", so it starts {verdict}." if verdict else ".")
    )
