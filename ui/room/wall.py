"""What a room looks like right now: predictions counted, everybody with what they train, who waits."""

from __future__ import annotations

from typing import Any

import streamlit as st

from sentiment_core.classroom.people import Person
from sentiment_core.errors import SentimentLabError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment
from ui.addresses import to_runs
from ui.kit.notices import literal, show_error
from ui.kit.predictions import question_of
from ui.room.open_lesson import lesson_of
from ui.server.backend import store

LOOK_SECONDS = 3.0
MOST_EXPERIMENTS = 1000
MOST_RUNS = 50
LAST = 6
PROBLEM = "room:stop-problem"


@st.fragment(run_every=LOOK_SECONDS)
def wall(code: str) -> None:
    """Draw the room as it stands, every few seconds anew."""
    if (problem := st.session_state.pop(PROBLEM, None)) is not None:
        show_error(problem)
    try:
        _predictions(code)
        _people(code)
    except SentimentLabError as error:
        show_error(error)


def _predictions(code: str) -> None:
    item = lesson_of(store().room(code).lesson)
    if item is None or not item.choices:
        return
    counted = store().answered(code, question_of(item))
    total = counted.total()
    st.markdown(f"**{literal(item.question)}**")
    for place, choice in enumerate(item.choices):
        st.progress(counted[place] / total if total else 0.0, f"{literal(choice)} · **{counted[place]}**")
    st.caption(f"Predictions: {total}." if total else "Nobody has predicted yet.")


def _people(code: str) -> None:
    members = store().members(code)
    if not members:
        st.info("Nobody has joined yet. Put this page on the projector: the code is on the left.")
        return
    theirs = by_owner(store().experiments(MOST_EXPERIMENTS))
    rows = [_row(person, theirs.get(str(person.id), [])) for person in members]
    active = [each for person in members for each in theirs.get(str(person.id), []) if each.status.is_active]
    waiting = sum(each.status is Status.QUEUED for each in active)
    st.markdown(f"Joined: **{len(members)}**. Training: **{len(active) - waiting}**. Waiting: **{waiting}**.")
    st.caption(literal(f"Last to join: {', '.join(person.name for person in members[: -LAST - 1 : -1])}"))
    chosen = st.dataframe(
        rows,
        key=f"room:people:{code}",
        hide_index=True,
        height=min(38 + 35 * len(rows), 248),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_config={"How far": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
    )
    selected = [members[row] for row in chosen["selection"]["rows"] if row < len(members)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _actions(selected, theirs, members)


def _actions(selected: list[Person], theirs: dict[str, list[Experiment]], members: list[Person]) -> None:
    to_stop = [each.id for person in selected for each in theirs.get(str(person.id), []) if each.status.is_active]
    st.button(
        f"Stop {len(to_stop)}" if to_stop else "Stop",
        icon=":material/stop:",
        disabled=not to_stop,
        help="Ends what the selected people train or have waiting. It can be resumed." if to_stop else "Select people.",
        on_click=_stop,
        args=(to_stop,),
    )
    newest = [each for person in selected or members for each in theirs.get(str(person.id), [])[:1]]
    runs = [run.id for each in newest for run in each.runs]
    if runs:
        to_runs(runs[:MOST_RUNS]).draw("Their newest curves", icon=":material/show_chart:")
        to_runs(runs[:MOST_RUNS], by_seed=True).draw("Over their seeds", icon=":material/stacked_line_chart:")


def by_owner(experiments: list[Experiment]) -> dict[str, list[Experiment]]:
    """Return what each person has trained by their id, newest first."""
    found: dict[str, list[Experiment]] = {}
    for each in experiments:
        if each.owner is not None:
            found.setdefault(each.owner, []).append(each)
    return found


def _row(person: Person, experiments: list[Experiment]) -> dict[str, Any]:
    newest = next((each for each in experiments if each.status.is_active), next(iter(experiments), None))
    fraction = newest.progress.fraction if newest is not None and newest.progress else None
    return {
        "Seed": person.number,
        "Name": person.name,
        "Trains": newest.name if newest else None,
        "Status": str(newest.status).capitalize() if newest else "Has trained nothing",
        "How far": 1.0 if newest is not None and newest.status is Status.FINISHED else fraction,
        "Experiments": len(experiments),
    }


def _stop(identifiers: list[str]) -> None:
    try:
        for identifier in identifiers:
            store().stop(identifier)
    except SentimentLabError as error:
        st.session_state[PROBLEM] = error
