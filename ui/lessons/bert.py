"""A lesson about BERT: question and idea before the run, then its curves, its verdict, and a model answer."""

from __future__ import annotations

from functools import partial

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, SentimentLabError
from sentiment_core.findings.masked_words import hold_runs, reached, sentences
from sentiment_core.lessons import BERT_LESSONS, BertLesson, bert_experiment, changed_fields, happened
from sentiment_core.lessons.bert import also_measured
from sentiment_core.number_words import counted
from sentiment_core.sources import SOURCES
from sentiment_core.store import Experiment
from ui.addresses import LESSON, to_explain, to_place, to_sheet
from ui.kit.address import SETTINGS
from ui.kit.components.copy_link import copy_link
from ui.kit.experiments import control_row, shown_experiment
from ui.kit.notices import as_list, errors_shown, literal, show_error
from ui.kit.predictions import beside
from ui.kit.toolbar import toolbar
from ui.lessons import view
from ui.lessons.replay import recorded_panel, watched
from ui.lessons.verdict_words import line, verdict_on
from ui.server.backend import store


def teach(item: BertLesson) -> None:
    """Draw one lesson: before the run its idea and question, from then on curves, verdict and model answer."""
    with toolbar(item.heading):
        view.neighbours(item, BERT_LESSONS)
        copy_link()
    experiment = shown_experiment(LESSON, partial(_check, item))
    if experiment is None:
        _prepare(item)
    else:
        _watch(item, experiment)


def _check(item: BertLesson, experiment: Experiment) -> None:
    if experiment.config.task != bert_experiment(item).task:
        raise ConfigError(f"experiment {experiment.id} is not about this question; here is the lesson as it stands")


def _wanted(item: BertLesson) -> ExperimentConfig:
    try:
        return bert_experiment(item, changed_fields(LESSON.value(SETTINGS)))
    except SentimentLabError as error:
        show_error(error)
        LESSON.put(settings={})
        return bert_experiment(item)


def _prepare(item: BertLesson) -> None:
    config = _wanted(item)
    recorded_panel(item.preset)
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        view.idea(item)
        view.code(item)
        _look_for(item, folded=True)
    with right, st.container(border=True):
        view.run_button(config, view.question(item))
        _setting(config)
        view.change_in_train(config)
        to_sheet(item.asked).draw("The question on the sheet: answer it in words", icon=":material/edit:")
        for place in item.places:
            to_place(place).draw(literal(place.label), icon=":material/science:")


def _watch(item: BertLesson, experiment: Experiment) -> None:
    with control_row(experiment, "Run again", view.leave, help="Back to the question."):
        if not experiment.status.is_active and item.measure == "answer":
            to_explain([run.id for run in experiment.runs]).draw("Explain", icon=":material/highlight:")
    watched(experiment, item.preset, height=400)
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        if experiment.status.is_active:
            st.caption("The verdict stands here once the test part was read, at the end.")
        else:
            st.header("Verdict", anchor=False)
            st.caption("Worked out from this experiment's own measurements.")
            with errors_shown():
                _verdict(item, experiment)
        with st.expander("The model answer", icon=":material/menu_book:", expanded=not experiment.status.is_active):
            st.markdown(as_list(item.of_sheet.points))
        with st.expander("The idea again", icon=":material/lightbulb:"):
            view.idea(item)
        view.code(item)
    with right:
        st.markdown(literal(item.question))
        if experiment.status.is_active:
            st.markdown(f"You said: **{literal(experiment.prediction)}**" if experiment.prediction else "")
        elif beside(experiment.prediction, happened(item, store(), experiment)):
            st.markdown(literal(item.explanation))
        _look_for(item)
        for place in item.places:
            to_place(place).draw(literal(place.label), icon=":material/science:")


def _look_for(item: BertLesson, *, folded: bool = False) -> None:
    view.look_for(item)
    if told := also_measured(item):
        with st.expander("What was measured here", icon=":material/visibility:") if folded else st.container():
            st.caption(literal(told))


def _setting(config: ExperimentConfig) -> None:
    source, training = SOURCES[config.data.source], config.training
    reviews = config.data.limit or source.count or 0
    runs = f"{len(config.runs)} runs" if len(config.runs) > 1 else "One run"
    size = f"{config.model.num_layers} layers of {config.model.hidden_size} units"
    epochs = counted(training.epochs, "epoch")
    st.caption(literal(f"{runs}, {size}: {epochs} of {reviews:,} {source.kind}, batch {training.batch_size}."))


def _verdict(item: BertLesson, experiment: Experiment) -> None:
    if item.measure == "answer":
        said = "\n".join(line(finding) for finding in verdict_on(store(), experiment).findings)
    elif item.measure == "tasks":
        found = reached(experiment.runs[0])
        said = as_list(found.sentences if found else ())
    else:
        said = as_list(sentence for one in hold_runs(experiment.runs) for sentence in sentences(one))
    st.markdown(said or "The test part was not read to the end, so nothing is said of it.")
