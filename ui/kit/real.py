"""Is it real? What twins can tell about a difference, in the same words wherever two settings stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.errors import SentimentLabError
from sentiment_core.findings.real import in_words, is_it_real
from sentiment_core.findings.seed_groups import SeedGroup
from sentiment_core.store import Run
from ui.kit.notices import literal, show_error


def draw_real(chosen: Sequence[SeedGroup]) -> None:
    """Say whether the settings differ from the first of them, as far as their twins can tell."""
    if len(chosen) < 2:
        return
    st.markdown("**Is it real?**")
    for other in chosen[1:]:
        try:
            found = is_it_real(chosen[0], other, comparisons=len(chosen) - 1)
        except SentimentLabError as error:
            show_error(error)
            continue
        st.markdown(literal(in_words(found)))


def twins_are_real(runs: Sequence[Run]) -> None:
    """Say it of runs by themselves, where all were tested and share their seed."""
    if len({run.config.seed for run in runs}) == 1 and all(run.test_accuracy is not None for run in runs):
        draw_real([SeedGroup((run,)) for run in runs])
