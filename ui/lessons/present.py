"""A lesson in present mode: its question, the curves, and what they say; the keys go through the lessons in order."""

from __future__ import annotations

from functools import partial

import streamlit as st

from sentiment_core.lessons import LESSONS, Lesson, results
from sentiment_core.recorded import PREFIX, recording, recordings
from sentiment_core.store import Experiment
from ui.addresses import LESSON
from ui.kit.address import SETTINGS
from ui.kit.components.live_plot import live_experiment
from ui.kit.notices import as_list, literal
from ui.kit.present import PLOT_HEIGHT, present_bar
from ui.lessons import view
from ui.lessons.replay import watched
from ui.lessons.verdict_words import verdict_on
from ui.server.backend import store


def present(item: Lesson, experiment: Experiment | None) -> None:
    """Draw the experiment with its verdict; without one the lesson's recorded run, or else its idea."""
    place = LESSONS.index(item)
    back, on = (
        partial(_turn, LESSONS[there].name) if 0 <= there < len(LESSONS) else None for there in (place - 1, place + 1)
    )
    present_bar(LESSON, item.heading, back, on)
    if experiment is not None:
        watched(experiment, item.name, height=PLOT_HEIGHT)
        if not experiment.status.is_active:
            view.findings(verdict_on(store(), experiment))
    elif item.name in recordings():
        # A class predicts before it is told.
        choices = " · ".join(f"**{literal(choice)}**" for choice in item.choices)
        st.markdown(f"{literal(item.question)}  \n{choices}")
        kept = recording(item.name)
        live_experiment(
            PREFIX + item.name,
            kept.recorded.status,
            height=PLOT_HEIGHT,
            playing=True,
            key=f"present:{item.name}",
        )
        with st.expander("What happened", icon=":material/gavel:"):
            st.markdown(as_list(results(kept)))
    else:
        st.markdown(literal(item.idea))
        view.measured_here(item)


def _turn(name: str) -> None:
    """Turn to another lesson, without what was changed or trained in this one."""
    LESSON.put(**{"lesson": name, "experiment": None, "mistake": None, "watch": None, "told": None, SETTINGS: {}})
