"""A link that the lecturer sends to everybody in a room: a page of this server, with what its address says."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from sentiment_core.errors import ConfigError
from sentiment_core.lessons import Lesson
from sentiment_core.store import Room
from ui.addresses import Link, to_lesson
from ui.kit.notices import errors_shown, literal, problems_kept
from ui.pages import pages
from ui.server.api import base_url
from ui.server.backend import store

LONGEST = 2_000
FOLLOWED = "room:followed"


def read_link(text: str) -> Link:
    """Return the way to the page that an address names; raise `ConfigError` for what is no page of this server.

    Only path and query count: whatever server an address names, it leads to a page of this one.
    """
    if len(text) > LONGEST:
        raise ConfigError(f"This link has more than {LONGEST:,} characters. Send a shorter one.")
    try:
        given = urlsplit(text.strip())
        query = dict(parse_qsl(given.query, max_num_fields=100))
    except ValueError:
        raise ConfigError("This is no link. Copy one from the address bar of a page.") from None
    path = given.path.removeprefix(base_url()).strip("/") or "home"
    if path not in pages():
        known = ", ".join(pages())
        raise ConfigError(f"This link leads to no page of this server. Its address begins with one of: {known}.")
    return Link(path, query)


def sent(room: Room, lesson: Lesson | None, page: str, query: dict[str, str]) -> None:
    """Draw the ways to where the lecturer sends everybody, and to the lesson that is open, in one line.

    Nothing is drawn where the link is none, leads to no page any more, or to this one, opened as `query` says.
    """
    ways = {}
    with suppress(ConfigError):
        if room.link and not _is_there(way := read_link(room.link), page, query):
            ways[f":material/send: The lecturer sends you to **{literal(pages()[way.page].title)}**"] = way
    if lesson is not None:
        ways[f":material/school: Open for all: **{literal(lesson.title)}**"] = to_lesson(lesson.name)
    if not ways:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        for said, way in ways.items():
            way.draw(said, icon=":material/arrow_forward:", icon_position="right")


def _is_there(way: Link, page: str, query: dict[str, str]) -> bool:
    """Return whether the page is where a link leads: once it has read the link, it has an address of its own."""
    if way.page != (page or "home"):
        return False
    if way.query.items() <= query.items():
        st.session_state[FOLLOWED] = way
    return st.session_state.get(FOLLOWED) == way


def send_form(room: Room) -> None:
    """Draw where the lecturer pastes a link for all, and what was sent."""
    label = "A link is sent to all" if room.link else "Send a link to all"
    with st.popover(label, icon=":material/send:"):
        # Empty again once it was sent; what was refused can be mended.
        with st.form(f"room:send:{room.code}:{room.link}", border=False):
            text = st.text_input("Address of a page", placeholder="/train?preset=clip-norm", max_chars=LONGEST)
            if st.form_submit_button("Send it", type="primary", icon=":material/send:"):
                with errors_shown():
                    way = read_link(text)
                    query = f"?{urlsplit(text.strip()).query}" if way.query else ""
                    store().send_link(room.code, f"/{'' if way.page == 'home' else way.page}{query}")
                    st.rerun()
        if room.link:
            st.code(room.link, language=None, wrap_lines=True)
            st.button("Take it back", icon=":material/undo:", on_click=_take_back, args=(room.code,))


def _take_back(code: str) -> None:
    with problems_kept():
        store().send_link(code, None)
