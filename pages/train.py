"""Train: set up an experiment, start it, watch it, steer it."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import ExperimentConfig, from_query, to_query
from sentiment_core.errors import ConfigError, NotFoundError, OutOfMemory, SentimentLabError, StoreUnavailableError
from sentiment_core.presets import preset
from sentiment_core.store import Experiment
from sentiment_core.training.memory import check_before
from sentiment_core.vector_files import is_name
from ui.addresses import TRAIN, to_lab, to_lesson, to_train, watching
from ui.kit.address import SETTINGS
from ui.kit.components.copy_link import copy_link
from ui.kit.components.inside import inside_of
from ui.kit.components.live_plot import live_experiment
from ui.kit.experiments import shown_experiment, start_button, waits
from ui.kit.health import health
from ui.kit.live_controls import live_controls, live_toggle
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.present import is_presented, present_button
from ui.kit.run_controls import controls
from ui.kit.uploads import upload_path, without_folders
from ui.server.backend import store
from ui.train import together
from ui.train.first_sight import beside, meanwhile
from ui.train.form import PRESET, form, preset_control, preset_note, start_editing, start_fresh
from ui.train.names import named, summary
from ui.train.present import present
from ui.train.seeds import experiments_of


def main() -> None:
    """Draw the page for what the address says."""
    adopt_address()
    experiment = shown_experiment(TRAIN)
    if experiment is not None and is_presented(TRAIN):
        present(experiment)
        TRAIN.write("experiment", "present", "only")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        train = st.container(width="content")
        controls(experiment)
        st.button("Reset", icon=":material/restart_alt:", on_click=reset, disabled=experiment is None, help=RESET_HELP)
        if experiment is not None:
            live_toggle(experiment)
            present_button(TRAIN)
        st.space("stretch")
        with st.container(width=230):
            preset_control(leave=reset)
        copy_link()
    if experiment is None:
        *columns, right = st.columns([1, 1, 1.15, 1.25], gap="medium")
        configs = form(columns)
        with right:
            beside(configs)
        preset_note()
        fits = bool(configs) and all(memory_note(config) for config in configs)
    else:
        identifier = experiment.id
        # The plot stays in sight.
        height, awaited = 440 - live_controls(experiment), waits(experiment)
        live_experiment(identifier, experiment.status, height=height, awaited=awaited)
        if awaited:
            meanwhile(experiment)
        together.links(experiment)
        health(store(), lambda: store().experiment(identifier).runs, lab=to_lab, lesson=to_lesson)
        inside_of(experiment, to_train(watching(experiment.config)).draw)
        with st.expander(f"Set up the next experiment — shown: {summary(experiment.config)}"):
            configs = form()
            fits = bool(configs) and all(memory_note(config) for config in configs)
    busy = experiment is not None and experiment.status.is_active
    with train:
        start_button(
            "Train",
            lambda: [each for config in configs for each in experiments_of(named(config))],
            show,
            disabled=not fits or busy,
        )
    if experiment is not None:
        TRAIN.write("experiment")
    elif configs:
        TRAIN.put(settings=settings(configs[0]))
        TRAIN.write(SETTINGS, "seeds")


def show(started: list[Experiment]) -> None:
    """Show the first of what was just started."""
    TRAIN.put(experiment=started[0].id)


def memory_note(config: ExperimentConfig) -> bool:
    """Say how much memory training will take where that matters; return whether it can be tried at all."""
    try:
        note = check_before(config)
    except OutOfMemory as error:
        show_error(error)
        return False
    if note:
        st.caption(literal(note))
    return True


RESET_HELP = "Back to the form. The experiment stays under Runs; one that trains goes on."


def adopt_address() -> None:
    """Fill the form from a link, once; say what is wrong with a bad one."""
    problems = TRAIN.adopt()
    for problem in problems or ():
        st.warning(literal(problem))
    if problems is None:
        return
    try:
        if identifier := TRAIN.value("experiment"):
            start_editing(store().experiment(identifier).config)
        elif TRAIN.value("preset") or TRAIN.value(SETTINGS):
            start_editing(linked_config(TRAIN.value("preset"), TRAIN.value(SETTINGS)))
            st.session_state[PRESET] = TRAIN.value("preset")
        else:
            start_fresh()
    except StoreUnavailableError:
        # The link is as good as ever: it is read again once the store is back.
        TRAIN.forget()
        raise
    except SentimentLabError as error:
        reset()
        start_fresh()
        unusable = isinstance(error, ConfigError | NotFoundError)
        instead = "This link cannot be used, so here is the first experiment instead. "
        show_error(error.worded(f"{instead if unusable else ''}{error}"))


def linked_config(name: str | None, changes: dict[str, str]) -> ExperimentConfig:
    """Return the experiment that a link describes: a preset's, the defaults without one, with `changes` on top."""
    if "data.path" in changes:
        changes = {**changes, "data.path": upload_path(changes["data.path"])}
    if changes.get("data.vectors") and not is_name(changes["data.vectors"]):
        changes = {**changes, "data.vectors": upload_path(changes["data.vectors"])}
    return from_query({**(to_query(preset(name).config) if name else {}), **changes})


def settings(config: ExperimentConfig) -> dict[str, str]:
    """Return the form's settings as the address has them."""
    query = without_folders(to_query(config))
    if len(config.runs) == 1 and not config.runs[0].overrides:
        query.pop("runs", None)
    return query


def reset() -> None:
    """Leave the experiment that is shown; its settings stay in the form."""
    TRAIN.put(experiment=None)


with errors_shown():
    main()
