"""Explain, a file of reviews: each answer, the most confident mistakes first, and whether its probabilities hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sentiment_core.calibration import brier_score, expected_calibration_error, fit_temperature
from sentiment_core.datasets.base import MEANINGS, NO_LABEL
from sentiment_core.explain.answers_table import as_csv
from sentiment_core.explain.judged import seen_sentence
from sentiment_core.explain.many_reviews import Asked, counts_at, ranking
from sentiment_core.metrics import Balance
from sentiment_core.steps.rules import positive
from ui.addresses import REVIEW_FILE, SHOWN, to_explain
from ui.explain.reliability_plot import reliability_figure
from ui.kit.choice import choice
from ui.kit.notices import literal
from ui.kit.plot import plot
from ui.kit.terms import caption

LONGEST_START = 160
LEAST_REVIEWS = 100
COLUMNS = {
    "P(positive)": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="%.3f", width="small"),
    "Review": st.column_config.TextColumn(width="large"),
}


def show(asked: Asked, probabilities: np.ndarray, model: str) -> None:
    """Draw threshold, counts, table and calibration of the answers."""
    if not np.isfinite(probabilities).all():
        st.error("The model answers with no numbers: its training diverged. Choose another one.")
        return
    judged = asked.about.counted
    labels = asked.labels if judged.any() else None
    for sentence in asked.about.remarks():
        st.warning(literal(sentence), icon=":material/translate:")
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        threshold = st.slider(
            "Called positive from P(positive) =", 0.0, 1.0, step=0.01, key=REVIEW_FILE.key("threshold")
        )
        if (said := seen_sentence(asked.about, probabilities, threshold)) is not None:
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
    judged = asked.about.counted
    labels = asked.labels if judged.any() else None
    said = positive(probabilities, threshold)
    order = ranking(probabilities, labels, threshold)
    if labels is not None:
        shown = choice(REVIEW_FILE, "show", "Show", SHOWN)
        truth = labels == 1
        kept = {
            "mistakes": judged & (said != truth),
            "false_positives": judged & said & ~truth,
            "false_negatives": judged & ~said & truth,
            "all": np.ones(len(said), dtype=bool),
        }[shown]
        order = order[kept[order]]
    if not len(order):
        caption("There is no such review at this threshold.")
        return
    columns: dict[str, Any] = {"P(positive)": probabilities[order]}
    columns["Answer"] = np.where(said[order], "positive", "negative")
    if labels is not None:
        columns["Label"] = [MEANINGS[label] if label != NO_LABEL else "–" for label in labels[order].tolist()]
    columns["Review"] = [asked.texts[index][:LONGEST_START] for index in order]
    event = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        height=min(38 + 35 * len(order), 285),
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        key="file:table",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(order)]
    if not rows:
        st.caption("Select a review to see what the model made of it. The most confident mistakes come first.")
        return
    to_explain([model], asked.texts[order[rows[0]]]).draw("Explain this review", icon=":material/highlight:")


def _calibration(probabilities: np.ndarray, labels: np.ndarray) -> None:
    error, brier = expected_calibration_error(probabilities, labels), brier_score(probabilities, labels)
    st.markdown(f"**Is 0.9 right nine times in ten?** Calibration error {error:.3f}, Brier score {brier:.3f}.")
    plot(reliability_figure(probabilities, labels), key="file:reliability")
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
