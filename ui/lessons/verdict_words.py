"""A verdict on a page: what an experiment, or the recording of one, measured, in sentences."""

from __future__ import annotations

from sentiment_core.findings.verdict import Finding, Verdict, judge
from sentiment_core.store import Experiment, RunSource
from ui.kit.notices import literal


def verdict_on(source: RunSource, experiment: Experiment) -> Verdict:
    """Return the verdict; raises `NotFoundError` for an experiment that `source` does not have."""
    return judge(source, experiment.id)


def line(finding: Finding, *, named: bool = True) -> str:
    """Return a finding as an item of a Markdown list; `named` says which run it is about."""
    sign = ":material/warning: " if finding.alert else ""
    name = f"*{literal(finding.run)}*: " if named and finding.run else ""
    return f"- {sign}{name}{literal(finding.text)}"
