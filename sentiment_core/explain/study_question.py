"""What a study asks, checked before it starts. Needs neither torch nor SciPy: a page asks at every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.errors import CheckpointError, ConfigError
from sentiment_core.explain.catalogue import model_folder
from sentiment_core.explain.methods import METHODS, method
from sentiment_core.explain.unseen import experiment_folder
from sentiment_core.seen import read_seen
from sentiment_core.store import Store

LEAST_REVIEWS, MOST_REVIEWS = 10, 5000
MOST_SEED = 2**31 - 1
CONTROL = "random"


def study_arguments(
    model: str,
    data: str,
    sample: int,
    seed: int,
    methods: Sequence[str],
    store: Store,
    reading: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the arguments of `run`, checked; equal for equal questions about equal weights.

    `data`: `own` (the test part of the reviews the model was trained with), `demo` (which no model has seen) or the
    path of a file, read as the settings in `reading` say, less the reviews that the model has learned from. Raises
    `ConfigError` for impossible ones, `NotFoundError` for a model that is not there.
    """
    if not LEAST_REVIEWS <= sample <= MOST_REVIEWS:
        raise ConfigError(f"sample: from {LEAST_REVIEWS} to {MOST_REVIEWS:,} reviews (got {sample})")
    if not 0 <= seed <= MOST_SEED:
        raise ConfigError(f"seed: a whole number from 0 to {MOST_SEED:,} (got {seed})")
    chosen = {method(name).name for name in methods} - {CONTROL}
    if not chosen:
        raise ConfigError(f"methods: choose at least one of {', '.join(name for name in METHODS if name != CONTROL)}")
    try:
        weights = (model_folder(model, store) / "model.safetensors").read_bytes()
    except OSError as error:
        raise CheckpointError(f"the weights of {model} cannot be read: {error.strerror}; train it again") from error
    arguments = {
        "model": model,
        "weights": blake2b(weights, digest_size=8).hexdigest(),
        "learned_from": _digest(read_seen(experiment_folder(model, store))),
        "data": data if data in {"own", "demo"} else str(Path(data).expanduser().absolute()),
        "sample": sample,
        "seed": seed,
        "methods": [name for name in METHODS if name in chosen],
    }
    return {**arguments, "reading": dict(reading)} if reading else arguments


def _digest(seen: np.ndarray | None) -> str | None:
    return None if seen is None else blake2b(seen.tobytes(), digest_size=8).hexdigest()
