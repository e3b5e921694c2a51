"""The verdict in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentiment_core.findings.twins import in_words
from sentiment_core.findings.verdict.records import CONFIDENCE, Comparison, Finding, RunVerdict, Spike
from sentiment_core.number_words import counted, percent, signed

# More than half of the steps clipped: the threshold lies below the median norm.
OFTEN = 0.5
SPIKE = 3.0
ANOTHER_RUN = "Another seed or number of threads makes another run."


def findings(runs: Sequence[RunVerdict], comparisons: Sequence[Comparison]) -> list[Finding]:
    """Return what there is to say, the failures of each run beside what it reached."""
    found = [finding for run in runs if (finding := _learned(run))]
    found += [finding for item in comparisons if (finding := _compared(item))]
    for run in runs:
        found += failures(run)
        found += _gradients(run)
        if run.spread is not None:
            text = f"The batch loss varied by ±{decimal(run.spread)} over the last {run.spread_steps} steps."
            found.append(Finding("spread", run.name, text))
    return found + [Finding("twins", "", in_words(item.parting)) for item in comparisons if item.parting.common_steps]


def decimal(value: float) -> str:
    """Return a loss or a norm with three decimals, with three significant digits where that would be too many."""
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"


def _learned(run: RunVerdict) -> Finding | None:
    if run.accuracy is None:
        return None
    if math.isnan(run.accuracy):
        return Finding("learned", run.name, "It gives no answers: what it computes is no longer a number.", True)
    text = f"Validation accuracy {run.accuracy:.3f}"
    if run.interval is None or run.balance is None:
        return Finding("learned", run.name, f"{text}. Over how many reviews was not kept, so it has no interval.")
    low, high, chance = run.interval.low, run.interval.high, run.balance.chance
    text += (
        f" on these {run.balance.reviews:,} reviews ({CONFIDENCE:.0%} interval for other reviews: {low:.3f} to "
        f"{high:.3f}). Chance, always naming the more frequent class, is {chance:.3f}: "
    )
    if run.learned:
        return Finding("learned", run.name, text + "this run is better than chance.")
    if high < 1 - chance:
        return Finding("learned", run.name, text + "the opposite of its answers would be better. Labels swapped?", True)
    if high < chance:
        return Finding("learned", run.name, text + "this run is worse.", True)
    return Finding("learned", run.name, text + "this could be chance. It has not shown that it learned.", True)


def _compared(item: Comparison) -> Finding | None:
    if item.difference is None or item.interval is None:
        return None
    word = {True: "better, in this run", False: "worse, in this run", None: "no clear difference"}[item.better]
    text = (
        f"{signed(item.difference)} against {item.first} ({CONFIDENCE:.0%} interval for other reviews: "
        f"{signed(item.interval.low)} to {signed(item.interval.high)}): {word}. {ANOTHER_RUN}"
    )
    return Finding("compared", item.second, text)


def failures(run: RunVerdict) -> list[Finding]:
    """Return what broke a run: why it was ended, and where its numbers stopped being finite."""
    found = []
    if run.diverged:
        found.append(Finding("diverged", run.name, run.diverged, True))
    if run.first_non_finite is not None:
        steps = counted(run.non_finite, "step has", "steps have")
        text = f"{steps} a loss or gradient that is not a finite number, first at step {run.first_non_finite}."
        found.append(Finding("diverged", run.name, text, True))
    return found


def _gradients(run: RunVerdict) -> list[Finding]:
    found = []
    if run.norm_hidden:
        text = "The norm was read after clipping, so how often this run was clipped cannot be seen."
        found.append(Finding("clipped", run.name, text))
    elif run.clipped_share is not None:
        found.append(_clipped(run, run.clipped_share))
    if run.spike is not None:
        found.append(_spike(run.name, run.spike, run.norm_hidden))
    if run.long_gradients is not None:
        pair = run.long_gradients
        text = (
            f"At the tenth of steps with the longest gradients the batch accuracy was {pair.accuracy_long:.2f}; "
            f"at the others {pair.accuracy_other:.2f}."
        )
        found.append(Finding("long gradients", run.name, text))
    return found


def _clipped(run: RunVerdict, clipped: float) -> Finding:
    text = f"{percent(clipped)} of the steps were clipped."
    if clipped > OFTEN:
        text += too_often(run)
    if run.cosine is not None:
        text += f" Cosine of the angle that clipping turned the gradient by: {run.cosine:.3f} (median)."
    return Finding("clipped", run.name, text)


def too_often(run: RunVerdict) -> str:
    """Return why more than half of the steps were clipped, to be said behind how many; empty where it is not known."""
    if run.threshold is None or run.usual_norm is None:
        return ""
    if not run.clipping.bounds_norm:
        what = run.clipping.limits
        return f" More than half: most gradients have a {what} beyond the threshold of {run.threshold:.3g}."
    if run.threshold >= run.usual_norm:
        return ""  # it was moved while training
    return (
        f" More than half: the threshold of {run.threshold:.3g} lies below the usual norm (median "
        f"{run.usual_norm:.3g}). Pascanu et al. (2013) found half to ten times the average norm to work."
    )


def _spike(name: str, spike: Spike, hidden: bool) -> Finding:
    parts = [decimal(loss) for loss in (spike.loss_before, spike.loss, spike.loss_after) if loss is not None]
    what = "Longest gradient, read after clipping" if hidden else "Longest gradient"
    text = (
        f"{what}: {spike.norm:.3g} at step {spike.step}, {_times(spike.times_median)} the median. "
        f"The loss there: {' → '.join(parts)}.{_followed(spike)}"
    )
    return Finding("spike", name, text, spike.times_median >= SPIKE and spike.followed is not False)


def _followed(spike: Spike) -> str:
    if spike.followed is None or spike.before is None:
        return ""
    if spike.after is None:
        return " Then it was no longer a finite number."
    means = f"mean {decimal(spike.before)} before, {decimal(spike.after)} after"
    return f" The loss stayed higher: {means}." if spike.followed else f" Nothing followed: {means}."


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 1000 else f"{ratio:.3g} times"
