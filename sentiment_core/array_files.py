"""Named arrays in a file: read within limits and without pickle, whoever wrote it; and caches made of them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from sentiment_core.artifacts import Room, folder, use, written
from sentiment_core.errors import SentimentLabError, StoreError

LARGEST_CACHE = 8 << 30

Found = TypeVar("Found")
Arrays = Mapping[str, np.ndarray]

logger = logging.getLogger(__name__)


class DamagedError(Exception):
    """A file of arrays cannot be read, is too large, or does not hold what was expected of it."""


@contextmanager
def arrays_in(path: Path, most_bytes: int) -> Iterator[Arrays]:
    """Yield the arrays of an `.npz` file by their names; unpacked they may take `most_bytes`.

    Whatever goes wrong before the block ends raises `DamagedError`: a missing array, or a check of the block's own,
    is as much damage as a file that is none. Only what the user can do something about passes as it is.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if sum(entry.file_size for entry in archive.zip.infolist()) > most_bytes:
                raise ValueError("too large")
            yield {name: archive[name] for name in archive.files}
    except SentimentLabError:
        raise
    except Exception as error:  # a damaged archive fails in zipfile, zlib or numpy, each in its own way
        raise DamagedError(f"{path}: {error}") from error


def cache_path(room: Room, recipe: str, suffix: str = ".npz") -> Path:
    """Return where what is made by `recipe` is kept: `recipe` names everything on which it depends."""
    return folder(room) / f"{hashlib.blake2b(recipe.encode(), digest_size=12).hexdigest()}{suffix}"


def read_cache(path: Path, read: Callable[[Arrays], Found]) -> Found | None:
    """Return what `read` makes of a cache's arrays; None where it is absent or damaged, so that it is made again.

    `read` raises for arrays that do not fit together.
    """
    if not path.exists():
        return None
    try:
        with arrays_in(path, LARGEST_CACHE) as found:
            use(path)  # what nobody has used for longest goes first
            return read(found)
    except DamagedError as error:
        logger.warning("a damaged cache is made again: %s", error)
        return None


def write_cache(path: Path, **arrays: np.ndarray) -> None:
    """Keep arrays; a full disk costs the cache, not the experiment."""
    with suppress(StoreError), written(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]
