"""A job on a page: a button that starts it, its progress, a way to cancel it, and its result once there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.work import desk
from sentiment_core.work.desk import Job
from ui.kit.notices import literal, show_error

LOOK_SECONDS = 1.0


def job_panel(kind: str, arguments: Mapping[str, Any], *, start_label: str, time_hint: str) -> dict[str, Any] | None:
    """Draw the job and return its result, None while there is none.

    `time_hint` is a sentence about how long it takes, in plain words. Closing the page does not end a job: any page
    that asks with the same arguments finds it again.
    """
    try:
        job = desk.look(kind, arguments)
    except SentimentLabError as error:
        show_error(error)
        return None
    if job.state == "finished":
        return job.result
    with st.container(border=True, key=f"job-{job.key}"):
        if job.active:
            _watch(kind, dict(arguments))
        else:
            _offer(job, arguments, start_label, time_hint)
    return None


def _offer(job: Job, arguments: Mapping[str, Any], start_label: str, time_hint: str) -> None:
    if job.state == "failed":
        st.error(literal(job.error or desk.DIED))
    elif job.state == "cancelled":
        st.info(literal(job.error or desk.CANCELLED))
    problem = f"job-problem:{job.key}"
    with st.container(horizontal=True, vertical_alignment="center"):
        # In a callback, so that the page below is already drawn with the job running.
        st.button(
            start_label,
            type="primary",
            icon=":material/play_arrow:",
            key=f"job-start:{job.key}",
            on_click=_start,
            args=(job.kind, dict(arguments), problem),
        )
        st.caption(literal(time_hint))
    if (error := st.session_state.pop(problem, None)) is not None:
        show_error(error)


def _start(kind: str, arguments: dict[str, Any], problem: str) -> None:
    try:
        desk.submit(kind, arguments)
    except SentimentLabError as error:
        st.session_state[problem] = error


@st.fragment(run_every=LOOK_SECONDS)
def _watch(kind: str, arguments: dict[str, Any]) -> None:
    """Show how far the job is, once a second; the page is drawn anew when it has ended."""
    job = desk.look(kind, arguments)
    if not job.active:
        st.rerun()
    left, right = st.columns([6, 1], vertical_alignment="center")
    with left:
        st.progress(min(max(job.fraction or 0.0, 0.0), 1.0), literal(job.message))
    with right:
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"job-cancel:{job.key}",
            on_click=desk.cancel,
            args=(kind, arguments),
            width="stretch",
        )
