"""Flat places of tanh, sigmoid and ReLU: how much lies in them, and what many layers leave of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Function = Literal["tanh", "sigmoid", "relu"]
WIDTH = 64
# The slope below which a function counts as flat, as a share of its largest: for tanh, |a| > 0.97.
FLAT = 1 - 0.97**2


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(−z)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


FUNCTIONS: dict[Function, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda z: np.maximum(z, 0.0),
}
SLOPES: dict[Function, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "relu": lambda z: (z > 0).astype(np.float64),
}
STEEPEST: dict[Function, float] = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0}


def flat_share(pre: np.ndarray, function: Function) -> float:
    """Return the share of pre-activations (any shape) at which the slope is below 6 % of its largest."""
    return float(np.mean(SLOPES[function](pre) < FLAT * STEEPEST[function]))


@dataclass(frozen=True, eq=False)
class Stack:
    """n layers of H units for B inputs: `pre`, `outputs (n, B, H)`, and each layer's `weights`.

    `slopes (n + 1,)` is the product of the root mean square slopes of the last 0, 1, … n layers: what the function
    alone leaves of a gradient. `lengths (n + 1,)` is the measured ‖∂L/∂a‖ after as many layers, relative to the last
    layer's output: with the weights. `weight_gradient (H,)` is that of each first-layer unit's weights, as an L2 norm.
    """

    pre: np.ndarray
    outputs: np.ndarray
    weights: tuple[np.ndarray, ...]
    slopes: np.ndarray
    lengths: np.ndarray
    weight_gradient: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """Which units `(H,)` of the first layer have slope 0 for every input."""
        return np.asarray((self.pre[0] <= 0).all(axis=0))


def build_stack(
    inputs: np.ndarray, function: Function, scale: float, shift: float, depth: int, width: int = WIDTH, seed: int = 1
) -> Stack:
    """Send `inputs (B, E)` through `depth` layers with pre-activations of deviation `scale` around `shift`.

    Weights are drawn from N(0, 1) and then stretched, layer by layer. A gradient drawn from N(0, 1) at the last output
    goes back.
    """
    generator = np.random.default_rng(seed)
    apply, slope = FUNCTIONS[function], SLOPES[function]
    layer = np.asarray(inputs, dtype=np.float64)
    pre, outputs, weights = [], [], []
    for _ in range(depth):
        drawn = generator.normal(size=(width, layer.shape[1]))
        spread = float((layer @ drawn.T).std())
        drawn *= scale / spread if spread > 0 else 0.0
        weights.append(drawn)
        pre.append(layer @ drawn.T + shift)
        layer = apply(pre[-1])
        outputs.append(layer)
    gradient = generator.normal(size=layer.shape)
    lengths = [float(np.linalg.norm(gradient))]
    factors = [1.0]
    for place in reversed(range(depth)):
        slopes = slope(pre[place])
        factors.append(factors[-1] * float(np.sqrt(np.mean(slopes**2))))
        at_pre = gradient * slopes
        gradient = at_pre @ weights[place]
        lengths.append(float(np.linalg.norm(gradient)))
    return Stack(
        np.array(pre),
        np.array(outputs),
        tuple(weights),
        np.array(factors),
        np.array(lengths) / lengths[0],
        np.linalg.norm(at_pre.T @ np.asarray(inputs, dtype=np.float64), axis=1),
    )
