"""Step metrics and evaluations: written in batches, read "after step n". Not-a-number and infinities survive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, func, select

from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.steps.quantities import CORE, STEP_COLUMNS, Diagnostic, StepMetrics
from sentiment_core.store.arrays import pack, unpack
from sentiment_core.store.database import Database
from sentiment_core.store.rows import upsert
from sentiment_core.store.schema import balances, evaluations, step_metrics
from sentiment_core.store.schema import diagnostics as diagnostics_table
from sentiment_core.store.source import spread

if TYPE_CHECKING:
    import numpy as np


class Measurements(Database):
    """The part of the store that holds what was measured."""

    def write_steps(self, steps: Mapping[str, Sequence[StepMetrics]], diagnostics: Sequence[Diagnostic] = ()) -> None:
        """Write `{run id: steps}`, and what else was measured at them, in one transaction.

        A step written before is replaced (a resumed run repeats some). Raises `NotFoundError` when a run does not
        exist (any more), `ValueError` for an array of too many dimensions.
        """
        rows = [{"run_id": run_id, **_columns(step)} for run_id, part in steps.items() for step in part]
        long_rows = [_long_row(each) for each in diagnostics]
        if rows or long_rows:
            with self._write() as connection:
                upsert(connection, step_metrics, rows)
                upsert(connection, diagnostics_table, long_rows)

    def diagnostic_names(self, run_id: str) -> list[str]:
        """Return which quantities a run has measured beside the columns of its steps, sorted."""
        table = diagnostics_table.c
        names: list[str] = []
        with self._read() as connection:
            # From name to name in the key: DISTINCT would read every row of the run.
            query = select(func.min(table.quantity)).where(table.run_id == run_id)
            while (name := connection.scalar(query.where(table.quantity > names[-1]) if names else query)) is not None:
                names.append(name)
        return names

    def diagnostics(
        self, run_id: str, quantity: str, after: int = 0, most: int | None = None, until: int | None = None
    ) -> tuple[list[int], list[float | np.ndarray]]:
        """Return the steps after `after`, up to `until`, at which a run measured `quantity`, and the values.

        Of more than `most` they are `most`, evenly spread, the first and the last among them.
        """
        table = diagnostics_table.c
        mine = [table.run_id == run_id, table.quantity == quantity, table.step > after]
        if until is not None:
            mine.append(table.step <= until)
        query = select(table.step, table.value, table.array).where(*mine).order_by(table.step)
        with self._read() as connection:
            if most is not None:
                steps = connection.scalars(select(table.step).where(*mine).order_by(table.step)).all()
                query = query.where(table.step.in_({steps[place] for place in spread(len(steps), most)}))
            rows = connection.execute(query).all()
        return [row.step for row in rows], [
            _number(row.value) if row.array is None else unpack(row.array) for row in rows
        ]

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
            name: list(map(_number, column)) if None in column else list(column)
            for name, column in zip(STEP_COLUMNS, columns, strict=True)
        }

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

    def references(self, experiment_id: str) -> dict[str, float]:
        """Return nothing: baselines on an experiment's reviews are work of their own, not kept here."""
        return {}

    def _upsert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self._write() as connection:
                upsert(connection, table, rows)


def _columns(step: StepMetrics) -> dict[str, Any]:
    # Numbers of other libraries would be refused, or kept as bytes.
    return {name: (int if quantity.whole else float)(getattr(step, name)) for name, quantity in CORE.items()}


def _long_row(measured: Diagnostic) -> dict[str, Any]:
    row = {"run_id": measured.run_id, "quantity": measured.quantity, "step": int(measured.step)}
    value = measured.value
    # Numbers of other libraries have no dimensions.
    if isinstance(value, int | float) or not value.ndim:
        return {**row, "value": float(value), "array": None}
    return {**row, "value": None, "array": pack(value)}


def _number(value: float | None) -> float:
    # SQLite keeps NaN as NULL, and so reads what a step of an earlier program did not measure.
    return math.nan if value is None else value
