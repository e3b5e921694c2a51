"""The reviews that the Data page shows: as a training would have them; those of a file without labels as they stand."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets import TRAIN, Reviews, load_reviews
from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig


def reviews_to_show(data: DataConfig, progress: Progress = silent) -> Reviews:
    """Return the reviews that `data` names; without labels all are in training, and those without a text left out.

    Raises what `load_reviews` does, also for a file whose labels are there and not understood.
    """
    if not _is_unlabelled(data):
        return load_reviews(data, progress)
    table = reader.read(data, progress=progress)
    rows = np.flatnonzero(table.full)
    if not len(rows):
        raise DataError(f"{table.understood.name} holds no review with a text")
    labels, parts = (np.full(len(rows), value, dtype=np.int8) for value in (NO_LABEL, TRAIN))
    warnings = table.understood.sentences(trained=True)
    return Reviews([table.texts[row] for row in rows], labels, parts, warnings=warnings)


def _is_unlabelled(data: DataConfig) -> bool:
    if data.source != "csv":
        return False
    found = reader.glance(data, labels_required=False)
    return found.label_column is None and found.unused_labels is None
