"""Reviews in a file that anybody may have made, as a source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentiment_core.config import DataConfig, build
from sentiment_core.datasets.base import Progress, RawReviews
from sentiment_core.datasets.file import reader
from sentiment_core.datasets.file.container import is_small
from sentiment_core.errors import DataError

# English text under gzip or zip; Parquet compresses as well.
COMPRESSION = 2.5


def load(data: DataConfig, progress: Progress) -> RawReviews:
    """Read the labelled reviews of the file; see `reader.load`."""
    return reader.load(data, progress)


def settings(path: str | Path, reading: Mapping[str, Any]) -> DataConfig:
    """Return the settings that stand for a file which is read as `reading` says: the settings of `data` it names."""
    return build(DataConfig, {"source": "csv", **reading, "path": str(Path(path).expanduser().absolute())})


def check_here(data: DataConfig) -> None:
    """Raise `DataError` when the file is gone."""
    if not Path(data.path or "").is_file():
        raise DataError(f"the file {Path(data.path or '').name} is no longer where it was; put it back to read from it")


def is_quick(data: DataConfig) -> bool:
    """Return whether reading the file takes a fraction of a second; so does one that is gone or damaged."""
    return is_small(data.path or "")


def stamp(data: DataConfig) -> list[int] | None:
    """Return size and time of the file as it stands, None when it is gone."""
    try:
        found = os.stat(data.path or "")
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]


def characters(data: DataConfig) -> int:
    """Return about how many characters the file holds; a missing one counts as empty."""
    found = stamp(data)
    packed = str(data.path).lower().endswith((".gz", ".zip", ".parquet"))
    return 0 if found is None else round(found[0] * (COMPRESSION if packed else 1.0))
