"""What was predicted beside what was measured."""

from __future__ import annotations

import streamlit as st

from ui.kit.notices import literal


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
