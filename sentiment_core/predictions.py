"""What a run said about every test review: kept when it ends, read by the confusion matrix and the calibration.

`predictions.npz` lies beside the run's model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_core.array_files import DamagedError, arrays_in
from sentiment_core.artifacts import PREDICTIONS, here, run_place, written
from sentiment_core.datasets import Reviews
from sentiment_core.datasets.copies import exact_hashes
from sentiment_core.errors import CheckpointError, DataError
from sentiment_core.steps.rules import positive, probability
from sentiment_core.store import Run

MOST_REVIEWS = 2_000_000
LARGEST_FILE = 64_000_000


@dataclass(frozen=True, eq=False)
class Predictions:
    """N test reviews: `indices (N,)` into the data set as loaded, ascending; P(positive) `(N,)` float32; labels `(N,)`.

    A probability is NaN where a diverged run gave no answer. Label 1 is positive. `contents (N,)` uint64: a hash of
    each text, None in files of before these were kept.
    """

    indices: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray
    contents: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True)
class ConfusionCell:
    """One cell of the confusion matrix: reviews with `label` that the model took for `predicted`."""

    label: int
    predicted: int

    @property
    def name(self) -> str:
        """The usual short name: tn, fp, fn or tp."""
        return ("t" if self.label == self.predicted else "f") + ("p" if self.predicted else "n")


CELLS = {cell.name: cell for label in (0, 1) for cell in (ConfusionCell(label, 0), ConfusionCell(label, 1))}


def write_predictions(
    folder: Path, indices: np.ndarray, logits: np.ndarray, labels: np.ndarray, contents: np.ndarray | None = None
) -> None:
    """Keep a run's log-odds of positive `(N,)` for the reviews `indices (N,)`; raise `StoreError` if the disk refuses.

    `contents (N,)`: what binds the answers to the texts, as `exact_hashes` makes it. The file appears whole or not at
    all.
    """
    order = np.argsort(indices, kind="stable")
    with written(folder / PREDICTIONS) as temporary:
        np.savez(
            temporary,
            indices=indices[order].astype(np.int32),
            probabilities=probability(logits[order], np.float32),
            labels=labels[order].astype(np.int8),
            contents=np.empty(0, np.uint64) if contents is None else contents[order].astype(np.uint64),
        )


def read_predictions(run: Run) -> Predictions | None:
    """Return what `run` said about the test part; None when it did not come to its end, or before this was kept.

    Raises `CheckpointError` when the file is damaged.
    """
    path = here(run_place(run.experiment_id, run.id) / PREDICTIONS)
    if not path.exists():
        return None
    try:
        with arrays_in(path, LARGEST_FILE) as arrays:
            contents = arrays.get("contents")
            bound = None if contents is None or contents.shape == (0,) else contents
            found = Predictions(arrays["indices"], arrays["probabilities"], arrays["labels"], bound)
            _check(found)
    except DamagedError as error:
        raise CheckpointError(f"the predictions of run {run.id} are damaged; train it again") from error
    return found


def _check(found: Predictions) -> None:
    indices, probabilities, labels = found.indices, found.probabilities, found.labels
    if not (indices.ndim == 1 and indices.shape == probabilities.shape == labels.shape) or len(found) > MOST_REVIEWS:
        raise ValueError("shapes")
    if indices.dtype.kind not in "iu" or labels.dtype.kind not in "iu" or probabilities.dtype.kind != "f":
        raise ValueError("types")
    contents = found.contents
    if contents is not None and (contents.shape != indices.shape or contents.dtype != np.uint64):
        raise ValueError("contents")
    if np.any(indices < 0) or np.any(np.diff(indices) <= 0) or np.any((labels != 0) & (labels != 1)):
        raise ValueError("indices or labels")
    # Not-a-number is an answer of its own: neither comparison holds for it.
    if np.any(probabilities < 0) or np.any(probabilities > 1):
        raise ValueError("probabilities")


def confusion(probabilities: np.ndarray, labels: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Return counts `(2, 2)`: row = true label, column = answer, which is positive from `threshold` on.

    Reviews without an answer (NaN) count nowhere.
    """
    answered = np.isfinite(probabilities)
    answers = positive(probabilities[answered], threshold).astype(np.int64)
    counts = np.bincount(2 * labels[answered].astype(np.int64) + answers, minlength=4)
    return counts.reshape(2, 2)


def of_cell(found: Predictions, cell: ConfusionCell, threshold: float = 0.5) -> np.ndarray:
    """Return places `(M,)` in `found` of the reviews of one cell, the most confident first; ties by review."""
    said = positive(found.probabilities, threshold)
    mine = np.isfinite(found.probabilities) & (found.labels == cell.label) & (said == bool(cell.predicted))
    places = np.flatnonzero(mine)
    confidence = found.probabilities[places] * (1 if cell.predicted else -1)
    return places[np.argsort(-confidence, kind="stable")]


def is_about(found: Predictions, texts: Sequence[str], labels: np.ndarray) -> bool:
    """Return whether the first `M` answers are to `texts` (M) with `labels` (M,), to the last character.

    Of answers kept without the hashes of their texts only the labels can be compared.
    """
    count = len(texts)
    if len(found) < count or not np.array_equal(found.labels[:count], labels):
        return False
    return found.contents is None or np.array_equal(found.contents[:count], exact_hashes(texts))


def check_same_reviews(found: Predictions, reviews: Reviews) -> None:
    """Raise `DataError` when `reviews` are not those that were tested: fewer, or others at these places."""
    fits = len(found) == 0 or int(found.indices[-1]) < len(reviews)
    if not fits or not is_about(
        found, [reviews.texts[place] for place in found.indices.tolist()], reviews.labels[found.indices]
    ):
        raise DataError("the reviews have changed since this run was tested; train again to look at single reviews")
