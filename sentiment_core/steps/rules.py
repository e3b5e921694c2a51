"""What measured numbers mean, each rule once: positive, right, clipped, saturated, finite, parted. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sentiment_core.metrics import Evaluation

Steps = Mapping[str, Sequence[Any]]

# A tanh whose output is beyond this is called saturated: its slope is below 0.06 (Karpathy, makemore part 3).
SATURATED = 0.97

# From here on an answer is positive, as a probability and as log-odds.
EVEN, EVEN_LOG_ODDS = 0.5, 0.0

# Clipping by norm aims a millionth below its threshold; float32 rounds to a tenth of that. Half way tells them apart.
SHORTENED = 1 - 5e-7


def positive(answers: Any, threshold: float = EVEN) -> Any:
    """Return whether P(positive) is positive, from `threshold` on; of log-odds with `EVEN_LOG_ODDS`.

    One number, an array or a tensor `(N,)`. What is not a number is not positive, and not negative either: see
    `correct`.
    """
    return answers >= threshold


def correct(answers: Any, labels: Any, threshold: float = EVEN) -> Any:
    """Return 1 where `answers (N,)` are right about `labels (N,)` of 0 and 1, 0 where wrong, NaN where there is none.

    An answer that is not a finite number is none, so the mean of the result is the accuracy, or NaN. Arrays or tensors.
    """
    with np.errstate(invalid="ignore"):
        return (positive(answers, threshold) == positive(labels)) + 0.0 * answers


def probability(log_odds: np.ndarray, kind: Any = np.float64) -> np.ndarray:
    """Return P(positive) `(N,)` of type `kind`: positive just where `log_odds (N,)` are.

    NaN where they are not finite: a network that diverged gives no answer.
    """
    # In double precision, and from the side that cannot overflow: exp(-|x|) is at most 1.
    raw = np.asarray(log_odds, dtype=np.float64)
    small = np.exp(-np.abs(raw))
    found = (np.where(raw >= 0, 1.0, small) / (1.0 + small)).astype(kind)
    # Rounding must not lift a hair's breadth below one half to one half, or accuracy would not be accuracy.
    negative = (raw < EVEN_LOG_ODDS) & positive(found)
    found[negative] = np.nextafter(kind(EVEN), kind(0))
    found[~np.isfinite(raw)] = math.nan
    return found


def clipped(norm: float, norm_clipped: float) -> bool:
    """Return whether clipping changed a gradient, from its length before and after.

    Cutting always shortens. A gradient that was not finite and is afterwards was changed too.
    """
    return norm_clipped < norm * SHORTENED or (math.isnan(norm) and math.isfinite(norm_clipped))


def clipped_share(steps: Sequence[bool | None]) -> float | None:
    """Return the share (0..1) of those steps that clipping changed; None when no step was to be clipped."""
    known = [step for step in steps if step is not None]
    return sum(known) / len(known) if known else None


def finite(loss: float, norm: float) -> bool:
    """Return whether a step's loss and gradient are finite numbers; a run has diverged at a step where they are not."""
    return math.isfinite(loss) and math.isfinite(norm)


def not_finite(steps: Steps) -> list[int]:
    """Return the steps whose loss or gradient is not a finite number, in order."""
    columns = (steps[name] for name in ("step", "loss", "grad_norm"))
    return [step for step, loss, norm in zip(*columns, strict=True) if not finite(loss, norm)]


def selected(evaluations: Sequence[Evaluation], early_stopping: int | None) -> Evaluation | None:
    """Return the validation of the weights that a run keeps; None before there is one.

    With early stopping they are those of the lowest loss, the first of equals; else, or where no loss was a number,
    the last.
    """
    validations = [item for item in evaluations if item.part == "validation"]
    judged = [item for item in validations if item.loss < math.inf] if early_stopping else []
    return min(judged, key=lambda item: item.loss) if judged else validations[-1] if validations else None


def parted(one: Steps, other: Steps, columns: Sequence[str]) -> int | None:
    """Return the first step at which one of `columns` differs in any bit between two runs; None: nowhere.

    Steps that only one of them has made are not compared. What is not a number equals itself.
    """
    for step, first, second in zip(
        one["step"],
        zip(*(one[name] for name in columns), strict=True),
        zip(*(other[name] for name in columns), strict=True),
        strict=False,
    ):
        if first != second and any(a != b and not (a != a and b != b) for a, b in zip(first, second, strict=True)):
            return int(step)
    return None
