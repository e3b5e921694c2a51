"""Lessons: the course notebook rung by rung; predict, run, watch, and read what the run itself says."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import SentimentLabError
from sentiment_core.lessons import (
    BERT_LESSONS,
    LESSONS,
    Lesson,
    MistakeLesson,
    bert_lesson,
    changed_fields,
    experiment_for,
    lesson,
    mistake,
)
from sentiment_core.store import Experiment
from ui.addresses import (
    GLOSSARY,
    LESSON,
    SHEET,
    TEACHING,
    to_explain,
    to_glossary,
    to_lab,
    to_lesson,
    to_teaching,
    to_train,
    watching,
)
from ui.kit.address import SETTINGS
from ui.kit.components.copy_link import copy_link
from ui.kit.components.inside import inside_of
from ui.kit.experiments import control_row, shown_experiment, start_button
from ui.kit.health import health
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.predictions import predicted
from ui.kit.present import is_presented, present_button
from ui.kit.toolbar import toolbar
from ui.lessons import bert, glossary, sheet, teaching, view
from ui.lessons.glass import glass_panel
from ui.lessons.present import present
from ui.lessons.replay import recorded_panel, watched
from ui.lessons.verdict_words import verdict_on
from ui.server.backend import store


def main() -> None:
    """Draw the list, or the lesson that the address names."""
    for problem in LESSON.adopt() or ():
        st.warning(literal(problem))
    name = LESSON.value("lesson")
    if name is None:
        overview()
    elif name == SHEET:
        sheet.draw()
    elif name == TEACHING:
        teaching.draw()
    elif name == GLOSSARY:
        glossary.draw()
    elif (about_bert := bert_lesson(name)) is not None:
        bert.teach(about_bert)
    else:
        teach(lesson(name))
    LESSON.write()


def overview() -> None:
    """Draw all lessons."""
    st.title("Lessons", anchor=False)
    st.markdown(
        "One network, ten rungs. Each lesson changes what the notebook changed there and runs it beside what was there "
        "before, on the same batches. Predict what will happen, then look."
    )
    sheet.entry()
    to_teaching().draw("For lecturers: plans of lessons", icon=":material/co_present:")
    to_glossary().draw("Glossary: what the words mean", icon=":material/menu_book:")
    view.lesson_list(LESSONS)
    st.header("BERT, six questions", anchor=False)
    st.markdown(
        "The sheet's second theme: a Transformer trained before your eyes. Each question is a prediction, an "
        "experiment, and a model answer to compare with."
    )
    view.lesson_list(BERT_LESSONS)


def teach(item: Lesson) -> None:
    """Draw one lesson: before the run its idea and question, from then on the curves and the verdict."""
    if is_presented(LESSON):
        present(item, shown_experiment(LESSON))
        return
    with toolbar(item.heading):
        view.neighbours(item, LESSONS)
        present_button(LESSON)
        copy_link()
    if item.preset is None:
        view.idea(item)
        view.look_for(item)
        view.seen_elsewhere(item)
        to_lab("baselines").draw("Train it here", icon=":material/science:")
        return
    mistaken = chosen_mistake(item)
    config, changes = wanted(item, mistaken)
    experiment = shown_experiment(LESSON)
    if experiment is None:
        view.path_switch(item, mistaken)
        if mistaken:
            prepare_mistake(mistaken, config, changes)
        else:
            # Closed, both are a button; open, each takes the whole width.
            closed = LESSON.value("watch") is None and LESSON.value("glass") is None
            with st.container(horizontal=closed):
                recorded_panel(item.name)
                glass_panel(item, None)
            prepare(item, config, changes)
    else:
        watch(item, mistaken, config, experiment)


def chosen_mistake(item: Lesson) -> MistakeLesson | None:
    """Return the mistake that the address names; say so when the lesson has none of that name."""
    name = LESSON.value("mistake")
    try:
        return mistake(name, item.name) if name else None
    except SentimentLabError as error:
        show_error(error)
        LESSON.put(mistake=None)
        return None


def wanted(item: Lesson, mistaken: MistakeLesson | None) -> tuple[ExperimentConfig, dict[str, str]]:
    """Return the lesson's experiment with what the address changes; a bad address is named and left out."""
    try:
        changes = changed_fields(LESSON.value(SETTINGS))
        return experiment_for(item, changes, mistaken), changes
    except SentimentLabError as error:
        show_error(error)
        LESSON.put(settings={})
        return experiment_for(item, mistake=mistaken), {}


def prepare(item: Lesson, config: ExperimentConfig, changes: dict[str, str]) -> None:
    """Draw the lesson before it is run."""
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        view.idea(item)
        view.code(item)
        view.look_for(item)
        view.seen_elsewhere(item, folded=True)
        view.outside(item)
    with right, st.container(border=True):
        prediction = view.question(item)
        if prediction is not None:
            predicted(item, prediction)
        view.run_button(config, prediction)
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
        start_button("Run both", lambda: [config], view.show)
        view.setting(config, changes)
        view.change_in_train(config)


def watch(item: Lesson, mistaken: MistakeLesson | None, config: ExperimentConfig, experiment: Experiment) -> None:
    """Draw the curves of the experiment, its verdict once it ended, and the lesson's text to look up."""
    if [run.name for run in experiment.config.runs] != [run.name for run in config.runs]:
        st.warning("This experiment is not the one this lesson runs. Its curves and verdict are shown all the same.")
    with control_row(experiment, "Run again", view.leave, help="Back to the question."):
        if not experiment.status.is_active:
            to_explain([run.id for run in experiment.runs]).draw("Explain", icon=":material/highlight:")
        st.space("stretch")
        view.path_switch(item, mistaken)
    watched(experiment, "" if mistaken else item.name, height=420)
    ended = not experiment.status.is_active
    # A verdict says some of it too, and stands on the same page once the experiment has ended.
    said = {finding.topic for finding in verdict_on(store(), experiment).findings} if ended else ()
    health(
        store(),
        lambda: store().experiment(experiment.id).runs,
        lab=to_lab,
        lesson=to_lesson,
        said=said,
        meant=own_rate(config, experiment),
    )
    inside_of(experiment, to_train(watching(experiment.config)).draw)
    if ended:
        view.verdict(item, experiment, mistaken)
        glass_panel(item, experiment)
    elif mistaken:
        view.mistake_text(mistaken)
    else:
        said = f" You said: **{literal(experiment.prediction)}**" if experiment.prediction else ""
        st.markdown(f"{literal(item.question)}{said}")
        view.look_for(item)
        view.seen_elsewhere(item)
    if mistaken:
        view.code(mistaken)
        return
    with st.expander("The idea again", icon=":material/menu_book:"):
        view.idea(item)
        view.train_links(item, experiment.config)
    view.code(item)


def own_rate(config: ExperimentConfig, experiment: Experiment) -> str:
    """Return what a remark on the rate must say where the rate is the lesson's own."""
    own = config.training.learning_rate == experiment.config.training.learning_rate
    return view.OWN_RATE if own and "training.learning_rate" not in LESSON.value(SETTINGS) else ""


with errors_shown():
    main()
