"""Which runs the Runs page lists: words, status, source of the reviews, page; kept in the address."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment_core.metrics import Status
from sentiment_core.sources import SOURCES
from sentiment_core.store import Search
from ui.kit.labels import CHOICES
from ui.server.backend import store

ROWS = 200
LONGEST_FILTER = 200
MOST_WORDS = 8
WORDS, STATUS, SOURCE, PAGE = "runs:words", "runs:status", "runs:source", "runs:page"
PARAMETERS = ("filter", "status", "source", "page")


@dataclass(frozen=True)
class View:
    """What is listed: a search and a page of what it finds, from 1."""

    search: Search
    page: int

    @property
    def is_everything(self) -> bool:
        """Whether nothing is filtered away."""
        return self.search == Search()


def adopt_address(query: Mapping[str, str]) -> list[str]:
    """Fill the controls from a link; return what could not be used."""
    problems = []
    st.session_state[WORDS] = query.get("filter", "")[:LONGEST_FILTER]
    for key, name, allowed in ((STATUS, "status", list(Status)), (SOURCE, "source", list(SOURCES))):
        given = query.get(name)
        st.session_state[key] = given if given in {str(value) for value in allowed} else None
        if given is not None and st.session_state[key] is None:
            problems.append(f"The link asks for a {name} that there is not; all are listed. Choose one below.")
    page = query.get("page", "1")
    sound = page.isascii() and page.isdecimal() and 1 <= int(page[:7]) <= 1_000_000
    st.session_state[PAGE] = int(page[:7]) if sound else 1
    if not sound:
        problems.append("The link asks for a page of the table that there is not; here is the first.")
    return problems


def search_controls() -> View:
    """Draw the filter; return what to list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=340):
            words = st.text_input(
                "Filter",
                key=WORDS,
                max_chars=LONGEST_FILTER,
                placeholder="Filter: a name, an id, gru, cell=gru …",
                label_visibility="collapsed",
                icon=":material/search:",
                on_change=first_page,
            )
        with st.container(width=170):
            status = _choice("Status", STATUS, [str(status) for status in Status], str.capitalize)
        with st.container(width=190):
            source = _choice("Reviews", SOURCE, list(SOURCES), lambda name: SOURCES[name].short)
    search = Search(
        words=tuple(alternatives(word) for word in (words or "").split()[:MOST_WORDS]),
        status=Status(status) if status else None,
        source=source,
    )
    return View(search, int(st.session_state.get(PAGE, 1)))


def page_control(found: int, page: int) -> int:
    """Draw the choice of a page where one does not hold all; return the page that there is."""
    pages = max(1, math.ceil(found / ROWS))
    page = min(page, pages)
    st.session_state[PAGE] = page
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            st.caption(f"{found:,} runs", width="content")
            st.session_state[PAGE] = st.pagination(pages, default=page, key=f"{PAGE}:{pages}:{page}")
    return int(st.session_state[PAGE])


def alternatives(word: str) -> tuple[str, ...]:
    """Return what to look for when somebody writes `word`: itself, and settings that the pages call so."""
    known = [
        f"{field.rpartition('.')[2]}={value}"
        for field, names in CHOICES.items()
        for value, name in names.items()
        if len(word) > 2 and word.lower() in name.lower().split()
    ]
    return (word, *known)


def show_everything() -> None:
    """Take every filter away."""
    st.session_state[WORDS], st.session_state[STATUS], st.session_state[SOURCE] = "", None, None
    first_page()


def first_page() -> None:
    """Go back to the first page: another filter finds other runs."""
    st.session_state[PAGE] = 1


def address() -> dict[str, str]:
    """Return the parameters of the address that bring this list back."""
    state = st.session_state
    page = state.get(PAGE, 1)
    given = {"filter": state.get(WORDS), "status": state.get(STATUS), "source": state.get(SOURCE)}
    return {name: value for name, value in given.items() if value} | ({"page": str(page)} if page > 1 else {})


def page_of(run_id: str, search: Search) -> int | None:
    """Return the page of the table that a run is on; None when it is not among those found."""
    place = store().run_place(run_id, search)
    return None if place is None else place // ROWS + 1


def _choice(label: str, key: str, options: list[str], name: Callable[[str], str]) -> Any:
    return st.selectbox(
        label,
        options,
        index=None,
        key=key,
        format_func=name,
        placeholder=f"{label}: all",
        label_visibility="collapsed",
        on_change=first_page,
    )
