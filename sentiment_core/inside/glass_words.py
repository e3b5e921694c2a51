"""What a look through the glass says, in sentences that hold for the review and the model that were looked at."""

from __future__ import annotations

import math

import numpy as np

from sentiment_core.explain.padding_probe import FLAT
from sentiment_core.inside.glass import Glass
from sentiment_core.inside.words import fate
from sentiment_core.number_words import percent, probability
from sentiment_core.steps.rules import EVEN, positive

# A gradient that arrives with more than a tenth, and less than ten times, of its length is neither dying nor exploding.
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def sentences(seen: Glass) -> list[str]:
    """Return what can be said of the gradient, of the padding, and of saturation; nothing that was not measured."""
    if not (np.isfinite(seen.gradient).all() and math.isfinite(seen.loss)):
        return ["This network's numbers are not finite: it has diverged, and answers nothing."]
    return [said for said in (_gradient(seen), _through_padding(seen), _padding(seen), _saturation(seen)) if said]


def _gradient(seen: Glass) -> str | None:
    """Compare ‖∂L/∂h_t‖ of the first word with the last one's."""
    count = len(seen.token_ids)
    first, last = float(seen.gradient[0]), float(seen.gradient[count - 1])
    if count < 2 or last == 0.0:
        return None
    if first == 0.0:
        return "The gradient never reaches the first word: in float32 it is exactly 0 there."
    share = first / last
    becomes = fate([share])
    if becomes == "vanishes":
        return f"The gradient dies on its way back: at the first word it has {_times(share)} of its length at the last."
    if becomes == "explodes":
        return f"The gradient explodes on its way back: at the first word it is {_times(share)} times as long as last."
    return f"The gradient arrives: at the first word it is {_times(share)} times as long as at the last."


def _through_padding(seen: Glass) -> str | None:
    """Compare ‖∂L/∂h_t‖ of the last word with that behind the padding, where a network reads its state there."""
    last, end = float(seen.gradient[len(seen.token_ids) - 1]), float(seen.gradient[-1])
    if not seen.padding or end == 0.0:
        return None
    if last == 0.0:
        return "No gradient gets through the padding: at the last word it is exactly 0 in float32."
    return f"What gets through the padding to the last word has {_times(last / end)} of its length at the end."


def _padding(seen: Glass) -> str | None:
    """Compare the answer without padding to the one behind it."""
    if not seen.padding:
        return None
    before, after = (float(seen.probabilities[place]) for place in (len(seen.token_ids) - 1, -1))
    if not (math.isfinite(before) and math.isfinite(after)):
        return None
    if abs(after - before) < FLAT:
        return f"{seen.padding} zero vectors behind the review change nothing: P(positive) stays {probability(after)}."
    turned = ", and the answer turns" if positive(before, EVEN) != positive(after, EVEN) else ""
    return (
        f"{seen.padding} zero vectors behind the review move P(positive) from {probability(before)} to "
        f"{probability(after)}{turned}."
    )


def _saturation(seen: Glass) -> str:
    """Say how many states over the words are saturated."""
    known = seen.states[: len(seen.token_ids)]
    share = float(seen.saturated[: len(seen.token_ids)].mean())
    if not share:
        return f"No unit is saturated at any word; the largest state is {float(np.abs(known).max()):.2f}."
    return f"{percent(share, 1)} of the states are saturated."


def _times(share: float) -> str:
    """Return a factor in a form that can be read out."""
    if 0.01 <= share < 100:
        return f"{share:.2g}"
    exponent = math.floor(math.log10(share))
    return f"{share / 10.0**exponent:.1f}·10{str(exponent).translate(RAISED)}"
