"""Where two runs of one experiment part: the step whose loss first differs, and the update that made it differ."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.metrics import StepMetrics
from sentiment_core.store import Run, Store

# What an update does to the weights, as far as it is measured.
UPDATE_COLUMNS = ("learning_rate", "grad_norm_clipped", "clip_cosine")
CHANGED = 1e-6  # relative change of a gradient's length that is more than rounding


@dataclass(frozen=True)
class Parting:
    """Two runs compared over the `common_steps` that both have made.

    `loss_step` is the first step whose loss differs to the last bit, `update_step` the first one whose measured update
    does (gradient after clipping, learning rate); None when there is none. `ours` and `theirs` are the two runs'
    measurements at `loss_step`, `cause` those of the run whose update was changed at `update_step` by clipping.
    """

    common_steps: int
    loss_step: int | None
    update_step: int | None
    ours: StepMetrics | None = None
    theirs: StepMetrics | None = None
    clipped: tuple[Run, StepMetrics] | None = None
    rates_differ: bool = False


def parting(store: Store, run: Run, other: Run) -> Parting:
    """Return where `run` and `other` part. They saw the same batches, so any difference comes from their settings."""
    common = store.common_steps(run.id, other.id)
    loss_step = store.first_difference(run.id, other.id, ["loss"])
    update_step = store.first_difference(run.id, other.id, UPDATE_COLUMNS)
    if loss_step is None:
        return Parting(common, None, update_step)
    ours, theirs = _at(store, run, loss_step), _at(store, other, loss_step)
    if update_step is None or update_step >= loss_step:
        return Parting(common, loss_step, update_step, ours, theirs)
    updates = [(each, _at(store, each, update_step)) for each in (run, other)]
    clipped = next(((each, step) for each, step in updates if _is_clipped(step)), None)
    rates_differ = updates[0][1].learning_rate != updates[1][1].learning_rate
    return Parting(common, loss_step, update_step, ours, theirs, clipped, rates_differ)


def in_words(found: Parting, run: Run, other: Run) -> str:
    """Return one or two sentences, names of the runs included, that say where they part and why."""
    if found.common_steps == 0:
        return f"{run.name} and {other.name} have no step in common yet."
    if found.loss_step is None:
        return (
            f"{run.name} and {other.name} have the same loss, bit for bit, at each of their {found.common_steps:,} "
            "common steps: what differs between them has had no effect so far."
        )
    assert found.ours is not None and found.theirs is not None
    if found.loss_step == 1:
        return (
            f"{run.name} and {other.name} differ from the first step ({found.ours.loss:.6g} against "
            f"{found.theirs.loss:.6g}): they start from other weights or read the reviews differently."
        )
    same = f"the same loss, bit for bit, up to step {found.loss_step - 1:,}"
    first = f"and part at step {found.loss_step:,} ({_apart(found.ours.loss, found.theirs.loss)})."
    return f"{run.name} and {other.name} have {same} {first} {_reason(found)}"


def _reason(found: Parting) -> str:
    if found.clipped is not None:
        run, step = found.clipped
        if step.grad_norm_clipped < step.grad_norm * (1 - CHANGED):
            what = f"shortened a gradient for the first time, from {step.grad_norm:.4g} to {step.grad_norm_clipped:.4g}"
        else:
            what = "turned a gradient for the first time"
        return f"At step {found.update_step:,} clipping in {run.name} {what}; from there their weights differ."
    if found.rates_differ:
        return f"At step {found.update_step:,} they used different learning rates; from there their weights differ."
    if found.update_step is not None and found.loss_step is not None and found.update_step < found.loss_step:
        return f"At step {found.update_step:,} their gradients differed for the first time."
    return "Their gradients were equal until then: the optimizer itself, or dropout, made the difference."


def _apart(ours: float, theirs: float) -> str:
    for digits in (4, 6, 9, 12):
        if f"{ours:.{digits}g}" != f"{theirs:.{digits}g}":
            return f"{ours:.{digits}g} against {theirs:.{digits}g}"
    return f"{ours!r} against {theirs!r}"


def _is_clipped(step: StepMetrics) -> bool:
    return step.grad_norm_clipped < step.grad_norm * (1 - CHANGED) or step.clip_cosine < 1 - CHANGED


def _at(store: Store, run: Run, step: int) -> StepMetrics:
    columns = store.steps(run.id, after=step - 1, limit=1)
    return StepMetrics(**{name: values[0] for name, values in columns.items()})
