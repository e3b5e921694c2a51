"""The default executor: one process for each piece of work on this machine, which outlives the web server."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import psutil

from sentiment_core.artifacts import LOG, home, work_place
from sentiment_core.errors import StoreError, StoreUnavailableError, said
from sentiment_core.machine import cores, max_workers, worker_memory
from sentiment_core.metrics import Status
from sentiment_core.processes import ProcessIdentity, find_process, this_machine
from sentiment_core.store import Places, Store, Work, Worker
from sentiment_core.work.executors.heartbeats import HeartbeatWatch
from sentiment_core.work.executors.standby import Standby
from sentiment_core.work.kinds import KINDS, kind, name_of

LAUNCH_GRACE_SECONDS = 15.0  # between claiming an experiment and its worker being known
HEARTBEAT_LIMIT_SECONDS = 30.0  # all that can be known of a worker on another machine

# Two thread pools fighting for the same cores cost 10-40x; a worker runs its own threads.
SINGLE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

logger = logging.getLogger(__name__)

# Children belong to the process, not to an executor object: any executor here reaps them, and dropping one is safe.
# Ended ones stay: whoever finds the experiment without a worker asks for the exit code then.
_children: dict[int, subprocess.Popen[bytes]] = {}
# Those that waited before they were handed their work: one may have died with it unread.
_waited: set[int] = set()
_children_lock = threading.Lock()


def worker_command(work_id: str) -> list[str]:
    """Return the command line that does a piece of work."""
    # -P: a file in the current folder that is named like a library must not be imported instead of it.
    return [sys.executable, "-P", "-m", "sentiment_core.work", KINDS[name_of(work_id)], work_id]


def start_worker(command: list[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a worker that writes to `log` and outlives this process; raise `OSError` when that is impossible."""
    # A session of its own: Ctrl-C in the server's terminal and the server's end do not reach the worker.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def shared_places(total: int) -> Places:
    """Return how much of `total` may be work that takes hours: of two and more one place stays free for the rest.

    What takes seconds would otherwise wait behind a night of training; a single place cannot be kept free.
    """
    return Places(total, max(1, total - 1))


class LocalExecutor:
    """Runs up to `max_running` workers at once on this machine; any number of executors may share a store."""

    def __init__(
        self,
        store: Store,
        max_running: int | None = None,
        command: Callable[[str], Sequence[str]] = worker_command,
    ) -> None:
        """Take `max_running` from `max_workers()`; raise `ConfigError` when that or `worker_memory()` is unreadable."""
        worker_memory()
        self._store = store
        self._command = command
        self._host = this_machine()
        self._heartbeats = HeartbeatWatch()
        self._standby = Standby()
        self.places = shared_places(max_workers() if max_running is None else max_running)

    def submit(self, work_id: str) -> None:
        """Start queued work if there is room; raise `NotFoundError` when there is no such work."""
        self._store.work(work_id)
        # It waits in the queue, from which whoever looks next starts it: the click is not lost.
        with contextlib.suppress(StoreUnavailableError):
            self.reconcile()

    def reconcile(self) -> None:
        """Mark work whose worker is gone as interrupted (stopped, if that was asked for); start what is queued."""
        _reap()
        active = self._store.active_work()
        held = [work for work in active if work.status is not Status.QUEUED]
        silence = self._heartbeats.look({work.id: work.heartbeat for work in held})
        waits = any(work.status is Status.QUEUED for work in active)
        for work in held:
            if self._is_gone(work, silence[work.id]):
                waits |= self._settle(work)
        if waits:
            self.pump()

    def pump(self) -> None:
        """Start queued work until none waits that there is a place for."""
        threads = max(1, cores() // self.places.long)
        granted = self._store.class_limits()
        places = replace(self.places, each=None if granted is None else granted.person.running)
        while (work_id := self._store.claim(places, self._host, threads, KINDS.keys())) is not None:
            try:
                self._launch(work_id)
            except (OSError, StoreError, psutil.Error) as error:
                logger.warning("%s: its worker could not be started", work_id, exc_info=error)
                again = kind(self._store.work(work_id).kind).again
                message = f"Its worker could not be started on this machine: {said(error)}. {again}"
                self._store.release(work_id, None, Status.INTERRUPTED, message)

    def terminate(self, work_id: str, grace: float = 5.0) -> None:
        """Ask work to stop, then SIGTERM its worker, after `grace` seconds SIGKILL it and its children.

        A worker on another machine is only asked. Raises `NotFoundError`; what has ended is left alone.
        """
        self._store.stop(work_id)
        work = self._store.work(work_id)
        if work.status not in {Status.RUNNING, Status.PAUSED}:
            return
        if work.worker is None or work.worker.host != self._host:
            return  # one that is just being launched reads the request first thing
        process = find_process(work.worker)
        if process is not None:
            end_process(process, grace)
        _reap()
        self._settle(work)

    def cluster(self, seconds: float = 0.0) -> None:
        """Return None: all work is done on this machine."""

    def stand_by(self) -> None:
        """Keep a worker ready while a place is free; it ends with this process."""
        held = [work for work in self._store.active_work() if work.status is not Status.QUEUED]
        if len(held) < self.places.total:
            self._standby.keep(self._environment())

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **SINGLE_THREAD,
            "SENTIMENT_HOME": str(home().absolute()),
            "SENTIMENT_STORE_URL": self._store.url,
            "PYTHONPATH": python_path(),
        }

    def _launch(self, work_id: str) -> None:
        environment, log = self._environment(), self._store.folder_of(work_id) / LOG
        command = list(self._command(work_id))
        child = waited = self._standby.take(command, environment, log)
        if child is None:
            with log.open("ab") as words:
                child = start_worker(command, environment, words)
        worker = Worker.of(child.pid)
        with _children_lock:
            _children[child.pid] = child
            (_waited.discard if waited is None else _waited.add)(child.pid)
        with contextlib.suppress(StoreUnavailableError):
            self._store.set_worker(work_id, worker)  # sooner than the worker itself, which does the same

    def _is_gone(self, work: Work, silence: float) -> bool:
        if work.worker is None:
            return silence > LAUNCH_GRACE_SECONDS
        if work.worker.host != self._host:
            return silence > HEARTBEAT_LIMIT_SECONDS
        return find_process(work.worker) is None

    def _settle(self, work: Work) -> bool:
        """Say how work ended whose worker is gone; return whether it is in the queue again, for it never began."""
        if work.worker is not None and work.progress is None and work.worker.pid in _waited:
            logger.warning("%s: the worker that waited is gone before it began; another is started", work.id)
            return self._store.give_back(work.id, work.worker)
        stopped = work.stop_requested
        status, message = (Status.STOPPED, None) if stopped else (Status.INTERRUPTED, _interruption(work))
        try:
            released = self._store.release(work.id, work.worker, status, message)
        except StoreError:
            self._heartbeats.forget()
            raise
        if released and message:
            logger.warning("%s: %s", work.id, message)
        return False


