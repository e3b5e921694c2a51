"""Which reviews a model may be judged on: those it has not learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment_core.artifacts import work_place
from sentiment_core.datasets import TEST, RawReviews, check_here, load_reviews
from sentiment_core.errors import CheckpointError, ConfigError, DataError
from sentiment_core.explain.catalogue import PRETRAINED, PRETRAINED_FOLDER
from sentiment_core.progress import Progress, silent
from sentiment_core.seen import is_in, learned_from, read_seen
from sentiment_core.store import Store

CHANGED = (
    "the reviews have changed since this run was trained, so it has no test part of its own any more; "
    "give their file: what the run was trained on is left out of it"
)
REMEMBERED = (
    "was trained or validated on this very review: its answer says what it remembers, not what it makes of a new one."
)


def seen_by(model_id: str, store: Store) -> np.ndarray | None:
    """Return the hashes of what a model was trained and validated on, as `seen.learned_from` makes them.

    None when nobody can tell: the run is older than these lists, and its reviews are gone. Raises `NotFoundError` and
    `CheckpointError`.
    """
    kept = read_seen(experiment_folder(model_id, store))
    if kept is not None or model_id == PRETRAINED:
        return kept
    data = store.run(model_id).config.data
    try:
        check_here(data)
        return learned_from(load_reviews(data))
    except DataError:
        return None


def seen_among(texts: Sequence[str], model_id: str, store: Store) -> np.ndarray | None:
    """Return which texts `(N,)` bool the model has learned from, None when nobody can tell; raises as `seen_by`."""
    hashes = seen_by(model_id, store)
    return None if hashes is None else is_in(texts, hashes)


def has_seen(text: str, model_id: str, store: Store) -> bool | None:
    """Return whether the model has learned from `text`; None where no list of its reviews can be read.

    Unlike `seen_among` it reads no reviews: a page asks at every draw. Raises `NotFoundError`.
    """
    try:
        hashes = read_seen(experiment_folder(model_id, store))
    except CheckpointError:
        return None
    return None if hashes is None else bool(is_in([text], hashes)[0])


def experiment_folder(model_id: str, store: Store) -> Path:
    """Return where a model's list of reviews lies, one for all runs of an experiment; raise `NotFoundError`."""
    return PRETRAINED_FOLDER if model_id == PRETRAINED else work_place(store.run(model_id).experiment_id)


def own_test(model_id: str, store: Store, progress: Progress = silent) -> RawReviews:
    """Return the test part of the reviews that a run was trained with: its own limit, split and validation share.

    Raises `ConfigError` for the pretrained model, whose reviews do not come with it, and `DataError` when the reviews
    are gone or are others than at the training.
    """
    if model_id == PRETRAINED:
        raise ConfigError("data: the pretrained model's own reviews do not come with it; choose demo or a file")
    data = store.run(model_id).config.data
    check_here(data)
    reviews = load_reviews(data, progress)
    kept = read_seen(experiment_folder(model_id, store))
    if kept is not None and not np.array_equal(kept, learned_from(reviews)):
        raise DataError(CHANGED)
    return RawReviews(reviews.texts, reviews.labels, evidence=reviews.evidence).take(reviews.select(TEST))
