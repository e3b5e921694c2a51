"""Home: something to play with, what one can do here, and what this machine has ready."""

from __future__ import annotations

import json
from functools import partial

import streamlit as st

from sentiment_core import __version__
from sentiment_core.diagnostics import diagnostics
from sentiment_core.findings import twin_grid
from sentiment_core.lessons import LESSONS
from ui.addresses import HOME, LESSON, Link, to_lesson, to_runs, to_teaching, to_train
from ui.home import machine
from ui.kit.components.twins import twins
from ui.kit.notices import errors_shown, literal
from ui.kit.present import is_presented, present_bar, present_button
from ui.server.backend import store
from ui.server.visitor import visitor

PRESENTED_HEIGHT = 440
LONGEST_NAME = 40
# Whether the key that goes on was pressed: a callback cannot leave its page.
TO_LESSONS = "home:to-lessons"
DOORS = {
    "train": ("Train", "Two runs that differ in one thing only, while you watch loss and gradient norm."),
    "lessons": ("Lessons", "From the padding bug to attention: predict, run one change, read the verdict."),
    "explain": ("Explain", "Paste a review: how positive is it, and which words did the model attend to?"),
}


def main() -> None:
    """Draw the page."""
    for problem in HOME.adopt() or ():
        st.warning(literal(problem))
    if is_presented(HOME):
        present_bar(HOME, "Gradient clipping", on=partial(st.session_state.update, {TO_LESSONS: True}))
        if st.session_state.pop(TO_LESSONS, False):
            Link("lessons", LESSON.query(lesson=LESSONS[0].name, present="1")).follow()
        with errors_shown():
            play(height=PRESENTED_HEIGHT)
        HOME.write()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Sentiment Lab", anchor=False, width="content")
        st.space("stretch")
        present_button(HOME)
    st.markdown(
        "Small recurrent networks learn to tell good film reviews from bad ones. Here are two that differ in one "
        "thing, **gradient clipping**: move a slider."
    )
    with st.container(key="home-twins"), errors_shown():
        play()
    with st.container(key="home-doors"):
        doors()
    with errors_shown():
        latest()
    with st.expander(f"Ready on this machine, version {__version__}", icon=":material/computer:"):
        lines = {"Training": machine.device(), "Reviews": machine.reviews(), "Vectors": machine.vectors()}
        st.markdown("\n".join(f"- **{name}**  {text}" for name, text in lines.items()))
        if visitor().is_lecturer:
            diagnosis()
    HOME.write()


def diagnosis() -> None:
    """Offer what somebody who helps must know."""
    st.download_button(
        "Diagnostics",
        lambda: json.dumps(diagnostics(), indent=1),
        "sentiment-lab-diagnostics.json",
        "application/json",
        icon=":material/medical_information:",
        help="Versions, settings, counts and the last problems, for somebody who helps: no texts and no secrets.",
        on_click="ignore",
    )


def doors() -> None:
    """Draw the ways into the app."""
    for column, (name, (label, text)) in zip(st.columns(3, gap="small"), DOORS.items(), strict=True):
        with column, st.container(border=True, height="stretch", key=f"door-{name}", gap=None):
            with st.container(horizontal=True, gap="small"):
                Link(name).draw(f"**{label}**", icon=":material/arrow_forward:", icon_position="right")
                if name == "lessons":
                    to_lesson("clip-norm").draw("Start with clipping", icon=":material/school:")
            st.caption(text)


def play(height: int = 250) -> None:
    """Draw the recorded twins; go to Train with those that shall be trained here."""
    twin_grid.read()
    chosen = twins(HOME.value("rate"), HOME.value("threshold"), height=height)
    if chosen is None:
        return
    HOME.put(rate=chosen.rate, threshold=chosen.threshold)
    if chosen.train:
        HOME.write()
        to_train(twin_grid.twin(chosen.rate, chosen.threshold)).follow()
    # What was drawn above still names the place before: sliders that the browser makes anew would go back there.
    st.rerun()


def latest() -> None:
    """Draw the ways to the newest experiments."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Latest experiments**", width="content")
        experiments = store().experiments(limit=4)
        if not experiments:
            st.caption("None yet. Your first one takes a few seconds.", width="content")
        for experiment in experiments:
            name = experiment.name
            cut = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
            label = f"{cut}, {experiment.status}"
            to_train(experiment=experiment.id).draw(literal(label), icon=":material/show_chart:")
        to_teaching().draw("For lecturers", icon=":material/co_present:")
        to_runs().draw("All runs", icon=":material/arrow_forward:", icon_position="right")


main()
