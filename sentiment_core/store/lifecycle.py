"""The life of an experiment: queue, worker, status, end; and what a running one is asked to do."""

from __future__ import annotations

import time
from typing import Any, get_args

from sqlalchemy import delete, func, insert, select, tuple_, update

from sentiment_core import live
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.store.database import Database
from sentiment_core.store.records import Progress, Request, RequestKind, Worker
from sentiment_core.store.rows import (
    HELD,
    RESUMABLE,
    forget_requests,
    hold,
    no_run,
    set_runs,
    set_status,
    status_of,
    update_experiment,
    worker_columns,
)
from sentiment_core.store.schema import experiments, requests, runs


class Lifecycle(Database):
    """The part of the store that says who trains what, and what they are asked to do."""

    def queue_position(self, experiment_id: str) -> int | None:
        """Return the place in the queue, 1 for the next to start; None when it is not queued."""
        own = select(experiments.c.queued_at, experiments.c.id).where(
            experiments.c.id == experiment_id, experiments.c.status == Status.QUEUED
        )
        query = (
            select(func.count())
            .select_from(experiments)
            .where(
                experiments.c.status == Status.QUEUED,
                tuple_(experiments.c.queued_at, experiments.c.id) <= own.scalar_subquery(),
            )
        )
        with self._read() as connection:
            return connection.scalar(query) or None

    def claim(self, max_running: int, worker_host: str, threads: int | None = None) -> str | None:
        """Take the oldest queued experiment for `worker_host`; None when none waits or `max_running` already run there.

        Of several processes that ask at once, exactly one gets it. The experiment is RUNNING then, its worker still
        None; `threads` is how many threads that worker may use.
        """
        queued = select(experiments.c.id).where(experiments.c.status == Status.QUEUED)
        with self._read() as connection:
            if connection.scalar(queued.limit(1)) is None:
                return None
        running = (
            select(func.count())
            .select_from(experiments)
            .where(experiments.c.status.in_(HELD), experiments.c.worker_host == worker_host)
        )
        with self._write(exclusive=True) as connection:
            if connection.execute(running).scalar_one() >= max_running:
                return None
            oldest = queued.order_by(experiments.c.queued_at, experiments.c.id).limit(1)
            experiment_id: str | None = connection.scalar(oldest)
            if experiment_id is not None:
                hold(connection, experiment_id, worker_host=worker_host, threads=threads)
            return experiment_id

    def claim_experiment(self, experiment_id: str, worker: Worker, threads: int | None = None) -> bool:
        """Take this very experiment, whatever the queue; False unless it is queued, interrupted or stopped."""
        with self._write(exclusive=True) as connection:
            status = status_of(connection, experiment_id)
            if status not in {Status.QUEUED, *RESUMABLE}:
                return False
            if status in RESUMABLE:
                forget_requests(connection, experiment_id)
            hold(connection, experiment_id, threads=threads, **worker_columns(worker))
            return True

    def set_worker(self, experiment_id: str, worker: Worker) -> bool:
        """Say which process trains a claimed experiment; False when the experiment is no longer running."""
        with self._write() as connection:
            result = connection.execute(
                update(experiments)
                .where(experiments.c.id == experiment_id, experiments.c.status.in_(HELD))
                .values(**worker_columns(worker))
            )
            return result.rowcount > 0

    def heartbeat(self, experiment_id: str, progress: Progress | None = None, worker: Worker | None = None) -> bool:
        """Note that the worker lives; False when the experiment is no longer its own to train: it should end then."""
        values: dict[str, Any] = {"heartbeat": time.time()}
        if progress is not None:
            values["progress"] = progress.to_json()
        mine = [experiments.c.worker_pid == worker.pid, experiments.c.worker_host == worker.host] if worker else []
        with self._write() as connection:
            result = connection.execute(
                update(experiments)
                .where(experiments.c.id == experiment_id, experiments.c.status.in_(HELD), *mine)
                .values(**values)
            )
            return result.rowcount > 0

    def set_status(self, experiment_id: str, status: Status, error: str | None = None) -> None:
        """Change the status of an experiment and of its runs that have not ended; raise `NotFoundError`."""
        with self._write() as connection:
            set_status(connection, experiment_id, status, error)

    def release(self, experiment_id: str, worker: Worker | None, status: Status, error: str | None = None) -> bool:
        """End an experiment whose `worker` is gone; False when it has ended or changed hands in the meantime."""
        with self._write() as connection:
            held = select(experiments.c.worker_host, experiments.c.worker_pid, experiments.c.worker_create_time).where(
                experiments.c.id == experiment_id, experiments.c.status.in_(HELD)
            )
            row = connection.execute(held).first()
            if row is None or (None if row.worker_pid is None else Worker(*row)) != worker:
                return False
            set_status(connection, experiment_id, status, error)
            return True

    def requeue(self, experiment_id: str) -> None:
        """Put a stopped or interrupted experiment back into the queue, to resume; raise `StoreError` for others."""
        with self._write() as connection:
            status = status_of(connection, experiment_id)
            if status not in RESUMABLE:
                raise StoreError(
                    f"Experiment {experiment_id} is {status}: only stopped or interrupted ones can resume."
                )
            forget_requests(connection, experiment_id)
            update_experiment(
                connection,
                experiment_id,
                status=Status.QUEUED,
                queued_at=time.time(),
                error=None,
                finished_at=None,
                progress=None,
                stop_requested=False,
                **worker_columns(None),
            )
            set_runs(connection, experiment_id, RESUMABLE, Status.QUEUED)

    def request(
        self, experiment_id: str, kind: RequestKind, value: float | None = None, run_id: str | None = None
    ) -> None:
        """Ask an active experiment for something; one that is still queued stops at once.

        Raises `ConfigError` for an unknown kind or an impossible value, `StoreError` when the experiment has ended.
        """
        if kind not in get_args(RequestKind):
            raise ConfigError(f"{kind}: not something that can be asked for; choose {', '.join(get_args(RequestKind))}")
        with self._write() as connection:
            status = status_of(connection, experiment_id)
            if not status.is_active:
                raise StoreError(f"Experiment {experiment_id} is {status}: it has ended. Resume it or start a new one.")
            asked = select(runs.c.config).where(runs.c.experiment_id == experiment_id)
            if run_id is not None:
                asked = asked.where(runs.c.id == run_id)
            configs = [ExperimentConfig.model_validate_json(text) for text in connection.scalars(asked)]
            if run_id is not None and not configs:
                raise no_run(run_id)
            if kind in live.KINDS:
                value = live.checked(kind, value, configs)
            if kind == "stop" and run_id is None:
                update_experiment(connection, experiment_id, stop_requested=True)
                if status is Status.QUEUED:
                    set_status(connection, experiment_id, Status.STOPPED)
                    return
            row = {"experiment_id": experiment_id, "kind": kind, "value": value, "run_id": run_id}
            connection.execute(insert(requests), row)

    def take_requests(self, experiment_id: str) -> list[Request]:
        """Return what the experiment is asked to do, oldest first; each request is returned once."""
        mine = requests.c.experiment_id == experiment_id
        with self._read() as connection:
            if connection.scalar(select(requests.c.id).where(mine).limit(1)) is None:
                return []
        taken = delete(requests).where(mine).returning(requests)
        with self._write() as connection:
            rows = sorted(connection.execute(taken).all(), key=lambda row: row.id)
        return [Request(row.kind, row.value, row.run_id) for row in rows]
