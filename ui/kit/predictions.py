"""What somebody predicts: counted for the class's projector, whichever page asked, and set beside what was measured."""

from __future__ import annotations

import streamlit as st

from sentiment_core.lessons import Lesson
from ui.kit.notices import literal
from ui.server.backend import store
from ui.server.visitor import is_class

_KEPT = "prediction:"


def question_of(item: Lesson) -> str:
    """Return what the store calls the question of a lesson."""
    return f"lesson:{item.name}"


def prediction_of(item: Lesson) -> int | None:
    """Return the place of the choice that the visitor made before, None before they did."""
    place = store().own_answer(question_of(item)) if is_class() else None
    return place if place is not None and place < len(item.choices) else None


def predicted(item: Lesson, choice: str) -> None:
    """Keep the visitor's choice, where there is a class to count it."""
    if is_class() and st.session_state.get(_KEPT + item.name) != choice:
        store().answer(question_of(item), item.choices.index(choice))
        st.session_state[_KEPT + item.name] = choice


def beside(said: str | None, happened: str | None) -> bool:
    """Draw the prediction and what came true, None where the runs cannot tell; return whether they can."""
    st.markdown(f"You said: **{literal(said)}**" if said else "Nobody made a prediction for this experiment.")
    if happened is None:
        st.markdown("The runs did not get far enough to tell.")
        return False
    st.markdown(f"Measured: **{literal(happened)}**")
    if said == happened:
        st.badge("As predicted", icon=":material/check:", color="green")
    elif said:
        st.badge("Not as predicted", icon=":material/lightbulb:", color="orange")
    return True
