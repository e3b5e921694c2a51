"""The desk: who asks a question again sees the same calculation, its progress and its result, whoever started it.

A calculation is a kind and its arguments. Its state is a row of the store, its result a file; it runs in a process of
its own, which outlives the page and the server that started it, and waits in one queue with training.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from sentiment_core.artifacts import RESULT, is_calculation, read_json, use, work_place
from sentiment_core.errors import NotFoundError, StoreUnavailableError
from sentiment_core.machine import max_workers
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Work
from sentiment_core.work.executors import Executor
from sentiment_core.work.kinds import KINDS, Kind, kind

A = TypeVar("A")
R = TypeVar("R")

CANCELLED = "Cancelled before it was finished."


@dataclass(frozen=True)
class Job(Generic[R]):
    """A calculation as it stands: `status` None when nobody has asked for it, `result` when it is finished.

    `fraction` is 0..1 or None where it is unknown, `seconds_left` an estimate; `position` is its place in the queue
    while it waits, from 1. `error` says why there is no result.
    """

    id: str
    status: Status | None
    message: str = ""
    fraction: float | None = None
    seconds_left: float | None = None
    position: int | None = None
    error: str | None = None
    result: R | None = None
    owner: str | None = None  # who asked for it, `Person.id`

    @property
    def active(self) -> bool:
        """Whether it runs or waits for its turn."""
        return self.status is not None and self.status.is_active


def look(store: Store, kind: Kind[A, R], arguments: A) -> Job[R]:
    """Return a calculation as it stands; raise `StoreError` when the store cannot be read."""
    work_id = kind.id_of(arguments)
    try:
        work = store.work(work_id)
    except NotFoundError:
        return Job(work_id, None)
    if work.status is Status.FINISHED:
        # None where it has been taken away, or another version wrote it: then it can be asked for again.
        return Job(work_id, work.status, fraction=1.0, result=_result(kind, work_id))
    return described(store, work)


def described(store: Store, work: Work) -> Job[R]:
    """Return what is to be said about a piece of work, its result left out."""
    if work.status is Status.QUEUED:
        place = store.queue_position(work.id, past_long=not work.is_long and max_workers() > 1)
        return Job(
            work.id,
            work.status,
            f"Waiting for its turn: number {place or 1} in the queue",
            position=place,
            owner=work.owner,
        )
    if work.status is Status.STOPPED:
        return Job(work.id, work.status, error=work.error or CANCELLED)
    progress = work.progress
    if progress is None or not work.status.is_active:
        return Job(
            work.id, work.status, "Starting" if work.status.is_active else "", error=work.error, owner=work.owner
        )
    return Job(work.id, work.status, progress.message, progress.fraction, progress.eta_seconds, owner=work.owner)


class Desk:
    """Takes questions, and has them worked on."""

    def __init__(self, store: Store, executor: Executor) -> None:
        self.store = store
        self.executor = executor

    def look(self, kind: Kind[A, R], arguments: A) -> Job[R]:
        """Return a calculation as it stands."""
        return look(self.store, kind, arguments)

    def submit(self, kind: Kind[A, R], arguments: A) -> Job[R]:
        """Put a calculation into the queue unless it waits, runs or is finished; it starts at once where there is room.

        Raises `NotFoundError` when the run it is about was deleted, `StoreError` when it cannot be written.
        """
        job = self.look(kind, arguments)
        if job.result is None:
            text, run_id = kind.written(arguments), kind.run_of(arguments)
            lost = job.status is Status.FINISHED
            self.store.ask(kind.name, job.id, text, kind.is_long(arguments), run_id, again=lost)
            self.executor.submit(job.id)
        return self.look(kind, arguments)

    def cancel(self, work_id: str) -> None:
        """End work that runs, take what waits out of the queue; what has ended is left as it is.

        Raises `NotAllowedError` where the store acts for somebody whose work it is not.
        """
        self.store.permit("stop", work_id)
        # A training keeps a checkpoint first.
        self.executor.terminate(work_id, grace=3.0 if is_calculation(work_id) else 30.0)
        # Its place is free: whoever waits need not wait until somebody looks.
        with suppress(StoreUnavailableError):
            self.executor.reconcile()


def title(work: Work) -> str:
    """Return what a piece of work is called; another program's kinds have their name only."""
    return kind(work.kind).title if work.kind in KINDS else work.kind


def _result(kind: Kind[A, R], work_id: str) -> R | None:
    path = work_place(work_id) / RESULT
    document = read_json(path)
    if document is None:
        return None
    use(path)  # it is kept for as long as somebody comes back to it
    return kind.read_result(document)
