"""What a room looks like right now: predictions, everybody's curves, who waits and with whom something is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.intervals import CONFIDENCE
from ui.addresses import CURVES, ROOM
from ui.kit.choice import choice
from ui.kit.components.cloud import cloud
from ui.kit.notices import errors_shown, show_problem
from ui.room.open_lesson import lesson_of
from ui.room.people import headline, in_a_word, people
from ui.room.predictions import predictions
from ui.room.told import Doing, curves, doings, width_of
from ui.server.backend import store

LOOK_SECONDS = 3.0
MOST_EXPERIMENTS = 1000
OVER_SEEDS = (
    f"{CURVES['mean']}: runs that are alike but for their seed become one curve with its {CONFIDENCE:.0%} interval "
    "(Student's t). A single seed has none."
)


@st.fragment(run_every=LOOK_SECONDS)
def wall(code: str) -> None:
    """Draw the room as it stands, every few seconds anew."""
    show_problem()
    with errors_shown():
        _draw(code)


def _draw(code: str) -> None:
    members = store().members(code)
    own = {person.id for person in members}
    experiments = [each for each in store().experiments(MOST_EXPERIMENTS) if each.owner in own]
    if not members:
        predictions(code, experiments)
        st.info("Nobody has joined yet. Put this page on the projector: the code is on the left.")
        return
    doing = doings(members, experiments, lesson_of(store().room(code).lesson))
    width = width_of(doing)
    wrong = [in_a_word(each) for each in doing]
    said, drawn = st.columns([1, 1.15], gap="medium")
    with said:
        predictions(code, experiments)
        headline(doing, wrong)
    with drawn:
        _curves(code, doing, width)
    people(code, doing, wrong, width)
    ROOM.write()


def _curves(code: str, doing: Sequence[Doing], width: int) -> None:
    if not any(each.runs for each in doing):
        st.caption("Everybody's curves are drawn here once somebody trains.")
        return
    over_seeds = choice(ROOM, "curves", "Curves", CURVES, help=OVER_SEEDS) == "mean"
    cloud(curves(doing, width, over_seeds=over_seeds), height=220, key=f"room:cloud:{code}")
    if width > 1:
        st.caption(f"Each point is the mean of {width} updates.")
