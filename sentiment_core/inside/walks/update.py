"""One update, line by line: the training loop's own steps on one batch, and what each of them changes.

It is the trainer's update (`training.stepper`) for a single run in full precision, written out so that it can be
stopped after every line; a test holds the two to the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F

from sentiment_core.batches import Batch
from sentiment_core.clipping import RULES, ClippingRule
from sentiment_core.config import ExperimentConfig
from sentiment_core.inside.walks.program import execute
from sentiment_core.models import SentimentModel, build_model
from sentiment_core.steps.rules import EVEN_LOG_ODDS, correct
from sentiment_core.training.gradients import measure_and_clip
from sentiment_core.training.optimisation import build_optimizer


@dataclass(frozen=True)
class LoopLine:
    """A line of the loop: `code` runs as it stands, `says` what it is for."""

    name: str
    code: str
    says: str


FORWARD = LoopLine(
    "forward",
    "logits = model(token_ids, lengths).logits",
    "Forward: the network reads the batch and gives one number for each review. No weight changes.",
)
LOSS = LoopLine(
    "loss",
    "loss = F.binary_cross_entropy_with_logits(logits, labels)",
    "The loss: how surprised it is by the labels, averaged over the batch. Guessing costs ln 2 = 0.693.",
)
ZERO = LoopLine(
    "zero_grad",
    "optimizer.zero_grad()",
    "What the last update left in the gradients is thrown away. backward adds to what is there.",
)
BACKWARD = LoopLine(
    "backward",
    "loss.backward()",
    "Backward: the slope of the loss with respect to every weight, through all words of the reviews. Still no weight "
    "changes.",
)
CLIP = LoopLine(
    "clip",
    "gradient = measure_and_clip(model.parameters(), rule, threshold)",
    "Measured, clipped, measured again, in this order: measured only afterwards, no gradient would ever be too long.",
)
STEP = LoopLine(
    "step",
    "optimizer.step()",
    "Now the weights move, against the gradient. How far is the optimizer's business: SGD goes gradient × rate, Adam "
    "about the rate in every component at first.",
)
LINES: tuple[LoopLine, ...] = (FORWARD, LOSS, ZERO, BACKWARD, CLIP, STEP)
# What is left out or moved; the trainer always does LINES.
ORDERS: Mapping[str, tuple[LoopLine, ...]] = {
    "right": LINES,
    "no_zero_grad": (FORWARD, LOSS, BACKWARD, CLIP, STEP),
    "clip_after_step": (FORWARD, LOSS, ZERO, BACKWARD, STEP, CLIP),
    "clip_before_backward": (FORWARD, LOSS, ZERO, CLIP, BACKWARD, STEP),
}


@dataclass(frozen=True)
class Moved:
    """What one parameter tensor did: its L2 norms, its gradient's, and that of the update; all are lengths."""

    name: str
    shape: tuple[int, ...]
    weights: float
    gradient: float
    update: float
    moved: float  # share of its weights that changed


@dataclass(frozen=True)
class After:
    """What is so after a line: loss (None before it is known), lengths of gradient and update over all weights."""

    line: LoopLine
    loss: float | None
    right: float | None  # share of the batch that the logits get right
    gradient: float | None  # None: there is none
    before_clipping: float | None
    update: float
    again: float | None  # loss on the same batch with the weights as they are now; only after they moved
    parameters: tuple[Moved, ...]


@dataclass
class Loop:
    """A model in training on `batches`, one update after another; `config` is a single run's."""

    config: ExperimentConfig
    matrix: torch.Tensor
    batches: Sequence[Batch]
    order: str = "right"
    scope: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        training = self.config.training
        model = build_model(self.config.model, self.matrix, self.config.seed, torch.device("cpu"))
        rule: ClippingRule = RULES[training.clipping]
        self.scope = {
            "F": F,
            "model": model.train(),
            "optimizer": build_optimizer(model, training),
            "measure_and_clip": measure_and_clip,
            "rule": rule,
            "threshold": torch.nan if training.threshold is None else training.threshold,
        }

    def update(self, number: int) -> list[After]:
        """Make update `number` (from 1) on its batch, and return what is so after each line."""
        batch = self.batches[(number - 1) % len(self.batches)]
        self.scope |= {"token_ids": batch.token_ids, "lengths": batch.lengths, "labels": batch.labels}
        for name in ("logits", "loss", "gradient"):
            self.scope.pop(name, None)
        model: SentimentModel = self.scope["model"]
        start = {name: value.detach().clone() for name, value in _trained(model)}
        seen = []
        for line in ORDERS[self.order]:
            self.scope = execute(line.code, self.scope)
            seen.append(_after(line, self.scope, start))
        return seen


def walk_through(
    config: ExperimentConfig, matrix: torch.Tensor, batches: Sequence[Batch], updates: int, order: str = "right"
) -> list[list[After]]:
    """Return what is so after each line of each of the first `updates` updates."""
    loop = Loop(config, matrix, batches, order)
    return [loop.update(number) for number in range(1, updates + 1)]


def _trained(model: SentimentModel) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, value) for name, value in model.named_parameters() if value.requires_grad]


def _after(line: LoopLine, scope: Mapping[str, Any], start: Mapping[str, torch.Tensor]) -> After:
    loss, logits, measured = (scope.get(name) for name in ("loss", "logits", "gradient"))
    parameters = []
    for name, value in _trained(scope["model"]):
        step = value.detach() - start[name]
        parameters.append(
            Moved(
                name,
                tuple(value.shape),
                start[name].norm().item(),
                torch.nan if value.grad is None else value.grad.norm().item(),
                step.norm().item(),
                (step != 0).float().mean().item(),
            )
        )
    gradients = [value.grad for _, value in _trained(scope["model"]) if value.grad is not None]
    return After(
        line,
        None if loss is None else loss.item(),
        None if logits is None else correct(logits.detach(), scope["labels"], EVEN_LOG_ODDS).mean().item(),
        torch.nn.utils.get_total_norm(gradients).item() if gradients else None,
        None if measured is None else measured.norm.item(),
        torch.tensor([one.update for one in parameters]).norm().item(),
        _loss_now(scope) if any(one.moved for one in parameters) else None,
        tuple(parameters),
    )


@torch.no_grad()
def _loss_now(scope: Mapping[str, Any]) -> float:
    logits = scope["model"](scope["token_ids"], scope["lengths"]).logits
    return float(F.binary_cross_entropy_with_logits(logits, scope["labels"]).item())
