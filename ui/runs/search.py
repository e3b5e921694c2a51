"""Which runs the Runs page lists: words, status, source of the reviews, page; kept in the address."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment_core.config import FIELDS, choices
from sentiment_core.metrics import Status
from sentiment_core.setting_words import say
from sentiment_core.sources import SOURCES
from sentiment_core.store import Search
from ui.addresses import RUNS
from ui.server.backend import store

ROWS = 200
MOST_WORDS = 8
GROUPED = "runs:grouped"


@dataclass(frozen=True)
class View:
    """What is listed: a search and a page of what it finds, from 1."""

    search: Search
    page: int


def search_controls() -> View:
    """Draw the filter; return what to list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width=340):
            words = st.text_input(
                "Filter",
                key=RUNS.key("filter"),
                max_chars=200,
                placeholder="Filter: a name, an id, gru, cell=gru …",
                label_visibility="collapsed",
                icon=":material/search:",
                on_change=first_page,
            )
        with st.container(width=170):
            status = _choice("Status", "status", [str(status) for status in Status], str.capitalize)
        with st.container(width=190):
            source = _choice("Reviews", "source", list(SOURCES), lambda name: SOURCES[name].short)
        # Set anew in every run: the address decides.
        st.session_state[GROUPED] = RUNS.value("group") == "seed"
        st.toggle(
            "Group seeds",
            key=GROUPED,
            on_change=_switch_groups,
            help="A row a setting: everything but the seed is alike. Mean, 95 % interval and number of seeds.",
        )
    search = Search(
        words=tuple(alternatives(word) for word in (words or "").split()[:MOST_WORDS]),
        status=Status(status) if status else None,
        source=source,
        linked=tuple(RUNS.value("runs")),
    )
    return View(search, RUNS.value("page"))


def page_control(found: int, page: int) -> int:
    """Draw the choice of a page where one does not hold all; return the page that there is."""
    pages = max(1, math.ceil(found / ROWS))
    page = min(page, pages)
    RUNS.put(page=page)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            st.caption(f"{found:,} runs", width="content")
            RUNS.put(page=st.pagination(pages, default=page, key=f"runs:turn:{pages}:{page}"))
    return int(RUNS.value("page"))


def alternatives(word: str) -> tuple[str, ...]:
    """Return what to look for when somebody writes `word`: itself, and settings that the pages call so."""
    known = [
        f"{field.rpartition('.')[2]}={value}"
        for field in FIELDS
        for value in choices(field)
        if len(word) > 2 and word.lower() in say(field, value).lower().split()
    ]
    return (word, *known)


def _switch_groups() -> None:
    RUNS.put(group="seed" if st.session_state[GROUPED] else None)


def show_everything() -> None:
    """Take every filter away."""
    RUNS.put(filter="", status=None, source=None, page=1)


def first_page() -> None:
    """Go back to the first page: another filter finds other runs."""
    RUNS.put(page=1)


def page_of(run_id: str, search: Search) -> int | None:
    """Return the page of the table that a run is on; None when it is not among those found."""
    place = store().run_place(run_id, search)
    return None if place is None else place // ROWS + 1


def _choice(label: str, field: str, options: list[str], name: Callable[[str], str]) -> Any:
    return st.selectbox(
        label,
        options,
        index=None,
        key=RUNS.key(field),
        format_func=name,
        placeholder=f"{label}: all",
        label_visibility="collapsed",
        on_change=first_page,
    )
