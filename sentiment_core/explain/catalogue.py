"""The models there are to ask: the one that ships with the product and every run that kept its weights."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment_core.artifacts import MODEL, WEIGHTS, here, run_place, stamps
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import CheckpointError, NotFoundError
from sentiment_core.snapshots import snapshot_folder
from sentiment_core.store import Run, Store
from sentiment_core.tasks import MASKED_WORDS, TASKS

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

PRETRAINED = "pretrained"
PRETRAINED_FOLDER = Path(__file__).resolve().parent.parent / "pretrained"


@dataclass(frozen=True)
class ModelInfo:
    """A model to choose from. `accuracy` is its test accuracy (validation before it was tested), 0..1.

    `version` is another one whenever its weights have been written anew: answers may be kept by it. `has_states`: it is
    recurrent, so that its states can be looked into. `training`: it still is, so that its weights will be others soon.
    """

    id: str
    name: str
    description: str
    accuracy: float | None
    has_attention: bool
    version: str = ""
    has_states: bool = True
    training: bool = False


def available_models(store: Store) -> list[ModelInfo]:
    """Return the pretrained model, then the runs that have saved weights, newest first. Needs no torch."""
    models = [_pretrained_info()] if (PRETRAINED_FOLDER / MODEL).exists() else []
    asked = [each for each in store.experiments() if TASKS[each.config.task].judges_reviews]
    kept = with_models(run for experiment in asked for run in experiment.runs)
    for experiment in asked:
        for run in experiment.runs:
            if run.id not in kept:
                continue
            accuracy = run.test_accuracy if run.test_accuracy is not None else run.validation_accuracy
            models.append(
                ModelInfo(
                    id=run.id,
                    name=run.name if run.name == experiment.name else f"{experiment.name} · {run.name}",
                    description=f"{_network(run.config)}, {run.steps} steps",
                    accuracy=accuracy,
                    has_attention=run.config.attends,
                    version=str(kept[run.id]),
                    has_states=TASKS[experiment.config.task].has_states,
                    training=experiment.status.is_active and run.status.is_active,
                )
            )
    return models


def pair_models(store: Store) -> list[Run]:
    """Return the runs of masked language models that have kept weights, newest experiment first. Needs no torch."""
    asked = [run for each in store.experiments() if each.config.task == MASKED_WORDS for run in each.runs]
    kept = with_models(asked)
    return [run for run in asked if run.id in kept]


def with_models(runs: Iterable[Run]) -> dict[str, int]:
    """Return those of some runs that have kept weights, by their ids, each with what changes with them."""
    # The settings are written after the weights.
    places = {run_place(run.experiment_id, run.id) / MODEL: run.id for run in runs}
    return {places[path]: stamp for path, stamp in stamps(list(places)).items()}


def load_predictor(model_id: str, store: Store, step: int | None = None) -> Predictor:
    """Return a model by its run id, or `pretrained`; a run's as it was after update `step`, or as it was kept last.

    Raises `NotFoundError`, `CheckpointError` or `EmbeddingsError`.
    """
    from sentiment_core.explain.predictor import load

    return load(model_id, model_folder(model_id, store, step))


def model_folder(model_id: str, store: Store, step: int | None = None) -> Path:
    """Return where a model's files lie: as it was after update `step`, or as it was kept last.

    Raises `NotFoundError` when there is no such run, or its weights of then were not kept.
    """
    if model_id == PRETRAINED:
        if step is not None:
            raise NotFoundError("the model that ships with Sentiment Lab was kept as it is only, at no earlier step")
        return PRETRAINED_FOLDER
    run = store.run(model_id)
    task = TASKS[run.config.task]
    if not task.judges_reviews:
        raise NotFoundError(f"run {model_id} learned another task ({task.label}); only models of reviews can be asked")
    if step is not None:
        return here(snapshot_folder(run, step))
    folder = here(run_place(run.experiment_id, run.id))
    if not (folder / MODEL).exists():
        raise NotFoundError(f"run {model_id} ({run.status}) has no saved model yet; let it finish an epoch")
    return folder


def weights_of(model_id: str, store: Store, step: int | None = None) -> str:
    """Return a digest of a model's weights, as kept last or after update `step`: it may be trained further.

    Of the model that ships, of its settings too: another version of this program may let it read texts otherwise.
    Raises `NotFoundError` for a model that is not there and `CheckpointError` for one without weights.
    """
    folder = model_folder(model_id, store, step)
    path = folder / WEIGHTS
    try:
        stamp = path.stat()
        return _digest(path, stamp.st_size, stamp.st_mtime_ns, folder / MODEL if model_id == PRETRAINED else None)
    except OSError as error:
        raise CheckpointError(f"the weights of {model_id} cannot be read: {error.strerror}; train it again") from error


def run_of(model_id: str) -> str | None:
    """Return the run that a model is of, None for the one that ships with the product."""
    return None if model_id == PRETRAINED else model_id


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, written_at: int, settings: Path | None) -> str:
    # A page asks at every draw; the files are read once.
    digest = blake2b(path.read_bytes(), digest_size=8)
    if settings is not None:
        digest.update(settings.read_bytes())
    return digest.hexdigest()


def _network(config: ExperimentConfig) -> str:
    model = config.model
    if TASKS[config.task].has_states:
        return f"{model.cell.upper()}, {' + '.join(model.pooling)}"
    return f"Transformer, {model.num_layers} × {model.hidden_size}"


def _pretrained_info() -> ModelInfo:
    try:
        description = json.loads((PRETRAINED_FOLDER / MODEL).read_text())
        details = description["details"]
        return ModelInfo(PRETRAINED, details["name"], details["description"], details["test_accuracy"], True)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError("the model that ships with Sentiment Lab is damaged; install it again") from error
