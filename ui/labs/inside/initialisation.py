"""The initialisation bench: a batch of reviews through networks that have learned nothing, and its gradient back."""

from __future__ import annotations

import numpy as np
import streamlit as st

from sentiment_core.inside import words
from sentiment_core.inside.measures import norms, saturated_share
from sentiment_core.inside.starts import SCHEMES, Activation, Pushed, Scheme, Start, push
from sentiment_core.inside.symmetry import UNITS, Symmetric, train_symmetric
from sentiment_core.setting_words import say
from ui.kit.choice import choice
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.labs.inside import deep, figures, reviews
from ui.labs.inside.predict import predict, sealed
from ui.labs.inside.settings import Settings, number, one_of

VIEWS = {"recurrent": "Through time", "deep": "Through layers", "symmetric": "Symmetric start"}
DRAWS = 3
SETTINGS = Settings(
    "initialisation",
    one_of("view", "recurrent", list(VIEWS)),
    one_of("scheme", "default", SCHEMES),
    one_of("activation", "tanh", ["tanh", "relu"]),
    number("gain", 1.0, 0.1, 3.0),
    one_of("layers", 1, [1, 2]),
    one_of("constant", 0.05, [0.0, 0.05, 0.2]),
    one_of("noise", 0.0, [0.0, 1e-6, 1e-3, 0.1]),
    *deep.SETTINGS,
    *reviews.SETTINGS,
)
ADDRESS = SETTINGS.address
FATES = {
    "vanishes": "It vanishes",
    "arrives": "It arrives at about the same length",
    "explodes": "It explodes",
    "unclear": "It depends on the draw",
}


def draw() -> None:
    """Draw the bench."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = choice(ADDRESS, "view", "View", VIEWS)
        st.space("stretch")
        data = reviews.choose(SETTINGS) if view != "deep" else None
    if view == "deep":
        deep.draw(SETTINGS)
    elif data is not None:
        (through_time if view == "recurrent" else symmetric)(*data)


def name(scheme: str) -> str:
    """Return what a start is called."""
    return "Identity" if scheme == "identity" else say("model.initialisation", scheme)


def through_time(source: str, path: str | None) -> None:
    """Draw activations and gradients word by word, and how long the gradient stays under each start."""
    predict(
        "through-time",
        "orthogonal, tanh. Every weight times 3 instead of 1: what becomes of the gradient on its way to the first "
        "word?",
        [FATES[kind] for kind in ("vanishes", "arrives", "explodes")],
        lambda: _times_three(source, path),
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        scheme = SETTINGS.choice("scheme", "Start", name)
        first, second = st.columns(2)
        with first:
            activation = SETTINGS.choice("activation", "Activation", {"tanh": "tanh", "relu": "ReLU"}.__getitem__)
        with second:
            layers = SETTINGS.choice("layers", "Layers")
        gain = SETTINGS.slider("gain", "Gain: every weight matrix times", 0.05)
    chosen, others = _bench(source, path, scheme, activation, gain, layers)
    curves = {name(each): _relative(pushed) for each, pushed in others.items()}
    with left:
        plot(figures.lengths(curves, name(scheme)), key="lab:initialisation:lengths")
    with right:
        ratios = [_ratio(pushed) for pushed in chosen]
        steps = chosen[0].activations.shape[1]
        share = float(np.mean([_flat_share(pushed, activation) for pushed in chosen]))
        st.markdown(f"**{literal(words.through_time(ratios, steps))}**")
        plot(figures.strips(chosen[0].activations, chosen[0].gradients, activation), key="lab:initialisation:strips")
        st.caption(
            literal(
                f"{words.recurrent_share(share, activation)} Largest |eigenvalue| of W_hh "
                f"{words.span([float(pushed.radius[-1]) for pushed in chosen], '.2f')}, largest singular value "
                f"{words.span([float(pushed.stretch[-1]) for pushed in chosen], '.2f')}; loss "
                f"{words.span([pushed.loss for pushed in chosen], '.3g')}. {chosen[0].activations.shape[2]} training "
                f"reviews by their first {steps} known words, 64 units, nothing trained."
            )
        )


def symmetric(source: str, path: str | None) -> None:
    """Draw sixteen units that start equal, update by update."""
    answered = predict(
        "symmetric",
        "16 units, every weight 0.05, 40 updates. How many different units will there be?",
        ["1", "About half", "16"],
        lambda: _equal_units(source, path),
    )
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        constant = SETTINGS.choice("constant", "Every weight is", "{:g}".format)
        noise = SETTINGS.choice("noise", "plus noise of size", "{:g}".format)
        caption("A tanh RNN of 16 units reads 20 words of each review. 40 updates of SGD, rate 0.2, on one batch.")
    found = _symmetric(source, path, constant, noise)
    losses = (float(found.losses[0]), float(found.losses[-1]))
    hidden = not noise and not answered
    with right:
        said = literal(words.symmetric(int(found.different[-1]), UNITS, losses, found.rank))
        st.markdown(sealed("The 16 units before the first update. After it") if hidden else f"**{said}**")
        plot(figures.units_figure(found.states[: 1 if hidden else None]), key="lab:initialisation:units")
        st.caption("What each unit holds after the last word of the first review. Equal rows are equal units.")


def _times_three(source: str, path: str | None) -> tuple[str, str]:
    chosen, _ = _bench(source, path, "orthogonal", "tanh", 3.0, 1)
    ratios = [_ratio(pushed) for pushed in chosen]
    return FATES[words.fate(ratios)], words.through_time(ratios, chosen[0].activations.shape[1])


def _equal_units(source: str, path: str | None) -> tuple[str, str]:
    found = _symmetric(source, path, 0.05, 0.0)
    count = int(found.different[-1])
    said = "1" if count == 1 else "16" if count == UNITS else "About half"
    return said, words.symmetric(count, UNITS, (float(found.losses[0]), float(found.losses[-1])), found.rank)


@kept(max_entries=64)
def _bench(
    source: str, path: str | None, scheme: Scheme, activation: Activation, gain: float, layers: int
) -> tuple[list[Pushed], dict[str, Pushed]]:
    """Return `DRAWS` draws of the chosen start, and the first draw of every start."""
    starts = [Start(scheme, activation, gain, layers, seed=seed) for seed in range(1, DRAWS + 1)]
    starts += [Start(other, activation, gain, layers) for other in SCHEMES if other != scheme]
    pushed = push(reviews.batch_of(source, path), starts)
    by_name = {start.scheme: one for start, one in zip(starts[::-1], pushed[::-1], strict=True)}
    return pushed[:DRAWS], {each: by_name[each] for each in SCHEMES}


@kept(max_entries=16)
def _symmetric(source: str, path: str | None, constant: float, noise: float) -> Symmetric:
    return train_symmetric(reviews.batch_of(source, path).first(20), constant, noise)


def _relative(pushed: Pushed) -> np.ndarray:
    """Return log10 of the mean length of the last layer's gradient `(T,)`, relative to the last word's."""
    along = norms(pushed.gradients[-1]).mean(axis=-1)
    return figures.log10(along / along[-1]) if along[-1] > 0 else np.full(len(along), np.nan)


def _ratio(pushed: Pushed) -> float:
    along = norms(pushed.gradients[-1]).mean(axis=-1)
    return float(along[0] / along[-1]) if along[-1] > 0 else float("nan")


def _flat_share(pushed: Pushed, activation: str) -> float:
    return saturated_share(pushed.activations) if activation == "tanh" else float(np.mean(pushed.activations <= 0))
