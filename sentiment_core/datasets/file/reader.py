"""One way to read reviews from a file that anybody may have made: every limit and every fault is named.

`read` holds the whole file, `pieces` only a few rows of it at a time. How a file is understood, and why the standard
library's parser reads it, stands in `reading`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sentiment_core.artifacts import here
from sentiment_core.datasets.file.container import MAX_SECONDS, READABLE, SUFFIXES, damage_named
from sentiment_core.datasets.file.reading import FileReading, Limits
from sentiment_core.datasets.file.table import Survey, Table
from sentiment_core.datasets.file.understood import Understood
from sentiment_core.errors import DataError
from sentiment_core.machine import available_memory
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig

MAX_BYTES = 1 << 30
HEAD_ROWS = 100


def read(
    data: DataConfig,
    *,
    labels_required: bool = False,
    keep_columns: bool = False,
    max_bytes: int = MAX_BYTES,
    max_rows: int | None = None,
    progress: Progress = silent,
) -> Table:
    """Read every row of `data.path`, blank ones included; `max_bytes` limits its unpacked size and what is kept of it.

    With `max_rows`, only so many of the first rows.

    Raise `DataError` when the file is missing, too large, of no kind that can be read, not well-formed, or leaves open
    which column holds the review; with `labels_required` also where the label is or what its values mean.
    """
    room = _room(max_bytes)
    with _faults_named(data) as path:
        return FileReading(data, path, labels_required, Limits(room, room, _deadline()), progress).table(
            keep_columns, max_rows
        )


def glance(data: DataConfig, labels_required: bool) -> Understood:
    """Return what `read` would make of the first rows of a file; raise `Undecided` where they leave columns open.

    Where more rows follow and these do not say what their labels mean, `unused_labels` is set: others may.
    """
    return read(data, labels_required=labels_required, max_rows=HEAD_ROWS).understood


def survey(data: DataConfig, *, progress: Progress = silent) -> Survey:
    """Return what `read` would make of all rows of a file without keeping them; raises what `read` does.

    It has no more to hold than the rows at hand, except of a JSON document and of Parquet within gzip or zip, which
    cannot be read in parts.
    """
    with _faults_named(data) as path:
        limits = Limits(MAX_BYTES, _room(MAX_BYTES), _deadline())
        return FileReading(data, path, labels_required=False, limits=limits, progress=progress).survey()


def pieces(
    data: DataConfig, found: Survey, *, keep_columns: bool, rows: int, characters: int = 1 << 24
) -> Iterator[Table]:
    """Yield the rows that `read` would return, in order, at most so many `rows` or about so many `characters` at once.

    `found`: what `survey` has made of the file. Raises what `read` does, and `DataError` where it is another file now.
    """
    with _faults_named(data) as path:
        # However long whoever reads takes for each piece: that the file ends is known.
        limits = Limits(MAX_BYTES, _room(MAX_BYTES), math.inf)
        reading = FileReading(data, path, labels_required=False, limits=limits)
        yield from reading.pieces(found, keep_columns, rows, characters)


def _room(most: int) -> int:
    # Half of what is free, because text outside Latin-1 takes two or four times its bytes in memory.
    return min(most, available_memory() // 2)


def _deadline() -> float:
    return time.monotonic() + MAX_SECONDS


@contextmanager
def _faults_named(data: DataConfig) -> Iterator[Path]:
    """Yield the path of the file; what reading it raises becomes one sentence."""
    path = here(Path(data.path or ""))
    if not path.name.lower().endswith(SUFFIXES):
        kinds = READABLE.replace("`", "")
        raise DataError(f"{path.name}: only {kinds} can be read. Export the reviews as one of them.")
    with damage_named(path.name):
        try:
            if not path.is_file():
                raise DataError(f"{path}: there is no such file. Check the name and the folder.")
            yield path
        except UnicodeError as error:
            raise DataError(f"{path.name}: the text encoding is damaged. Export the file again as UTF-8.") from error
        except (OSError, ValueError) as error:
            if isinstance(error, EOFError) or type(error).__module__ in {"gzip", "zipfile"}:
                raise
            raise DataError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
