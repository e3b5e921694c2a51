"""What the looks inside say: every sentence from measured numbers, with their range over the draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from sentiment_core.inside.cliff import Way
from sentiment_core.number_words import counted, percent

Fate = Literal["vanishes", "arrives", "explodes", "unclear"]
# A gradient a thousand times shorter or longer than where it came from counts as vanished or exploded.
FAR = 1e3
# A share of saturated units that is no further from the published one is as good as the same.
CLOSE = 0.02


def fate(ratios: Sequence[float] | np.ndarray) -> Fate:
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
    if not np.isfinite(ratios).all():
        return f"Within {steps} words the numbers outgrow what a float can hold: there is no gradient left to speak of."
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
        return (
            f"{percent(share, 1)} of the outputs are saturated." if share >= 0.001 else "Hardly an output is saturated."
        )
    return f"{percent(share, 1)} of the outputs are zero."


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


def saturated(shares: np.ndarray, published: Sequence[float]) -> str:
    """Return how measured `shares (S, L)` over S draws stand to the published ones of L layers."""
    distance = np.abs(shares.mean(axis=0) - np.asarray(published))
    worst = int(distance.argmax())
    if distance[worst] <= CLOSE:
        return (
            f"Each layer's mean over {len(shares)} draws lies within {distance[worst] * 100:.1f} points of the "
            "lecture's figure, which is one draw."
        )
    low, high = shares[:, worst].min(), shares[:, worst].max()
    inside = "inside" if low <= published[worst] <= high else "outside"
    return (
        f"Layer {worst + 1} is {distance[worst] * 100:.1f} points from the lecture's figure, which lies {inside} the "
        f"range of {len(shares)} draws ({percent(low, 1)} to {percent(high, 1)})."
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


def at_the_wall(length: float, threshold: float, turned: Mapping[Way, float] | None) -> str:
    """Return what clipping does to a gradient of `length`, with the angles that it is `turned` by, in degrees.

    With None, only how long the gradient is.
    """
    if length <= threshold:
        return f"Here the gradient is {length:.2g} long, no more than the threshold: clipping leaves it alone."
    measured = f"Here the gradient is {length:.3g} long, {length / threshold:.3g} times the threshold."
    if turned is None:
        return measured
    by_value = turned["value"]
    direction = (
        f"by value turns it by {by_value:.0f}°" if by_value >= 0.5 else "by value leaves its direction here as well"
    )
    return f"{measured} By norm it keeps its direction and becomes {threshold:g} long; {direction}."


def descents(errors: Mapping[Way, np.ndarray], solved: float) -> str:
    """Return from how many of S starts each way of clipping ends below the error `solved`; `errors` are `(S,)`."""
    counts = {way: int((ends < solved).sum()) for way, ends in errors.items()}
    total = len(next(iter(errors.values())))
    return (
        f"From {total} starts above the wall, so many end below {solved:g}: {counts['none']} without clipping, "
        f"{counts['norm']} by norm, {counts['value']} by value."
    )


def flat(shares: Sequence[float], function: str) -> str:
    """Return what the `shares (D,)` of pre-activations in flat places of `function` mean, over D draws."""
    if max(shares) < 0.001:
        return "Hardly a pre-activation lies where it is flat."
    where = (
        "below 0, where its slope is exactly 0" if function == "ReLU" else "where the slope is under 6 % of its largest"
    )
    return f"{span(shares, '.1%')} of the pre-activations lie {where}."


def survives(slopes: Sequence[float], lengths: Sequence[float], depth: int) -> str:
    """Return what the slopes alone, and the network with its weights, leave of a gradient through `depth` layers."""
    return (
        f"Through {counted(depth, 'layer')} the slopes alone leave {span(slopes, '.2g')} of a "
        f"gradient; with the weights that make pre-activations of this size it is {span(lengths, '.2g')}."
    )


def dead(count: int, width: int, inputs: int, largest_gradient: float) -> str:
    """Return what `count` ReLU units that are zero for all `inputs` mean; nothing where there are none."""
    if not count:
        return f"No unit is dead: each of the {width} is above zero for some of the {inputs} reviews."
    consequence = (
        "the gradient of their weights is exactly 0, so no update on these reviews brings them back"
        if largest_gradient == 0
        else f"the gradient of their weights is at most {largest_gradient:.1e}"
    )
    return f"{count} of {width} units of the first layer are dead: zero for all {inputs} reviews; {consequence}."


# Sums over differently shaped batches round differently; a norm that reads the batch moves a thousand times further.
ROUNDING = 1e-6


def company(training: Mapping[int, np.ndarray], evaluation: Mapping[int, np.ndarray]) -> str:
    """Return how far a review's P(positive) moves with its company; values are `(draws,)` for each batch size.

    Nothing is said of a mode without values.
    """
    modes = (("In training mode", training), ("In evaluation mode", evaluation))
    said = [f"{mode} {_moves(np.concatenate(list(values.values())))}." for mode, values in modes if values]
    return " ".join(["P(positive) of this one review, among others that change.", *said])


def _moves(values: np.ndarray) -> str:
    moved = float(np.ptp(values))
    if moved >= ROUNDING:
        return f"it lies between {values.min():.4f} and {values.max():.4f}, depending on who shares its batch"
    how = "by exactly 0" if not moved else f"by rounding alone ({moved:.0e})"
    return f"it is {values[0]:.4f} and moves {how}"


def settled(variance: Mapping[str, float], padding: float, updates: int) -> str:
    """Return what the running variances, relative to that of the real words, have come to after `updates`."""
    return (
        f"After {updates} updates the running variance is {variance['masked']:.2f} times that of the real words; with "
        f"padding counted, {percent(padding)} of all positions, {variance['counted']:.2f} times."
    )


def rescaled(before: np.ndarray, after: np.ndarray, counted: bool) -> str:
    """Return what the norm made of a component's values, `before` and `after` it."""
    says = "with padding counted" if counted else "over real words"
    return (
        f"Normalised {says}, this component goes from mean {before.mean():.2f}, deviation {before.std():.2f} to mean "
        f"{round(float(after.mean()), 2) + 0.0:.2f}, deviation {after.std():.2f}."
    )
