"""Recorded runs on a page: a real training to watch without a GPU, and what its measurements say."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import ExperimentConfig, matters
from sentiment_core.errors import SentimentLabError
from sentiment_core.findings.verdict import Verdict
from sentiment_core.lessons import results
from sentiment_core.recorded import PREFIX, in_words, recording, recordings
from sentiment_core.setting_words import say
from sentiment_core.sources import SOURCES
from sentiment_core.store import Experiment
from ui.addresses import LESSON, to_lab, to_lesson
from ui.kit.components.live_plot import live_experiment
from ui.kit.experiments import PATIENCE_SECONDS, waits
from ui.kit.health import health
from ui.kit.notices import errors_shown, literal, show_error
from ui.lessons.verdict_words import line, verdict_on
from ui.lessons.view import OWN_RATE


def recorded_panel(lesson_name: str) -> None:
    """Draw the offer to watch the recorded run of a lesson; nothing when there is none. `?watch=recorded` opens it."""
    if lesson_name not in recordings():
        return
    try:
        found = recording(lesson_name)
    except SentimentLabError as error:
        show_error(error)
        return
    about = setting(found.recorded.config)
    if LESSON.value("watch") is None:
        st.button(
            f"Watch the recorded run ({about})",
            icon=":material/replay:",
            key=f"recorded:watch:{lesson_name}",
            on_click=_watch,
        )
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            made = in_words(found.made[0]) if found.made else ""
            by = f", computed by {made}" if made else ""
            seed = f"Seed {found.recorded.config.seed}, replayed here; nothing is trained."
            st.markdown(f"**The recorded run**: {literal(about + by)}. {seed}")
            st.space("stretch")
            st.button("Close", icon=":material/close:", key=f"recorded:close:{lesson_name}", on_click=_close)
        experiment = found.recorded
        live_experiment(
            PREFIX + lesson_name,
            experiment.status,
            height=420,
            playing=True,
            key="recorded-plot",
        )
        for sentence in results(found):
            st.markdown(literal(sentence))
        verdict = verdict_on(found, experiment)
        said = {finding.topic for finding in verdict.findings}
        health(
            found,
            lambda: experiment.runs,
            lab=to_lab,
            lesson=to_lesson,
            said=said,
            meant=OWN_RATE,
            key="recorded-health",
        )
        with st.expander("What its measurements say", icon=":material/gavel:"):
            findings(verdict)


def watched(experiment: Experiment, recorded: str, height: int) -> None:
    """Show an experiment's curves; until their first point the recorded run of that name plays, where there is one."""
    awaited = waits(experiment)
    live_experiment(experiment.id, experiment.status, height=height, awaited=awaited)
    if not awaited or recorded not in recordings():
        return
    with errors_shown():
        kept = recording(recorded).recorded
        st.caption(literal(f"Recorded before: {setting(kept.config)}. Yours stands here from its first update on."))
        live_experiment(
            PREFIX + recorded,
            kept.status,
            height=height,
            playing=True,
            later=PATIENCE_SECONDS,
            key="recorded-plot",
        )


def setting(config: ExperimentConfig) -> str:
    """Return in words what a recording was trained on, such as `40,000 real reviews, GloVe, 100-d`."""
    kind = SOURCES[config.data.source].kind
    count = f"{config.data.limit:,} {kind}" if config.data.limit else kind
    if not matters("data.embeddings", config.task):
        return count
    return f"{count}, {say('data.embeddings', config.data.embeddings).split(' (')[0]}"


def findings(verdict: Verdict) -> None:
    """List what the recording's own measurements say."""
    for finding in verdict.findings:
        st.markdown(line(finding))


def _watch() -> None:
    LESSON.put(watch="recorded")


def _close() -> None:
    LESSON.put(watch=None)
