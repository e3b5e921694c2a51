"""Reviews in a file that anybody may have made, as a source."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.artifacts import here
from sentiment_core.config import build
from sentiment_core.datasets.base import NO_LABEL, TEST, RawReviews
from sentiment_core.datasets.file import reader
from sentiment_core.datasets.file.container import is_small
from sentiment_core.errors import DataError
from sentiment_core.number_words import counted
from sentiment_core.progress import Progress
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES

# English text under gzip or zip; Parquet compresses as well.
COMPRESSION = 2.5
MIN_REVIEWS = 20
# Part of every cache key: raise it when of any file other reviews, labels or sentences are read than before.
READING_VERSION = 5


def load(data: DataConfig, progress: Progress) -> RawReviews:
    """Read labelled reviews to train on; rows without text or label are left out with a sentence.

    Raise `DataError` for everything `reader.read` refuses, fewer than 20 reviews, and reviews of one class only.
    """
    table = reader.read(data, labels_required=True, progress=progress)
    assert table.labels is not None
    name = Path(data.path or "").name
    kept = np.flatnonzero(table.full & (table.labels != NO_LABEL))
    labels = table.labels[kept]
    if len(kept) < MIN_REVIEWS:
        raise DataError(
            f"{name} holds {counted(len(kept), 'review')} with text and label; at least "
            f"{MIN_REVIEWS} are needed. Add more reviews."
        )
    if len(np.unique(labels)) < 2:
        only = "positive" if labels[0] else "negative"
        raise DataError(f"{name} holds {only} reviews only; a classifier needs both. Add reviews of the other kind.")
    parts = None if table.parts is None else table.parts[kept]
    if parts is not None and not np.any(parts == TEST):
        raise DataError(f"{name}: its column split marks no row as test. Mark some, or set data.split to grouped.")
    warnings = table.understood.sentences(trained=True)
    return RawReviews([table.texts[row] for row in kept], labels, parts, warnings=warnings)


def settings(path: str | Path, reading: Mapping[str, Any]) -> DataConfig:
    """Return the settings that stand for a file which is read as `reading` says: the settings of `data` it names."""
    return build(DataConfig, {"source": "csv", **reading, "path": str(Path(path).expanduser().absolute())})


def check_here(data: DataConfig) -> None:
    """Raise `DataError` when the file is gone."""
    if not here(Path(data.path or "")).is_file():
        raise DataError(f"the file {Path(data.path or '').name} is no longer where it was; put it back to read from it")


def is_quick(data: DataConfig) -> bool:
    """Return whether reading the file takes a fraction of a second; so does one that is gone or damaged."""
    return is_small(here(Path(data.path or "")))


def stamp(data: DataConfig) -> tuple[int, ...] | None:
    """Return size and time of the file as it stands, None when it is gone."""
    try:
        found = os.stat(here(Path(data.path or "")))
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def recipe(data: DataConfig) -> str | None:
    """Return what names the file's content and all settings that say how it is read, None when it is gone."""
    path = here(Path(data.path or ""))
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
    reading = data.model_dump_json(include={*SOURCES["csv"].fields, "split"} - {"path"})
    return f"{content}|{path.name}|{reading}|{READING_VERSION}"


def characters(data: DataConfig) -> int:
    """Return about how many characters the file holds; a missing one counts as empty."""
    found = stamp(data)
    packed = str(data.path).lower().endswith((".gz", ".zip", ".parquet"))
    return 0 if found is None else round(found[0] * (COMPRESSION if packed else 1.0))
