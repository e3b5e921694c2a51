"""Writes a recording: one compressed NumPy archive per experiment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.artifacts import written
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.recorded.spread import RunSpread
from sentiment_core.steps.quantities import CORE
from sentiment_core.store import Run, Store

FORMAT = 1
# A column of a run is POSITION.NAME; of a diagnostic, which not every step has, its steps are kept beside its values.
STEPS, VALUES = ".steps", ".values"


def record_runs(
    store: Store,
    config: ExperimentConfig,
    runs: Sequence[Run],
    path: str | Path,
    references: Mapping[str, float] | None = None,
    made: Sequence[Mapping[str, Any]] = (),
    spread: Sequence[RunSpread] = (),
) -> Path:
    """Write the runs of the experiment `config` with their steps and evaluations to `path` (`NAME.npz`); return it.

    Each may have been trained in an experiment of its own: side by side or alone, its numbers are the same.
    `references` are lines to draw beside the accuracy, such as `{"elastic net": 0.78}`; `made` says of each run what
    computed it (`training.device.circumstances`), `spread` what it reached with other seeds.

    Steps are kept as float32, in which losses and gradients were measured: nothing of them is lost. Of a CSV file only
    its name is kept. Raises `StoreError` for a run that is not over yet, a
    diagnostic whose shape changes from step to step, and a file that cannot be written.
    """
    owners = [store.experiment(run.experiment_id) for run in runs]
    for owner in owners:
        if owner.status.is_active:
            raise StoreError(f"experiment {owner.id} is {owner.status}; record it when it has ended")
    ended = next((owner for owner in owners if owner.status is not Status.FINISHED), owners[0])
    about = {
        "format": FORMAT,
        "name": config.name,
        "status": str(ended.status),
        "error": ended.error,
        "created_at": min(owner.created_at for owner in owners),
        "config": _shareable(config).model_dump(mode="json"),
        "references": dict(references or {}),
        "runs": [_about(store, run, name) for run, name in zip(runs, (run.name for run in config.runs), strict=True)],
        "made": [dict(item) for item in made],
        "spread": [asdict(item) for item in spread],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
    for position, run in enumerate(runs):
        for column, values in store.steps(run.id).items():
            kind = np.int32 if CORE[column].whole else np.float32
            arrays[f"{position}.{column}"] = np.asarray(values, dtype=kind)
        for name in store.diagnostic_names(run.id):
            steps, measured = store.diagnostics(run.id, name)
            if len({np.shape(value) for value in measured}) != 1:
                raise StoreError(f"{name} of run {run.id} is of another shape at some steps; it cannot be recorded")
            arrays[f"{position}.{name}{STEPS}"] = np.asarray(steps, dtype=np.int32)
            arrays[f"{position}.{name}{VALUES}"] = np.asarray(measured, dtype=np.float32)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with written(target) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
    return target


def _about(store: Store, run: Run, name: str) -> dict[str, Any]:
    kept = ("error", "parameters", "steps", "seconds", "tokens", "validation_accuracy", "test_accuracy")
    return {
        "name": name,
        **{field: getattr(run, field) for field in kept},
        "status": str(run.status),
        "evaluations": [asdict(evaluation) for evaluation in store.evaluations(run.id)],
        "balances": {part: asdict(balance) for part, balance in store.balances(run.id).items()},
    }


def _shareable(config: ExperimentConfig) -> ExperimentConfig:
    """Return `config` without the folders of the machine it was trained on."""
    if config.data.path is None:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update={"path": Path(config.data.path).name})})
