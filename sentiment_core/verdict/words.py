"""The verdict in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.verdict.records import CHANCE, CONFIDENCE, Comparison, Finding, RunVerdict, Spike

# Over half of the steps clipped: the rate is too high for the gradients this model has.
TOO_OFTEN = 0.5
SPIKE = 3.0


def findings(runs: Sequence[RunVerdict], comparisons: Sequence[Comparison]) -> list[Finding]:
    """Return what there is to say, the failures of each run beside what it reached."""
    found = [finding for run in runs if (finding := _learned(run))]
    found += [finding for item in comparisons if (finding := _compared(item))]
    for run in runs:
        found += _failures(run)
        found += _gradients(run)
        if run.spread is not None:
            text = f"The batch loss varied by ±{run.spread:.3f} over the last {run.spread_steps} steps."
            found.append(Finding("spread", run.name, text))
    return found + [_twins(item) for item in comparisons if item.common_steps]


def _learned(run: RunVerdict) -> Finding | None:
    if run.accuracy is None:
        return None
    text = f"Validation accuracy {run.accuracy:.3f}"
    if run.interval is None:
        return Finding("learned", run.name, f"{text}.")
    text += f" ({CONFIDENCE:.0%} interval {run.interval.low:.3f} to {run.interval.high:.3f}): "
    if run.learned:
        return Finding("learned", run.name, text + "better than chance beyond doubt.")
    if run.interval.high < CHANCE:
        return Finding("learned", run.name, text + "worse than chance beyond doubt. Are the labels swapped?", True)
    return Finding("learned", run.name, text + "this could be chance. It has not shown that it learned.", True)


def _compared(item: Comparison) -> Finding | None:
    if item.difference is None or item.interval is None:
        return None
    word = {True: "better", False: "worse", None: "no clear difference"}[item.better]
    tail = (
        f"{word} beyond doubt, with this seed"
        if item.better is not None
        else f"{word} with these reviews and this seed"
    )
    text = (
        f"{item.difference:+.3f} against {item.first} "
        f"({CONFIDENCE:.0%} interval {item.interval.low:+.3f} to {item.interval.high:+.3f}): {tail}."
    )
    return Finding("compared", item.second, text)


def _failures(run: RunVerdict) -> list[Finding]:
    found = []
    if run.diverged:
        found.append(Finding("diverged", run.name, run.diverged, True))
    if run.first_non_finite is not None:
        steps = "1 step has" if run.non_finite == 1 else f"{run.non_finite} steps have"
        text = f"{steps} a loss or gradient that is not a finite number, first at step {run.first_non_finite}."
        found.append(Finding("diverged", run.name, text, True))
    return found


def _gradients(run: RunVerdict) -> list[Finding]:
    found = []
    if run.clipped_share is not None:
        often = run.clipped_share > TOO_OFTEN
        text = f"{run.clipped_share:.0%} of the steps were clipped."
        if often:
            text += " More than half: the learning rate is too high for these gradients, or the threshold too low."
        if run.cosine is not None:
            text += f" Cosine of the angle that clipping turned the gradient by: {run.cosine:.3f} (median)."
        found.append(Finding("clipped", run.name, text, often))
    if run.spike is not None:
        found.append(_spike(run.name, run.spike))
    if run.long_gradients is not None:
        pair = run.long_gradients
        text = (
            f"At the tenth of steps with the longest gradients the batch accuracy was {pair.accuracy_long:.2f}; "
            f"at the others {pair.accuracy_other:.2f}."
        )
        found.append(Finding("long gradients", run.name, text))
    return found


def _spike(name: str, spike: Spike) -> Finding:
    parts = [f"{spike.loss:.3f}"]
    if spike.loss_before is not None:
        parts.insert(0, f"{spike.loss_before:.3f}")
    if spike.loss_after is not None:
        parts.append(f"{spike.loss_after:.3f}")
    text = (
        f"Longest gradient: {spike.norm:.3g} at step {spike.step}, {spike.times_median:.1f} times the median. "
        f"The loss there: {' → '.join(parts)}."
    )
    return Finding("spike", name, text, spike.times_median >= SPIKE)


def _twins(item: Comparison) -> Finding:
    who = f"{item.first} and {item.second}"
    if not item.same_network:
        text = f"{who} are different networks, so their curves differ from the start."
    elif item.first_difference is None:
        text = f"{who} are equal bit for bit over all {item.common_steps} steps that both made."
    elif item.first_difference == 1:
        text = f"{who} differ from the first step on."
    else:
        text = (
            f"{who} are equal bit for bit up to step {item.first_difference - 1} and part at {item.first_difference}."
        )
    return Finding("twins", "", text)
