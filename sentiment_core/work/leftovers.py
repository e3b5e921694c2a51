"""What nobody will come back for: folders of what was deleted, half-written files, results that nobody asks for.

And the longest unused encodings and readings of reviews, where those take too much room: they are made again. Uploads,
downloads and word vectors stay; models name the vectors that they read with.

Collected when the app starts and once a day. What visitors asked lies in their calculations: those go `KEPT_DAYS` after
they were last read, those about a run with the run.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sentiment_core.artifacts import (
    FORMER,
    SHARED,
    Room,
    collect_bucket,
    home,
    is_calculation,
    place,
    remove,
    shared_places,
    work_place,
)
from sentiment_core.metrics import Status
from sentiment_core.store import Store

# Who has just lost an experiment may be writing its last file.
SETTLED_SECONDS = 60.0
# Of files whose writer is not known: a download goes on from its `.part`, and no write takes a day.
DAY_SECONDS = ABANDONED_SECONDS = 86_400.0
KEPT_DAYS = 30
# Of encodings and readings; those of 40,000 reviews take 40 MB each. What was used within a day stays in any case.
MOST_CACHED_BYTES = 4 << 30
CACHES: tuple[Room, ...] = ("corpora", "readings")
UNFINISHED = (".part", ".tmp")
ENDED = {status.value for status in Status if not status.is_active}

logger = logging.getLogger(__name__)


def collect(store: Store) -> list[Path]:
    """Remove what nobody will come back for and return it; what a living writer may own is left alone.

    A folder counts as a deleted experiment's only when it bears this store's mark: several stores may share a home, and
    a fresh one may stand where a damaged one was moved away until its backup is found.
    Raises `StoreError` when the store cannot be read.
    """
    removed = []
    statuses = store.statuses()
    shared = shared_places("experiments") | shared_places("work")
    unused = ((path, DAY_SECONDS) for path in _beyond(MOST_CACHED_BYTES))
    for path, age in (*_candidates(store, statuses, shared), *unused):
        try:
            touched = _touched(path) if path.exists() else 0.0
            if time.time() - max(touched, shared.get(path, 0.0)) < age:
                continue
            if path in shared:
                del shared[path]
                remove(path)
            else:
                _remove_here(path)
        except FileNotFoundError:
            continue  # another process has
        except OSError as error:
            logger.warning("cannot remove %s: %s", path, error.strerror)
            continue
        removed.append(path)
    # What has ended and left no files has no answer either: only what somebody asked, which may be their own text.
    ended = [work_place(each) for each, status in statuses.items() if is_calculation(each) and status in ENDED]
    if gone := [each.name for each in ended if each not in shared and not each.exists()]:
        store.forget_calculations(gone)
    collect_bucket()
    if removed:
        logger.info(
            "removed %d leftovers of crashes and unused caches: %s", len(removed), ", ".join(map(str, removed[:10]))
        )
    return removed


def drop_copies(store: Store) -> None:
    """Remove this machine's copies of what was deleted on another one, and half copies; raise `StoreError`.

    Who serves pages collects all leftovers; a machine that only works has nobody else to do this.
    """
    statuses = store.statuses()
    deleted = [folder for folder in _folders() if folder.name not in statuses and store.owns(folder)]
    ages = dict.fromkeys(deleted, SETTLED_SECONDS) | dict.fromkeys(_half_written(), ABANDONED_SECONDS)
    for path, age in ages.items():
        with suppress(OSError):  # another worker may do so in the same moment
            if time.time() - _touched(path) > age:
                _remove_here(path)


def _candidates(
    store: Store, statuses: Mapping[str, str], shared: Mapping[Path, float]
) -> Iterator[tuple[Path, float]]:
    """Yield paths with the seconds for which each must have been left untouched."""
    for folder in sorted({*_folders(), *shared}):
        ours = folder in shared or store.owns(folder)
        status = statuses.get(folder.name)
        if ours and status is None:
            yield folder, SETTLED_SECONDS
        elif status is None or status in ENDED:
            if is_calculation(folder.name):
                yield folder, KEPT_DAYS * DAY_SECONDS
            age = SETTLED_SECONDS if ours else ABANDONED_SECONDS
            for within in (folder, *_entries(folder, Path.is_dir)):
                yield from ((path, age) for path in _entries(within, _is_unfinished))
    yield from ((path, ABANDONED_SECONDS) for path in _half_written())
    for name in FORMER:
        yield from ((path, ABANDONED_SECONDS) for path in [home() / name] if path.is_dir() and not path.is_symlink())


def _folders() -> Iterator[Path]:
    for room in ("experiments", "work"):
        yield from _entries(home() / room, Path.is_dir)


def _half_written() -> Iterator[Path]:
    for room in SHARED:
        yield from _entries(place(room), _is_unfinished)


def _beyond(most_bytes: int) -> list[Path]:
    """Return the longest unused caches, so many that the others take `most_bytes` at most."""
    used = []
    for room in CACHES:
        for path in _entries(place(room), lambda path: path.suffix == ".npz" and not _is_unfinished(path)):
            with suppress(OSError):  # another process may have removed it in this moment
                found = path.lstat()
                used.append((found.st_mtime, found.st_size, path))
    beyond, together = [], 0
    for _, size, path in sorted(used, reverse=True):
        together += size
        if together > most_bytes:
            beyond.append(path)
    return beyond


def _entries(folder: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    # Nothing that a link points to: it may lie anywhere.
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if not path.is_symlink() and wanted(path))


def _remove_here(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".") or path.name.endswith(UNFINISHED)


def _touched(path: Path) -> float:
    """Return when the path or anything in it was last written, in Unix seconds."""
    inside: Iterable[Path] = path.rglob("*") if path.is_dir() else ()
    return max(each.lstat().st_mtime for each in (path, *inside))
