"""Experiments that were started together, because their runs cannot share one: the ways from one to the others."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.errors import NotFoundError
from sentiment_core.store import Experiment
from ui.addresses import to_runs, to_train
from ui.kit.notices import literal
from ui.server.backend import store

TOGETHER = "train:together"


def note(started: Sequence[Experiment]) -> None:
    """Remember in this session what was started with one click."""
    ids = [experiment.id for experiment in started]
    st.session_state.setdefault(TOGETHER, {}).update(dict.fromkeys(ids, ids))


def links(identifier: str) -> None:
    """Draw the ways from an experiment to those that were started with it; nothing where there are none."""
    found = [one for other in st.session_state.get(TOGETHER, {}).get(identifier, []) if (one := _kept(other))]
    if len(found) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Started with it:", width="content")
        for other in found:
            if other.id != identifier:
                to_train(experiment=other.id).draw(
                    literal(f"{other.name}, {other.status}"), icon=":material/show_chart:"
                )
        runs = [run.id for other in found for run in other.runs]
        to_runs(runs).draw("Compare under Runs", icon=":material/compare_arrows:")


def _kept(identifier: str) -> Experiment | None:
    """Return an experiment, None where somebody has deleted it since."""
    try:
        return store().experiment(identifier)
    except NotFoundError:
        return None
