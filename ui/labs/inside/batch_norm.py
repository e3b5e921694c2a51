"""The batch-norm lab: one review in changing company, running statistics, γ and β, padding counted or masked."""

from __future__ import annotations

import numpy as np
import streamlit as st

from sentiment_core.inside import words
from sentiment_core.inside.normed import (
    BATCH,
    SIZES,
    UPDATES,
    NormName,
    Trained,
    in_company,
    normalised,
    settling,
    statistics,
    train_reader,
)
from ui.kit.choice import choice
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.labs.inside import norm_figures, reviews
from ui.labs.inside.predict import predict, sealed
from ui.labs.inside.settings import Settings, number, one_of

VIEWS = {"company": "In company", "running": "Running statistics", "affine": "γ and β"}
NAMES: dict[NormName, str] = {
    "masked": "Batch norm",
    "counted": "Batch norm, padding counted",
    "layer": "Layer norm",
    "per_call": "Made anew in each call",
}
ABOUT: dict[NormName, str] = {
    "masked": "In training mode mean and variance are those of the batch's real words, in evaluation mode the running "
    "ones.",
    "counted": "The same, but zeros behind short reviews count as words.",
    "layer": "Each word is normalised by its own components: no batch, no running statistics, no two modes.",
    "per_call": "The course notebook's mistake: a new layer in each forward pass learns nothing, keeps no statistics, "
    "and is in training mode for ever. It also takes the time step for the channel.",
}
# What is asked before it is shown.
ASKED: tuple[NormName, ...] = ("masked", "counted")
MOST_REVIEWS = 12
SETTINGS = Settings(
    "batch-norm",
    one_of("view", "company", list(VIEWS)),
    one_of("norm", "masked", list(NAMES)),
    number("review", 0, 0, MOST_REVIEWS - 1),
    one_of("counted", False, [False, True]),
    number("gamma", 1.5, 0.0, 3.0),
    number("beta", -1.0, -3.0, 3.0),
    *reviews.SETTINGS,
)
ADDRESS = SETTINGS.address
Scores = dict[int, np.ndarray]


def draw() -> None:
    """Draw the lab."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = choice(ADDRESS, "view", "View", VIEWS)
        st.space("stretch")
        data = reviews.choose(SETTINGS)
    if data is not None:
        {"company": company, "running": running, "affine": affine}[view](*data)


def company(source: str, path: str | None) -> None:
    """Draw one review's answer among others, in both modes."""
    answered = predict(
        "company",
        "batch norm in training mode. Does one review's answer move more among 2 or among 128 reviews?",
        ("More among 2", "More among 128", "The same in both"),
        lambda: _two_or_many(source, path, SETTINGS["review"]),
    )
    left, right = st.columns([1, 1.8], gap="large")
    with left:
        norm: NormName = SETTINGS.pick("norm", "Norm of the word vectors", NAMES.__getitem__)
        texts = reviews.padded_of(source, path).texts[:MOST_REVIEWS]
        review = st.selectbox(
            "The review",
            range(len(texts)),
            key=SETTINGS.address.key("review"),
            format_func=lambda place: f"{texts[place][:70]}…",
        )
        st.caption(literal(ABOUT[norm]))
    training, evaluation = _scores(source, path, norm, review)
    hidden = norm in ASKED and not answered
    with right:
        shown = {} if hidden else training
        st.markdown(f"**{literal(words.company(shown, evaluation))}** {sealed('Training mode') if hidden else ''}")
        plot(norm_figures.company(shown, evaluation), key="lab:batch-norm:company")
        caption(
            f"{len(next(iter(evaluation.values())))} draws of company for each size. A small network (norm, 16 tanh "
            f"units, mean over words) after {UPDATES} updates on batches of {BATCH} training reviews."
        )


def running(source: str, path: str | None) -> None:
    """Draw running mean and variance on their way to those of the reviews."""
    data = reviews.padded_of(source, path)
    curves = {"masked": settling(_trained(source, path, "masked"), data)}
    curves["counted"] = settling(_trained(source, path, "counted"), data)
    variance = {name: float(found[1][-1]) for name, found in curves.items()}
    st.markdown(f"**{literal(words.settled(variance, data.padding, UPDATES))}**")
    named = {"real words only": curves["masked"], "padding counted": curves["counted"]}
    plot(norm_figures.settling(named), key="lab:batch-norm:settling")
    st.caption(
        literal(
            "They start at mean 0 and variance 1, and each batch moves them a tenth of the way: of the start, 0.9ⁿ is "
            f"left after n updates. Means over {data.vectors.shape[2]} components, against all {len(data)} reviews' "
            "real words. Evaluation mode uses what they have come to."
        )
    )


def affine(source: str, path: str | None) -> None:
    """Draw one component before the norm, after it, and after γ and β."""
    data = reviews.padded_of(source, path)
    _, variance = statistics(data, counted=False)
    left, right = st.columns([1, 1.8], gap="large")
    with left:
        counted = SETTINGS.switch("counted", "Count padding as words")
        gamma = SETTINGS.slider("gamma", "γ: the deviation that is learned", 0.05)
        beta = SETTINGS.slider("beta", "β: the mean that is learned", 0.05)
    which = int(variance.argmax())
    values = normalised(data, counted, which, gamma, beta)
    learned = _trained(source, path, "counted" if counted else "masked").affine
    with right:
        st.markdown(f"**{literal(words.rescaled(values[0], values[1], counted))}**")
        plot(norm_figures.component(values), key="lab:batch-norm:component")
    with left:
        if learned is not None:
            st.caption(
                literal(
                    f"In the trained network γ went from 1 to {words.span(list(learned[0]), '.2f')}, β from 0 to "
                    f"{words.span(list(learned[1]), '.2f')} over the components. γ = {values[0].std():.2f} and "
                    f"β = {values[0].mean():.2f} would undo the norm of component {which + 1} altogether."
                )
            )


def _two_or_many(source: str, path: str | None, review: int) -> tuple[str, str]:
    training, _ = _scores(source, path, "masked", review)
    few, many = (float(np.ptp(training[size])) for size in (2, 128))
    came_true = "More among 2" if few > 1.5 * many else "More among 128" if many > 1.5 * few else "The same in both"
    return came_true, (
        f"It moves by {few:.3f} among 2 and by {many:.3f} among 128 reviews, in {len(training[2])} draws of each."
    )


@kept(max_entries=16, show_spinner="Training a small network")
def _trained(source: str, path: str | None, norm: NormName) -> Trained:
    return train_reader(reviews.padded_of(source, path), norm)


@kept(max_entries=64)
def _scores(source: str, path: str | None, norm: NormName, review: int) -> tuple[Scores, Scores]:
    data, trained = reviews.padded_of(source, path), _trained(source, path, norm)
    training, evaluation = (
        {size: in_company(trained, data, review, size, training=mode) for size in SIZES} for mode in (True, False)
    )
    return training, evaluation
