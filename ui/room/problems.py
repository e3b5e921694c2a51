"""What went wrong in a click of the room's page: kept until the page, or the part of it, is drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from sentiment_core.errors import SentimentLabError
from ui.kit.notices import show_error

_KEY = "room:problem"


@contextmanager
def problems_kept() -> Iterator[None]:
    """Keep a `SentimentLabError` raised inside; for callbacks, which have no place of their own on the page."""
    try:
        yield
    except SentimentLabError as error:
        st.session_state[_KEY] = error


def show_problem() -> None:
    """Show what was kept, once."""
    if (problem := st.session_state.pop(_KEY, None)) is not None:
        show_error(problem)
