"""The queue: who works on what. Experiments to train and calculations wait in it together and share its places."""

from __future__ import annotations

import copy
import json
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Connection, RowMapping, Select, Table, delete, func, insert, literal, select, union_all, update

from sentiment_core.errors import LostError
from sentiment_core.metrics import Status
from sentiment_core.store.acting import Acting
from sentiment_core.store.records import Places, Work, Worker, WorkProgress, read_held
from sentiment_core.store.rows import (
    ACTIVE,
    HELD,
    ask_to_stop,
    enqueue,
    hold,
    is_held_by,
    is_of,
    named,
    no_work,
    set_runs,
    set_status,
    status_of,
    table_of,
    worker_columns,
)
from sentiment_core.store.schema import experiments, runs, work
from sentiment_core.store.turns import AtWork, Waiting, in_turn, next_up

TRAINING = "training"  # the kind of work that an experiment is

_SHARED = (
    *("id", "status", "error", "queued_at", "started_at", "finished_at", "stop_requested"),
    *("worker_host", "worker_pid", "worker_create_time", "heartbeat", "progress", "owner"),
)
_STEPS = select(func.max(runs.c.steps)).where(runs.c.experiment_id == experiments.c.id).scalar_subquery()


class Queue(Acting):
    """The part of the store that says who works on what."""

    _holder: tuple[str, Worker] | None = None

    def held_by(self, work_id: str, worker: Worker) -> Self:
        """Return this store for one worker: its writes raise `LostError` once the work is no longer the worker's."""
        own = copy.copy(self)
        own._holder = (work_id, worker)
        return own

    @contextmanager
    def _write(self, exclusive: bool = False) -> Iterator[Connection]:
        with super()._write(exclusive) as connection:
            if self._holder is not None:
                table = table_of(self._holder[0])
                own = select(table.c.id).where(*is_held_by(table, *self._holder)).with_for_update()
                if connection.scalar(own) is None:
                    raise LostError(f"{named(self._holder[0])} was ended or given to another worker.")
            yield connection

    def ask(self, kind: str, work_id: str, arguments: str, is_long: bool, run_id: str | None, again: bool) -> None:
        """Put a calculation into the queue unless it waits, runs or is finished; `again`: even then.

        `arguments` is JSON, `run_id` the run it is about. Raises `NotFoundError` when that was deleted.
        """
        row = {"id": work_id, "kind": kind, "arguments": arguments, "is_long": is_long, "run_id": run_id}
        row["owner"] = self.owner
        with self._write(exclusive=True) as connection:
            status = connection.scalar(select(work.c.status).where(work.c.id == work_id))
            self._permit_own(connection, queued=0 if status in ACTIVE else 1)
            if status is None:
                connection.execute(insert(work), {**row, "status": Status.QUEUED, "queued_at": time.time()})
            elif status not in ACTIVE and (again or status != Status.FINISHED):
                enqueue(connection, work_id, owner=self.owner)

    def work(self, work_id: str) -> Work:
        """Return a piece of work; raise `NotFoundError` when there is none."""
        with self._read() as connection:
            row = (
                connection.execute(_select(table_of(work_id)).where(table_of(work_id).c.id == work_id))
                .mappings()
                .first()
            )
        if row is None:
            raise no_work(work_id)
        return _read(row)

    def active_work(self) -> list[Work]:
        """Return all that waits, runs or pauses, first come first."""
        with self._read() as connection:
            rows = [
                row
                for table in (experiments, work)
                for row in connection.execute(_select(table).where(table.c.status.in_(ACTIVE))).mappings()
            ]
        return sorted(map(_read, rows), key=lambda each: (each.queued_at, each.id))

    def calculations(self, limit: int = 200) -> list[Work]:
        """Return the calculations asked for last, newest first."""
        query = _select(work).order_by(work.c.queued_at.desc()).limit(limit)
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
        return [_read(row) for row in rows if row["status"] in set(Status)]

    def forget_calculations(self, ids: Collection[str]) -> None:
        """Delete those of these calculations that have ended; whoever asks again starts them anew."""
        with self._write() as connection:
            connection.execute(delete(work).where(work.c.id.in_(ids), work.c.status.not_in(ACTIVE)))

    def queue_position(self, work_id: str, past_long: bool = False) -> int | None:
        """Return the place in the queue, 1 for the next to start; None when it is not queued.

        `past_long`: what takes long is not counted, because a place is kept free of it.
        """
        with self._read() as connection:
            order = in_turn(_waiting(connection), _at_work(connection))
        places = [item.id for item in order]
        if work_id not in places:
            return None
        ahead = order[: places.index(work_id)]
        return 1 + sum(not (past_long and item.is_long) for item in ahead)

    def claim(
        self, places: Places, worker_host: str | None, threads: int | None = None, kinds: Collection[str] = (TRAINING,)
    ) -> str | None:
        """Take for `worker_host` what is next in turn; None when nothing waits for which there is a place there.

        `worker_host` None: places are counted wherever work is done, as on a cluster that chooses the machine itself.

        Only work of `kinds` is taken. Of several processes that ask at once, exactly one gets it. It is RUNNING then,
        its worker still None; `threads` is how many threads that worker may use.
        """
        with self._read() as connection:
            if not _waiting(connection, kinds):
                return None
        with self._write(exclusive=True) as connection:
            held = [
                connection.execute(
                    select(is_long).where(
                        table.c.status.in_(HELD),
                        *([] if worker_host is None else [table.c.worker_host == worker_host]),
                    )
                )
                for table, is_long in ((experiments, literal(True)), (work, work.c.is_long))
            ]
            running = [bool(is_long) for rows in held for is_long in rows.scalars()]
            chosen = next_up(_waiting(connection, kinds), _at_work(connection), places, len(running), sum(running))
            if chosen is None:
                return None
            hold(connection, chosen.id, worker_host=worker_host, threads=threads)
            return chosen.id

    def set_worker(self, work_id: str, worker: Worker) -> bool:
        """Say which process works on what was claimed; False when it no longer runs, or is another one's by now."""
        table = table_of(work_id)
        with self._write() as connection:
            for holder in (None, worker):
                statement = update(table).where(*is_held_by(table, work_id, holder)).values(**worker_columns(worker))
                if connection.execute(statement).rowcount:
                    return True
            return False

    def heartbeat(self, work_id: str, progress: WorkProgress | None, worker: Worker) -> bool:
        """Note that the worker lives; False when the work is no longer its own: it should end then."""
        values: dict[str, Any] = {"heartbeat": time.time()}
        if progress is not None:
            values["progress"] = progress.to_json()
        table = table_of(work_id)
        with self._write() as connection:
            statement = update(table).where(*is_held_by(table, work_id, worker)).values(**values)
            return connection.execute(statement).rowcount > 0

    def release(self, work_id: str, worker: Worker | None, status: Status, error: str | None = None) -> bool:
        """End work whose `worker` is gone; False when it has ended or changed hands in the meantime."""
        table = table_of(work_id)
        with self._write() as connection:
            held = select(table.c.id).where(*is_held_by(table, work_id, worker)).with_for_update()
            if connection.scalar(held) is None:
                return False
            set_status(connection, work_id, status, error)
            return True

    def give_back(self, work_id: str, worker: Worker | None) -> bool:
        """Put work whose `worker` is gone back into the queue, at its old place; what was asked to stop has stopped.

        So does what a signal stopped and nobody asked to stop. False when it has ended otherwise, or changed hands.
        """
        table = table_of(work_id)
        asked = select(table.c.status, table.c.queued_at, table.c.stop_requested)
        with self._write() as connection:
            row = connection.execute(asked.where(*is_of(table, work_id, worker)).with_for_update()).first()
            if row is None or (row.status not in HELD and (row.status != Status.STOPPED or row.stop_requested)):
                return False
            if row.stop_requested:
                set_status(connection, work_id, Status.STOPPED)
            else:
                set_runs(connection, work_id, HELD, Status.INTERRUPTED)
                enqueue(connection, work_id, queued_at=row.queued_at)
            return True

    def stop(self, work_id: str) -> None:
        """Ask work to stop; what still waits stops at once, what has ended is left alone. Raises `NotFoundError`."""
        with self._write() as connection:
            self._permit(connection, "stop", work_id)
            status = status_of(connection, work_id)
            if status.is_active:
                ask_to_stop(connection, work_id, status)


