"""Clipping geometry: descent past a cliff without clipping, by norm and by value, update by update."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from sentiment_core.inside import words
from sentiment_core.inside.cliff import WAYS, Descent, Way, clip, descend, error_and_slope, length, many_starts, turn
from ui.addresses import to_lab
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.labs.inside import cliff_figures
from ui.labs.inside.predict import predict, sealed
from ui.labs.inside.settings import Settings, number, one_of

UPDATES, SOLVED = 60, 0.01
SETTINGS = Settings(
    "clipping-geometry",
    one_of("rate", 5.0, [0.5, 1.0, 2.0, 5.0, 10.0]),
    one_of("threshold", 0.1, [0.02, 0.05, 0.1, 0.2, 0.5, 1.0]),
    number("update", 15, 0, UPDATES),
    one_of("at", "none", list(WAYS)),
    number("w", 5.5, 4.5, 8.0),
    number("b", -1.0, -3.0, 0.0),
)
ADDRESS = SETTINGS.address
TURNS = {(False, True): "By value", (True, False): "By norm", (True, True): "Both", (False, False): "Neither"}


def draw() -> None:
    """Draw the lab."""
    answered = predict(
        "cliff",
        "a gradient much longer than the threshold. Which clipping turns its direction?",
        list(TURNS.values()),
        _turns,
    )
    left, right = st.columns([1, 1.5], gap="large")
    with right:
        headline = st.container()
        update = SETTINGS.slider("update", "After this many updates", 1)
    with left:
        first, second, third = st.columns([1.1, 1.1, 0.8], vertical_alignment="bottom")
        with first:
            rate = SETTINGS.stops("rate", "Learning rate")
        with second:
            threshold = SETTINGS.stops("threshold", "Threshold")
        with third, st.popover("Start", icon=":material/my_location:", width="stretch"):
            w = SETTINGS.slider("w", "w", 0.1)
            b = SETTINGS.slider("b", "b", 0.1)
        at = SETTINGS.choice("at", "Arrows where this path stands", cliff_figures.NAMES.__getitem__)
    paths = _paths(rate, threshold, w, b)
    gradient = paths[at].gradients[update]
    with left:
        plot(cliff_figures.arrows(gradient, threshold, clipped=answered), key="lab:clipping-geometry:arrows")
        plot(cliff_figures.lengths(paths, threshold, update), key="lab:clipping-geometry:lengths")
    with headline:
        turned = {way: turn(gradient, clip(gradient, way, threshold)) for way in WAYS} if answered else None
        said = literal(words.at_the_wall(float(length(gradient)), threshold, turned))
        st.markdown(f"**{said}** {'' if answered else sealed('What clipping does to it')}")
    with right:
        plot(cliff_figures.land(*_land(), paths, update), key="lab:clipping-geometry:land")
        st.caption(
            literal(
                f"{_ends(paths)} {words.descents(_many(rate, threshold), SOLVED)} The unit of Pascanu et al. (2013): "
                "x = w·σ(x) + b, fed back 50 times, error (σ(x) − 0.7)². Where a hair's breadth decides which of two "
                "resting points it ends in, the error has a wall."
            )
        )
        to_lab("temporal-order").draw("The same on a real network: temporal order", icon=":material/swap_horiz:")


def _ends(paths: Mapping[Way, Descent]) -> str:
    ends = []
    for way, path in paths.items():
        (w, b), error = path.points[-1], path.errors[-1]
        inside = all(
            low <= value <= high for value, (low, high) in zip((w, b), cliff_figures.SEEN.values(), strict=True)
        )
        where = "" if inside else f" at w {w:.1f}, b {b:.1f}, outside the picture"
        ends.append(f"{cliff_figures.NAMES[way]} {error:.3f}{where}")
    return f"Error after {UPDATES} updates: {'; '.join(ends)}."


def _turns() -> tuple[str, str]:
    path = _paths(5.0, 0.1, 5.5, -1.0)["none"]
    gradient = path.gradients[path.lengths.argmax()]
    turned = {way: turn(gradient, clip(gradient, way, 0.1)) for way in WAYS}
    came_true = TURNS[(turned["norm"] >= 0.5, turned["value"] >= 0.5)]
    return came_true, words.at_the_wall(float(length(gradient)), 0.1, turned)


@kept(max_entries=64)
def _paths(rate: float, threshold: float, w: float, b: float) -> dict[Way, Descent]:
    return {way: descend(np.array([w, b]), way, rate, threshold, UPDATES) for way in WAYS}


@kept(max_entries=64)
def _many(rate: float, threshold: float) -> dict[Way, np.ndarray]:
    return {way: descend(many_starts(), way, rate, threshold, UPDATES).errors[-1] for way in WAYS}


@kept(max_entries=1)
def _land() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    w, b = (np.linspace(*cliff_figures.SEEN[name], count) for name, count in (("w", 180), ("b", 150)))
    errors, _ = error_and_slope(*np.meshgrid(w, b))
    return w, b, errors
