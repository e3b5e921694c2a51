"""Background work that is not training: started once per question, answered from disk ever after.

A job is a kind and its arguments. It runs in a process of its own, which outlives the page and the server that started
it; whoever asks with the same arguments sees the same progress and gets the same result.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import filelock
import psutil

from sentiment_core.errors import ConfigError, SentimentLabError, StoreError
from sentiment_core.executors.local import SINGLE_THREAD, end_process, find_process, python_path
from sentiment_core.paths import folder, home
from sentiment_core.store import Worker

KINDS: dict[str, str] = {
    "faithfulness": "sentiment_core.explain.study:run",
    "baselines": "sentiment_core.baselines:run",
    "predictions": "sentiment_core.explain.batch:run",
    "explanation": "sentiment_core.explain.job:run",
    "reviews": "sentiment_core.data_view.job:run",
}
"""Kind → `module:function`. A job's function takes its arguments and a progress callback and returns a JSON object."""

State = Literal["absent", "running", "finished", "failed", "cancelled"]
Progress = Callable[[str, float | None], None]

PROGRESS_SECONDS = 0.2
SLOT_SECONDS = 0.3
LOCK_SECONDS = 30.0
DIED = "The calculation ended unexpectedly, perhaps because memory ran out. Start it again."
CANCELLED = "Cancelled before it was finished."

logger = logging.getLogger(__name__)

# Only whoever started a process can collect its exit; uncollected, it would stay a zombie.
_children: dict[int, subprocess.Popen[bytes]] = {}
_children_lock = threading.Lock()


@dataclass(frozen=True)
class Job:
    """A job as it stands: `fraction` 0..1 or None where it is unknown, `result` when finished, `error` when not."""

    kind: str
    key: str
    state: State
    message: str = ""
    fraction: float | None = None
    result: dict[str, Any] | None = None
    error: str | None = None


def submit(kind: str, arguments: Mapping[str, Any]) -> Job:
    """Start the job unless it runs or is finished; of several that ask at once, one starts it.

    Raises `ConfigError` for an unknown kind and `StoreError` when the job cannot be written or started.
    """
    place = _Place.of(kind, arguments)
    with place.locked():
        job = place.look()
        if job.state not in {"running", "finished"}:
            place.clear()
            place.write("arguments", {"function": KINDS[kind], "arguments": dict(arguments)})
            _launch(place)
            job = place.look()
    return job


def look(kind: str, arguments: Mapping[str, Any]) -> Job:
    """Return the job as it stands, `absent` when nobody has started it; a dead process reads as failed."""
    return _Place.of(kind, arguments).look()


def cancel(kind: str, arguments: Mapping[str, Any]) -> None:
    """End a running job; one that is not running is left as it is."""
    place = _Place.of(kind, arguments)
    if place.look().state != "running":
        return
    with place.locked():
        if (process := place.process()) is not None:
            end_process(process, grace=3.0)
        _reap()
        # It may have finished while it was being asked to end.
        if place.read("result") is None and place.read("error") is None:
            place.write("error", {"state": "cancelled", "message": CANCELLED})


