"""What an experiment's own measurements say: did it learn, was it clipped, where did it blow up.

Nothing here is a canned sentence about a rung; every statement follows from steps and evaluations in the store.
"""

from __future__ import annotations

from typing import Any, Protocol

from sentiment_core.findings.twins import parting
from sentiment_core.findings.verdict.measure import compare, judge_run
from sentiment_core.findings.verdict.records import (
    Comparison,
    Finding,
    Interval,
    LongGradients,
    RunVerdict,
    Spike,
    Verdict,
)
from sentiment_core.findings.verdict.words import findings
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.store import Experiment

__all__ = ["Comparison", "Finding", "Interval", "LongGradients", "RunVerdict", "Spike", "Verdict", "judge"]


class Measured(Protocol):
    """Whoever can say what an experiment measured: the store, or a recording."""

    def experiment(self, experiment_id: str, /) -> Experiment: ...
    def steps(self, run_id: str, /) -> dict[str, list[Any]]: ...
    def evaluations(self, run_id: str, /) -> list[Evaluation]: ...
    def balances(self, run_id: str, /) -> dict[str, Balance]: ...


def judge(store: Measured, experiment_id: str) -> Verdict:
    """Return the verdict on an experiment; raise `NotFoundError` for an unknown one.

    Where nobody wrote down how many reviews a run was validated on there are accuracies, but no intervals.
    """
    runs = store.experiment(experiment_id).runs
    steps = {run.id: store.steps(run.id) for run in runs}
    judged = tuple(
        judge_run(run, steps[run.id], store.evaluations(run.id), store.balances(run.id).get("validation"))
        for run in runs
    )
    first = runs[0]
    comparisons = tuple(
        compare(judged[0], verdict, parting(first, run, steps[first.id], steps[run.id]))
        for run, verdict in zip(runs[1:], judged[1:], strict=True)
    )
    return Verdict(judged, comparisons, tuple(findings(judged, comparisons)))
