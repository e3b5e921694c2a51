"""What can be changed while an experiment trains: by sliders whose steps grow with the value, or by exact numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from sentiment_core import live
from sentiment_core.classroom.people import may
from sentiment_core.config import allowed_range, bounds, field_info, flatten
from sentiment_core.findings.live_changes import WORDS, in_force
from sentiment_core.store import Experiment, Run
from ui.kit.components.live_plot import look_again
from ui.kit.notices import problems_kept
from ui.server.backend import store
from ui.server.visitor import visitor

OPEN, RUN = "live:open", "live:run"
TITLES = {live.RATE: "Learning rate", live.THRESHOLD: "Clipping threshold"}
# The stops of a decade, and how many decades there are on either side of what was configured.
STOPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
DECADES = 2
HEIGHT = 95


def live_toggle(experiment: Experiment) -> None:
    """Draw what opens and closes `live_controls`, for whoever may change how the experiment trains."""
    if may(visitor(), "steer", experiment.owner):
        help = "Another learning rate or threshold from the next update on; the curves show where it was changed."
        st.toggle("Adjust", key=OPEN, disabled=not experiment.status.is_active, help=help)


def live_controls(experiment: Experiment) -> int:
    """Draw learning rate and clipping threshold as they are in force, to be changed for one run or for all.

    Returns how many pixels that takes; 0 where it is closed, or not the visitor's to open.
    """
    is_open = st.session_state.get(OPEN) and experiment.status.is_active
    if not is_open or not may(visitor(), "steer", experiment.owner):
        return 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="live-controls"):
        names = {"": "All runs", **{run.id: run.name for run in experiment.runs}}
        if st.session_state.get(RUN) not in names:
            st.session_state[RUN] = ""
        chosen = ""
        if len(experiment.runs) > 1:
            chosen = st.selectbox("Change", list(names), format_func=names.__getitem__, key=RUN, width=190)
        runs = [run for run in experiment.runs if chosen in ("", run.id)]
        for kind in live.KINDS:
            if taking := [run for run in runs if live.can_take(kind, run.config)]:
                _control(experiment.id, chosen or None, kind, taking)
    return HEIGHT


def scale(configured: float, *others: float, most: float | None = None) -> list[float]:
    """Return the stops of a slider around what was configured, evenly spread on a logarithmic axis, and `others`."""
    decade = math.floor(math.log10(configured))
    decades = range(decade - DECADES, decade + DECADES + 1)
    stops = {float(f"{stop}e{power}") for power in decades for stop in STOPS} | {configured}
    return sorted({stop for stop in stops if most is None or stop <= most} | set(others))


def _control(experiment_id: str, run_id: str | None, kind: str, runs: Sequence[Run]) -> None:
    key = f"live:{experiment_id}:{run_id}:{kind}"
    (field, *more) = live.settings(kind, [run.config for run in runs])
    now, *others = dict.fromkeys(_rounded(in_force(store(), run, kind)) for run in runs)
    waits = any(request.kind == kind for request in store().requested(experiment_id))
    # What was just asked for stays where it was put until an update was made with it.
    if not waits or key not in st.session_state:
        st.session_state[key] = now
    configured = flatten(runs[0].config)[field]
    st.select_slider(
        TITLES[kind],
        scale(configured, now, st.session_state[key], most=bounds(field)[1]),
        key=key,
        format_func="{:g}".format,
        on_change=_ask,
        args=(experiment_id, run_id, kind, runs, key),
        width=210,
    )
    told = [f"{field_info(each).title}: {allowed_range(each)}." for each in (field, *more)]
    if others:
        told.insert(0, f"Different in these runs: {', '.join(f'{value:g}' for value in (now, *others))}.")
    exact = f"{key}:exact"
    st.text_input(
        f"Exact {WORDS[kind]}",
        key=exact,
        placeholder=f"{now:g}",
        help=" ".join(told),
        on_change=_ask,
        args=(experiment_id, run_id, kind, runs, exact),
        width=130,
    )


def _ask(experiment_id: str, run_id: str | None, kind: str, runs: Sequence[Run], key: str) -> None:
    given = st.session_state[key]
    if isinstance(given, str):
        st.session_state[key] = ""
        if not given.strip():
            return
    with problems_kept():
        value = live.checked(kind, given, [run.config for run in runs])
        store().request(experiment_id, kind, value, run_id)  # type: ignore[arg-type]
        st.session_state[key.removesuffix(":exact")] = value
        look_again()


def _rounded(value: float) -> float:
    """A rate on a schedule has more digits than anybody reads."""
    return float(f"{value:.4g}")
