"""Numbers drawn from steps and evaluations: intervals, spikes, spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, median, pstdev
from typing import Any

from sentiment_core.clipping import RULES
from sentiment_core.findings.twins import READ_AFTER_CLIPPING, Parting, clipped_steps
from sentiment_core.findings.verdict.records import CONFIDENCE, Comparison, Interval, LongGradients, RunVerdict, Spike
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.steps.rules import Steps, clipped, clipped_share, not_finite, selected
from sentiment_core.store import Run

LAST_STEPS = 100
# A tenth of fewer steps than this is no group to take an average of.
FEWEST_FOR_TENTH = 30
# Steps on either side of the longest gradient, by which is told whether something followed.
AROUND, LEAST_AROUND = 20, 5


def judge_run(
    run: Run,
    steps: Steps,
    evaluations: Sequence[Evaluation],
    balance: Balance | None,
) -> RunVerdict:
    """Return what one run's measurements say; `balance` is that of its validation reviews."""
    training = run.config.training
    validation = selected(evaluations, training.early_stopping)
    accuracy = None if validation is None else validation.accuracy
    interval = None
    if accuracy is not None and math.isfinite(accuracy) and balance and balance.reviews:
        interval = wilson(accuracy, balance.reviews)
    bad = not_finite(steps)
    hidden = READ_AFTER_CLIPPING in training.mistakes
    norms = [norm for norm in steps["grad_norm"] if math.isfinite(norm)]
    thresholds = [value for value in steps["threshold"] if math.isfinite(value)]
    spread, spread_steps = loss_spread(steps["loss"])
    return RunVerdict(
        run_id=run.id,
        name=run.name,
        steps=len(steps["step"]),
        accuracy=accuracy,
        balance=balance,
        interval=interval,
        learned=None if interval is None or balance is None else interval.low > balance.chance,
        clipped_share=clipped_share(clipped_steps(run, steps)),
        clipping=RULES[training.clipping],
        norm_hidden=hidden,
        usual_norm=median(norms) if norms else None,
        threshold=thresholds[-1] if thresholds else None,
        cosine=_median_cosine(steps),
        spike=find_spike(steps),
        long_gradients=_long_gradients(steps),
        spread=spread,
        spread_steps=spread_steps,
        non_finite=len(bad),
        first_non_finite=bad[0] if bad else None,
        diverged=run.error if run.status is Status.FAILED else None,
        course=tuple(item.accuracy for item in evaluations if item.part == "validation"),
    )


def loss_spread(losses: Sequence[float]) -> tuple[float | None, int]:
    """Return the standard deviation of the batch loss over a run's last steps, and how many: half of a short run's.

    None where one of them is not a finite number, or there is only one.
    """
    last = losses[len(losses) - min(LAST_STEPS, len(losses) // 2) :]
    return pstdev(last) if len(last) > 1 and all(map(math.isfinite, last)) else None, len(last)


def compare(first: RunVerdict, second: RunVerdict, where: Parting) -> Comparison:
    """Return how the second run, which parts from the first at `where`, differs from it."""
    difference = interval = None
    if first.accuracy is not None and second.accuracy is not None:
        difference = second.accuracy - first.accuracy
        if first.interval is not None and second.interval is not None and second.balance is not None:
            interval = newcombe(first.accuracy, second.accuracy, second.balance.reviews)
    return Comparison(first.name, second.name, where, difference, interval)


def wilson(share: float, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval (Wilson 1927) for a `share` (0..1) of `count` reviews."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def newcombe(first: float, second: float, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of `second - first`, two shares of `count` reviews each (Newcombe 1998, method 10).

    It treats the two as independent. Runs judge the same reviews, which makes it wider than it has to be, not too
    narrow, as long as they tend to err on the same ones.
    """
    one, other = wilson(first, count, confidence), wilson(second, count, confidence)
    down = math.hypot(second - other.low, one.high - first)
    up = math.hypot(other.high - second, first - one.low)
    return Interval(second - first - down, second - first + up)


def find_spike(steps: Steps) -> Spike | None:
    """Return the step with the longest finite gradient; None without any."""
    finite = [(norm, place) for place, norm in enumerate(steps["grad_norm"]) if math.isfinite(norm)]
    if not finite:
        return None
    norm, place = max(finite, key=lambda pair: (pair[0], -pair[1]))
    typical = median(value for value, _ in finite)
    losses = steps["loss"]
    return Spike(
        step=steps["step"][place],
        norm=norm,
        times_median=norm / typical if typical else math.inf if norm else 1.0,
        loss_before=losses[place - 1] if place else None,
        loss=losses[place],
        loss_after=losses[place + 1] if place + 1 < len(losses) else None,
        **_aftermath(losses, place),
    )


def _aftermath(losses: Sequence[float], place: int) -> dict[str, Any]:
    """Return mean losses of the steps before and after, and whether the loss stayed higher: by two standard errors.

    A loss afterwards that is not a finite number has followed; the step itself belongs to neither side.
    """
    before, after = losses[max(0, place - AROUND) : place], losses[place + 1 : place + 1 + AROUND]
    if len(before) < LEAST_AROUND or len(after) < LEAST_AROUND or not all(map(math.isfinite, before)):
        return {}
    if not all(map(math.isfinite, after)):
        return {"before": fmean(before), "followed": True}
    doubt = 2 * math.hypot(pstdev(before) / math.sqrt(len(before)), pstdev(after) / math.sqrt(len(after)))
    return {"before": fmean(before), "after": fmean(after), "followed": fmean(after) - fmean(before) > doubt}


def _median_cosine(steps: Steps) -> float | None:
    turned = [
        cosine
        for cosine, norm, after in zip(
            steps["clip_cosine"], steps["grad_norm"], steps["grad_norm_clipped"], strict=True
        )
        if math.isfinite(cosine) and math.isfinite(norm) and clipped(norm, after)
    ]
    return median(turned) if turned else None


def _long_gradients(steps: Steps) -> LongGradients | None:
    pairs = [(n, a) for n, a in zip(steps["grad_norm"], steps["accuracy"], strict=True) if math.isfinite(n)]
    if len(pairs) < FEWEST_FOR_TENTH:
        return None
    pairs.sort(key=lambda pair: pair[0], reverse=True)
    cut = len(pairs) // 10
    return LongGradients(fmean(a for _, a in pairs[:cut]), fmean(a for _, a in pairs[cut:]))
