"""What the tests of workers share."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import Any

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.store import Experiment, Store, Worker, rows_of
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal


def claim(store: Store, config: ExperimentConfig) -> str:
    experiment = store.create_experiment(config)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return experiment.id


def train(store: Store, config: ExperimentConfig) -> Experiment:
    return run_experiment(store, claim(store, config), StopSignal(), Worker.of())


def with_runs(config: ExperimentConfig, **runs: dict[str, Any]) -> ExperimentConfig:
    members = [RunConfig(name=name, overrides=overrides) for name, overrides in runs.items()]
    return build(ExperimentConfig, config.model_dump() | {"runs": members})


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def full(*arguments: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def rows_without_times(store: Store, run_id: str) -> str:
    return repr([{key: value for key, value in row.items() if key != "seconds"} for row in rows_of(store, run_id)])
