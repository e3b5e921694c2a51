"""Changes to single experiments that several parts of the store share, each inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from sentiment_core.errors import NotFoundError
from sentiment_core.metrics import Status
from sentiment_core.store.records import Worker, read_status
from sentiment_core.store.schema import experiments, requests, runs

ACTIVE = [status for status in Status if status.is_active]
HELD = [Status.RUNNING, Status.PAUSED]
RESUMABLE = [Status.INTERRUPTED, Status.STOPPED]


def update_experiment(connection: Connection, experiment_id: str, **values: Any) -> None:
    """Change columns of an experiment; raise `NotFoundError` when there is none."""
    statement = update(experiments).where(experiments.c.id == experiment_id).values(**values)
    if connection.execute(statement).rowcount == 0:
        raise no_experiment(experiment_id)


def status_of(connection: Connection, experiment_id: str) -> Status:
    """Return the status of an experiment, locked until the transaction ends; raise `NotFoundError`, `StoreError`."""
    status = connection.scalar(select(experiments.c.status).where(experiments.c.id == experiment_id).with_for_update())
    if status is None:
        raise no_experiment(experiment_id)
    return read_status(f"Experiment {experiment_id}", status)


def set_status(connection: Connection, experiment_id: str, status: Status, error: str | None = None) -> None:
    """Change the status of an experiment and of its runs that have not ended."""
    ended = not status.is_active
    if ended:
        forget_requests(connection, experiment_id)
    update_experiment(connection, experiment_id, status=status, error=error, finished_at=time.time() if ended else None)
    set_runs(connection, experiment_id, ACTIVE, status)


def set_runs(connection: Connection, experiment_id: str, among: Collection[Status], status: Status) -> None:
    """Give the runs whose status is one of `among` another one."""
    mine = (runs.c.experiment_id == experiment_id) & runs.c.status.in_(among)
    connection.execute(update(runs).where(mine).values(status=status))


def hold(connection: Connection, experiment_id: str, **values: Any) -> None:
    """Give an experiment to a worker."""
    now = time.time()
    update_experiment(
        connection,
        experiment_id,
        status=Status.RUNNING,
        error=None,
        heartbeat=now,
        started_at=func.coalesce(experiments.c.started_at, now),
        finished_at=None,
        progress=None,
        stop_requested=False,
        **{**worker_columns(None), **values},
    )
    set_runs(connection, experiment_id, [Status.QUEUED, *RESUMABLE], Status.RUNNING)


def forget_requests(connection: Connection, experiment_id: str) -> None:
    """Drop what an experiment was asked to do."""
    connection.execute(delete(requests).where(requests.c.experiment_id == experiment_id))


def worker_columns(worker: Worker | None) -> dict[str, Any]:
    """Return the columns that hold a worker."""
    return {
        "worker_host": worker and worker.host,
        "worker_pid": worker and worker.pid,
        "worker_create_time": worker and worker.started,
    }


def no_experiment(experiment_id: str) -> NotFoundError:
    """Return the error for an unknown experiment."""
    return NotFoundError(f"There is no experiment {experiment_id[:40]!r}; it may have been deleted.")


def no_run(run_id: str) -> NotFoundError:
    """Return the error for an unknown run."""
    return NotFoundError(f"There is no run {run_id[:40]!r}; it may have been deleted.")
