"""A loss with a cliff in two dimensions, and descent on it without clipping, by norm and by value.

One unit that feeds back on itself for 50 steps, x_t = w σ(x_{t−1}) + b, with the error (σ(x_50) − 0.7)²: the example of
Pascanu et al. 2013. Where the unit has two resting points, a hair's breadth in (w, b) decides which one it ends in, and
the error has a wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_core.inside.saturation import sigmoid

STEPS, TARGET, START = 50, 0.7, 0.5
Way = Literal["none", "norm", "value"]
WAYS: tuple[Way, ...] = ("none", "norm", "value")


def error_and_slope(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the error at each `w`, `b` (any one shape) and its gradient `(2, …)`, both in float64.

    The derivatives of x_t are carried forward beside it: dx_t = dw σ(x_{t−1}) + w σ'(x_{t−1}) dx_{t−1} + db.
    """
    w, b = np.broadcast_arrays(np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64))
    x = np.full(w.shape, START)
    slope = np.zeros((2, *w.shape))
    for _ in range(STEPS):
        out = sigmoid(x)
        slope = w * out * (1 - out) * slope + np.stack([out, np.ones_like(out)])
        x = w * out + b
    out = sigmoid(x)
    error: np.ndarray = (out - TARGET) ** 2
    slope = 2 * (out - TARGET) * out * (1 - out) * slope
    return error, slope


def clip(gradient: np.ndarray, way: Way, threshold: float) -> np.ndarray:
    """Return gradients `(2, …)` as `way` leaves them: by norm scaled down to `threshold`, by value each part cut."""
    if way == "value":
        return np.asarray(gradient.clip(-threshold, threshold))
    if way == "none":
        return gradient
    return np.asarray(gradient * np.minimum(1.0, threshold / np.maximum(length(gradient), 1e-300)))


def length(gradient: np.ndarray) -> np.ndarray:
    """Return the L2 norm of gradients `(2, …)`."""
    return np.asarray(np.hypot(gradient[0], gradient[1]))


def turn(raw: np.ndarray, used: np.ndarray) -> float:
    """Return the angle in degrees between a gradient `(2,)` before and after clipping; NaN where one is zero."""
    product = float(length(raw) * length(used))
    return float(np.degrees(np.arccos(np.clip(raw @ used / product, -1, 1)))) if product else float("nan")


@dataclass(frozen=True, eq=False)
class Descent:
    """N updates: `points (N + 1, 2, …)` = (w, b), `errors (N + 1, …)`, gradients before clipping `(N + 1, 2, …)`."""

    points: np.ndarray
    errors: np.ndarray
    gradients: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """‖gradient‖ before clipping at each point `(N + 1, …)`."""
        return length(np.moveaxis(self.gradients, 1, 0))


def descend(start: np.ndarray, way: Way, rate: float, threshold: float, updates: int = 60) -> Descent:
    """Return `updates` of plain gradient descent at `rate` from `start (2, …)` = (w, b), each column on its own."""
    points, errors, gradients = [np.asarray(start, dtype=np.float64)], [], []
    for update in range(updates + 1):
        error, gradient = error_and_slope(*points[-1])
        errors.append(error)
        gradients.append(gradient)
        if update < updates:
            points.append(points[-1] - rate * clip(gradient, way, threshold))
    return Descent(np.array(points), np.array(errors), np.array(gradients))


def many_starts(per_side: int = 10) -> np.ndarray:
    """Return `(2, per_side²)` starts on the flat land above the wall."""
    w, b = np.meshgrid(np.linspace(5.0, 7.0, per_side), np.linspace(-2.0, -0.5, per_side))
    return np.stack([w.ravel(), b.ravel()])
