"""Explain, a file of reviews: each answer, the most confident mistakes first, and whether its probabilities hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.calibration import brier_score, expected_calibration_error, fit_temperature
from sentiment_core.config import DataConfig
from sentiment_core.datasets.file.container import READABLE
from sentiment_core.errors import SentimentLabError
from sentiment_core.explain import PRETRAINED, available_models
from sentiment_core.explain.batch import (
    PREDICTIONS,
    Asked,
    BatchQuestion,
    answers_in_test,
    as_csv,
    batch_arguments,
    counts_at,
    ranking,
    reviews_of,
    seen_sentence,
    unknown_sentence,
)
from sentiment_core.metrics import Balance
from sentiment_core.steps.rules import positive
from ui.explain.batch_plot import reliability_figure
from ui.kit.components.copy_link import copy_link
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.reading_first import read_first
from ui.kit.uploads import in_users_words, upload_csv, upload_path
from ui.server.backend import store

MODEL, DATA, FILE, THRESHOLD, SHOW, KEPT = (
    f"batch:{name}" for name in ("model", "data", "file", "threshold", "show", "kept")
)
SOURCES = {"demo": "1,000 demo reviews no model has seen", "own": "The model's own test reviews", "csv": "A file"}
FILTERS = {
    "mistakes": "Mistakes",
    "false_positives": "Called positive, are negative",
    "false_negatives": "Called negative, are positive",
    "all": "All",
}
REVIEW_TEXT, REVIEW_MODELS = "explain:text", "explain:models"
SECONDS_PER_REVIEW = 0.003
LONGEST_START = 160
LEAST_REVIEWS = 100
LONGEST_LINK = 1500
COLUMNS = {
    "P(positive)": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f", width="small"),
    "Review": st.column_config.TextColumn(width="large"),
}


def draw() -> None:
    """Draw the choices, the job, and what its answers are worth."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.info("There is no trained model yet. Train one for an epoch; it can be asked here from then on.")
        return
    for problem in _adopt_address(list(models)):
        st.warning(literal(problem))
    first, second, third = st.columns([2, 2, 1], vertical_alignment="bottom")
    with first:
        st.selectbox("Model", list(models), key=MODEL, format_func=lambda name: models[name].name)
    with second:
        sources = [name for name in SOURCES if name != "own" or st.session_state[MODEL] != PRETRAINED]
        if st.session_state[DATA] not in sources:
            st.session_state[DATA] = "demo"
        st.selectbox("Reviews", sources, key=DATA, format_func=SOURCES.__getitem__)
    with third:
        copy_link("batch:copy-link")
    if st.session_state[DATA] == "csv":
        _upload()
    _write_address()
    try:
        arguments = _arguments()
        if arguments is None:
            st.caption(f"Choose a file with a review a row; labels are optional. {READABLE} can be read.")
            return
        if not _read_once(arguments):
            return
        asked = _reviews(arguments)
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), st.session_state.get(FILE) or "")))
        return
    for warning in asked.warnings:
        st.caption(literal(in_users_words(warning, st.session_state.get(FILE) or "")))
    identifier = models[st.session_state[MODEL]].id
    if (tested := answers_in_test(arguments, asked, store())) is not None:
        show(asked, tested, identifier)
        return
    count = len(asked.texts)
    seconds = count * SECONDS_PER_REVIEW
    hint = (
        f"{count:,} reviews, about {seconds:.0f} s." if seconds < 90 else f"{count:,} reviews, {seconds / 60:.0f} min."
    )
    result = job_panel(PREDICTIONS, arguments, start_label="Ask the model", time_hint=hint)
    if result is not None:
        asked = replace(asked, known=np.array(result.known))
        show(asked, np.array(result.probabilities, dtype=np.float64), identifier)


