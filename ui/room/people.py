"""Everybody of a room in a table: what they train and how its loss goes, who waits, what is wrong; and stopping it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment_core.classroom.people import Person
from sentiment_core.metrics import Status
from ui.addresses import to_runs
from ui.kit.notices import literal, problems_kept
from ui.room.told import Doing, sparks
from ui.server.backend import store

MOST_RUNS = 50
LAST = 6


def headline(doing: Sequence[Doing], wrong: Sequence[str]) -> None:
    """Say how many are there, train, wait, and have something wrong; `wrong` are each person's remarks in a word."""
    active = [each for one in doing for each in one.experiments if each.status.is_active]
    waiting = sum(each.status is Status.QUEUED for each in active)
    alerts = sum(map(bool, wrong))
    said = f" Something is wrong with **{alerts}**." if alerts else ""
    st.markdown(f"Joined: **{len(doing)}**. Training: **{len(active) - waiting}**. Waiting: **{waiting}**.{said}")
    st.caption(literal(f"Last to join: {', '.join(each.person.name for each in doing[: -LAST - 1 : -1])}"))


def people(code: str, doing: Sequence[Doing], wrong: Sequence[str], width: int) -> None:
    """Draw the table and what can be done with whom is selected in it."""
    rows = [_row(each, said, width) for each, said in zip(doing, wrong, strict=True)]
    chosen = st.dataframe(
        rows,
        key=f"room:people:{code}",
        hide_index=True,
        height=min(38 + 35 * len(rows), 248),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        column_config={
            "Seed": st.column_config.NumberColumn(width=45),
            "Loss": st.column_config.LineChartColumn(
                help=f"Of the newest run, the mean of every {width} updates." if width > 1 else "Of the newest run.",
                y_min=0,
                width=110,
            ),
            "Wrong": st.column_config.TextColumn(
                help="By the rules that stand below the curves of a run: ticked, it is told there with its figures.",
                width=110,
            ),
            "How far": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=90),
        },
    )
    selected = [doing[row] for row in chosen["selection"]["rows"] if row < len(doing)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _actions(selected, doing)


def in_a_word(doing: Doing) -> str:
    """Return the kinds of what is wrong with somebody's newest training, such as `stuck`; empty where nothing is."""
    return ", ".join(dict.fromkeys(remark.kind for remark in doing.remarks()))


def _actions(selected: Sequence[Doing], doing: Sequence[Doing]) -> None:
    to_stop = [each.id for one in selected for each in one.experiments if each.status.is_active]
    st.button(
        f"Stop {len(to_stop)}" if to_stop else "Stop",
        icon=":material/stop:",
        disabled=not to_stop,
        help="Ends what the selected people train or have waiting. It can be resumed." if to_stop else "Select people.",
        on_click=_stop,
        args=(to_stop,),
    )
    runs = [run.id for one in selected or doing if one.newest for run in one.newest.runs]
    if runs:
        to_runs(runs[:MOST_RUNS]).draw("Their newest curves", icon=":material/show_chart:")
        to_runs(runs[:MOST_RUNS], by_seed=True).draw("Over their seeds", icon=":material/stacked_line_chart:")


def _row(doing: Doing, wrong: str, width: int) -> dict[str, Any]:
    person: Person = doing.person
    newest = doing.newest
    fraction = newest.progress.fraction if newest is not None and newest.progress else None
    return {
        "Seed": person.number,
        "Name": person.name,
        "Status": str(newest.status).capitalize() if newest else "Has trained nothing",
        "Loss": sparks(doing, width),
        "Wrong": wrong or None,
        "How far": 1.0 if newest is not None and newest.status is Status.FINISHED else fraction,
        "Trains": newest.name if newest else None,
        "Experiments": len(doing.experiments),
    }


def _stop(identifiers: list[str]) -> None:
    with problems_kept():
        for identifier in identifiers:
            store().stop(identifier)
