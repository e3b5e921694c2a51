"""Experiments and their runs: created, listed, renamed, deleted."""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update

from sentiment_core.artifacts import MARK, folder, is_calculation, remove, work_place
from sentiment_core.config import ExperimentConfig, build, fingerprint, with_runs
from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.store.acting import Acting
from sentiment_core.store.records import Experiment, Run, Worker, read_config, read_experiment, read_run
from sentiment_core.store.rows import hold, no_run, no_work, status_of, update_work, worker_columns
from sentiment_core.store.schema import experiments, runs, work


def _accuracy(value: float) -> float | None:
    # SQLite keeps NaN as NULL; so does every other database here.
    return None if math.isnan(value) else float(value)


# What a worker may write of a run, and the plain type it is kept as.
RUN_FIELDS: dict[str, Callable[[Any], Any]] = {
    "status": Status,
    "error": str,
    "parameters": int,
    "steps": int,
    "seconds": float,
    "tokens": int,
    "validation_accuracy": _accuracy,
    "test_accuracy": _accuracy,
}

# What has come to an end, or may.
USABLE = [Status.QUEUED, Status.RUNNING, Status.PAUSED, Status.FINISHED]

# Tells apart the times at which experiments were created together: seconds, far more than a float's rounding of now.
A_MOMENT = 1e-5

logger = logging.getLogger(__name__)