def _waiting(connection: Connection, kinds: Collection[str] | None = None) -> list[Waiting]:
    """Return what waits, of all kinds or of these."""
    asked = [work.c.status == Status.QUEUED, *([] if kinds is None else [work.c.kind.in_(kinds)])]
    queries = [select(work.c.id, work.c.owner, work.c.queued_at, work.c.is_long).where(*asked)]
    if kinds is None or TRAINING in kinds:
        columns = (experiments.c.id, experiments.c.owner, experiments.c.queued_at, literal(True))
        queries.append(select(*columns).where(experiments.c.status == Status.QUEUED))
    return [Waiting(*row) for query in queries for row in connection.execute(query)]


def _at_work(connection: Connection) -> AtWork:
    """Return what each person has at work, and when one of theirs last started."""
    held = union_all(*(select(table.c.owner).where(table.c.status.in_(HELD)) for table in (experiments, work)))
    begun = union_all(*(select(table.c.owner, table.c.started_at) for table in (experiments, work))).subquery()
    last = select(begun.c.owner, func.max(begun.c.started_at)).where(begun.c.started_at.is_not(None))
    return AtWork(
        Counter(connection.execute(held).scalars()),
        {row[0]: row[1] for row in connection.execute(last.group_by(begun.c.owner))},
    )


def _select(table: Table) -> Select[Any]:
    training = (literal(TRAINING).label("kind"), literal(True).label("is_long"), _STEPS.label("steps"))
    own = (work.c.kind, work.c.arguments, work.c.is_long) if table is work else training
    return select(*(table.c[name] for name in _SHARED), *own)


def _read(row: RowMapping) -> Work:
    return Work(
        **read_held(named(row["id"]), row),
        **{name: row[name] for name in ("kind", "queued_at", "is_long")},
        arguments=row["arguments"] if "arguments" in row else json.dumps({"experiment": row["id"]}),
        steps=row.get("steps") or 0,
    )
