"""The bench's deep network: five tanh layers under a gain, with and without norm, beside the lecture's figures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from sentiment_core.colours import ORDERED
from sentiment_core.inside import words
from sentiment_core.inside.deep import (
    BATCH,
    GAIN,
    LAYERS,
    PUBLISHED_GRADIENT,
    PUBLISHED_LOSS,
    PUBLISHED_SATURATED,
    DeepSpread,
    spread,
)
from sentiment_core.inside.titles import characters
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.labs.inside import figures
from ui.labs.inside.predict import predict
from ui.labs.inside.settings import Settings, one_of

GAINS = (0.5, 0.75, 1.0, 1.25, GAIN, 2.0, 3.0)
DRAWS = 10
SETTINGS = (one_of("deep_gain", GAIN, GAINS), one_of("norm", False, [False, True]))
# Layers are ordered, so their colours are one scale, from the first to the last.
SHARES = ("Hardly: under 1 %", "Some: 1 to 10 %", "Many: over 10 %")


def draw(settings: Settings) -> None:
    """Draw the deep network's activations and gradients, and what the lecture printed."""
    predict(
        "deep",
        "gain 3 instead of 5/3. How many outputs of the last tanh layer are saturated without batch norm?",
        SHARES,
        _gain_three,
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        gain = settings.stops("deep_gain", "Gain", gain_name)
        norm = settings.switch("norm", "Batch norm after each linear layer")
    found = _spread(gain, norm)
    data = characters()
    at_published = gain == GAIN or norm  # batch norm takes out what the gain puts in
    with left:
        plot(
            figures.bars(found.saturated, PUBLISHED_SATURATED[norm] if at_published else None),
            key="lab:initialisation:bars",
        )
        st.caption(literal(words.initial_loss(found.losses, len(data.alphabet))))
    with right:
        st.markdown(f"**{literal(_sentence(found, gain, norm))}**")
        plot(
            figures.layers_figure(
                found.first.activations, found.first.gradients, ORDERED, np.linspace(-1, 1, figures.BINS + 1)
            ),
            key="lab:initialisation:layers",
        )
        st.caption(literal(_about(found, norm, len(data.titles), len(data.alphabet))))


def gain_name(gain: float) -> str:
    """Return a gain as it is written: 5/3 is the one for tanh."""
    return "5/3" if gain == GAIN else f"{gain:g}"


def _sentence(found: DeepSpread, gain: float, norm: bool) -> str:
    first, last = found.saturated.mean(axis=0)[[0, -1]]
    said = f"Saturated in layer 1 {first:.1%}, in layer {LAYERS} {last:.1%}."
    if gain == GAIN or norm:
        return f"{said} {words.saturated(found.saturated, PUBLISHED_SATURATED[norm])}"
    usual = _spread(GAIN, False).saturated.mean(axis=0)[-1]
    if last > usual:
        return f"{said} At 5/3 it was {usual:.1%}: a larger gain pushes the last layer into the flat ends of tanh."
    deviations = found.first.activations.std(axis=(1, 2))
    return (
        f"{said} At 5/3 it was {usual:.1%}. The outputs' deviation goes from {deviations[0]:.2f} in layer 1 to "
        f"{deviations[-1]:.2f} in layer {LAYERS}."
    )


def _about(found: DeepSpread, norm: bool, titles: int, classes: int) -> str:
    gradients = found.gradient_std.mean(axis=0)
    said = (
        f"Means of {len(found.losses)} draws of weights and of {BATCH} examples, bars with their range; the curves are "
        f"the first draw. {titles:,} invented film titles, {classes} characters, three of them predict the next; "
        f"standard deviation of the gradients {gradients[0]:.1e} in layer 1, {gradients[-1]:.1e} in layer {LAYERS}. "
        f"Lecture: makemore part 3, first names, 27 characters, loss {PUBLISHED_LOSS[0]} to {PUBLISHED_LOSS[1]}"
    )
    if not norm:
        return f"{said}."
    return (
        f"{said}; gradients {PUBLISHED_GRADIENT[0]:.1e} and {PUBLISHED_GRADIENT[1]:.1e}. Its notebook prints those "
        "with batch norm after 1,001 updates; nothing is trained here."
    )


def _gain_three() -> tuple[str, str]:
    share = _spread(3.0, False).saturated[:, -1]
    came_true = SHARES[int(np.digitize(share.mean(), (0.01, 0.1)))]
    return came_true, f"{share.mean():.1%} of them ({share.min():.1%} to {share.max():.1%} in {len(share)} draws)."


@kept(max_entries=2 * len(GAINS))
def _spread(gain: float, norm: bool) -> DeepSpread:
    return spread(characters(), gain, norm, DRAWS)
