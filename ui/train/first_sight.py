"""What moves on Train before anything moves that is trained here: a recorded twin."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.findings import twin_grid
from sentiment_core.findings.twin_grid import FIRST_RATE, FIRST_THRESHOLD, RATES, THRESHOLDS
from sentiment_core.store import Experiment
from ui.kit.components.twins import twins
from ui.kit.experiments import PATIENCE_SECONDS
from ui.kit.notices import show_error


def beside(configs: Sequence[ExperimentConfig]) -> None:
    """Play the recorded twin of the form's settings, else the one that the form starts with."""
    known = len(configs) == 1 and twin_grid.recorded_as(configs[0]) is not None
    _play(
        configs[0] if known else None,
        "Press **Train** to see it happen." if known else "Press **Train** for yours.",
        narrow=True,
        height=140,
    )


def meanwhile(experiment: Experiment) -> None:
    """Play the recorded twin of an experiment that `waits`, else the usual one."""
    _play(experiment.config, "Yours stand here from their first update on.", later=PATIENCE_SECONDS, height=250)


def _play(config: ExperimentConfig | None, then: str, *, height: int, narrow: bool = False, later: float = 0.0) -> None:
    place = None if config is None else twin_grid.recorded_as(config)
    rate, threshold = (RATES[place[0]], THRESHOLDS[place[1]]) if place else (FIRST_RATE, FIRST_THRESHOLD)
    try:
        grid = twin_grid.read()
    except StoreError as error:
        show_error(error)
        return
    st.subheader("Recorded", anchor=False, help=twin_grid.about(grid))
    whose = (
        "These very settings, trained before."
        if place
        else f"Not your settings: SGD at rate {rate:g}, cut at {threshold:g}."
    )
    st.caption(f"{whose} {then}")
    twins(rate, threshold, controls=False, playing=True, narrow=narrow, later=later, height=height, key="recorded-twin")
