"""Is a run healthy? What its own measurements say is wrong, as remarks with their figure and how sure it is.

A remark stays away where the measurements leave a doubt, and where the run did not measure what it would be about. Of a
run that trains it says at which step it was true: the curves beside it have gone on. What a verdict says as well is
said in its words, and names the topic that it has there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Literal

from sentiment_core.findings.verdict.measure import judge_run
from sentiment_core.findings.verdict.records import RunVerdict, Topic
from sentiment_core.findings.verdict.words import decimal, failures, too_often
from sentiment_core.intervals import student
from sentiment_core.metrics import Evaluation
from sentiment_core.number_words import percent
from sentiment_core.steps.rules import SATURATED, Steps
from sentiment_core.store import Run, RunSource
from sentiment_core.tasks import TASKS

Kind = Literal["stuck", "not finite", "rate too high", "threshold", "overfitting", "saturated", "dead", "update ratio"]

LAST_UPDATES, FEWEST_UPDATES = 100, 10
# Two-sided 95 % of the normal distribution.
Z = 1.96
# Less of the loss of guessing than this is no progress; more of it than that is worse than guessing.
NO_PROGRESS, WORSE = 0.02, 0.05
NEARLY_ALWAYS = 0.9
LEAST_CLIPPED = 50
LOOKS, LEAST_LOOKS = 10, 5
MOST_SATURATED = MOST_DEAD = 0.5
SHARES, RATIO = ("saturated_share", "dead_relu_share"), "update_ratio_"
# log10 of update : weight. About −3 is usual (Karpathy, makemore part 3); Adam's first steps on small weights reach −2.
SLOWEST, FASTEST = -5.0, -1.5

# What was found, the sentence about it, and the topic that a verdict has for it.
Found = list[tuple[Kind, str, Topic | None]]


@dataclass(frozen=True)
class Remark:
    """One thing that is wrong with a run, in a sentence or two, and where one learns more about it.

    `topic` is what a verdict says the same under, None where it says nothing of it.
    """

    kind: Kind
    run: str
    text: str
    lab: str
    lesson: str
    topic: Topic | None = None

    @property
    def alert(self) -> bool:
        """Whether something has gone wrong; a threshold below the usual norm is a choice that may be meant."""
        return self.kind != "threshold"


# The lab and the lesson that each kind leads to.
PLACES: dict[Kind, tuple[str, str]] = {
    "stuck": ("learning-rates", "padded-last-state"),
    "not finite": ("learning-rates", "learning-rates"),
    "rate too high": ("learning-rates", "learning-rates"),
    "threshold": ("clipping", "clip-norm"),
    "overfitting": ("baselines", "attention"),
    "saturated": ("saturation", "initialisation"),
    "dead": ("saturation", "relu"),
    "update ratio": ("learning-rates", "learning-rates"),
}


def examine_run(source: RunSource, run: Run) -> list[Remark]:
    """Return what is wrong with a run, as far as it has come."""
    steps, evaluations, balances = source.steps(run.id), source.evaluations(run.id), source.balances(run.id)
    judged = judge_run(run, steps, evaluations, balances.get("validation"))
    validation = balances.get("validation")
    found: Found = [("not finite", finding.text, finding.topic) for finding in failures(judged)[:1]]
    if not found:
        found += _against_guessing(run, steps, evaluations, judged, TASKS[run.config.task].guess(balances))
    found += _threshold(run, judged)
    found += _overfitting(run, steps, evaluations, validation.reviews if validation else 0)
    found += _inside(source, run)
    return [Remark(kind, run.name, text, *PLACES[kind], topic=topic) for kind, text, topic in found]


def _against_guessing(
    run: Run, steps: Steps, evaluations: Sequence[Evaluation], judged: RunVerdict, guess: float | None
) -> Found:
    """Compare the mean loss of the last updates with what answering without reading costs."""
    last = steps["loss"][-LAST_UPDATES:]
    # Before the end of the first epoch nobody can say that a run does not get going.
    if guess is None or not evaluations or not all(map(math.isfinite, last)):
        return []
    # Of fewer updates only what has ended is judged, and only whether it blew up: to get going may take more.
    short = len(last) < LAST_UPDATES
    if short and (run.status.is_active or len(last) < FEWEST_UPDATES):
        return []
    if run.config.training.class_weights != "none":
        return []  # another loss is minimised than the one that is known of guessing
    mean, half = fmean(last), (student(len(last)) if short else Z) * stdev(last) / math.sqrt(len(last))
    until = f" up to step {steps['step'][-1]:,}" if run.status.is_active else ""
    measured = f"The mean loss of the last {len(last)} updates{until}, {decimal(mean)} ± {decimal(half)},"
    without = f"that of answering without reading ({decimal(guess)})"
    if mean - half > guess * (1 + WORSE):
        rate = f"A learning rate below {max(steps['learning_rate'][-LAST_UPDATES:]):g} is the first thing to try"
        second = ", clipping the gradient the second" if run.config.training.clipping == "none" else ""
        return [("rate too high", f"{measured} is above {without}. {rate}{second}.", None)]
    # A network may be no surer than a guess and right more often all the same.
    if not short and mean - half > guess * (1 - NO_PROGRESS) and not judged.learned and not _right(evaluations, run):
        than = "hardly below" if mean + half < guess else "no better than"
        return [("stuck", f"{measured} is {than} {without}.", "learned")]
    return []


def _right(evaluations: Sequence[Evaluation], run: Run) -> bool:
    """Return whether a task without two classes is answered clearly better than by chance."""
    chance = TASKS[run.config.task].chance({})
    return chance is not None and evaluations[-1].accuracy > 1.2 * chance


def _threshold(run: Run, judged: RunVerdict) -> Found:
    share = judged.clipped_share
    if judged.norm_hidden or share is None or share < NEARLY_ALWAYS or judged.steps < LEAST_CLIPPED:
        return []
    why = too_often(judged)
    if not why:
        return []
    first = "first " if run.status.is_active else ""
    return [("threshold", f"{percent(share)} of the {first}{judged.steps:,} updates were clipped.{why}", "clipped")]


def _overfitting(run: Run, steps: Steps, evaluations: Sequence[Evaluation], reviews: int) -> Found:
    """Say when the last two validation losses are above the lowest, beyond chance, while the training loss fell.

    One such loss is no overfitting: where updates jump, the next one may be lower than all before.
    """
    validations = [item for item in evaluations if item.part == "validation" and math.isfinite(item.loss)]
    if len(validations) < 3 or not reviews:
        return []
    best, now = min(validations, key=lambda item: item.loss), validations[-1]
    # The deviation of one review's cross-entropy is about its mean; as if both were of different reviews, which is
    # wider than it has to be.
    doubt = Z * math.hypot(best.loss, now.loss) / math.sqrt(reviews)
    before, after = _training_loss(steps, best.epoch), _training_loss(steps, now.epoch)
    risen = min(item.loss for item in validations[-2:]) - best.loss > doubt
    if not risen or before is None or after is None or after >= before:
        return []
    kept = "The weights of then are kept." if run.config.training.early_stopping else "Patience would keep those."
    text = (
        f"The validation loss rose from {decimal(best.loss)} after epoch {best.epoch} to {decimal(now.loss)} (by more "
        f"than ± {decimal(doubt)}, what {reviews:,} reviews leave open), while the training loss fell from "
        f"{decimal(before)} to {decimal(after)}. {kept}"
    )
    return [("overfitting", text, None)]


def _training_loss(steps: Steps, epoch: int) -> float | None:
    losses = [loss for loss, of in zip(steps["loss"], steps["epoch"], strict=True) if of == epoch]
    return fmean(losses) if losses and all(map(math.isfinite, losses)) else None


def _inside(source: RunSource, run: Run) -> Found:
    """Say what was seen inside the network, where somebody looked."""
    names = source.diagnostic_names(run.id)
    looks = {name: _last_looks(source, run, name) for name in names if name in SHARES or name.startswith(RATIO)}
    found: Found = []
    if (seen := looks.get("saturated_share")) and min(seen) > MOST_SATURATED:
        where = f"beyond ±{SATURATED}, where tanh is flat and lets little gradient through"
        found.append(("saturated", f"{_between(seen)} of the states are {where}.", None))
    if (seen := looks.get("dead_relu_share")) and min(seen) > MOST_DEAD:
        found.append(("dead", f"{_between(seen)} of the ReLU units are zero for every example of a batch.", None))
    fast = {name: seen for name, seen in looks.items() if name.startswith(RATIO) and seen and min(seen) > FASTEST}
    slow = {name: seen for name, seen in looks.items() if name.startswith(RATIO) and seen and max(seen) < SLOWEST}
    if fast:
        name, seen = max(fast.items(), key=lambda item: median(item[1]))
        found.append(("update ratio", f"{_ratio(name, seen)}: far above the usual 1e-3, the rate is high.", None))
    # A schedule that ends at zero makes small updates on purpose.
    elif slow and run.config.training.schedule == "constant":
        name, seen = min(slow.items(), key=lambda item: median(item[1]))
        found.append(("update ratio", f"{_ratio(name, seen)}: far below the usual 1e-3, it hardly moves.", None))
    return found


def _last_looks(source: RunSource, run: Run, name: str) -> list[float]:
    """Return what was measured at the last looks; nothing where there were too few, or one was no number."""
    _, values = source.diagnostics(run.id, name)
    last = [float(value) for value in values[-LOOKS:]]
    return last if len(last) >= LEAST_LOOKS and all(map(math.isfinite, last)) else []


def _between(seen: Sequence[float]) -> str:
    return f"In the last {len(seen)} looks {percent(min(seen))} to {percent(max(seen))}"


def _ratio(name: str, seen: Sequence[float]) -> str:
    low, high = (f"{10**value:.1e}" for value in (min(seen), max(seen)))
    group = name.removeprefix(RATIO).replace("_", " ")
    return (
        f"In the last {len(seen)} looks an update changed the weights of the {group} by {low} to {high} of their size"
    )
