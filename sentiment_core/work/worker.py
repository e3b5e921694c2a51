"""The process that does one piece of work: `python -m sentiment_core.work KIND WORK_ID`, started by an executor.

KIND is the `module:CONSTANT` of its kind. Whatever it is, it has a heartbeat, a limit of memory and an outcome in the
store; when it ends, the next in the queue starts.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from sentiment_core import bucket
from sentiment_core.artifacts import CHECKPOINT, LOG, RESULT, remove, work_place, write_json
from sentiment_core.errors import (
    DownloadError,
    NotFoundError,
    OutOfMemory,
    SentimentLabError,
    StoreError,
    StoreUnavailableError,
    said,
)
from sentiment_core.logs import write_log
from sentiment_core.machine import die_first, memory_limited
from sentiment_core.metrics import Status
from sentiment_core.numerics import prepare_thread
from sentiment_core.out_of_memory import is_out_of_memory
from sentiment_core.store import Store, Worker, WorkProgress, patiently
from sentiment_core.work.executors import make_executor
from sentiment_core.work.kinds import Kind, register
from sentiment_core.work.leftovers import drop_copies
from sentiment_core.work.pace import Pace

HEARTBEAT_SECONDS = 0.5
MINUTE = 60.0
OVERTIME = (
    "This took {most:,} min, which is what one person's work may take at a time (person.minutes): others wait for the"
    " place."
)

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody asked for the end of the work."""


class Interrupted(Exception):
    """The work cannot go on here and now, through no fault of its own; the message is all that is to be said."""


class StopSignal:
    """Remembers SIGTERM and SIGINT. While `raising`, a signal ends the work at once by raising `Stopped`."""

    def __init__(self) -> None:
        self.received = False
        self.raising = True
        self._previous: dict[signal.Signals, Any] = {}

    def install(self) -> None:
        """Take over both signals; call it from the main thread, first thing."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._receive)

    def restore(self) -> None:
        """Give the signals back to whoever had them."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: object) -> None:
        self.received = True
        if self.raising:
            raise Stopped

    def end(self) -> None:
        """End the work as a signal would, from any thread of a process whose signals were taken over."""
        if self.raising and self._previous:
            os.kill(os.getpid(), signal.SIGTERM)


class Shift:
    """What a kind's function has to do with the desk; calling it says how far the work is.

    `store` is bound to this worker: it takes no writes once the work is not this worker's any more, which `lost` says.
    """

    def __init__(self, store: Store, work_id: str, worker: Worker, stop: StopSignal) -> None:
        self.store = store.held_by(work_id, worker)
        self.work_id = work_id
        self.stop = stop
        self.lost = False
        self.overtime: str | None = None  # why it was stopped, where it took too long
        self.progress = WorkProgress("preparing", "Starting")
        self._pace = Pace()

    def __call__(self, message: str, fraction: float | None = None, /) -> None:
        self.progress = WorkProgress("working", message, fraction, eta_seconds=self._pace.left(fraction))


class Heartbeat:
    """A thread that tells the store twice a second that this process lives and how far it is.

    It also has work stopped that takes longer than a student's may.
    """

    def __init__(self, store: Store, shift: Shift, worker: Worker, watch: Callable[[WorkProgress], None]) -> None:
        self._complained = False
        self._began = time.monotonic()
        self._store, self._shift, self._worker, self._watch = store, shift, worker, watch
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        self._beat()
        while not self._done.wait(HEARTBEAT_SECONDS):
            self._beat()
        # Once more, so that the last progress is how far it came.
        self._beat()

    def _beat(self) -> None:
        progress = self._shift.progress
        self._watch(progress)
        try:
            # False: stopped from outside, or given to another process after this one was thought dead.
            self._shift.lost = not self._store.heartbeat(self._shift.work_id, progress, self._worker)
            self._complained = False
            self._look_at_the_time()
            # Once it is not `raising`, the work looks for itself, and ends with a checkpoint.
            if self._shift.stop.raising and (self._shift.lost or self._store.work(self._shift.work_id).stop_requested):
                self._shift.stop.end()
        except SentimentLabError as error:
            if not self._complained:
                logger.warning("heartbeat failed: %s", error)
            self._complained = True

    def _look_at_the_time(self) -> None:
        shift = self._shift
        if shift.lost or shift.overtime is not None or (granted := self._store.class_limits()) is None:
            return
        most = granted.person.minutes
        if time.monotonic() - self._began > most * MINUTE:
            work = self._store.work(shift.work_id)
            if work.owner is not None:  # nothing limits a lecturer
                shift.overtime = OVERTIME.format(most=most)
                self._store.stop(shift.work_id)


