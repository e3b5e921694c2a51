"""Pause, resume, step and stop."""

from __future__ import annotations

import streamlit as st

from sentiment_core.classroom.people import LECTURER, may
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment
from ui.kit.components.live_plot import look_again
from ui.kit.notices import literal, problems_kept
from ui.server.backend import executor, store
from ui.server.visitor import visitor

# In pixels: the longer word fits, and nothing beside it moves when the word changes.
WIDTH = 106
RESUME_HELP = "Goes on from the last checkpoint, to the same numbers as without the break."
STEP_HELP = "Makes one update of every run, shows it and waits. What trains is paused for that."


def controls(experiment: Experiment | None) -> None:
    """Draw the buttons that fit the experiment's status; of somebody else's, say whose it is."""
    status = experiment.status if experiment else None
    identifier = experiment.id if experiment else ""
    if experiment is not None and not may(visitor(), "steer", experiment.owner):
        st.caption(literal(f"{owner_name(experiment.owner)} trains this. You can look and copy its settings."))
        return
    # One button that changes: two would stand beside one another while the page is drawn, and a click meant for what is
    # right of them would meet what had moved into its place.
    ended = status in {Status.STOPPED, Status.INTERRUPTED}
    resumes = ended or status is Status.PAUSED
    st.button(
        "Resume" if resumes else "Pause",
        icon=":material/play_arrow:" if resumes else ":material/pause:",
        key="steer",
        on_click=resume_ended if ended else ask,
        args=(identifier,) if ended else (identifier, "resume" if resumes else "pause"),
        disabled=not (resumes or status is Status.RUNNING),
        help=RESUME_HELP if ended else None,
        width=WIDTH,
    )
    steps = status in {Status.RUNNING, Status.PAUSED}
    icon = ":material/skip_next:"
    st.button("Step", icon=icon, on_click=ask, args=(identifier, "step"), disabled=not steps, help=STEP_HELP)
    active = bool(status and status.is_active)
    st.button("Stop", icon=":material/stop:", on_click=ask, args=(identifier, "stop"), disabled=not active)


def ask(identifier: str, kind: str) -> None:
    """Pass a request to the worker; the plot says at once that it was asked for, and when it was done.

    What has ended since the button was drawn is shown as ended, and asked for nothing.
    """
    with problems_kept():
        if store().experiment(identifier).status.is_active:
            store().request(identifier, kind)  # type: ignore[arg-type]
            look_again()


def resume_ended(identifier: str) -> None:
    """Put a stopped or interrupted experiment back into the queue."""
    with problems_kept():
        store().requeue(identifier)
        executor().submit(identifier)


def owner_name(owner: str | None) -> str:
    """Return what somebody is called, to whom an experiment belongs."""
    return LECTURER.name if owner is None else store().names().get(owner, "Somebody")
