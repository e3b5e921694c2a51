"""Writing to a store that may be away for a while: a lock, a restart, a broken connection must not end training."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self, TypeVar

from sentiment_core.errors import StoreUnavailableError

FIRST_PAUSE_SECONDS = 0.1  # doubled with each failure
LONGEST_PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 600.0  # a server that is moved or upgraded, a backup that holds the file
MOST_WAITING = 50_000  # rows, about 25 MB

T = TypeVar("T")

logger = logging.getLogger(__name__)


def patiently(call: Callable[[], T], on_failure: Callable[[], None] = lambda: None) -> T:
    """Return what `call` returns, calling again while the store is away; `on_failure` is told each time.

    Raises `StoreUnavailableError` when it stays away for `PATIENCE_SECONDS`, any other error at once.
    """
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except StoreUnavailableError as error:
            on_failure()
            if time.monotonic() + pause > deadline:
                raise
            if pause == FIRST_PAUSE_SECONDS:
                logger.warning("%s Trying again for up to %.0f s.", error, PATIENCE_SECONDS)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


class Outbox:
    """Writes what it is given, in that order, from a thread of its own: whoever trains does not wait for the store.

    A write must lead to the same when it is repeated: an answer may be lost with the connection. Once one has failed
    for good, its error is raised to whoever puts in the next or waits, and what still waits is dropped.
    """

    def __init__(self) -> None:
        self.troubled = False  # the store did not take the last attempt
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Callable[[], object], int]] = deque()
        self._rows = 0
        self._fault: Exception | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Return the outbox itself, to be closed at the end of the block."""
        return self

    def __exit__(self, *details: object) -> None:
        """Write what waits, then end the thread; raises nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def put(self, write: Callable[[], object], rows: int = 1) -> None:
        """Write in turn; with `MOST_WAITING` rows waiting already, wait for room."""
        with self._changed:
            self._changed.wait_for(lambda: self._fault or self._rows < MOST_WAITING)
            self._check()
            self._waiting.append((write, rows))
            self._rows += rows
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self) -> None:
        """Return when all is in the store."""
        with self._changed:
            self._changed.wait_for(lambda: self._fault or not self._waiting)
            self._check()

    def settles_within(self, seconds: float) -> bool:
        """Return whether all is in the store within `seconds`; False at once while the store is away."""
        with self._changed:
            self._changed.wait_for(lambda: self._fault or self.troubled or not self._waiting, seconds)
            self._check()
            return not self._waiting

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                write, rows = self._waiting[0]
            try:
                patiently(write, self._note_failure)
            except Exception as error:
                with self._changed:
                    self._fault = error
                    self._waiting.clear()
                    self._changed.notify_all()
                return
            with self._changed:
                if self.troubled:
                    logger.info("the store is back")
                self.troubled = False
                self._waiting.popleft()
                self._rows -= rows
                self._changed.notify_all()

    def _note_failure(self) -> None:
        with self._changed:
            self.troubled = True
            self._changed.notify_all()
