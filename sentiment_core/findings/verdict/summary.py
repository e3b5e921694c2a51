"""The first line of a verdict: one sentence to repeat, judged over the course of training too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from sentiment_core.findings.verdict.measure import newcombe
from sentiment_core.findings.verdict.records import Comparison, Finding, RunVerdict
from sentiment_core.number_words import percent

# How many times as far a loss must swing to be named: beyond what 100 batches of equal spread would differ by.
SWING = 3.0
LEAST_SWING_STEPS = 50


def summary(runs: Sequence[RunVerdict], comparisons: Sequence[Comparison]) -> list[Finding]:
    """Return the sentence about all runs; nothing where nothing can be told."""
    if len(runs) == 2 and len(comparisons) == 1:
        text = _pair(runs[0], runs[1], comparisons[0])
    else:
        text = _alone(runs[0]) if len(runs) == 1 else _several(runs)
    return [Finding("summary", "", text)] if text else []


def _alone(run: RunVerdict) -> str:
    if run.first_non_finite is not None:
        return f"{run.name} broke down at step {run.first_non_finite}."
    if run.learned is None or run.accuracy is None:
        return ""
    said = "learned" if run.learned else "has not shown that it learned"
    return f"{run.name} {said}: {percent(run.accuracy)} of the validation reviews right."


def _pair(first: RunVerdict, second: RunVerdict, item: Comparison) -> str:
    broken = [run for run in (first, second) if run.first_non_finite is not None]
    if len(broken) == 2:
        return "Both runs broke down: their numbers stopped being finite."
    if broken:
        whole = second if broken[0] is first else first
        return f"{broken[0].name} broke down at step {broken[0].first_non_finite}, {whole.name} did not."
    if item.interval is None or first.accuracy is None or second.accuracy is None:
        return ""
    swing = _swing(first, second)
    one, other = percent(first.accuracy), percent(second.accuracy)
    if item.better is None:
        shares = f"{one} and {other} of the validation reviews"
        return f"{first.name} and {second.name} end alike ({shares}){f', but {swing}' if swing else ''}."
    word = "better" if item.better else "worse"
    shares = f"{other} against {one} of the validation reviews"
    return f"{second.name} ends {word} than {first.name} ({shares}){_over_training(first, second, item.better)}."


def _several(runs: Sequence[RunVerdict]) -> str:
    """Say which of several runs ends highest, and whether the next one is clearly behind."""
    whole = [
        (run.accuracy, run.balance.reviews, run.name)
        for run in runs
        if run.first_non_finite is None
        and run.accuracy is not None
        and math.isfinite(run.accuracy)
        and run.balance is not None
    ]
    if len(whole) < 2:
        return ""
    (most, reviews, best), (less, _, following) = sorted(whole, key=lambda each: each[0], reverse=True)[:2]
    broken = sum(run.first_non_finite is not None for run in runs)
    lost = f" {broken} of {len(runs)} runs broke down." if broken else ""
    if alike := [name for accuracy, _, name in whole if accuracy == most][1:]:
        names = ", ".join([best, *alike[:-1]])
        return f"{names} and {alike[-1]} end highest, each with {percent(most)} of the validation reviews right.{lost}"
    clear = "clearly" if newcombe(less, most, reviews).low > 0 else "not clearly"
    return (
        f"{best} ends highest: {percent(most)} of the validation reviews right, {clear} ahead of {following} "
        f"({percent(less)}).{lost}"
    )


def _over_training(first: RunVerdict, second: RunVerdict, better: bool) -> str:
    """Say so where the best or the mean over all evaluations points the other way than the end."""
    one, other = first.course, second.course
    if len(one) < 3 or len(one) != len(other) or not all(map(math.isfinite, (*one, *other))):
        return ""
    sign = 1 if better else -1
    behind = [
        what
        for what, measure in (("on average over training", fmean), ("at its best", max))
        if sign * (measure(other) - measure(one)) < 0
    ]
    return f", but was {'behind' if better else 'ahead'} {' and '.join(behind)}" if behind else ""


def _swing(first: RunVerdict, second: RunVerdict) -> str:
    if (
        first.spread is None
        or second.spread is None
        or min(first.spread_steps, second.spread_steps) < LEAST_SWING_STEPS
    ):
        return ""
    calm, wild = sorted((first, second), key=lambda run: run.spread or 0.0)
    if not calm.spread or not wild.spread or wild.spread < SWING * calm.spread:
        return ""
    return f"the loss of {wild.name} swings {wild.spread / calm.spread:.0f} times as far"
