"""A verdict on a page: what an experiment, or the recording of one, measured, in sentences."""

from __future__ import annotations

from sentiment_core.lessons import validation_reviews
from sentiment_core.store import Experiment
from sentiment_core.verdict import Finding, Measured, Verdict, judge
from ui.notices import literal


def verdict_on(measured: Measured, experiment: Experiment) -> Verdict:
    """Return the verdict; raises `NotFoundError` for an experiment that `measured` does not have."""
    evaluations = measured.evaluations(experiment.runs[0].id)
    per_epoch = next((item.step for item in evaluations if item.epoch == 1 and item.part == "validation"), None)
    return judge(measured, experiment.id, validation_reviews(experiment.config, per_epoch))


def line(finding: Finding, *, named: bool = True) -> str:
    """Return a finding as an item of a Markdown list; `named` says which run it is about."""
    sign = ":material/warning: " if finding.alert else ""
    name = f"*{literal(finding.run)}*: " if named and finding.run else ""
    return f"- {sign}{name}{literal(finding.text)}"
