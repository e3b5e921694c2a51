"""Who the visitor of a page or a route is: a person of the class, or whoever uses the program alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import class_settings
from sentiment_core.errors import NotAllowedError
from sentiment_core.logs import note_person
from sentiment_core.store import Store
from ui.server.tickets import JOIN_AGAIN, holder

KEY = "class:person"


def browsers_cookies() -> Mapping[str, str]:
    """Return the cookies with which the page's browser has connected."""
    return st.context.cookies


def identify(store: Callable[[], Store]) -> Person:
    """Return who opened this session, and remember it; for the frame, before it draws a page.

    Raises `NotAllowedError` for a browser that has not joined, `NotFoundError` for somebody of a forgotten room.
    """
    st.session_state.pop(KEY, None)
    settings = class_settings()
    person = LECTURER if settings is None else store().person(holder(browsers_cookies(), settings))
    st.session_state[KEY] = person
    return person


def visitor() -> Person:
    """Return whom `identify` found; raise `NotAllowedError` outside of a page that the frame has drawn."""
    if class_settings() is None:
        return LECTURER
    person = st.session_state.get(KEY)
    if not isinstance(person, Person):
        raise NotAllowedError(JOIN_AGAIN)
    note_person(person.id)
    return person


def may_see_causes() -> bool:
    """Whether the page is drawn for who runs this server: what caused an error may name its folders."""
    person = st.session_state.get(KEY)
    return isinstance(person, Person) and person.is_lecturer


def is_class() -> bool:
    """Whether this server is a class's; raise `ConfigError` when its settings cannot be read."""
    return class_settings() is not None


def asking(cookies: Mapping[str, str]) -> Person:
    """Return who asks a route, by their id alone; raise `NotAllowedError` for who has not joined."""
    settings = class_settings()
    if settings is None:
        return LECTURER
    identifier = holder(cookies, settings)
    note_person(identifier)
    return LECTURER if identifier is None else Person(identifier, "")
