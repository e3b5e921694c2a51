"""Starting an experiment from a page: one way for Train, lessons and labs."""

from __future__ import annotations

from sentiment_core.config import ExperimentConfig
from sentiment_core.store import Experiment
from sentiment_core.training.memory import check_before
from ui.server.backend import executor, store


def start_experiment(config: ExperimentConfig, prediction: str | None = None) -> Experiment:
    """Create an experiment and put it into the queue; raise `OutOfMemory` for one that this machine cannot hold.

    `prediction` is what the user expects of it. Raises `StoreError` when it cannot be kept.
    """
    check_before(config)
    experiment = store().create_experiment(config, prediction=prediction)
    executor().submit(experiment.id)
    return experiment