def show(asked: Asked, probabilities: np.ndarray, model: str) -> None:
    """Draw threshold, counts, table and calibration of the answers."""
    if not np.isfinite(probabilities).all():
        st.error("The model answers with no numbers: its training diverged. Choose another one.")
        return
    judged = asked.judged
    labels = asked.labels if judged.any() else None
    if (said := unknown_sentence(asked)) is not None:
        st.warning(literal(said), icon=":material/translate:")
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        threshold = st.slider("Called positive from P(positive) =", 0.0, 1.0, step=0.01, key=THRESHOLD)
        if (said := seen_sentence(asked, probabilities, threshold)) is not None:
            st.warning(literal(said), icon=":material/visibility:")
        if labels is None:
            _counts(probabilities, None, threshold)
        else:
            _counts(probabilities[judged], labels[judged], threshold)
        _table(asked, probabilities, threshold, model)
    with right:
        if labels is None:
            st.markdown("**No labels**")
            st.caption("With labels this page also shows the mistakes, and whether 0.9 is right nine times in ten.")
        else:
            _calibration(probabilities[judged], labels[judged])
        st.download_button(
            "All answers as CSV",
            lambda: as_csv(asked, probabilities.tolist(), threshold),
            "answers.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    _write_address()


def _counts(probabilities: np.ndarray, labels: np.ndarray | None, threshold: float) -> None:
    said_positive = int(positive(probabilities, threshold).sum())
    if labels is None:
        st.markdown(f"**{said_positive:,}** positive, **{len(probabilities) - said_positive:,}** negative")
        return
    counts = counts_at(probabilities, labels, threshold)
    values = {
        "Accuracy": counts.accuracy,
        "Precision": counts.precision,
        "Recall": counts.recall,
        "F1": counts.f1,
    }
    with st.container(horizontal=True):
        for name, value in values.items():
            st.metric(name, "–" if value is None else f"{value:.3f}", width="content")
    chance = Balance(len(labels), int(positive(labels).sum())).chance
    st.caption(
        f"Always naming the more frequent class would reach an accuracy of {chance:.3f}. "
        f"Right: {counts.true_positive:,} positive, {counts.true_negative:,} negative. "
        f"Wrong: {counts.false_positive:,} called positive, {counts.false_negative:,} called negative."
    )


def _table(asked: Asked, probabilities: np.ndarray, threshold: float, model: str) -> None:
    judged = asked.judged
    labels = asked.labels if judged.any() else None
    said = positive(probabilities, threshold)
    order = ranking(probabilities, labels, threshold)
    if labels is not None:
        shown = (
            st.segmented_control(
                "Show",
                list(FILTERS),
                key=SHOW,
                format_func=FILTERS.__getitem__,
                label_visibility="collapsed",
                width="content",
                wrap=True,
            )
            or "all"
        )
        truth = labels == 1
        kept = {
            "mistakes": judged & (said != truth),
            "false_positives": judged & said & ~truth,
            "false_negatives": judged & ~said & truth,
            "all": np.ones(len(said), dtype=bool),
        }[shown]
        order = order[kept[order]]
    if not len(order):
        st.caption("There is no such review at this threshold.")
        return
    columns: dict[str, Any] = {"P(positive)": probabilities[order]}
    columns["Answer"] = np.where(said[order], "positive", "negative")
    if labels is not None:
        columns["Label"] = [{1: "positive", 0: "negative"}.get(label, "–") for label in labels[order].tolist()]
    columns["Review"] = [asked.texts[index][:LONGEST_START] for index in order]
    event = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        height=min(38 + 35 * len(order), 285),
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        key="batch:table",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(order)]
    if not rows:
        st.caption("Select a review to see what the model made of it. The most confident mistakes come first.")
        return
    st.button(
        "Explain this review",
        icon=":material/highlight:",
        type="primary",
        on_click=_open,
        args=(asked.texts[order[rows[0]]], model),
    )


