"""The life of an experiment: status, resuming, end; and what a running one is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sqlalchemy import delete, insert, select

from sentiment_core import live
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.store.queue import Queue
from sentiment_core.store.records import Request, RequestKind, Worker
from sentiment_core.store.rows import (
    RESUMABLE,
    ask_to_stop,
    enqueue,
    forget_requests,
    hold,
    no_run,
    set_status,
    status_of,
    worker_columns,
)
from sentiment_core.store.schema import requests, runs


class Lifecycle(Queue):
    """The part of the store that says how far an experiment is, and what it is asked to do."""

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

    def set_status(self, experiment_id: str, status: Status, error: str | None = None) -> None:
        """Change the status of an experiment and of its runs that have not ended; raise `NotFoundError`."""
        with self._write() as connection:
            set_status(connection, experiment_id, status, error)

    def requeue(self, experiment_id: str) -> None:
        """Put a stopped or interrupted experiment back into the queue, to resume; raise `StoreError` for others."""
        with self._write(exclusive=self._limits is not None) as connection:
            self._permit(connection, "resume", experiment_id)
            self._permit_own(connection, queued=1)
            status = status_of(connection, experiment_id)
            if status not in RESUMABLE:
                raise StoreError(
                    f"Experiment {experiment_id} is {status}: only stopped or interrupted ones can resume."
                )
            enqueue(connection, experiment_id)

    def request(
        self, experiment_id: str, kind: RequestKind, value: float | None = None, run_id: str | None = None
    ) -> None:
        """Ask an active experiment for something; one that is still queued stops at once.

        Another rate or threshold may be for `run_id` alone; all else concerns all runs, which train in lockstep.
        Raises `ConfigError` for an unknown kind or an impossible value, `StoreError` when the experiment has ended.
        """
        if kind not in get_args(RequestKind):
            raise ConfigError(f"{kind}: not something that can be asked for; choose {', '.join(get_args(RequestKind))}")
        with self._write() as connection:
            self._permit(connection, "stop" if kind == "stop" else "steer", experiment_id)
            status = status_of(connection, experiment_id)
            if not status.is_active:
                way = "Resume it or start a new one." if status in RESUMABLE else "Start a new one."
                raise StoreError(f"Experiment {experiment_id} is {status}: it has ended. {way}")
            asked = select(runs.c.config).where(runs.c.experiment_id == experiment_id)
            if run_id is not None:
                asked = asked.where(runs.c.id == run_id)
            configs = [ExperimentConfig.model_validate_json(text) for text in connection.scalars(asked)]
            if run_id is not None and not configs:
                raise no_run(run_id)
            if kind in live.KINDS:
                value = live.checked(kind, value, configs)
            if kind == "stop":
                ask_to_stop(connection, experiment_id, status)
                return
            row = {"experiment_id": experiment_id, "kind": kind, "value": value, "run_id": run_id}
            connection.execute(insert(requests), row)

    def requested(self, experiment_id: str) -> list[Request]:
        """Return what the experiment is asked to do and has not done yet, oldest first."""
        mine = select(requests).where(requests.c.experiment_id == experiment_id).order_by(requests.c.id)
        with self._read() as connection:
            return [Request(row.id, row.kind, row.value, row.run_id) for row in connection.execute(mine)]

    def obeyed(self, experiment_id: str, request_ids: Sequence[int]) -> None:
        """Take requests from what the experiment is asked to do; that they were obeyed is in the store already."""
        mine = (requests.c.experiment_id == experiment_id) & requests.c.id.in_(request_ids)
        with self._write() as connection:
            connection.execute(delete(requests).where(mine))
