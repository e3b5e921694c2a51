"""What an experiment's own measurements say: did it learn, was it clipped, where did it blow up.

Nothing here is a canned sentence about a rung; every statement follows from steps and evaluations in the store.
"""

from __future__ import annotations

from sentiment_core.findings.live_changes import changes
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
from sentiment_core.findings.verdict.summary import summary
from sentiment_core.findings.verdict.words import findings
from sentiment_core.store import RunSource

__all__ = ["Comparison", "Finding", "Interval", "LongGradients", "RunVerdict", "Spike", "Verdict", "judge"]


def judge(source: RunSource, experiment_id: str) -> Verdict:
    """Return the verdict on an experiment; raise `NotFoundError` for an unknown one.

    Where nobody wrote down how many reviews a run was validated on there are accuracies, but no intervals.
    """
    runs = source.experiment(experiment_id).runs
    steps = {run.id: source.steps(run.id) for run in runs}
    judged = tuple(
        judge_run(run, steps[run.id], source.evaluations(run.id), source.balances(run.id).get("validation"))
        for run in runs
    )
    first = runs[0]
    comparisons = tuple(
        compare(judged[0], verdict, parting(first, run, steps[first.id], steps[run.id]))
        for run, verdict in zip(runs[1:], judged[1:], strict=True)
    )
    changed = [
        Finding("changed", run.name, f"Changed while it trained: {change.words} at step {change.step:,}.")
        for run in runs
        for change in changes(source, run)
    ]
    # Nobody can repeat in a sentence what happened to a run that was changed on the way.
    said = [] if changed else summary(judged, comparisons)
    return Verdict(judged, comparisons, (*said, *changed, *findings(judged, comparisons)))