def _reap() -> None:
    """Collect the exit codes of ended children, so that none stays a zombie."""
    with _children_lock:
        for child in _children.values():
            child.poll()


def _exit_code(pid: int) -> int:
    """Return how a child of this process ended, -n for signal n; 0 when that cannot be known."""
    with _children_lock:
        child = _children.get(pid)
        if child is None:
            return 0
        # A process of many threads is a zombie for a moment before its exit code can be had.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(timeout=1.0)
        return 0


def end_process(process: psutil.Process, grace: float) -> None:
    """Send SIGTERM, after `grace` seconds SIGKILL to it and to what it started."""
    # psutil refuses to signal a later process that got the same number.
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        if _wait(process, grace):
            return
        # A group of its own also holds what the worker started; the shell's group of a command line must live.
        if os.getsid(process.pid) == process.pid and process.is_running():
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        _wait(process, 5.0)


def _wait(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    identity = ProcessIdentity.of(process.pid)
    while find_process(identity) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _interruption(work: Work) -> str:
    if work.worker is None:
        message = "The worker did not start."
    else:
        step = max(work.steps, work.progress.step if work.progress else 0)
        message = f"The worker ended unexpectedly{f' at step {step}' if step else ''}."
        code = _exit_code(work.worker.pid)
        if code == -signal.SIGKILL:
            message += " It was killed, perhaps because memory ran out."
        elif code < 0:
            message += f" It was ended by {signal.Signals(-code).name}."
    last_line = _last_line(work_place(work.id) / LOG)
    again = kind(work.kind).again if work.kind in KINDS else ""
    return f"{message} {again}" + (f" Its last words: {last_line}" if last_line else "")


def _last_line(path: Path, limit: int = 200) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read(4096).decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    # A line about progress would read like a cause.
    telling = (line.strip() for line in reversed(lines) if line.strip() and " INFO " not in line)
    return next((line[:limit] for line in telling), "")


def python_path() -> str:
    """Return a `$PYTHONPATH` under which a child finds this package."""
    root = str(Path(__file__).resolve().parents[3])
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # Each process that starts the next one in a queue adds it again.
    return os.pathsep.join(dict.fromkeys(filter(None, [root, *given])))
