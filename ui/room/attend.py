"""The room as a student sees it, on a phone first."""

from __future__ import annotations

import streamlit as st

from sentiment_core.classroom.people import Person
from sentiment_core.lessons import Lesson
from ui.addresses import ROOM, ROOM_VIEWS, to_lesson, to_train
from ui.kit.choice import choice
from ui.kit.notices import errors_shown, literal
from ui.kit.predictions import predicted, prediction_of
from ui.room.fool import fool
from ui.room.limits import limits_shown
from ui.room.open_lesson import lesson_of
from ui.room.send import sent
from ui.server.api import base_url
from ui.server.backend import limits, store

LOOK_SECONDS = 3.0


def draw(person: Person, code: str) -> None:
    """Draw what is open in the room, its question, and what the student has trained."""
    room = store().room(code)
    st.title(literal(room.name), anchor=False)
    seeds = f", and you train with seed {person.number}" if room.own_seeds else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You are **{literal(person.name)}**{seeds}.", width="content")
        st.link_button("Not you?", f"{base_url()}/join", icon=":material/logout:")
    if choice(ROOM, "view", "View", ROOM_VIEWS) == "fool":
        fool(person, code)
        return
    _open(code)
    st.header("Your experiments", anchor=False)
    _own()
    if (granted := limits()) is not None:
        limits_shown(granted)


@st.fragment(run_every=LOOK_SECONDS)
def _open(code: str) -> None:
    with errors_shown():
        room = store().room(code)
        sent(room, None, "room", {})
        item = lesson_of(room.lesson)
        if item is None:
            st.info("No lesson is open for all yet. When the lecturer opens one, it appears here by itself.")
            return
        with st.container(border=True):
            st.header(literal(item.title), anchor=False)
            if item.choices:
                _ask(item)
            to_lesson(item.name).draw("Open the lesson", icon=":material/school:")


def _ask(item: Lesson) -> None:
    before = prediction_of(item)
    st.markdown(f"**Predict first.** {literal(item.question)}")
    answer = st.radio(
        literal(item.question),
        item.choices,
        before,
        key=f"room:answer:{item.name}",
        format_func=literal,
        label_visibility="collapsed",
    )
    if answer is not None:
        predicted(item, answer)
        st.caption("Counted. You can change it until the curves tell.")


@st.fragment(run_every=LOOK_SECONDS)
def _own() -> None:
    with errors_shown():
        experiments = store().experiments(limit=8)
        if (granted := limits()) is not None:
            taken = store().stored_bytes() / 1_000_000
            st.caption(f"Your files take {taken:,.1f} of {granted.person.megabytes:,} MB.")
        if not experiments:
            st.caption("None yet. What you train appears here; only you and the lecturer can stop or delete it.")
        for experiment in experiments:
            with st.container(horizontal=True, vertical_alignment="center"):
                to_train(experiment=experiment.id).draw(literal(experiment.name)[:120], icon=":material/show_chart:")
                st.caption(str(experiment.status), width="content")
