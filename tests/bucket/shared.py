"""What the tests of a bucket share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sentiment_core.config import ExperimentConfig
from sentiment_core.store import Experiment, Store, Worker
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal

Go = Callable[[str], Path]


def trained(store: Store, config: ExperimentConfig, stop: StopSignal | None = None) -> Experiment:
    experiment = store.create_experiment(config)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return run_experiment(store, experiment.id, stop or StopSignal(), Worker.of())


def objects(folder: Path) -> list[str]:
    """Return the versions of files that a bucket holds: not whose they are."""
    return sorted(path.name for path in (folder.parent / "bucket").rglob("*@*") if path.is_file())


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("[!.]*.safetensors"))}
