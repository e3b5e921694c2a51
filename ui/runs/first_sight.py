"""What Runs shows before anything is trained here: recorded runs of the lessons, in the table that runs come into."""

from __future__ import annotations

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.lessons import LESSONS
from sentiment_core.recorded import PREFIX, Recording, recording, recordings
from ui.addresses import to_lesson, to_train
from ui.kit.components.live_plot import live_experiment
from ui.kit.notices import literal, show_error
from ui.runs.table import COLUMNS, Entry, setting_columns, table_rows

FIRST = "clip-norm"
# Of a recording they are said by no clock of this machine.
UNSAID = ("Status", "Started", "ID", "Seconds", "Parameters")


def draw() -> None:
    """Draw recorded runs and the curves of one recording, playing; say how runs of one's own come here."""
    st.markdown(
        "You have trained nothing yet. Here are recorded runs of the lessons, on real reviews; yours take their place."
    )
    with st.container(horizontal=True):
        to_train().draw("Train your own", icon=":material/show_chart:")
        to_lesson(FIRST).draw("Start with clipping", icon=":material/school:")
    try:
        found = [recording(item.name) for item in LESSONS if item.name in recordings()]
    except SentimentLabError as error:
        show_error(error)
        return
    if found:
        _shown(found)


def _shown(found: list[Recording]) -> None:
    listed = [(item, Entry(item.recorded, run)) for item in found for run in item.recorded.runs]
    entries = [entry for _, entry in listed]
    event = st.dataframe(
        [{name: cell for name, cell in row.items() if name not in UNSAID} for row in table_rows(entries)],
        key="runs:recorded",
        hide_index=True,
        height=178,
        column_config={**COLUMNS, **setting_columns([entry.run for entry in entries])},
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
    )
    rows = event["selection"]["rows"]
    first = next((item for item in found if item.name == FIRST), found[0])
    shown = listed[rows[0]][0] if rows and rows[0] < len(listed) else first
    st.markdown(f"**{literal(shown.recorded.name)}**, recorded. Select a row for its curves.")
    live_experiment(
        PREFIX + shown.name, shown.recorded.status, height=335, playing=True, key=f"runs:recorded:{shown.name}"
    )
