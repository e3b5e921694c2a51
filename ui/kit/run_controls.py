"""Pause, resume, stop, and what can be changed while an experiment trains."""

from __future__ import annotations

import math

import streamlit as st

from sentiment_core import live
from sentiment_core.classroom.people import LECTURER, may
from sentiment_core.config import allowed_range, field_info
from sentiment_core.errors import SentimentLabError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment
from ui.kit.components.live_plot import look_again
from ui.kit.notices import literal
from ui.server.backend import executor, store
from ui.server.visitor import visitor

PROBLEM = "controls:problem"
STEP_HELP = "Makes one update of every run, shows it and waits. What trains is paused for that."


def controls(experiment: Experiment | None) -> None:
    """Draw the buttons that fit the experiment's status; of somebody else's, say whose it is."""
    status = experiment.status if experiment else None
    identifier = experiment.id if experiment else ""
    if experiment is not None and not may(visitor(), "steer", experiment.owner):
        st.caption(literal(f"{owner_name(experiment.owner)} trains this. You can look and copy its settings."))
        return
    if status is Status.PAUSED:
        st.button("Resume", icon=":material/play_arrow:", on_click=ask, args=(identifier, "resume"))
    elif status in {Status.STOPPED, Status.INTERRUPTED}:
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            on_click=resume_ended,
            args=(identifier,),
            help="Goes on from the last checkpoint, to the same numbers as without the break.",
        )
    else:
        running = status is Status.RUNNING
        st.button("Pause", icon=":material/pause:", on_click=ask, args=(identifier, "pause"), disabled=not running)
    steps = status in {Status.RUNNING, Status.PAUSED}
    icon = ":material/skip_next:"
    st.button("Step", icon=icon, on_click=ask, args=(identifier, "step"), disabled=not steps, help=STEP_HELP)
    active = bool(status and status.is_active)
    st.button("Stop", icon=":material/stop:", on_click=ask, args=(identifier, "stop"), disabled=not active)


def live_controls(experiment: Experiment) -> None:
    """Draw what may change during training: learning rate and clipping threshold, for one run or for all."""
    if not may(visitor(), "steer", experiment.owner):
        return
    training = experiment.config.training
    thresholds = live.settings(live.THRESHOLD, [run.config for run in experiment.runs])
    with st.popover("Adjust", icon=":material/tune:", disabled=not experiment.status.is_active), st.form("adjust"):
        names: dict[str | None, str] = {None: "All runs", **{run.id: run.name for run in experiment.runs}}
        st.caption(literal(_in_force(experiment)))
        chosen = st.selectbox("Run", list(names), format_func=names.__getitem__) if len(names) > 2 else None
        rate = st.text_input("Learning rate", placeholder=f"{training.learning_rate:g}, unchanged")
        threshold = ""
        if thresholds:
            named = (f"{field_info(field).title}: {allowed_range(field)}." for field in thresholds)
            threshold = st.text_input("Clipping threshold", placeholder="unchanged", help=" ".join(named))
        if st.form_submit_button("Apply to the next steps", type="primary"):
            _adjust(experiment, chosen, rate, threshold)


def _in_force(experiment: Experiment) -> str:
    """Say which learning rate and threshold each run was last trained with; runs alike are named together."""
    found: dict[str, list[str]] = {}
    for run in experiment.runs:
        last = store().steps(run.id, after=max(0, run.steps - 1), limit=1)
        rate = last["learning_rate"][0] if last["step"] else run.config.training.learning_rate
        threshold = last["threshold"][0] if last["step"] else run.config.training.threshold
        limit = "" if threshold is None or math.isnan(threshold) else f", threshold {threshold:g}"
        found.setdefault(f"rate {rate:g}{limit}", []).append(run.name)
    return "Now: " + "; ".join(f"{', '.join(names)}: {said}" for said, names in found.items())


def _adjust(experiment: Experiment, run_id: str | None, rate: str, threshold: str) -> None:
    asked = []
    configs = [run.config for run in experiment.runs if run_id in (None, run.id)]
    try:
        # Both are read before either is sent: half of what was asked for would go unnoticed behind the error.
        wanted = [
            (kind, live.checked(kind, text.strip(), configs))
            for kind, text in ((live.RATE, rate), (live.THRESHOLD, threshold))
            if text.strip()
        ]
        for kind, value in wanted:
            store().request(experiment.id, kind, value, run_id)  # type: ignore[arg-type]
            asked.append(f"{kind.replace('_', ' ')} {value:g}")
    except SentimentLabError as error:
        st.error(literal(str(error)))
        return
    if asked:
        st.success("From the next steps on: " + ", ".join(asked) + ".")
    else:
        st.info("Write a number into one of the fields.")


def ask(identifier: str, kind: str) -> None:
    """Pass a request to the worker; the plot says at once that it was asked for, and when it was done."""
    try:
        store().request(identifier, kind)  # type: ignore[arg-type]
        look_again()
    except SentimentLabError as error:
        st.session_state[PROBLEM] = error


def resume_ended(identifier: str) -> None:
    """Put a stopped or interrupted experiment back into the queue."""
    try:
        store().requeue(identifier)
        executor().submit(identifier)
    except SentimentLabError as error:
        st.session_state[PROBLEM] = error


def owner_name(owner: str | None) -> str:
    """Return what somebody is called, to whom an experiment belongs."""
    return LECTURER.name if owner is None else store().names().get(owner, "Somebody")
