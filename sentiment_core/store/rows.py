"""Changes to single pieces of work that several parts of the store share, each inside the caller's transaction.

A piece of work is an experiment to train or a calculation: both tables have the columns that a queue needs.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sentiment_core.artifacts import is_calculation
from sentiment_core.errors import NotFoundError
from sentiment_core.metrics import Status
from sentiment_core.store.records import Worker, read_status
from sentiment_core.store.schema import experiments, requests, runs, work

ACTIVE = [status for status in Status if status.is_active]
HELD = [Status.RUNNING, Status.PAUSED]
RESUMABLE = [Status.INTERRUPTED, Status.STOPPED]


def table_of(work_id: str) -> Table:
    """Return the table that a piece of work is a row of."""
    return work if is_calculation(work_id) else experiments


def update_work(connection: Connection, work_id: str, **values: Any) -> None:
    """Change columns of a piece of work; raise `NotFoundError` when there is none."""
    table = table_of(work_id)
    if connection.execute(update(table).where(table.c.id == work_id).values(**values)).rowcount == 0:
        raise no_work(work_id)


def status_of(connection: Connection, work_id: str) -> Status:
    """Return the status of a piece of work, locked until the transaction ends; raise `NotFoundError`, `StoreError`."""
    table = table_of(work_id)
    status = connection.scalar(select(table.c.status).where(table.c.id == work_id).with_for_update())
    if status is None:
        raise no_work(work_id)
    return read_status(named(work_id), status)


def set_status(connection: Connection, work_id: str, status: Status, error: str | None = None) -> None:
    """Change the status of a piece of work and of its runs that have not ended."""
    ended = not status.is_active
    if ended:
        forget_requests(connection, work_id)
    update_work(connection, work_id, status=status, error=error, finished_at=time.time() if ended else None)
    set_runs(connection, work_id, ACTIVE, status)


def set_runs(connection: Connection, experiment_id: str, among: Collection[Status], status: Status) -> None:
    """Give the runs whose status is one of `among` another one."""
    mine = (runs.c.experiment_id == experiment_id) & runs.c.status.in_(among)
    connection.execute(update(runs).where(mine).values(status=status))


def hold(connection: Connection, work_id: str, **values: Any) -> None:
    """Give a piece of work to a worker."""
    now = time.time()
    update_work(
        connection,
        work_id,
        status=Status.RUNNING,
        error=None,
        heartbeat=now,
        started_at=func.coalesce(table_of(work_id).c.started_at, now),
        finished_at=None,
        progress=None,
        stop_requested=False,
        **{**worker_columns(None), **values},
    )
    set_runs(connection, work_id, [Status.QUEUED, *RESUMABLE], Status.RUNNING)


def enqueue(connection: Connection, work_id: str, **values: Any) -> None:
    """Put a piece of work that has ended at the end of the queue, with `values` in further columns."""
    forget_requests(connection, work_id)
    update_work(
        connection,
        work_id,
        status=Status.QUEUED,
        error=None,
        finished_at=None,
        progress=None,
        stop_requested=False,
        **worker_columns(None),
        **{"queued_at": time.time(), **values},
    )
    set_runs(connection, work_id, RESUMABLE, Status.QUEUED)


def ask_to_stop(connection: Connection, work_id: str, status: Status) -> None:
    """Ask active work, whose status is `status`, to stop; what still waits has stopped."""
    update_work(connection, work_id, stop_requested=True)
    if status is Status.QUEUED:
        set_status(connection, work_id, Status.STOPPED)
    elif not is_calculation(work_id):
        connection.execute(insert(requests), {"experiment_id": work_id, "kind": "stop"})


def is_of(table: Table, work_id: str, worker: Worker | None) -> list[ColumnElement[bool]]:
    """Return the conditions under which a piece of work was last given to `worker`, None: not yet launched."""
    mine = [table.c.worker_pid.is_(None)]
    if worker is not None:
        mine = [table.c[name] == value for name, value in worker_columns(worker).items()]
    return [table.c.id == work_id, *mine]


def is_held_by(table: Table, work_id: str, worker: Worker | None) -> list[ColumnElement[bool]]:
    """Return the conditions under which a piece of work runs and is `worker`'s own, None: claimed, not yet launched."""
    return [table.c.status.in_(HELD), *is_of(table, work_id, worker)]


def forget_requests(connection: Connection, experiment_id: str) -> None:
    """Drop what an experiment was asked to do."""
    connection.execute(delete(requests).where(requests.c.experiment_id == experiment_id))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows in the place of those that have the same key, also where two connections do so at once."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    if values:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, rows)


def worker_columns(worker: Worker | None) -> dict[str, Any]:
    """Return the columns that hold a worker."""
    return {
        "worker_host": worker and worker.host,
        "worker_pid": worker and worker.pid,
        "worker_create_time": worker and worker.started,
    }


def named(work_id: str) -> str:
    """Return what messages call a piece of work."""
    return f"{'Calculation' if is_calculation(work_id) else 'Experiment'} {work_id[:60]}"


def no_work(work_id: str) -> NotFoundError:
    """Return the error for an unknown piece of work."""
    noun = "calculation" if is_calculation(work_id) else "experiment"
    return NotFoundError(f"There is no {noun} {work_id[:60]!r}; it may have been deleted.")


def no_run(run_id: str) -> NotFoundError:
    """Return the error for an unknown run."""
    return NotFoundError(f"There is no run {run_id[:40]!r}; it may have been deleted.")