def _calibration(probabilities: np.ndarray, labels: np.ndarray) -> None:
    error, brier = expected_calibration_error(probabilities, labels), brier_score(probabilities, labels)
    st.markdown(f"**Is 0.9 right nine times in ten?** Calibration error {error:.3f}, Brier score {brier:.3f}.")
    st.plotly_chart(
        reliability_figure(probabilities, labels), key="batch:reliability", config={"displayModeBar": False}
    )
    inside = np.clip(probabilities, 1e-9, 1 - 1e-9)
    temperature = fit_temperature(np.log(inside / (1 - inside)), labels)
    way = "too sure of itself" if temperature > 1 else "too cautious"
    advice = (
        "These are too few mistakes to say more."
        if not 0.1 < temperature < 10 or len(labels) < LEAST_REVIEWS
        else "Hardly anything could be gained by another temperature."
        if abs(np.log(temperature)) < 0.05
        else f"The model is {way}: dividing its log-odds by {temperature:.2f} would fit these reviews best. "
        "That was measured on these very reviews, so expect a little less on others."
    )
    st.caption(literal(advice))


def _open(text: str, model: str) -> None:
    st.session_state[REVIEW_TEXT], st.session_state[REVIEW_MODELS] = text, [model]
    query = {"view": "review", "models": model}
    if len(text) <= LONGEST_LINK:
        query["text"] = text
    st.query_params.from_dict(query)


def _upload() -> None:
    with errors_shown():
        if (path := upload_csv()) is not None:
            st.session_state[FILE] = path.name


def _arguments() -> BatchQuestion | None:
    data = st.session_state[DATA]
    if data == "csv":
        if not st.session_state.get(FILE):
            return None
        data = upload_path(st.session_state[FILE])
    return batch_arguments(st.session_state[MODEL], data, store())


def _read_once(question: BatchQuestion) -> bool:
    """Return whether the reviews have been read before, or are so few that the page may; else draw that job."""
    data = question.data
    if data == "demo":
        return True
    if data == "own":
        return read_first(store().run(question.model).config.data) is not None
    return read_first(DataConfig(source="csv", path=data), labelled=False) is not None


@kept(max_entries=3, show_spinner="Reading the reviews")
def _reviews(question: BatchQuestion) -> Asked:
    return reviews_of(question, store())


def _adopt_address(models: list[str]) -> list[str]:
    """Fill the widgets from a link, or from what was chosen before; return what could not be used."""
    state = st.session_state
    if state.get(MODEL) in models:
        # Streamlit forgets a widget's value in a run that does not draw it; slider and filter wait for the answers.
        kept = state.get(KEPT, {})
        state.setdefault(THRESHOLD, float(kept.get("threshold", 0.5)))
        state.setdefault(SHOW, kept.get("show", "mistakes"))
        return []
    query = st.query_params.to_dict()
    if "model" not in query:
        query = state.get(KEPT, query)
    problems = []
    state[MODEL] = query.get("model", PRETRAINED)
    if state[MODEL] not in models:
        if "model" in query:
            problems.append("The model in this link is not here, or has not finished its first epoch; choose another.")
        state[MODEL] = PRETRAINED if PRETRAINED in models else models[0]
    data = query.get("data", "demo")
    state[DATA], state[FILE] = (data, state.get(FILE)) if data in SOURCES else ("csv", data)
    try:
        threshold = float(query.get("threshold", "0.5"))
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 1:
        problems.append("The threshold in this link is not a number from 0 to 1; it is 0.5 now.")
        threshold = 0.5
    state[THRESHOLD] = round(threshold, 2)
    state[SHOW] = query.get("show", "mistakes")
    if state[SHOW] not in FILTERS:
        problems.append("This link asks for a choice of reviews that does not exist; mistakes are shown.")
        state[SHOW] = "mistakes"
    return problems


def _write_address() -> None:
    state = st.session_state
    data = state[DATA] if state[DATA] != "csv" else state.get(FILE) or "csv"
    query = {"view": "file", "model": state[MODEL], "data": data}
    if state.get(THRESHOLD, 0.5) != 0.5:
        query["threshold"] = f"{state[THRESHOLD]:.2f}"
    if state.get(SHOW) not in {None, "mistakes"}:
        query["show"] = state[SHOW]
    state[KEPT] = query
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)