class Experiments(Acting):
    """The part of the store that holds experiments and their runs."""

    def create_experiment(
        self, config: ExperimentConfig, prediction: str | None = None, worker: Worker | None = None
    ) -> Experiment:
        """Put an experiment at the end of the queue; otherwise as `create_experiments`."""
        return self.create_experiments([config], prediction, worker)[0]

    def create_experiments(
        self, configs: Sequence[ExperimentConfig], prediction: str | None = None, worker: Worker | None = None
    ) -> list[Experiment]:
        """Put experiments at the end of the queue, in this order, all of them or, with an error, none.

        `prediction` is what the user expects to see. They are held by `worker`, where there is one, past the queue.
        """
        now = time.time()
        made = [(secrets.token_hex(4), now + place * A_MOMENT, config) for place, config in enumerate(configs)]
        rows = [
            {
                "id": experiment_id,
                "name": config.name,
                "config": config.model_dump_json(),
                "status": Status.QUEUED,
                "created_at": then,
                "queued_at": then,
                "prediction": prediction,
                "owner": self.owner,
                "fingerprint": fingerprint(config),
            }
            for experiment_id, then, config in made
        ]
        run_rows = [
            {
                "id": f"{experiment_id}-{position}",
                "experiment_id": experiment_id,
                "position": position,
                "name": run.name,
                "config": config.resolve(run).model_dump_json(),
                "status": Status.QUEUED,
            }
            for experiment_id, _, config in made
            for position, run in enumerate(config.runs, start=1)
        ]
        with self._store(len(rows), queued=len(rows)) as connection:
            connection.execute(insert(experiments), rows)
            connection.execute(insert(runs), run_rows)
            if worker is not None:
                for experiment_id, *_ in made:
                    hold(connection, experiment_id, **worker_columns(worker))
        return [self.experiment(experiment_id) for experiment_id, *_ in made]

    def adopt_experiment(self, config: ExperimentConfig, **fields: Any) -> Experiment:
        """Take in an experiment of one run that was trained elsewhere, ended; `fields` as in `update_run`."""
        experiment_id, now = secrets.token_hex(4), time.time()
        (run,) = config.runs
        values = {name: RUN_FIELDS[name](value) for name, value in fields.items()}
        ended = {"status": Status.FINISHED, "config": config.model_dump_json()}
        given = {"id": experiment_id, "name": config.name, "owner": self.owner}
        with self._store(1) as connection:
            moments = dict.fromkeys(("created_at", "queued_at", "finished_at"), now)
            connection.execute(insert(experiments), {**given, **ended, **moments})
            own = {"id": f"{experiment_id}-1", "experiment_id": experiment_id, "position": 1, "name": run.name}
            connection.execute(insert(runs), {**own, **ended, **values})
        return self.experiment(experiment_id)

    def experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment with its runs; raise `NotFoundError`, and `StoreError` when it cannot be read."""
        rows, run_rows = self._rows(experiments.c.id == experiment_id)
        if not rows:
            raise no_work(experiment_id)
        return read_experiment(rows[0], tuple(map(read_run, run_rows)))

    def same_experiment(self, config: ExperimentConfig) -> Experiment | None:
        """Return the first experiment that trained the same, trains it or will; None where there is none."""
        alike = (experiments.c.fingerprint == fingerprint(config)) & experiments.c.status.in_(USABLE)
        return min(self._find(alike), key=lambda found: found.created_at, default=None)

    def run(self, run_id: str) -> Run:
        """Return a run; raise `NotFoundError` when there is none, `StoreError` when it cannot be read."""
        with self._read() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
        if row is None:
            raise no_run(run_id)
        return read_run(row)

    def experiments(self, limit: int = 200) -> list[Experiment]:
        """Return the newest experiments, newest first; those that another version wrote unreadably are left out.

        A store that acts for a student lists theirs alone.
        """
        return self._find(*self._listed(), limit=limit)

    def rename_experiment(self, experiment_id: str, name: str) -> None:
        """Rename an experiment; raise `ConfigError` for an empty or too long name."""
        checked = build(ExperimentConfig, {"name": name.strip()}).name
        with self._write() as connection:
            self._permit(connection, "rename", experiment_id)
            update_work(connection, experiment_id, name=checked)

    def rename_run(self, run_id: str, name: str) -> None:
        """Rename a run, also in the configuration that a copy of its experiment starts from.

        Raises `ConfigError` for an empty or too long name and for one that another run of the experiment has.
        """
        with self._write() as connection:
            own = connection.execute(select(runs.c.experiment_id, runs.c.position).where(runs.c.id == run_id))
            row = own.first()
            if row is None:
                raise no_run(run_id)
            self._permit(connection, "rename", row.experiment_id)
            mine = experiments.c.id == row.experiment_id
            config = read_config(connection.execute(select(experiments.c.config).where(mine)).scalar_one())
            given = list(config.runs)
            given[row.position - 1] = given[row.position - 1].model_copy(update={"name": name.strip()})
            renamed = with_runs(config, given)
            checked = renamed.runs[row.position - 1]
            resolved = renamed.resolve(checked).model_dump_json()
            connection.execute(update(experiments).where(mine).values(config=renamed.model_dump_json()))
            connection.execute(update(runs).where(runs.c.id == run_id).values(name=checked.name, config=resolved))

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete an ended experiment with all it measured and its folder; raise `StoreError` while it is active."""
        with self._write() as connection:
            self._permit(connection, "delete", experiment_id)
            status = status_of(connection, experiment_id)
            if status.is_active:
                raise StoreError(f"Experiment {experiment_id} is {status}: stop it first, then delete it.")
            own_runs = select(runs.c.id).where(runs.c.experiment_id == experiment_id)
            asked = list(connection.scalars(select(work.c.id).where(work.c.run_id.in_(own_runs))))
            # What was calculated about its runs goes with them; a worker that still does so ends when it notices.
            connection.execute(delete(experiments).where(experiments.c.id == experiment_id))
        for work_id in (experiment_id, *asked):
            remove(work_place(work_id))

    def folder_of(self, work_id: str) -> Path:
        """Return the folder of an experiment's or a calculation's files, created and marked as this store's.

        Raises `StoreError` when that cannot be.
        """
        place = folder("work" if is_calculation(work_id) else "experiments", work_id)
        try:
            (place / MARK).write_text(self.mark, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {place}: {error.strerror}. Free some space there.") from error
        return place

    def owns(self, place: Path) -> bool:
        """Whether a folder was made by `folder_of` of this store; others may lie in the same home."""
        try:
            return (place / MARK).read_text(encoding="utf-8") == self.mark
        except (OSError, ValueError):
            return False

    def statuses(self) -> dict[str, str]:
        """Return the status of every experiment and calculation by its id, as it is written, readable or not."""
        with self._read() as connection:
            found = [connection.execute(select(table.c.id, table.c.status)).all() for table in (experiments, work)]
        return {row.id: row.status for rows in found for row in rows}

    def update_run(self, run_id: str, **fields: Any) -> None:
        """Change fields of a run: any of status, error, parameters, steps, seconds, tokens and both accuracies."""
        if unknown := fields.keys() - RUN_FIELDS.keys():
            raise TypeError(f"not fields of a run: {', '.join(sorted(unknown))}")
        values = {name: None if value is None else RUN_FIELDS[name](value) for name, value in fields.items()}
        with self._write() as connection:
            if connection.execute(update(runs).where(runs.c.id == run_id).values(**values)).rowcount == 0:
                raise no_run(run_id)

    def _listed(self) -> list[ColumnElement[bool]]:
        alone = self._actor is not None and not self._actor.is_lecturer
        return [experiments.c.owner == self.owner] if alone else []

    def _find(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Experiment]:
        return list(_read_all(*self._rows(*conditions, limit=limit)))

    def _rows(
        self, *conditions: ColumnElement[bool], limit: int | None = None
    ) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
        query = select(experiments).where(*conditions).order_by(experiments.c.created_at.desc()).limit(limit)
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            run_query = select(runs).where(runs.c.experiment_id.in_(ids)).order_by(runs.c.position)
            return rows, connection.execute(run_query).mappings().all()


def _read_all(rows: Iterable[RowMapping], run_rows: Iterable[RowMapping]) -> Iterable[Experiment]:
    by_experiment: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for run_row in run_rows:
        by_experiment[run_row["experiment_id"]].append(run_row)
    for row in rows:
        try:
            yield read_experiment(row, tuple(read_run(run_row) for run_row in by_experiment[row["id"]]))
        except StoreError as error:
            _leave_out(str(error))


@cache
def _leave_out(reason: str) -> None:
    # Once: the lists are read every second.
    logger.warning("left out of lists: %s", reason)
