"""Step metrics and evaluations: written in batches, read "after step n". Not-a-number and infinities survive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.steps.quantities import STEP_COLUMNS, StepMetrics
from sentiment_core.store.database import WHOLE_NUMBERS, Database, balances, evaluations, step_metrics


class Measurements(Database):
    """The part of the store that holds what was measured."""

    def write_steps(self, steps: Mapping[str, Sequence[StepMetrics]]) -> None:
        """Write `{run id: steps}` in one transaction; a step written before is replaced (a resumed run repeats some).

        Raises `NotFoundError` when a run does not exist (any more).
        """
        rows = [{"run_id": run_id, **_columns(step)} for run_id, part in steps.items() for step in part]
        self._upsert(step_metrics, rows)

    def write_evaluations(self, run_id: str, results: Iterable[Evaluation]) -> None:
        """Write evaluations of a run; one of the same step and part is replaced."""
        self._upsert(evaluations, [{"run_id": run_id, **asdict(result)} for result in results])

    def steps(self, run_id: str, after: int = 0, limit: int | None = None) -> dict[str, list[Any]]:
        """Return the steps after step `after`, oldest first and at most `limit`, as one list per column."""
        table = step_metrics.c
        query = (
            select(*(table[name] for name in STEP_COLUMNS))
            .where(table.run_id == run_id, table.step > after)
            .order_by(table.step)
            .limit(limit)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(STEP_COLUMNS)
        return {
            name: list(column) if name in WHOLE_NUMBERS else [_number(value) for value in column]
            for name, column in zip(STEP_COLUMNS, columns, strict=True)
        }

    def step_rows(self, run_id: str) -> list[dict[str, Any]]:
        """Return all steps of a run, oldest first, as one dict per step."""
        columns = self.steps(run_id)
        return [dict(zip(STEP_COLUMNS, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def evaluations(self, run_id: str) -> list[Evaluation]:
        """Return the evaluations of a run, oldest first."""
        table = evaluations.c
        query = (
            select(table.step, table.epoch, table.part, table.loss, table.accuracy)
            .where(table.run_id == run_id)
            .order_by(table.step, table.part.desc())
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return [Evaluation(step, epoch, part, _number(loss), _number(right)) for step, epoch, part, loss, right in rows]

    def write_balances(self, run_id: str, parts: Mapping[str, Balance]) -> None:
        """Write how many reviews of each part a run was given, and how many are positive; replaces what was known."""
        self._upsert(balances, [{"run_id": run_id, "part": part, **asdict(found)} for part, found in parts.items()])

    def balances(self, run_id: str) -> dict[str, Balance]:
        """Return `{part: balance}` of a run (train, validation, test); {} before its data were read."""
        query = select(balances.c.part, balances.c.reviews, balances.c.positives).where(balances.c.run_id == run_id)
        with self._read() as connection:
            rows = connection.execute(query).all()
        return {part: Balance(reviews, positives) for part, reviews, positives in rows}

    def _upsert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self._write() as connection:
                _upsert_into(connection, table, rows)


def _upsert_into(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), rows)


def _columns(step: StepMetrics) -> dict[str, Any]:
    # Numbers of other libraries would be refused, or kept as bytes.
    return {name: (int if name in WHOLE_NUMBERS else float)(getattr(step, name)) for name in STEP_COLUMNS}


def _number(value: float | None) -> float:
    # SQLite keeps NaN as NULL.
    return math.nan if value is None else value
