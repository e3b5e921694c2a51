"""Background work that is not training: started once per question, answered from disk ever after.

A job is a kind and its arguments. It runs in a process of its own, which outlives the page and the server that started
it; whoever asks with the same arguments sees the same progress and gets the same result.

A job that waits is a file in the queue and nothing else; it gets a process when fewer than `max_workers()` jobs run.
The queue moves on when a job is submitted, cancelled or ends, when somebody looks at one that waits, and whenever the
server calls `pump`.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import filelock
import psutil

from sentiment_core.artifacts import folder, home
from sentiment_core.errors import ConfigError, SentimentLabError, StoreError
from sentiment_core.machine import die_first, max_workers, memory_limited
from sentiment_core.numerics import prepare_thread
from sentiment_core.out_of_memory import READING_ADVICE, memory_errors
from sentiment_core.work.executors.local import SINGLE_THREAD, end_process, python_path
from sentiment_core.work.job_files import DIED, Job, Place, entries

__all__ = ["CANCELLED", "DIED", "KINDS", "Job", "cancel", "look", "pump", "submit"]

KINDS: dict[str, str] = {
    "faithfulness": "sentiment_core.explain.study:run",
    "baselines": "sentiment_core.baselines:run",
    "predictions": "sentiment_core.explain.batch:run",
    "explanation": "sentiment_core.explain.job:run",
    "reviews": "sentiment_core.data_view.job:run",
}
"""Kind → `module:function`. A job's function takes its arguments and a progress callback and returns a JSON object."""

Progress = Callable[[str, float | None], None]

PROGRESS_SECONDS = 0.2
LOCK_SECONDS = 30.0
CANCELLED = "Cancelled before it was finished."

logger = logging.getLogger(__name__)

# Only whoever started a process can collect its exit; uncollected, it would stay a zombie.
_children: dict[int, subprocess.Popen[bytes]] = {}
_children_lock = threading.Lock()


def submit(kind: str, arguments: Mapping[str, Any]) -> Job:
    """Put the job into the queue unless it is there, runs or is finished; it starts at once where there is room.

    Raises `ConfigError` for an unknown kind and `StoreError` when the job cannot be written.
    """
    place = _place(kind, arguments)
    with _queue_locked(LOCK_SECONDS):
        if place.look().state in {"absent", "failed", "cancelled"}:
            place.clear()
            place.write("arguments", {"function": KINDS[kind], "arguments": dict(arguments)})
            place.enqueue()
        _start_next()
        return place.look()


def look(kind: str, arguments: Mapping[str, Any]) -> Job:
    """Return the job as it stands, `absent` when nobody has asked for it; a dead process reads as failed."""
    place = _place(kind, arguments)
    job = place.look()
    if job.state == "waiting":
        pump()
        job = place.look()
    return job


def cancel(kind: str, arguments: Mapping[str, Any]) -> None:
    """End a running job or take a waiting one out of the queue; any other is left as it is."""
    place = _place(kind, arguments)
    with _queue_locked(LOCK_SECONDS):
        if not place.look().active:
            return
        identity, process = place.read("process"), place.process()
        if process is None:
            place.write("error", {"state": "cancelled", "message": CANCELLED})
            return
    # Not under the lock: a job that does not listen would hold up everybody's.
    end_process(process, grace=3.0)
    _reap()
    with _queue_locked(LOCK_SECONDS):
        # It may have finished while it was being asked to end, or have been asked for anew.
        if place.read("process") == identity and place.ended() is None:
            place.write("error", {"state": "cancelled", "message": CANCELLED})
        _start_next()


def pump() -> None:
    """Start waiting jobs while there is room; does nothing while another process does."""
    with suppress(StoreError), _queue_locked(0):
        _start_next()


def _place(kind: str, arguments: Mapping[str, Any]) -> Place:
    if kind not in KINDS:
        raise ConfigError(f"there is no job {kind!r}; choose {', '.join(KINDS)}")
    _reap()
    return Place.of(kind, arguments)


@contextmanager
def _queue_locked(seconds: float) -> Iterator[None]:
    lock = filelock.FileLock(folder("jobs") / "queue.lock", timeout=seconds)
    try:
        lock.acquire()
    except (filelock.Timeout, OSError) as error:
        raise StoreError(f"the jobs in {lock.lock_file} are held by another process; try again in a minute") from error
    try:
        yield
    finally:
        lock.release()


def _start_next() -> None:
    """Forget entries of jobs that have ended and start those that wait, while fewer than `max_workers()` run."""
    running, room = 0, max_workers()
    waiting = []
    for entry, place in entries():
        started = place.read("process") is not None
        if place.ended() is not None or (started and place.process() is None):
            entry.unlink(missing_ok=True)
        elif started:
            running += 1
        else:
            waiting.append(place)
    for place in waiting[: max(0, room - running)]:
        try:
            _launch(place)
        except (OSError, psutil.Error) as error:
            place.write("error", {"state": "failed", "message": f"The calculation could not be started: {error}"})


def _launch(place: Place) -> None:
    environment = {
        **os.environ,
        **SINGLE_THREAD,
        "SENTIMENT_HOME": str(home().absolute()),
        "PYTHONPATH": python_path(),
    }
    with (place.folder / "job.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "sentiment_core.work.desk", place.kind, place.key],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    with _children_lock:
        _children[child.pid] = child
    place.started_as(child.pid)


def _reap() -> None:
    with _children_lock:
        for pid, child in list(_children.items()):
            if child.poll() is not None:
                del _children[pid]


def main(kind: str, key: str) -> None:
    """Run the job in this process and write its result, or one sentence that says why there is none."""
    die_first()
    prepare_thread()
    place = Place(kind, key)
    last = 0.0

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            with suppress(StoreError):  # a full disk is told by the result
                place.write("progress", {"message": message, "fraction": fraction})

    def fail(sentence: str) -> None:
        place.write("error", {"state": "failed", "message": sentence})

    try:
        told = place.read("arguments")
        if told is None:
            raise StoreError(f"the arguments of job {key} are gone; start it again")
        module, _, function = str(told["function"]).partition(":")
        with memory_limited(READING_ADVICE, fail), memory_errors(READING_ADVICE):
            result = getattr(import_module(module), function)(told["arguments"], progress)
        place.write("result", result)
    except SentimentLabError as error:
        logger.info("the job failed: %s", error, exc_info=error)
        fail(str(error))
    except Exception:
        logger.exception("the job failed")
        fail(f"Something went wrong that is not your doing; {place.folder / 'job.log'} says what.")
    # The queue moves on even when no browser is open to move it.
    pump()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    main(*sys.argv[1:])
