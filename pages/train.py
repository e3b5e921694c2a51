"""Train: set up an experiment, start it, watch it, steer it."""

from __future__ import annotations

import time

import streamlit as st

from sentiment_core.config import ExperimentConfig, from_query, to_query, with_runs
from sentiment_core.errors import ConfigError, NotFoundError, OutOfMemory, SentimentLabError, StoreUnavailableError
from sentiment_core.presets import preset
from sentiment_core.store import Experiment
from sentiment_core.training.memory import check_before
from ui.kit.components.copy_link import copy_link
from ui.kit.components.live_plot import live_experiment
from ui.kit.launch import start_experiment
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.run_controls import PROBLEM, controls, live_controls
from ui.kit.uploads import upload_path
from ui.server.backend import store
from ui.train.form import PRESET, form, preset_control, preset_note, start_editing, start_fresh, summary

ADOPTED, SHOWN, LEFT = "train:adopted", "train:shown", "train:left"
# How long a browser that is busy may still name the address that this page has just replaced.
LAG_SECONDS = 2.0


def main() -> None:
    """Draw the page for what the address says."""
    problem = adopt_address()
    experiment = shown_experiment()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        train = st.container(width="content")
        controls(experiment)
        st.button("Reset", icon=":material/restart_alt:", on_click=reset, disabled=experiment is None, help=RESET_HELP)
        if experiment is not None:
            live_controls(experiment)
        st.space("stretch")
        with st.container(width=230):
            preset_control(leave=reset)
        copy_link()
    for error in filter(None, (problem, st.session_state.pop(PROBLEM, None))):
        show_error(error)
    if experiment is None:
        config = form()
        preset_note()
        fits = config is not None and memory_note(config)
        st.caption("Press **Train**: the curves appear here and follow the training, step by step.")
    else:
        live_experiment(experiment.id, experiment.status, height=440)
        with st.expander(f"Set up the next experiment — shown: {summary(experiment.config)}"):
            config = form()
            fits = config is not None and memory_note(config)
    busy = experiment is not None and experiment.status.is_active
    with train:
        if st.button("Train", type="primary", icon=":material/play_circle:", disabled=not fits or busy):
            assert config is not None
            with errors_shown():
                launch(config)
    if experiment is None and config is not None:
        write_address(config)


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


def adopt_address() -> SentimentLabError | None:
    """Fill the form from a link, once; return what is wrong with a bad one."""
    if not st.query_params and st.session_state.get(SHOWN):
        # Back from another page: what was being watched is still what one wants to see.
        st.query_params["experiment"] = st.session_state[SHOWN]
    query = st.query_params.to_dict()
    if query != st.session_state.get(ADOPTED) and _just_left(query):
        # Not a link: somebody clicked before the browser heard of the new address, and must not lose that click.
        query = st.session_state[ADOPTED]
        st.query_params.from_dict(query)
    if st.session_state.get(ADOPTED) == query:
        return None
    first = ADOPTED not in st.session_state
    st.session_state[ADOPTED] = dict(query)
    try:
        if "experiment" in query:
            start_editing(store().experiment(query["experiment"]).config)
            st.session_state[SHOWN] = query["experiment"]
        elif query:
            if "data.path" in query:
                query = {**query, "data.path": upload_path(query["data.path"])}
            # A short link that lasts; further settings in it go on top.
            chosen = query.pop("preset", None) or None
            start_editing(from_query({**(to_query(preset(chosen).config) if chosen else {}), **query}))
            st.session_state[PRESET] = chosen
        elif first:
            start_fresh()
    except StoreUnavailableError:
        # The link is as good as ever: it is read again once the store is back.
        del st.session_state[ADOPTED]
        raise
    except SentimentLabError as error:
        reset()
        start_fresh()
        if not isinstance(error, ConfigError | NotFoundError):
            return error
        return type(error)(f"This link cannot be used, so here is the first experiment instead. {error}")
    return None


def write_address(config: ExperimentConfig) -> None:
    """Keep the form's settings in the address; uploads by name, so that a link says nothing about folders."""
    query = to_query(config)
    if len(config.runs) == 1 and not config.runs[0].overrides:
        query.pop("runs", None)
    if config.data.path:
        query["data.path"] = config.data.path.rpartition("/")[2]
    if query != st.query_params.to_dict():
        set_address(query)
    st.session_state[ADOPTED] = query


def set_address(query: dict[str, str]) -> None:
    """Replace the address, and remember for a moment which one it was."""
    st.session_state.setdefault(LEFT, []).append((st.query_params.to_dict(), time.monotonic()))
    st.query_params.from_dict(query)
    st.session_state[ADOPTED] = query


def _just_left(query: dict[str, str]) -> bool:
    now = time.monotonic()
    recent = [(left, when) for left, when in st.session_state.get(LEFT, []) if now - when < LAG_SECONDS]
    st.session_state[LEFT] = recent
    return any(left == query for left, _ in recent)


def shown_experiment() -> Experiment | None:
    """Return the experiment that the address names."""
    identifier = st.query_params.get("experiment")
    if not identifier:
        return None
    try:
        return store().experiment(identifier)
    except NotFoundError:
        return None


def launch(config: ExperimentConfig) -> None:
    """Create the experiment, start it, and show it."""
    name = " vs ".join(run.name for run in config.runs) if len(config.runs) > 1 else config.name
    experiment = start_experiment(with_runs(config.model_copy(update={"name": name[:120]}), config.runs))
    set_address({"experiment": experiment.id})
    st.session_state[SHOWN] = experiment.id
    st.rerun()


def reset() -> None:
    """Leave the experiment that is shown; its settings stay in the form."""
    set_address({})
    st.session_state[SHOWN] = None


with errors_shown():
    main()
