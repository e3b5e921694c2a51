"""The machines that train and calculate, where there are several: nodes, GPUs, places, and who waits."""

from __future__ import annotations

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.metrics import Status
from sentiment_core.work.executors.cluster import node_rows
from ui.kit.notices import literal
from ui.server.backend import executor, store

LOOK_SECONDS = 3.0


def cluster_panel() -> None:
    """Draw the cluster, every few seconds anew; nothing where all work is done on this machine."""
    try:
        there = executor().cluster() is not None
    except SentimentLabError:
        return  # the page says it, where it needs the store
    if there:
        with st.expander("Cluster", icon=":material/lan:"):
            _look()


@st.fragment(run_every=LOOK_SECONDS)
def _look() -> None:
    state = executor().cluster()
    try:
        active = store().active_work()
    except SentimentLabError:
        return
    if state is None:
        return
    waiting = sum(work.status is Status.QUEUED for work in active)
    queue = f"At work: {len(active) - waiting}. Waiting: {waiting}."
    if state.problem:
        st.warning(literal(f"{state.problem} {queue} What is at work goes on, what waits is kept."))
        return
    st.markdown(f"{literal(state.headline)} **{queue}**")
    st.dataframe(
        [{**row, "memory": row["memory"] / 1e9} for row in node_rows(state, active)],
        hide_index=True,
        placeholder="–",
        column_config={
            "node": "Node",
            "state": "State",
            "cpus": st.column_config.NumberColumn("CPUs", format="%.3g"),
            "gpus": st.column_config.NumberColumn("GPUs", format="%.3g"),
            "gpu": "GPU",
            "memory": st.column_config.NumberColumn("Memory", format="%.0f GB"),
            "at_work": st.column_config.NumberColumn("At work"),
        },
    )
