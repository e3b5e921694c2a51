"""Which hyperparameters were there? Asked first, then listed: what the sheet chose, and where to turn each here."""

from __future__ import annotations

import streamlit as st

from sentiment_core.lessons import HYPERPARAMETERS
from sentiment_core.setting_words import say
from ui.addresses import to_place
from ui.kit.notices import literal

SHOWN = "lab:loop:recap"


def recap() -> None:
    """Draw the question and, once it is asked for, the list."""
    st.markdown(
        "**Which hyperparameters did you meet?** Weights are learned; what decides how they are learned is chosen by "
        "hand, on validation reviews. Count them first."
    )
    known = st.slider("How many can you name?", 0, 25, key="lab:loop:named")
    if not known and not st.session_state.get(SHOWN):
        st.button("Show them", icon=":material/visibility:", on_click=_show)
        return
    st.markdown(f"Here are {len(HYPERPARAMETERS)} of the sheet's.")
    for item in HYPERPARAMETERS:
        name, values, place = st.columns([2.2, 1.8, 1], vertical_alignment="center")
        name.markdown(f"**{literal(item.title)}** {literal(item.decides)}")
        values.markdown(f"Sheet: {literal(item.sheet)}. Here: {literal(say(item.field, item.default))}.")
        with place:
            to_place(item.place).draw(literal(item.place.label), icon=":material/tune:")


def _show() -> None:
    st.session_state[SHOWN] = True
