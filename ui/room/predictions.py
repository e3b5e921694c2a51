"""What a room predicted of the lesson that is open, and what its own trainings of it came to."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.findings.verdict import Verdict, judge
from sentiment_core.lessons import outcomes
from sentiment_core.number_words import by_number
from sentiment_core.store import Experiment
from ui.kit.kept import kept
from ui.kit.notices import literal
from ui.kit.predictions import question_of
from ui.room.open_lesson import lesson_of
from ui.server.backend import store


def predictions(code: str, experiments: Sequence[Experiment]) -> None:
    """Draw how many people of the room predicted what, and how many of `experiments` bore it out."""
    item = lesson_of(store().room(code).lesson)
    if item is None or not item.choices:
        return
    counted = store().answered(code, question_of(item))
    measured = outcomes(item, experiments, lambda each: _verdict(each.id))
    total, told = counted.total(), measured.total()
    st.markdown(f"**{literal(item.question)}**")
    for place, choice in enumerate(item.choices):
        came_true = f" · measured in **{measured[choice]}** of {told}" if told else ""
        st.progress(counted[place] / total if total else 0.0, f"{literal(choice)} · **{counted[place]}**{came_true}")
    said = f"Predictions: {total}." if total else "Nobody has predicted yet."
    trainings = by_number(told, "One training", f"{told} trainings")
    st.caption(f"{said} {trainings} of this lesson in this room can tell." if told else said)


# Of an experiment that has finished, which nothing changes.
@kept(max_entries=500)
def _verdict(experiment_id: str) -> Verdict:
    return judge(store(), experiment_id)
