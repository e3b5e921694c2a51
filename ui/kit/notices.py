"""How pages say what went wrong: the sentence of the error, details to unfold, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.out_of_memory import READING_ADVICE, memory_errors
from ui.server.visitor import may_see_causes

_PROBLEM = "problem:"
logger = logging.getLogger(__name__)


@contextmanager
def errors_shown(stop: bool = False) -> Iterator[None]:
    """Show a `SentimentLabError` raised inside, or that memory ran out; with `stop`, the page ends there."""
    try:
        with memory_errors(READING_ADVICE):
            yield
    except SentimentLabError as error:
        show_error(error)
        if stop:
            st.stop()


@contextmanager
def problems_kept(place: str = "") -> Iterator[None]:
    """Keep a `SentimentLabError` raised inside for `show_problem`; for callbacks, which have no place on a page."""
    try:
        yield
    except SentimentLabError as error:
        st.session_state[_PROBLEM + place] = error


def show_problem(place: str = "") -> None:
    """Show what was kept for a place, once; without one, for the page."""
    if (problem := st.session_state.pop(_PROBLEM + place, None)) is not None:
        show_error(problem)


def show_error(error: SentimentLabError) -> None:
    """Show an error and, to who runs the server, the text of the one that caused it behind `Details`."""
    # Messages quote what came from outside; literal text, not Markdown.
    st.error(literal(str(error)))
    if error.retry is not None:
        st.button("Try again", icon=":material/refresh:", key=f"retry:{error}", on_click=error.retry)
    if error.__cause__ is not None:
        logger.info("shown to the user: %s", error, exc_info=error)
        if may_see_causes():
            with st.expander("Details"):
                st.text(f"{type(error.__cause__).__name__}: {str(error.__cause__)[:2000]}")


def as_list(sentences: Iterable[str]) -> str:
    """Return sentences as a Markdown list, each of them literally."""
    return "\n".join(f"- {literal(sentence)}" for sentence in sentences)


def literal(text: str) -> str:
    """Escape everything that Streamlit's Markdown would interpret."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()#+-.!|<>~$:&" else character for character in text)