def do_work(
    kind: Kind[Any, Any],
    store: Store,
    work_id: str,
    worker: Worker,
    stop: StopSignal,
    watch: Callable[[WorkProgress], None] = lambda progress: None,
) -> Status:
    """Do a claimed piece of work to its end; every outcome lands in the store, a result beside its files.

    `watch` is told the progress twice a second, from another thread. Raises `StoreError` when the outcome cannot be
    written: whoever finds the worker gone says so.
    """
    shift = Shift(store, work_id, worker, stop)

    def last_words(sentence: str) -> None:
        logger.error("%s", sentence)
        store.release(work_id, worker, Status.FAILED, sentence)

    status, message = Status.FINISHED, None
    with (
        bucket.patient(patiently),
        Heartbeat(store, shift, worker, watch),
        memory_limited(kind.memory_advice, last_words),
    ):
        try:
            patiently(store.check_bucket)
            arguments = kind.read(patiently(lambda: store.work(work_id)).arguments)
            module, _, name = kind.function.partition(":")
            function = getattr(import_module(module), name)
            # A store that is away for a moment fails nobody; equal arguments lead to the same result.
            result = patiently(lambda: function(arguments, shift))
            if result is not None:
                write_json(store.folder_of(work_id) / RESULT, kind.written_result(result))
        except Exception as error:
            status, message = outcome(error, kind)
            if status is Status.STOPPED:
                message = shift.overtime and f"{shift.overtime} {kind.again}"
        finally:
            stop.raising = False
    if patiently(lambda: store.release(work_id, worker, status, message)) and status is Status.FINISHED:
        # There is nothing to resume.
        patiently(lambda: remove(work_place(work_id) / CHECKPOINT))
    return status


def outcome(error: Exception, kind: Kind[Any, Any]) -> tuple[Status, str | None]:
    """Return how work ends that raised `error`, and the sentence that says so."""
    if isinstance(error, Stopped):
        return Status.STOPPED, None
    if isinstance(error, Interrupted | OutOfMemory):
        status = Status.INTERRUPTED if isinstance(error, Interrupted) else Status.FAILED
        logger.error("%s", error)
        return status, str(error)
    if is_out_of_memory(error):
        logger.exception("out of memory")
        return Status.FAILED, f"Out of memory. {kind.memory_advice}"
    if isinstance(error, StoreError | DownloadError | OSError):
        # Not the work's fault: nothing about it has to change before it can go on.
        logger.error("%s", error, exc_info=error if isinstance(error, OSError) else None)
        return Status.INTERRUPTED, f"{said(error)}. {kind.again}"
    if isinstance(error, SentimentLabError):
        logger.info("%s", error, exc_info=error)
        return Status.FAILED, str(error)
    logger.exception("unexpected error", exc_info=error)
    return Status.FAILED, f"This is a fault of the program ({type(error).__name__}). Details are in {LOG}."


def was_asked(store: Store, work_id: str) -> bool:
    """Return whether somebody asked for the end of work, or deleted it; raise `StoreUnavailableError`."""
    try:
        return store.work(work_id).stop_requested
    except NotFoundError:
        return True


def hand_on(store: Store) -> None:
    """Let the queue move on, even when no browser is open to move it; raise `StoreUnavailableError`."""
    make_executor(store).reconcile()


def main(arguments: list[str], hand_on: Callable[[Store], None] = hand_on) -> int:
    """Entry point of the worker process; the exit code is 0 whenever the outcome is in the store.

    `hand_on` is called with the store when the work has ended, unless by a signal that nobody asked for: then the
    machine is being shut down, and what started now would be ended as well.
    """
    prepare_thread(threads=1)
    stop = StopSignal()
    stop.install()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    if len(arguments) != 2:
        print("usage: python -m sentiment_core.work KIND WORK_ID", file=sys.stderr)
        return 2
    die_first()
    place, work_id = arguments
    worker = Worker.of()
    try:
        # The queue that it hands on may hold more of its kind, whoever brought that.
        kind = register(place)
        store = patiently(Store)
        if not patiently(lambda: store.set_worker(work_id, worker)):
            logger.error("%s is not waiting for a worker", work_id)
            return 2
        write_log(work_id, patiently(lambda: store.work(work_id)).owner)
        try:
            status = do_work(kind, store, work_id, worker, stop)
            with suppress(StoreUnavailableError):
                if bucket.is_set():
                    drop_copies(store)
                if not stop.received or was_asked(store, work_id):
                    hand_on(store)
        finally:
            store.close()
    except Stopped:
        return 0
    except SentimentLabError as error:
        logger.error("%s", error)
        return 2
    logger.info("%s is %s", work_id, status)
    return 0
