"""The seeds that an experiment is trained with, on the form."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.intervals import LEAST_SEEDS
from sentiment_core.seeds import over_seeds, parse_seeds
from ui.addresses import TRAIN
from ui.kit.notices import show_error
from ui.train.fields import draft, widget_key

HELP = (
    "Fixes weights, batches and dropout. Several, such as 1, 2, 3 or 1-5, train an experiment each, one after another: "
    f"whether a setting is better takes at least {LEAST_SEEDS}."
)


def seeds_control() -> bool:
    """Draw the seeds; keep them in the draft and the address. Return whether they can be used."""
    shown = TRAIN.value("seeds") or str(draft()["seed"])
    written = st.text_input("Seeds", shown, key=widget_key("widget:seeds"), help=HELP)
    try:
        seeds = parse_seeds(written)
    except ConfigError as error:
        show_error(error)
        return False
    draft()["seed"] = seeds[0]
    TRAIN.put(seeds=written if len(seeds) > 1 else "")
    return True


def experiments_of(config: ExperimentConfig) -> list[ExperimentConfig]:
    """Return the experiments to start for what the form says: one a seed."""
    return over_seeds(config, parse_seeds(TRAIN.value("seeds") or str(config.seed)))
