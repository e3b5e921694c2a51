"""Where everything lies that is no row of the store, and how it is written: whole or not at all.

Under the home folder each room holds one thing: `experiments/ID` (worker's log, checkpoint, what was learned from, and
a folder for each run: model, predictions, the model as it was at some steps), `work/ID` (a calculation's result and
log), `uploads`, and caches that can be made again. Where several machines share a bucket, a path is asked for with
`here` before it is read: what is written here goes there too (`sentiment_core.bucket`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import platformdirs

from sentiment_core import bucket
from sentiment_core.errors import StoreError

Room = Literal["corpora", "datasets", "embeddings", "experiments", "readings", "uploads", "work"]
# What is in them can be made again, or was given by somebody; half-written files of unknown writers may lie there.
SHARED: tuple[Room, ...] = ("corpora", "datasets", "embeddings", "readings", "uploads")

# That a file is used is noted at most so often.
NOTED_SECONDS = 3600.0

STORE = "store.sqlite3"
MARK = "store.txt"  # beside an experiment's or a calculation's files: which store they belong to
LOG = "worker.log"
CHECKPOINT = "checkpoint.pt"
SEEN = "seen.npy"
MODEL, WEIGHTS = "model.json", "model.safetensors"
WORD_PIECES = "word_pieces.json"  # beside a model that reads texts with a vocabulary of its own
PREDICTIONS = "predictions.npz"
PAIR_MEASURES = "pairs.npz"
RESULT = "result.json"
# Calculations once kept all they knew in files, visitors' texts too; nothing reads them any more.
FORMER = ("jobs",)


def home() -> Path:
    """Return the folder for experiments and caches: `$SENTIMENT_HOME`, else the platform's user data folder."""
    chosen = os.environ.get("SENTIMENT_HOME")
    return Path(os.path.expanduser(chosen)) if chosen else platformdirs.user_data_path("sentiment-lab")


def place(room: Room, *parts: str) -> Path:
    """Return where something lies in a room, whether it is there or not."""
    return home().joinpath(room, *parts)


def folder(room: Room | None = None, *parts: str) -> Path:
    """Return a folder in a room, by default home itself, created; raise `StoreError` when it cannot be."""
    path = home() if room is None else place(room, *parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create {path}: {error.strerror}. Set SENTIMENT_HOME to a folder you may write to."
        ) from error
    return path


def store_file() -> Path:
    """Return where the default store lies, its folder created; raise `StoreError` when that cannot be."""
    return folder() / STORE


def is_calculation(work_id: str) -> bool:
    """Whether an id is a calculation's (KIND-KEY) or an experiment's, which has no dash."""
    return "-" in work_id


def work_place(work_id: str) -> Path:
    """Return where the files of an experiment or a calculation lie."""
    return place("work" if is_calculation(work_id) else "experiments", work_id)


def run_place(experiment_id: str, run_id: str) -> Path:
    """Return where a run's model and predictions lie."""
    return place("experiments", experiment_id, run_id)


def here(path: Path) -> Path:
    """Return where to read a file, or the files directly in a folder: as somebody wrote them last, on any machine.

    Raises `StoreError` when a bucket cannot be reached.
    """
    shared = _bucket()
    return path if shared is None else shared.fetch(path)


def stamps(paths: Sequence[Path]) -> dict[Path, int]:
    """Return when those of some files that there are were written, in ns since 1970; reads nothing from a bucket."""
    if (shared := _bucket()) is not None:
        return shared.stamps(paths)
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = path.stat().st_mtime_ns
    return found


def size_of(*paths: Path) -> int:
    """Return how many bytes files, or all files of folders, take; 0 where there is none, links not followed."""
    shared = _bucket()
    return sum(map(size_here, paths)) if shared is None else shared.size(paths)


def size_here(path: Path) -> int:
    """Return how many bytes a file, or all files of a folder, take on this machine; as `size_of`."""
    try:
        if not path.is_dir():
            return path.stat(follow_symlinks=False).st_size
        return sum(size_here(Path(each)) for each in os.scandir(path) if not each.is_symlink())
    except OSError:
        return 0  # it went away in this moment


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there, on all machines that share it; raise `StoreError`."""
    if (shared := _bucket()) is not None:
        shared.remove(path)
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()


def use(path: Path) -> None:
    """Have a file last for longer that goes when nobody reads it."""
    if (shared := _bucket()) is not None and shared.use(path, NOTED_SECONDS):
        return
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > NOTED_SECONDS:
            os.utime(path)


def shared_places(room: Room) -> dict[Path, float]:
    """Return the folders and files of a room that a bucket holds, and when each was last used, in Unix seconds."""
    shared = _bucket()
    return {} if shared is None else shared.places(room)


def collect_bucket() -> list[str]:
    """Remove what writers that were ended have left in a bucket; return it."""
    shared = _bucket()
    return [] if shared is None else shared.collect()


def snapshot_place(experiment_id: str, run_id: str, step: int) -> Path:
    """Return where a run's model lies as it was after update `step` (0: before the first)."""
    return run_place(experiment_id, run_id) / f"step-{step}"


def snapshot_steps(experiment_id: str, run_id: str) -> list[int]:
    """Return the steps at which a run's model was kept, ascending."""
    folder, shared = run_place(experiment_id, run_id), _bucket()
    try:
        names = shared.names(folder) if shared is not None else {path.name for path in folder.iterdir()}
    except OSError:
        return []
    return sorted(int(found[1]) for name in names if (found := re.fullmatch(r"step-(\d{1,9})", name)))


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield where to write what shall lie at `path`: it appears there whole when the block ends, or not at all.

    Raises `StoreError` when the disk refuses.
    """
    temporary = None
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _put(path, {"": temporary})
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Free some space or set SENTIMENT_HOME elsewhere."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill: it appears at `path` whole when the block ends, in the place of what was there.

    Raises `StoreError` when the disk refuses.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".", dir=path.parent))
        yield temporary
        _put(path, {each.name: each for each in temporary.iterdir()})
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Free some space or set SENTIMENT_HOME elsewhere."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write a document; raise `StoreError` when the disk refuses. What is not finite is written as Python reads it."""
    with written(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def read_json(path: Path) -> Any | None:
    """Return a document, None where it is missing or damaged; raise `StoreError` when a bucket cannot be reached."""
    try:
        return json.loads(here(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _bucket() -> bucket.Bucket | None:
    return bucket.opened(home()) if bucket.is_set() else None


def _put(path: Path, files: dict[str, Path]) -> None:
    if (shared := _bucket()) is not None:
        shared.put(path, files)
