"""How much there is in the store: for whoever watches a server, without a word of what it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from sentiment_core.metrics import Status
from sentiment_core.store.database import Database
from sentiment_core.store.records import read_progress
from sentiment_core.store.schema import diagnostics, evaluations, experiments, people, rooms, runs, step_metrics, work

# What is looked through row by row in a store of millions of steps is no part of what is asked every few seconds.
LARGE = {"steps": step_metrics, "diagnostics": diagnostics}
SMALL = {"runs": runs, "evaluations": evaluations, "rooms": rooms, "people": people}


@dataclass(frozen=True, slots=True)
class Counts:
    """Experiments and calculations by status; what those at work do in a second, by what they said last."""

    experiments: dict[str, int]
    calculations: dict[str, int]
    updates_per_second: float  # of all runs together, since each began
    tokens_per_second: float


class Counting(Database):
    """The part of the store that counts."""

    def counts(self) -> Counts:
        """Return how much waits, runs and has ended; read in a moment."""
        with self._read() as connection:
            ways = [
                {
                    row[0]: row[1]
                    for row in connection.execute(select(table.c.status, func.count()).group_by(table.c.status))
                }
                for table in (experiments, work)
            ]
            mine = (runs.c.experiment_id == experiments.c.id) & (runs.c.seconds > 0)
            rate = select(func.sum(runs.c.steps / runs.c.seconds)).where(mine, experiments.c.status == Status.RUNNING)
            updates = connection.scalar(rate) or 0.0
            told = connection.scalars(select(experiments.c.progress).where(experiments.c.status == Status.RUNNING))
            tokens = sum(progress.tokens_per_second for progress in map(read_progress, told) if progress)
        known = {str(status): 0 for status in Status}
        return Counts({**known, **ways[0]}, {**known, **ways[1]}, float(updates), float(tokens))

    def durations(self, most: int = 20) -> list[float]:
        """Return how many seconds the last trainings took that finished, newest first."""
        took = (experiments.c.finished_at - experiments.c.started_at).label("took")
        ended = (experiments.c.status == Status.FINISHED) & experiments.c.started_at.is_not(None)
        query = select(took).where(ended).order_by(experiments.c.finished_at.desc()).limit(most)
        with self._read() as connection:
            return [seconds for seconds in connection.scalars(query) if seconds is not None and seconds >= 0]

    def sizes(self) -> dict[str, int]:
        """Return how many rows the larger tables have; in a store of many millions this takes a moment."""
        with self._read() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in {**SMALL, **LARGE}.items()
            }
