"""The saturation lab: where tanh, sigmoid and ReLU are flat, and what that leaves of a gradient."""

from __future__ import annotations

import numpy as np
import streamlit as st

from sentiment_core.inside import words
from sentiment_core.inside.saturation import WIDTH, Function, Stack, build_stack, flat_share
from ui.kit.choice import choice
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.labs.inside import reviews, saturation_figures
from ui.labs.inside.predict import predict, sealed
from ui.labs.inside.saturation_figures import NAMES
from ui.labs.inside.settings import Settings, number, one_of

REVIEWS, STEPS, DRAWS = 128, 30, 3
SETTINGS = Settings(
    "saturation",
    one_of("function", "tanh", list(NAMES)),
    number("scale", 1.0, 0.1, 6.0),
    number("shift", 0.0, -4.0, 4.0),
    number("layers", 10, 1, 30),
    *reviews.SETTINGS,
)
ADDRESS = SETTINGS.address
ASKED: Function = "sigmoid"
LEFT = ("More than a tenth", "Between a tenth and a thousandth", "Less than a thousandth")


def draw() -> None:
    """Draw the lab."""
    with st.container(horizontal=True, vertical_alignment="center"):
        function = choice(ADDRESS, "function", "Function", NAMES)
        st.space("stretch")
        data = reviews.choose(SETTINGS)
    if data is not None:
        look(function, *data)


def look(function: Function, source: str, path: str | None) -> None:
    """Draw the function, what arrives at it, and the gradient through many layers of it."""
    answered = predict(
        "saturation",
        "sigmoid, pre-activations of size 1. What do the slopes of ten layers leave of a gradient?",
        LEFT,
        lambda: _ten_sigmoids(source, path),
    )
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        scale = SETTINGS.slider("scale", "Size of the pre-activations (standard deviation)", 0.1)
        first, second = st.columns(2)
        with first:
            shift = SETTINGS.slider("shift", "Shift (a bias)", 0.25)
        with second:
            depth = SETTINGS.slider("layers", "Layers", 1)
    drawn = _stacks(source, path, function, scale, shift, depth)
    stack = drawn[0]
    with left:
        others: dict[Function, Stack] = {
            other: stack if other == function else _stacks(source, path, other, scale, shift, depth)[0]
            for other in NAMES
            if answered or other != ASKED
        }
        if function in others:
            plot(saturation_figures.survival(others, function), key="lab:saturation:survival")
    with right:
        said = words.flat([flat_share(one.pre[0], function) for one in drawn], NAMES[function])
        if function == "relu":
            gradient = float(stack.weight_gradient[stack.dead].max(initial=0.0))
            said = f"{said} {words.dead(int(stack.dead.sum()), WIDTH, stack.pre.shape[1], gradient)}"
        st.markdown(f"**{literal(said)}**")
        plot(saturation_figures.curve(function, stack.pre[0]), key="lab:saturation:curve")
        st.caption(
            f"{len(drawn)} draws of the weights, the curves show the first. {stack.pre.shape[1]} training reviews, "
            f"each the mean of its first words' vectors; {WIDTH} units a layer."
        )
    with left:
        slopes, lengths = ([float(values[-1]) for values in each] for each in zip(*map(_left, drawn), strict=True))
        st.caption(literal(words.survives(slopes, lengths, depth)) if function in others else sealed(NAMES[function]))


def _ten_sigmoids(source: str, path: str | None) -> tuple[str, str]:
    drawn = _stacks(source, path, ASKED, 1.0, 0.0, 10)
    slopes, lengths = ([float(values[-1]) for values in each] for each in zip(*map(_left, drawn), strict=True))
    return LEFT[int(np.digitize(-np.log10(max(slopes)), (1, 3)))], words.survives(slopes, lengths, 10)


def _left(stack: Stack) -> tuple[np.ndarray, np.ndarray]:
    return stack.slopes, stack.lengths


@kept(max_entries=96)
def _stacks(source: str, path: str | None, function: Function, scale: float, shift: float, depth: int) -> list[Stack]:
    inputs = _inputs(source, path)
    return [build_stack(inputs, function, scale, shift, depth, seed=seed) for seed in range(1, DRAWS + 1)]


def _inputs(source: str, path: str | None) -> np.ndarray:
    """Return each review as the mean of its words' vectors `(B, E)`, centred, with deviation 1 over all of them."""
    means = reviews.batch_of(source, path, REVIEWS, STEPS).vectors.mean(dim=1).numpy()
    means = means - means.mean(axis=0)
    return np.asarray(means / means.std())
