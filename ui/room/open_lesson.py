"""The lesson that the lecturer has opened for all, above every page of a student."""

from __future__ import annotations

import streamlit as st

from sentiment_core.classroom.people import Person
from sentiment_core.errors import SentimentLabError
from sentiment_core.lessons import LESSONS, Lesson
from ui.addresses import LESSON, ROOM
from ui.room.send import sent
from ui.server.backend import store

LOOK_SECONDS = 5.0


def open_lesson(person: Person, page: str, query: dict[str, str]) -> None:
    """Draw the way to it, but on the room's page, which shows it itself; look every few seconds whether one is open.

    `query` is what the address said when the page was opened.
    """
    if person.room is not None and (page != "room" or ROOM.value("view") != "class"):
        _watch(person.room, page, query)


def lesson_of(name: str | None) -> Lesson | None:
    """Return the lesson of a name, None where there is none: another version may have opened it."""
    return next((item for item in LESSONS if item.name == name), None)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(code: str, page: str, query: dict[str, str]) -> None:
    try:
        room = store().room(code)
    except SentimentLabError:
        return  # the page below says what is wrong
    item = lesson_of(room.lesson)
    is_there = item is not None and page == "lessons" and LESSON.value("lesson") == item.name
    sent(room, None if is_there else item, page, query)
