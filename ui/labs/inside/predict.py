"""A question before the knob is turned: an answer is chosen, then stands beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.kit.notices import literal


def predict(key: str, question: str, choices: Sequence[str], measure: Callable[[], tuple[str, str]]) -> None:
    """Ask `question`; once one of `choices` is picked, say which one `measure()` found and its sentence."""
    with st.container(border=True, key=f"predict-{key}"):
        said = st.pills(f"Predict first: {question}", list(choices), key=f"lab:predict:{key}")
        if said is None:
            return
        came_true, sentence = measure()
        right = ":material/check: Yes." if said == came_true else f":material/close: You said {literal(said.lower())}."
        st.markdown(f"{right} {literal(sentence)}")
