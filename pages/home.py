"""Home: what one can do here, and what this machine has ready."""

from __future__ import annotations

import streamlit as st

from sentiment_core import __version__
from ui.addresses import Link, to_lesson, to_runs, to_train
from ui.home import machine
from ui.kit.notices import errors_shown, literal
from ui.server.backend import store

DOORS = {
    "train": (
        "Train",
        "Start two runs that differ in one thing only, such as clipping, and watch loss and gradient norm move.",
        "Set up an experiment",
    ),
    "lessons": (
        "Lessons",
        "Walk the ladder from the padding bug to attention: predict, run one change, read the verdict.",
        "Open the lessons",
    ),
    "explain": (
        "Explain",
        "Paste a review. A trained model says how positive it is, and shows which words it attended to.",
        "Read a review",
    ),
}


def main() -> None:
    """Draw the page."""
    st.title("Sentiment Lab", anchor=False)
    st.markdown(
        "Small recurrent networks learn to tell good film reviews from bad ones, here, while you watch. "
        "Change one thing, keep the rest, and see what it does."
    )
    st.space("small")
    for column, (name, (heading, text, label)) in zip(st.columns(3, gap="medium"), DOORS.items(), strict=True):
        with column, st.container(border=True, height="stretch", key=f"door-{name}"):
            st.header(heading, anchor=False)
            st.markdown(text)
            st.space("stretch")
            Link(name).draw(label, icon=":material/arrow_forward:", icon_position="right")
            if name == "lessons":
                to_lesson("clip-norm").draw("Start with clipping", icon=":material/school:")
    st.space("small")
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        st.header("Ready on this machine", anchor=False)
        for name, text in (
            ("Training", machine.device()),
            ("Reviews", machine.reviews()),
            ("Vectors", machine.vectors()),
        ):
            st.markdown(f"**{name}**  {text}")
    with right:
        st.header("Latest experiments", anchor=False)
        with errors_shown():
            latest()
            to_runs().draw("All runs", icon=":material/arrow_forward:", icon_position="right")
    st.caption(f"Version {__version__}")


def latest() -> None:
    """List the newest experiments with their status."""
    experiments = store().experiments(limit=4)
    if not experiments:
        st.markdown("None yet. Your first one takes about a minute.")
    for experiment in experiments:
        with st.container(horizontal=True, vertical_alignment="center"):
            to_train(experiment=experiment.id).draw(literal(experiment.name)[:120], icon=":material/show_chart:")
            st.caption(str(experiment.status), width="content")


main()
