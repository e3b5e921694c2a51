"""What a store and a recording both answer about an experiment, so that nobody has to ask which of them it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.steps.quantities import CORE, scalars
from sentiment_core.store.records import Experiment, Run

if TYPE_CHECKING:
    import numpy as np


class RunSource(Protocol):
    """Whoever can say what an experiment is and what its runs measured.

    `experiment` and `run` raise `NotFoundError` for an unknown id; the others expect one of a run that there is.
    """

    def __hash__(self) -> int:
        """Blocks of steps are kept by whom they come from."""

    def experiment(self, experiment_id: str, /) -> Experiment:
        """Return an experiment with its runs."""

    def run(self, run_id: str, /) -> Run:
        """Return a run."""

    def steps(self, run_id: str, /, after: int = 0, limit: int | None = None) -> dict[str, list[Any]]:
        """Return the steps after step `after`, oldest first and at most `limit`, as one list per core quantity."""

    def diagnostic_names(self, run_id: str, /) -> list[str]:
        """Return which quantities a run has measured beside those, sorted."""

    def diagnostics(
        self, run_id: str, quantity: str, /, after: int = 0, most: int | None = None, until: int | None = None
    ) -> tuple[list[int], list[float | np.ndarray]]:
        """Return the steps after `after`, up to `until`, at which a run measured `quantity`, and the values.

        Of more than `most` they are `most`, evenly spread, the first and the last among them.
        """

    def evaluations(self, run_id: str, /) -> list[Evaluation]:
        """Return the evaluations of a run, oldest first."""

    def balances(self, run_id: str, /) -> dict[str, Balance]:
        """Return `{part: balance}` of the reviews that a run was trained and evaluated on; {} where nobody noted it."""

    def references(self, experiment_id: str, /) -> Mapping[str, float]:
        """Return `{label: test accuracy}` of what else was tried on the same reviews, as far as the source knows."""

    def queue_position(self, experiment_id: str, /) -> int | None:
        """Return the place in the queue, from 1; None for what does not wait."""


def table(
    source: RunSource, run_id: str, after: int = 0, limit: int | None = None, drawn: bool = False
) -> dict[str, list[Any]]:
    """Return what `steps` does, and a column more for each diagnostic that is a number; None where it was not measured.

    With `drawn`, only for those that have a panel. Arrays are left out: ask `RunSource.diagnostics` for them.
    """
    columns = source.steps(run_id, after=after, limit=limit)
    steps = columns["step"]
    for quantity in scalars(source.diagnostic_names(run_id)) if steps else ():
        if drawn and not quantity.panel:
            continue
        measured = source.diagnostics(run_id, quantity.name, after=after, until=steps[-1])
        known = dict(zip(*measured, strict=True))
        columns[quantity.name] = [known.get(step) for step in steps]
    return columns


def rows_of(source: RunSource, run_id: str) -> list[dict[str, Any]]:
    """Return all steps of a run with what was measured at them, oldest first, as one dict per step; see `table`."""
    columns = table(source, run_id)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def measured(
    source: RunSource, run_id: str, name: str, after: int = 0, most: int | None = None
) -> tuple[list[int], list[Any]]:
    """Return steps and values of any quantity, core or diagnostic, as `RunSource.diagnostics` does."""
    if name not in CORE:
        return source.diagnostics(run_id, name, after=after, most=most)
    columns = source.steps(run_id, after=after)
    places = spread(len(columns["step"]), most)
    return [columns["step"][place] for place in places], [columns[name][place] for place in places]


def spread(count: int, most: int | None) -> list[int]:
    """Return the places of `count` items; of more than `most` so many, evenly spread, the first and the last too."""
    if most is None or count <= most:
        return list(range(count))
    return [place * (count - 1) // max(most - 1, 1) for place in range(most)]
