"""The room as the lecturer sees it, and as the projector shows it."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

import segno
import streamlit as st

from sentiment_core.classroom.people import LECTURER
from sentiment_core.lessons import LESSONS
from sentiment_core.store import Room
from ui.addresses import ROOM, ROOM_VIEWS, to_lesson
from ui.kit.choice import choice
from ui.kit.cluster import cluster_panel
from ui.kit.notices import errors_shown, literal, problems_kept, show_problem
from ui.room.fool import fool
from ui.room.limits import limits_form
from ui.room.open_lesson import lesson_of
from ui.room.send import send_form
from ui.room.wall import wall
from ui.server.api import base_url
from ui.server.backend import store

HERE_ALONE = {"localhost", "127.0.0.1", "::1"}


def draw() -> None:
    """Draw the room that the address names, else the newest; without one, the form that opens one."""
    show_problem()
    rooms = {room.code: room for room in store().rooms()}
    if not rooms:
        st.title("Room", anchor=False)
        st.markdown("Open a room: students join it with its code, and you see here who is there and what they train.")
        _open_form()
        return
    code = ROOM.value("code")
    if code and code not in rooms:
        st.warning("There is no room with the code of this link; here is the newest.")
    room = rooms.get(code) or next(iter(rooms.values()))
    ROOM.put(code=room.code)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(literal(room.name), anchor=False, width="content")
        st.space("stretch")
        limits_form()
        _manage(room, rooms)
    invitation, class_ = st.columns([1, 2.2], gap="large")
    with invitation:
        _invitation(room)
    with class_:
        with st.container(horizontal=True, vertical_alignment="center"):
            view = choice(ROOM, "view", "View", ROOM_VIEWS)
            st.space("stretch")
            send_form(room)
        if view == "fool":
            fool(LECTURER, room.code)
            return
        _lesson(room)
        wall(room.code)
        cluster_panel()


def _manage(room: Room, rooms: dict[str, Room]) -> None:
    with st.popover("Rooms", icon=":material/meeting_room:"):
        if len(rooms) > 1:
            names = {code: each.name for code, each in rooms.items()}
            st.selectbox(
                "Room",
                list(names),
                list(names).index(room.code),
                format_func=lambda code: f"{names[code]} ({code})",
                key=f"room:choice:{room.code}",
                on_change=lambda: ROOM.put(code=st.session_state[f"room:choice:{room.code}"]),
            )
        _open_form()
        closed = room.closed_at is not None
        label = "Let people join again" if closed else "Close: nobody else joins"
        icon = ":material/lock_open:" if closed else ":material/lock:"
        st.button(label, icon=icon, on_click=_do, args=("close_room", room.code, not closed), width="stretch")
        with st.expander("Forget this room", icon=":material/delete:"):
            st.caption("Names and predictions are deleted, and everybody has left. Their experiments become yours.")
            st.button("Forget it", type="primary", on_click=_do, args=("forget_room", room.code))


def _open_form() -> None:
    with st.form("room:open", clear_on_submit=True, border=False):
        name = st.text_input("Name of a new room", max_chars=60, placeholder="Monday's course")
        if st.form_submit_button("Open a room", type="primary", icon=":material/add:"):
            with errors_shown():
                ROOM.put(code=store().open_room(name).code)
                st.rerun()


def _invitation(room: Room) -> None:
    if room.closed_at is not None:
        st.info("Nobody else can join: the room is closed.")
        return
    here = urlsplit(str(st.context.url or ""))
    link = f"{here.scheme}://{here.netloc}{base_url()}/join/{room.code}"
    # `st.image` has no words for who cannot see it.
    picture = segno.make(link, error="m").svg_data_uri(scale=8, light="white", dark="black")
    st.html(f'<img src="{escape(picture)}" alt="QR code of the link below" style="width: 230px; max-width: 100%">')
    st.title(" ".join(room.code), anchor=False)
    st.code(link, language=None, wrap_lines=True)
    if here.hostname in HERE_ALONE:
        st.warning(
            "Only this machine can open this link. Start the app with `--server.address 0.0.0.0`, and open this page by"
            " the machine's address in the network."
        )


def _lesson(room: Room) -> None:
    opened = lesson_of(room.lesson)
    with st.container(horizontal=True, vertical_alignment="center"):
        names = [item.name for item in LESSONS]
        titles = {item.name: item.title for item in LESSONS}
        key = f"room:lesson:{room.code}:{room.lesson}"
        st.selectbox(
            "Open for all",
            names,
            names.index(opened.name) if opened else None,
            format_func=lambda name: f"Open for all: {titles[name]}",
            placeholder="Open a lesson for all",
            label_visibility="collapsed",
            key=key,
            on_change=_open_lesson,
            args=(room.code, key),
        )
        if opened is not None:
            to_lesson(opened.name).draw("Go there", icon=":material/arrow_forward:")
        st.toggle(
            "A seed each",
            room.own_seeds,
            key=f"room:seeds:{room.code}:{room.own_seeds}",
            on_change=_give_seeds,
            args=(room.code, not room.own_seeds),
            help="Whoever trains takes their own number as the seed: together the class sees how much is chance.",
        )


def _open_lesson(code: str, key: str) -> None:
    _do("open_lesson", code, st.session_state[key])


def _give_seeds(code: str, own: bool) -> None:
    _do("give_seeds", code, own)
    ROOM.put(curves="mean" if own else "each")


def _do(what: str, *arguments: object) -> None:
    with problems_kept():
        getattr(store(), what)(*arguments)
