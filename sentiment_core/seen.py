"""Which reviews a model was trained and validated on, kept as hashes of their texts: its answer to those is no test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment_core.artifacts import SEEN, here, written
from sentiment_core.datasets import TEST, Reviews
from sentiment_core.datasets.copies import text_hashes
from sentiment_core.errors import CheckpointError

LARGEST_FILE = 1 << 26


def learned_from(reviews: Reviews) -> np.ndarray:
    """Return the hashes `(M,)` of the training and validation reviews, ascending, each once."""
    return np.unique(reviews.hashes[reviews.parts != TEST])


def is_in(texts: Sequence[str], seen: np.ndarray) -> np.ndarray:
    """Return which texts `(N,)` bool have a copy among those with the hashes `seen`."""
    return np.isin(text_hashes(texts), seen)


def write_seen(folder: Path, reviews: Reviews) -> None:
    """Keep in `folder` what a model is about to learn from; raise `StoreError` when it cannot be written."""
    with written(folder / SEEN) as temporary:
        np.save(temporary, learned_from(reviews), allow_pickle=False)


def read_seen(folder: Path) -> np.ndarray | None:
    """Return what `write_seen` kept in `folder`, None where it kept nothing; raise `CheckpointError` when damaged."""
    path = here(folder / SEEN)
    if not path.exists():
        return None
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("too large")
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
        if not isinstance(found, np.ndarray) or found.dtype != np.uint64 or found.ndim != 1:
            raise ValueError("not a list of hashes")
    except (OSError, ValueError, EOFError) as error:
        raise CheckpointError(
            f"the list of reviews that the model in {folder.name} was trained on is damaged; train it again"
        ) from error
    return found
