"""Explain, over a test set: how faithful each method is, with intervals, as a background job."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.explain import METHODS, ModelInfo, available_models
from sentiment_core.explain.study_question import FAITHFULNESS, MOST_SEED, Study, StudyQuestion, study_arguments
from sentiment_core.explain.study_words import COLUMNS, GAINS, described, findings, say
from ui.addresses import FILE, STUDY, offered
from ui.explain.asked import DEMO, OWN, adopt, choose_model, choose_source, chosen_reviews
from ui.explain.study_plot import agreement_figure, curves_figure
from ui.kit.components.copy_link import copy_link
from ui.kit.job_panel import job_panel
from ui.kit.notices import literal, show_error
from ui.kit.plot import plot
from ui.kit.terms import caption
from ui.kit.uploads import called, in_users_words
from ui.server.backend import store

SOURCES = {DEMO: "Demo reviews that no model has seen", OWN: "The model's own test reviews", FILE: "A file of mine"}
ASKED = {DEMO: "of the demo generator", OWN: "of its own test part"}
SAMPLES = (20, 50, 100, 200, 500, 1000, 2000)
# On one core of a 2020s laptop, 230 tokens a review: the occlusions send one review through the network per token.
SECONDS = {"occlusion_delete": 0.3, "occlusion_mask": 0.3, "integrated_gradients": 0.2, "gradient_x_input": 0.04}
BASE_SECONDS = 0.1


def draw() -> None:
    """Draw the choices, the job and its result."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.info("There is no trained model yet. Train one for an epoch; it can be examined here from then on.")
        return
    problems = adopt(STUDY, models)
    caption(
        "Take away the tokens that a method ranks first: does the model change its mind sooner than when tokens are "
        "taken away at random? Asked over many reviews, each number comes with an interval."
    )
    _choices(models)
    for problem in problems:
        st.warning(literal(problem))
    try:
        arguments = _arguments()
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), STUDY.value("data"))))
        arguments = None
    STUDY.write()
    if arguments is None:
        return
    result = job_panel(FAITHFULNESS, arguments, start_label="Measure", time_hint=_hint(arguments))
    if result is not None:
        show(result)


def show(result: Study) -> None:
    """Draw a result: what follows from it, the curves, the numbers."""
    data = result["data"]
    result = {**result, "data": ASKED.get(data) or called(data)}
    with st.container(border=True, key="study-findings"):
        for sentence in findings(result):
            st.markdown(literal(in_users_words(sentence, data)))
    plot(curves_figure(result), key="study-curves")
    st.dataframe(_table(result), hide_index=True, key="study-table")
    left, right = st.columns([1.2, 1], gap="large", vertical_alignment="center")
    with left:
        plot(agreement_figure(result), key="study-agreement")
    with right:
        st.caption(literal(described(result)))
        caption(
            "A faithful method has high comprehensiveness and low sufficiency. Random order is the mean of five orders."
        )
        st.download_button(
            "Download as JSON",
            json.dumps(result, indent=1),
            f"faithfulness-{result['model']}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )


def _choices(models: dict[str, ModelInfo]) -> None:
    first, second, third, fourth = st.columns([2, 2, 1, 1])
    with first:
        model = choose_model(STUDY, models)
    with second:
        choose_source(STUDY, SOURCES)
    with third:
        st.selectbox("How many", sorted({*SAMPLES, STUDY.value("sample")}), key=STUDY.key("sample"))
    with fourth:
        st.number_input(
            "Seed", 0, MOST_SEED, key=STUDY.key("seed"), help="Fixes the sample, the random orders and the intervals."
        )
    usable = _usable(model)
    asked = STUDY.value("methods")
    if asked is None or any(name not in usable for name in asked):
        # A method that the model has no use for must be gone before the widget is drawn.
        STUDY.put(methods=[name for name in usable if asked is None or name in asked])
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    with left:
        st.multiselect(
            "Methods",
            usable,
            key=STUDY.key("methods"),
            format_func=lambda name: METHODS[name].title,
            wrap=True,
        )
    with right:
        copy_link("study:copy-link")


def _arguments() -> StudyQuestion | None:
    """Return what to measure, None while no file is chosen or it has not been read; raises `SentimentLabError`."""
    chosen = chosen_reviews(STUDY, labelled=True, shown=False)
    if chosen is None:
        return None
    value, (data, reading) = STUDY.value, chosen
    return study_arguments(value("model"), data, value("sample"), value("seed"), value("methods"), store(), reading)


def _hint(question: StudyQuestion) -> str:
    seconds = question.sample * (BASE_SECONDS + sum(SECONDS.get(name, 0.0) for name in question.methods))
    about = "Less than a minute" if seconds < 50 else f"About {max(1, round(seconds / 60))} min"
    return f"{about} for reviews of usual length. It goes on when you close the page; the result is kept."


def _usable(info: ModelInfo) -> list[str]:
    return [name for name in offered() if info.has_attention or not METHODS[name].needs_attention]


def _table(result: Study) -> pd.DataFrame:
    rows = []
    for row in result["methods"]:
        cells = {"Method": row["title"]}
        cells |= {title: say(row[column]) for column, title in COLUMNS.items()}
        for gain, title in zip(GAINS, ("Gain over random, compr. ↑", "Gain over random, suff. ↑"), strict=True):
            cells[title] = say(row[gain]) if gain in row else "–"
        for k, found in (row["precision"] or {}).items():
            cells[f"Precision@{k} ↑"] = say(found)
        rows.append(cells | {"Passes a review": f"{row['passes']:.0f}", "Seconds a review": f"{row['seconds']:.3f}"})
    return pd.DataFrame(rows)
