"""Starting experiments from a page: one way for Train, lessons and labs."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.config import ExperimentConfig
from sentiment_core.store import Experiment
from sentiment_core.training.memory import check_before
from ui.server.backend import executor, store


def start_experiments(configs: Sequence[ExperimentConfig], prediction: str | None = None) -> list[Experiment]:
    """Create experiments and put them into the queue, all of them or none.

    `prediction` is what the user expects of them. Raises `OutOfMemory` when one of them is more than this machine can
    hold, `StoreError` when they cannot be kept.
    """
    for config in configs:
        check_before(config)
    experiments = store().create_experiments(configs, prediction)
    for experiment in experiments:
        executor().submit(experiment.id)
    return experiments
