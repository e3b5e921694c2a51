"""Lessons: the course notebook rung by rung; predict, run, watch, and read what the run itself says."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import SentimentLabError
from sentiment_core.lessons import Lesson, MistakeLesson, changed_fields, experiment_for, lesson, mistake
from sentiment_core.store import Experiment
from ui.kit.components.copy_link import copy_link
from ui.kit.components.live_plot import live_experiment
from ui.kit.launch import start_experiment
from ui.kit.notices import errors_shown, show_error
from ui.kit.run_controls import PROBLEM, controls
from ui.lessons import view
from ui.lessons.replay import recorded_panel
from ui.server.backend import store

ADDRESS = "lessons:address"


def main() -> None:
    """Draw the list, or the lesson that the address names."""
    tell_browser()
    try:
        chosen = lesson(st.query_params["lesson"]) if "lesson" in st.query_params else None
    except SentimentLabError as error:
        show_error(error)
        st.query_params.clear()
        chosen = None
    if chosen is None:
        overview()
    else:
        teach(chosen)


def tell_browser() -> None:
    """Put a new address into the browser's bar: a link to the page one is on leaves it as it was."""
    query = st.query_params.to_dict()
    if st.session_state.get(ADDRESS) != query:
        st.session_state[ADDRESS] = query
        st.query_params.from_dict(query)


def overview() -> None:
    """Draw all lessons."""
    st.title("Lessons", anchor=False)
    st.markdown(
        "One network, ten rungs. Each lesson changes what the notebook changed there and runs it beside what was there "
        "before, on the same batches. Predict what will happen, then look."
    )
    view.lesson_list()


def teach(item: Lesson) -> None:
    """Draw one lesson: before the run its idea and question, from then on the curves and the verdict."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(view.heading(item), anchor=False, width="content")
        st.space("stretch")
        view.lesson_links(item)
        copy_link()
    if item.preset is None:
        view.idea(item)
        view.look_for(item)
        link = view.pages()["labs"]
        st.page_link(link, label="Train it here", icon=":material/science:", query_params={"lab": "baselines"})
        return
    mistaken = chosen_mistake(item)
    config, changes = wanted(item, mistaken)
    experiment = shown()
    if problem := st.session_state.pop(PROBLEM, None):
        show_error(problem)
    if experiment is None:
        view.path_switch(item, mistaken)
        if mistaken:
            prepare_mistake(mistaken, config, changes)
        else:
            recorded_panel(item.name)
            prepare(item, config, changes)
    else:
        watch(item, mistaken, config, experiment)


def chosen_mistake(item: Lesson) -> MistakeLesson | None:
    """Return the mistake that the address names; say so when the lesson has none of that name."""
    if "mistake" not in st.query_params:
        return None
    try:
        return mistake(st.query_params["mistake"], item.name)
    except SentimentLabError as error:
        show_error(error)
        del st.query_params["mistake"]
        return None


def wanted(item: Lesson, mistaken: MistakeLesson | None) -> tuple[ExperimentConfig, dict[str, str]]:
    """Return the lesson's experiment with what the address changes; a bad address is named and left out."""
    try:
        changes = changed_fields(st.query_params.to_dict())
        return experiment_for(item, changes, mistaken), changes
    except SentimentLabError as error:
        show_error(error)
        keep = {name: st.query_params[name] for name in ("lesson", "mistake", "experiment") if name in st.query_params}
        st.query_params.from_dict(keep)
        return experiment_for(item, mistake=mistaken), {}


def shown() -> Experiment | None:
    """Return the experiment that the address names; say so when there is none."""
    if "experiment" not in st.query_params:
        return None
    try:
        return store().experiment(st.query_params["experiment"])
    except SentimentLabError as error:
        show_error(error)
        del st.query_params["experiment"]
        return None


def prepare(item: Lesson, config: ExperimentConfig, changes: dict[str, str]) -> None:
    """Draw the lesson before it is run."""
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        view.idea(item)
        view.code(item)
        view.look_for(item)
    with right, st.container(border=True):
        prediction = view.question(item, f"lessons:answer:{item.name}")
        if st.button(
            "Run this",
            type="primary",
            icon=":material/play_circle:",
            disabled=prediction is None,
            help="Answer first: a prediction made afterwards teaches nothing." if prediction is None else None,
        ):
            with errors_shown():
                launch(config, prediction)
        view.setting(config, changes)
        view.train_links(item, config)
        view.variations(item)


def prepare_mistake(mistaken: MistakeLesson, config: ExperimentConfig, changes: dict[str, str]) -> None:
    """Draw a mistake before it is run beside the correct path."""
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        view.mistake_text(mistaken)
        view.code(mistaken)
    with right, st.container(border=True):
        if st.button("Run both", type="primary", icon=":material/play_circle:"):
            with errors_shown():
                launch(config, None)
        view.setting(config, changes)
        view.change_in_train(config)


def watch(item: Lesson, mistaken: MistakeLesson | None, config: ExperimentConfig, experiment: Experiment) -> None:
    """Draw the curves of the experiment, its verdict once it ended, and the lesson's text to look up."""
    if [run.name for run in experiment.config.runs] != [run.name for run in config.runs]:
        st.warning("This experiment is not the one this lesson runs. Its curves and verdict are shown all the same.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        controls(experiment)
        st.button("Run again", icon=":material/restart_alt:", on_click=leave, help="Back to the question.")
        if not experiment.status.is_active:
            models = ",".join(run.id for run in experiment.runs[:3])
            link = view.pages()["explain"]
            st.page_link(link, label="Explain", icon=":material/highlight:", query_params={"models": models})
        st.space("stretch")
        view.path_switch(item, mistaken)
    live_experiment(experiment.id, experiment.status, height=420)
    if not experiment.status.is_active:
        view.verdict(item, experiment, mistaken)
    elif mistaken:
        view.mistake_text(mistaken)
    else:
        said = f" You said: **{view.literal(experiment.prediction)}**" if experiment.prediction else ""
        st.markdown(f"{view.literal(item.question)}{said}")
        view.look_for(item)
    if mistaken:
        view.code(mistaken)
        return
    with st.expander("The idea again", icon=":material/menu_book:"):
        view.idea(item)
        view.train_links(item, experiment.config)
    view.code(item)


def launch(config: ExperimentConfig, prediction: str | None) -> None:
    """Create the experiment with its prediction, start it, and show it here."""
    experiment = start_experiment(config, prediction)
    st.query_params["experiment"] = experiment.id
    st.rerun()


def leave() -> None:
    """Go back to the question; the experiment stays under Runs."""
    st.query_params.pop("experiment", None)


with errors_shown():
    main()