@dataclass(frozen=True)
class _Place:
    """Where a job lies: `arguments`, `process`, `progress`, `result` and `error`, each a JSON file of its own."""

    kind: str
    key: str

    @classmethod
    def of(cls, kind: str, arguments: Mapping[str, Any]) -> _Place:
        if kind not in KINDS:
            raise ConfigError(f"there is no job {kind!r}; choose {', '.join(KINDS)}")
        content = json.dumps([kind, dict(arguments)], sort_keys=True)
        return cls(kind, blake2b(content.encode(), digest_size=16).hexdigest())

    @property
    def folder(self) -> Path:
        return home() / "jobs" / self.key

    @contextmanager
    def locked(self) -> Iterator[None]:
        lock = filelock.FileLock(folder("jobs", self.key) / "lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except (filelock.Timeout, OSError) as error:
            raise StoreError(f"{self.folder} is held by another process; try again in a minute") from error
        try:
            yield
        finally:
            lock.release()

    def read(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write atomically: who reads meanwhile sees the old content or the new one."""
        try:
            handle, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder("jobs", self.key))
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            os.replace(temporary, self.folder / f"{name}.json")
        except OSError as error:
            raise StoreError(f"cannot write {self.folder}: {error.strerror}. Make room there.") from error

    def clear(self) -> None:
        for name in ("process", "progress", "result", "error"):
            (self.folder / f"{name}.json").unlink(missing_ok=True)

    def process(self) -> psutil.Process | None:
        content = self.read("process")
        try:
            return None if content is None else find_process(Worker(**content))
        except TypeError:
            return None

    def look(self) -> Job:
        _reap()
        if self.read("process") is None:
            return Job(self.kind, self.key, "absent")
        if (ended := self._ended()) is not None:
            return ended
        if self.process() is None:
            # Its last act may have been the result.
            return self._ended() or Job(self.kind, self.key, "failed", error=DIED)
        progress = self.read("progress") or {}
        return Job(self.kind, self.key, "running", progress.get("message", "Starting"), progress.get("fraction"))

    def _ended(self) -> Job | None:
        if (result := self.read("result")) is not None:
            return Job(self.kind, self.key, "finished", fraction=1.0, result=result)
        if (error := self.read("error")) is not None:
            state: State = "cancelled" if error.get("state") == "cancelled" else "failed"
            return Job(self.kind, self.key, state, error=str(error.get("message", DIED)))
        return None


def _launch(place: _Place) -> None:
    environment = {
        **os.environ,
        **SINGLE_THREAD,
        "SENTIMENT_HOME": str(home().absolute()),
        "PYTHONPATH": python_path(),
    }
    try:
        with (place.folder / "job.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "sentiment_core.jobs", place.kind, place.key],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        with _children_lock:
            _children[child.pid] = child
        worker = Worker.of(child.pid)
    except (OSError, psutil.Error) as error:
        raise StoreError(f"The calculation could not be started: {error}") from error
    place.write("process", {"host": worker.host, "pid": worker.pid, "create_time": worker.create_time})


def _reap() -> None:
    with _children_lock:
        for pid, child in list(_children.items()):
            if child.poll() is not None:
                del _children[pid]


def _slot(progress: Progress) -> filelock.BaseFileLock:
    """Wait for one of a few places, so that a classroom's jobs do not fight for the cores; a dead holder frees it."""
    locks = [
        filelock.FileLock(folder("jobs") / f"slot-{number}.lock")
        for number in range(max(1, (os.cpu_count() or 1) // 2))
    ]
    while True:
        for lock in locks:
            with suppress(filelock.Timeout):
                lock.acquire(timeout=0)
                return lock
        progress("Waiting for another calculation to finish", None)
        time.sleep(SLOT_SECONDS)


def main(kind: str, key: str) -> None:
    """Run the job in this process and write its result, or one sentence that says why there is none."""
    place = _Place(kind, key)
    last = 0.0

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            with suppress(StoreError):  # a full disk is told by the result
                place.write("progress", {"message": message, "fraction": fraction})

    try:
        told = place.read("arguments")
        if told is None:
            raise StoreError(f"the arguments of job {key} are gone; start it again")
        with _slot(progress):
            module, _, function = str(told["function"]).partition(":")
            result = getattr(import_module(module), function)(told["arguments"], progress)
        place.write("result", result)
    except SentimentLabError as error:
        logger.info("the job failed: %s", error, exc_info=error)
        place.write("error", {"state": "failed", "message": str(error)})
    except Exception:
        logger.exception("the job failed")
        message = f"Something went wrong that is not your doing; {place.folder / 'job.log'} says what."
        place.write("error", {"state": "failed", "message": message})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    main(*sys.argv[1:])
