"""A question before the knob is turned: an answer is chosen, then stands beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.kit.notices import literal


def predict(key: str, question: str, choices: Sequence[str], measure: Callable[[], tuple[str, str]]) -> bool:
    """Ask `question`; once one of `choices` is picked, say which one `measure()` found and its sentence.

    Return whether one was picked: before that, a lab shows nothing that answers the question.
    """
    with st.container(border=True, key=f"predict-{key}"):
        said = st.pills(f"Predict first: {question}", list(choices), key=f"lab:predict:{key}")
        if said is None:
            return False
        came_true, sentence = measure()
        right = ":material/check: Yes." if said == came_true else f":material/close: You said {literal(said.lower())}."
        st.markdown(f"{right} {literal(sentence)}")
    return True


def sealed(what: str) -> str:
    """Return what stands where the answer will be: what one has only read one thinks one knew."""
    return f"{what}: predict first, then it is shown."
