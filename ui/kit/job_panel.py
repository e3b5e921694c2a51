"""A calculation on a page: a button that starts it, its progress, a way to cancel it, at last its result."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

from sentiment_core.classroom.people import may
from sentiment_core.errors import SentimentLabError
from sentiment_core.metrics import Status
from sentiment_core.recorded import in_words, recorded_answer
from sentiment_core.work.desk import Job
from sentiment_core.work.kinds import Kind
from sentiment_core.work.pace import with_time
from ui.kit.notices import literal, problems_kept, show_error, show_problem
from ui.server.backend import desk
from ui.server.visitor import visitor

A = TypeVar("A")
R = TypeVar("R")

LOOK_SECONDS = 1.0
UNKNOWN = "It has ended, and nobody knows how. Start it again."


def job_panel(kind: Kind[A, R], arguments: A, *, start_label: str, time_hint: str) -> R | None:
    """Draw the calculation and return its result, None while there is none; until then what ships of this question.

    `time_hint` is a sentence about how long it takes, in plain words. Closing the page does not end it: any page that
    asks with the same arguments finds it again.
    """
    try:
        job = desk().look(kind, arguments)
    except SentimentLabError as error:
        show_error(error)
        return None
    if job.result is not None:
        return job.result
    recorded = recorded_answer(kind, arguments)
    with st.container(border=True, key=f"job-{job.id}"):
        if job.active:
            _watch(kind, arguments, time_hint)
        else:
            _offer(kind, arguments, job, start_label, time_hint)
        if recorded is not None:
            then = "" if job.active else " The button computes it here."
            st.caption(literal(f"What stands below was recorded: {in_words(recorded.made)}.{then}"))
    return None if recorded is None else recorded.result


def _offer(kind: Kind[A, R], arguments: A, job: Job[R], start_label: str, time_hint: str) -> None:
    if job.status is Status.STOPPED:
        st.info(literal(job.error or UNKNOWN))
    elif job.status in {Status.FAILED, Status.INTERRUPTED}:
        st.error(literal(job.error or UNKNOWN))
    with st.container(horizontal=True, vertical_alignment="center"):
        # In a callback, so that the page below is already drawn with it running.
        st.button(
            start_label,
            type="primary",
            icon=":material/play_arrow:",
            key=f"job-start:{job.id}",
            on_click=_start,
            args=(kind, arguments, job.id),
        )
        st.caption(literal(time_hint))
    show_problem(job.id)


def _start(kind: Kind[A, R], arguments: A, work_id: str) -> None:
    with problems_kept(work_id):
        desk().submit(kind, arguments)


def _cancel(work_id: str) -> None:
    with problems_kept(work_id):
        desk().cancel(work_id)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(kind: Kind[A, R], arguments: A, time_hint: str) -> None:
    """Show how far it is, once a second; the page is drawn anew when it has ended."""
    try:
        job = desk().look(kind, arguments)
    except SentimentLabError as error:
        # It goes on; what cannot be read now is read in a second.
        show_error(error)
        return
    if not job.active:
        st.rerun()
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.progress(min(max(job.fraction or 0.0, 0.0), 1.0), literal(_line(job, time_hint)))
    with right:
        if not may(visitor(), "stop", job.owner):
            return
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"job-cancel:{job.id}",
            on_click=_cancel,
            args=(job.id,),
            width="stretch",
        )
    show_problem(job.id)


def _line(job: Job[R], time_hint: str) -> str:
    """Say what it does and how long it still takes; where nobody can tell yet, how long it takes in all."""
    return f"{job.message}. {time_hint}" if job.seconds_left is None else with_time(job.message, job.seconds_left)
