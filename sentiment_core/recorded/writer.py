"""Writes a recording: one compressed NumPy archive per experiment."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.store import Run, Store

FORMAT = 1
WHOLE = frozenset({"step", "epoch", "tokens"})


def record(store: Store, experiment_id: str, path: str | Path, references: Mapping[str, float] | None = None) -> Path:
    """Write an ended experiment's configuration, steps and evaluations to `path` (`NAME.npz`) and return it.

    `references` are lines to draw beside its accuracy, such as `{"elastic net": 0.78}`.

    Steps are kept as float32, in which losses and gradients were measured: nothing of them is lost. Of a CSV file only
    its name is kept. Raises `NotFoundError` for an unknown experiment, `StoreError` for one that is not over yet and
    for a file that cannot be written.
    """
    experiment = store.experiment(experiment_id)
    if experiment.status.is_active:
        raise StoreError(f"experiment {experiment_id} is {experiment.status}; record it when it has ended")
    about = {
        "format": FORMAT,
        "name": experiment.name,
        "status": str(experiment.status),
        "error": experiment.error,
        "created_at": experiment.created_at,
        "config": _shareable(experiment.config).model_dump(mode="json"),
        "references": dict(references or {}),
        "runs": [_about(store, run) for run in experiment.runs],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
    for position, run in enumerate(experiment.runs):
        for column, values in store.steps(run.id).items():
            kind = np.int32 if column in WHOLE else np.float32
            arrays[f"{position}.{column}"] = np.asarray(values, dtype=kind)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(buffer.getvalue())
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"the recording cannot be written to {target}: {error.strerror}") from error
    return target


def _about(store: Store, run: Run) -> dict[str, Any]:
    kept = ("name", "error", "parameters", "steps", "seconds", "tokens", "validation_accuracy", "test_accuracy")
    return {
        **{name: getattr(run, name) for name in kept},
        "status": str(run.status),
        "evaluations": [asdict(evaluation) for evaluation in store.evaluations(run.id)],
        "balances": {part: asdict(balance) for part, balance in store.balances(run.id).items()},
    }


def _shareable(config: ExperimentConfig) -> ExperimentConfig:
    """Return `config` without the folders of the machine it was trained on."""
    if config.data.path is None:
        return config
    return config.model_copy(update={"data": config.data.model_copy(update={"path": Path(config.data.path).name})})
