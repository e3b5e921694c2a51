"""Runs: what was trained, how it did, and the curves of a few runs on top of each other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.store import Experiment
from ui.backend import store
from ui.components.copy_link import copy_link
from ui.components.live_plot import Curve, overlay
from ui.notices import errors_shown, literal, show_error
from ui.pages import pages
from ui.palette import run_colour
from ui.run_table import Entry, entries, metrics_csv, table_rows

MOST_CURVES = 5
PROBLEM = "runs:problem"
COLUMNS = {
    "Best valid.": st.column_config.NumberColumn(format="%.3f"),
    "Last valid.": st.column_config.NumberColumn(format="%.3f"),
    "Test": st.column_config.NumberColumn(format="%.3f", help="Measured once, at the end."),
    "Parameters": st.column_config.NumberColumn(format="localized"),
}


def main() -> None:
    """Draw the table, the actions on what is selected, and the curves."""
    experiments = store().experiments()
    if problem := st.session_state.pop(PROBLEM, None):
        show_error(problem)
    if not experiments:
        st.title("Runs", anchor=False)
        st.info("Nothing has been trained yet. Start two runs on the Train page; they appear here with their curves.")
        st.page_link(pages()["train"], label="Go to Train", icon=":material/show_chart:")
        return
    listed = entries(experiments)
    actions = st.container(horizontal=True, vertical_alignment="center")
    chosen = select(listed)
    with actions:
        draw_actions(chosen)
    if not chosen:
        st.caption("Select runs in the table to see their curves.")
        return
    if len(chosen) > MOST_CURVES:
        st.caption(f"The first {MOST_CURVES} of the {len(chosen)} selected runs are drawn.")
    shown = chosen[:MOST_CURVES]
    alone = len({entry.experiment.id for entry in shown}) == 1
    overlay([Curve(e.experiment.id, e.run.id, e.label(alone), run_colour(n)) for n, e in enumerate(shown)], height=370)


def select(listed: Sequence[Entry]) -> list[Entry]:
    """Draw the table; return the selected runs and keep them in the address."""
    wanted = [name for name in st.query_params.get("runs", "").split(",") if name][:50]
    known = {entry.run.id: place for place, entry in enumerate(listed)}
    if wanted and not known.keys() & set(wanted):
        st.warning("The runs in this link are not in this store; here are the latest instead.")
    default = [known[name] for name in wanted if name in known]
    newest = listed[0].experiment.id
    default = default or [n for n, entry in enumerate(listed) if entry.experiment.id == newest][:MOST_CURVES]
    # A new run changes which row is which: another key starts from the default again.
    key = f"runs-table-{listed[0].run.id}-{len(listed)}"
    if key not in st.session_state:
        st.session_state["runs:default"] = default
    event = st.dataframe(
        table_rows(listed),
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(listed), 178),
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": st.session_state["runs:default"], "columns": [], "cells": []}},
    )
    rows = sorted(row for row in event["selection"]["rows"] if row < len(listed))
    chosen = [listed[row] for row in rows]
    identifiers = ",".join(entry.run.id for entry in chosen)
    if identifiers and identifiers != st.query_params.get("runs"):
        st.query_params["runs"] = identifiers
    return chosen


def draw_actions(chosen: Sequence[Entry]) -> None:
    """Draw what can be done with the selected runs."""
    experiments = list({entry.experiment.id: entry.experiment for entry in chosen}.values())
    st.markdown(f"**{len(chosen)}** selected", width="content")
    single = experiments[0] if len(experiments) == 1 else None
    if single is not None:
        st.page_link(
            pages()["train"], label="Open", icon=":material/show_chart:", query_params={"experiment": single.id}
        )
        st.page_link(
            pages()["explain"],
            label="Explain",
            icon=":material/highlight:",
            query_params={"models": ",".join(entry.run.id for entry in chosen[:3])},
        )
    st.space("stretch")
    st.download_button(
        "Metrics as CSV",
        lambda: metrics_csv(chosen),
        "metrics.csv",
        "text/csv",
        icon=":material/download:",
        disabled=not chosen,
        on_click="ignore",
    )
    if st.button("Delete", icon=":material/delete:", disabled=not experiments):
        confirm_delete(experiments)
    copy_link()


@st.dialog("Delete for good?")
def confirm_delete(experiments: Sequence[Experiment]) -> None:
    """Ask, then delete whole experiments: runs of one experiment belong together."""
    for experiment in experiments:
        st.markdown(f"- **{literal(experiment.name)}**, {len(experiment.runs)} run(s), `{experiment.id}`")
    st.caption("Curves and saved models go with them. Runs that train must be stopped first.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="delete:keep"):
            st.rerun()
        if st.button("Delete", type="primary", key="delete:confirm", on_click=delete, args=(experiments,)):
            st.rerun()


def delete(experiments: Sequence[Experiment]) -> None:
    """Delete experiments; what goes wrong is shown on the next run of the page."""
    st.query_params.clear()
    try:
        for experiment in experiments:
            store().delete_experiment(experiment.id)
    except SentimentLabError as error:
        st.session_state[PROBLEM] = error


with errors_shown():
    main()
