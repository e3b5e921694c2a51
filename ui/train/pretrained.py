"""Which pre-trained model a fine-tuning starts from: choosing one makes the network of the form fit its weights."""

from __future__ import annotations

import streamlit as st

from sentiment_core.config import field_info, matters
from sentiment_core.explain.catalogue import pair_models
from sentiment_core.presets import fitting
from sentiment_core.shipped_bert import shipped_config, shipped_names
from ui.server.backend import store
from ui.train.fields import WIDGET, change, draft, widget_key

FIELD = "model.pretrained"
NOTHING = "None: pieces are learned here"


def pretrained_control() -> None:
    """Draw the choice, where the task has a use for it."""
    if not matters(FIELD, draft()["task"]):
        return
    runs = {run.id: run for run in pair_models(store())}
    names = {name: f"{name}, ships with the lab" for name in shipped_names()}
    names |= {run.id: f"{run.name} ({run.id})" for run in runs.values()}
    if (given := draft()[FIELD]) and given not in names:
        names[given] = f"{given}, not here"
    options = [None, *names]
    key = widget_key(WIDGET + FIELD)

    def fit() -> None:
        chosen = st.session_state[key]
        config = (
            runs[chosen].config if chosen in runs else shipped_config(chosen) if chosen in shipped_names() else None
        )
        change({FIELD: chosen, **(fitting(config) if config else {})})

    info = field_info(FIELD)
    st.selectbox(
        info.title,
        options,
        options.index(given),
        lambda name: names.get(name, NOTHING),
        key=key,
        on_change=fit,
        help=f"{info.description} Choosing one sets the sizes of the network to its own.",
    )
