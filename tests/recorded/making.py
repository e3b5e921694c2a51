"""Recordings of experiments as they stand in a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sentiment_core.recorded import record_runs
from sentiment_core.store import Store


def record(store: Store, experiment_id: str, path: Path, references: Mapping[str, float] | None = None) -> Path:
    """Write an ended experiment with all its runs to `path`; return it."""
    experiment = store.experiment(experiment_id)
    named = experiment.config.model_copy(update={"name": experiment.name})
    return record_runs(store, named, experiment.runs, path, references)
