"""Starting experiments from a page: one way for Train, lessons and labs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.store import Experiment
from sentiment_core.training.memory import check_before
from sentiment_core.training.size import check_size
from ui.kit.uploads import check_upload
from ui.server.backend import executor, limits, store
from ui.server.visitor import is_class, visitor


def start_experiments(configs: Sequence[ExperimentConfig], prediction: str | None = None) -> list[Experiment]:
    """Create experiments and put them into the queue, all of them or none.

    `prediction` is what the user expects of them. In a class, what somebody trains already is not trained again: the
    first is returned. Raises `OutOfMemory` when one of them is more than this machine can hold, `LimitError` when it is
    more than a student may, `NotAllowedError` for another's file, `StoreError` when they cannot be kept.
    """
    for config in configs:
        check_before(config)
    if not is_class():
        return _started(configs, prediction)
    asked = [_of_class(config) for config in configs]
    known = [store().same_experiment(config) for config in asked]
    new = _started([config for config, first in zip(asked, known, strict=True) if first is None], prediction)
    if len(new) < len(asked):
        st.toast("Somebody has trained exactly this: here is the first.", icon=":material/info:")
    rest = iter(new)
    return [first or next(rest) for first in known]


def _started(configs: Sequence[ExperimentConfig], prediction: str | None) -> list[Experiment]:
    experiments = store().create_experiments(configs, prediction) if configs else []
    for experiment in experiments:
        executor().submit(experiment.id)
    return experiments


def _of_class(config: ExperimentConfig) -> ExperimentConfig:
    """Return what the visitor trains: with their own seed where the room gives each one; checked against the limits."""
    person, granted = visitor(), limits()
    for run in config.runs:
        data = config.resolve(run).data
        for place in (data.path, data.vectors):
            if place:
                check_upload(place)
    if granted is not None:
        check_size(config, granted.training)
    if person.room is not None and person.number is not None and store().room(person.room).own_seeds:
        return config.model_copy(update={"seed": person.number})
    return config
