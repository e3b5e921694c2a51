"""What moves on Train before anything is trained here: a recorded twin."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.findings import twin_grid
from sentiment_core.findings.twin_grid import FIRST_RATE, FIRST_THRESHOLD, RATES, THRESHOLDS
from ui.kit.components.twins import twins
from ui.kit.notices import show_error


def beside(configs: Sequence[ExperimentConfig]) -> None:
    """Play the recorded twin of the form's settings, else the one that the form starts with."""
    place = twin_grid.recorded_as(configs[0]) if len(configs) == 1 else None
    rate, threshold = (RATES[place[0]], THRESHOLDS[place[1]]) if place else (FIRST_RATE, FIRST_THRESHOLD)
    try:
        grid = twin_grid.read()
    except StoreError as error:
        show_error(error)
        return
    st.subheader("Recorded", anchor=False, help=twin_grid.about(grid))
    if place:
        st.caption("These very settings, trained before. Press **Train** to see it happen.")
    else:
        st.caption(f"Not your settings: SGD at rate {rate:g}, cut at {threshold:g}. Press **Train** for yours.")
    twins(rate, threshold, controls=False, playing=True, height=140, key="recorded-twin")
