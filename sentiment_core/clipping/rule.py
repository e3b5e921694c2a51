"""What a clipping rule declares about itself, once: configuration, command line, pages and trainer read it here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class ClippingRule:
    """One way to limit the gradient before an update.

    `name` is its value of `training.clipping`, `label` its name on pages, `phrase` that in a sentence about clipping,
    `effect` what it does to a gradient. `threshold` is the field of `TrainingConfig` that holds its threshold, and so
    its title and range; None for a rule that has nothing to set. `limits` is what of a gradient it limits: where that
    is its length, the threshold is drawn as a line beside the norm. `turns`: it may change a gradient's direction.

    `clip(parameters, norm, threshold)` changes the gradients of `parameters`, which all have one, in place; `norm`
    (0-dimensional) is their length before. It must leave a gradient that the threshold does not reach as it is, bit for
    bit, and wait for nothing on the device. None: gradients are left alone.
    """

    name: str
    label: str
    phrase: str
    effect: str
    threshold: str | None = None
    limits: str = ""
    turns: bool = False
    clip: Callable[[Sequence[nn.Parameter], torch.Tensor, float], None] | None = None

    @property
    def field(self) -> str | None:
        """The dotted name of the setting that holds the threshold."""
        return self.threshold and f"training.{self.threshold}"

    @property
    def bounds_norm(self) -> bool:
        """Whether the threshold is the largest length that a gradient may have."""
        return self.limits == "length"
