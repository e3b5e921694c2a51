"""Explain, a file of reviews: which model is asked about which reviews, and the job that asks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.explain import available_models
from sentiment_core.explain.many_reviews import (
    PREDICTIONS,
    Asked,
    ManyReviewsQuestion,
    answers_in_test,
    arguments_for,
    reviews_of,
)
from sentiment_core.number_words import counted
from sentiment_core.work.pace import duration
from ui.addresses import REVIEW_FILE
from ui.explain.asked import OWN, adopt, choose_model, choose_source, chosen_reviews
from ui.explain.file_answers import show
from ui.kit.components.copy_link import copy_link
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.kit.notices import literal, show_error
from ui.kit.reading_first import read_first
from ui.kit.uploads import in_users_words
from ui.server.backend import store

SOURCES = {"demo": "1,000 demo reviews no model has seen", "own": "The model's own test reviews", "csv": "A file"}
SECONDS_PER_REVIEW = 0.003


def draw() -> None:
    """Draw the choices, the job, and what its answers are worth."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.info("There is no trained model yet. Train one for an epoch; it can be asked here from then on.")
        return
    for problem in adopt(REVIEW_FILE, models):
        st.warning(literal(problem))
    first, second, third = st.columns([2, 2, 1], vertical_alignment="bottom")
    with first:
        model = choose_model(REVIEW_FILE, models).id
    with second:
        choose_source(REVIEW_FILE, SOURCES)
    with third:
        copy_link("file:copy-link")
    try:
        _answers(model)
    except SentimentLabError as error:
        name = REVIEW_FILE.value("data")
        show_error(error.worded(in_users_words(str(error), name)))
    REVIEW_FILE.write()


def _answers(model: str) -> None:
    chosen = chosen_reviews(REVIEW_FILE, labelled=False, shown=True)
    if chosen is None:
        return
    data, reading = chosen
    if data == OWN and read_first(store().run(model).config.data) is None:
        return
    arguments = arguments_for(model, data, store(), reading)
    asked = _reviews(arguments)
    for warning in asked.warnings:
        st.caption(literal(in_users_words(warning, data)))
    if (answered := answers_in_test(arguments, asked, store())) is not None:
        show(asked, answered, model)
        return
    count = len(asked.texts)
    hint = f"{counted(count, 'review')}, about {duration(count * SECONDS_PER_REVIEW)}."
    result = job_panel(PREDICTIONS, arguments, start_label="Ask the model", time_hint=hint)
    if result is not None:
        asked = replace(asked, read=result.read())
        show(asked, np.array(result.probabilities, dtype=np.float64), model)


@kept(max_entries=3, show_spinner="Reading the reviews")
def _reviews(arguments: ManyReviewsQuestion) -> Asked:
    return reviews_of(arguments, store())
