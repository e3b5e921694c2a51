"""One run: a model, its optimizer, and all that is kept about its training. Its updates are made in `stepper.py`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from sentiment_core import live
from sentiment_core.clipping import RULES, ClippingRule
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.models import Network, parameter_count
from sentiment_core.steps.quantities import Diagnostic, Drained, StepMetrics, diagnostic
from sentiment_core.training.gradients import GradientStats, measure_and_clip
from sentiment_core.training.optimisation import build_optimizer, learning_rate_at, portable_state, set_rate

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def share(right: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the share of right answers from those of each batch, of which there are `sizes`."""
    return sum(right) / sum(sizes)


class TrainingRun:
    """One model in training. `config` is a single run's (`ExperimentConfig.resolve`), `model` is on `device`."""

    # How its gradient is measured and clipped, and its accuracy worked out.
    measure_and_clip: Callable[[Iterable[nn.Parameter], ClippingRule, float], GradientStats]
    share: Callable[[Sequence[float], Sequence[int]], float]

    def __init__(
        self, run_id: str, config: ExperimentConfig, model: Network, device: torch.device, total_steps: int
    ) -> None:
        self.id = run_id
        self.experiment = config
        self.config = config.training
        self.device = device
        self.total_steps = total_steps
        self.dtype = PRECISIONS[self.config.precision]
        if self.dtype is torch.float16 and device.type != "cuda":
            raise ConfigError("training.precision: fp16 needs a CUDA GPU; use bf16 or fp32 here")
        self.model = model
        self.optimizer = build_optimizer(self.model, self.config)
        self.rule = RULES[self.config.clipping]
        self.measure_and_clip, self.share = measure_and_clip, share
        # What it minimises, handed answers and batch; None: the task's own loss.
        self.training_loss: Callable[[torch.Tensor, Any], torch.Tensor] | None = None
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.dtype is torch.float16)
        self.averaged = self._trained() if self.config.weight_averaging else None
        self.learning_rate: float | None = None  # set live; replaces the schedule
        self.changed: dict[str, float] = {}  # set live since the last update
        self.threshold = math.nan if self.config.threshold is None else self.config.threshold
        self.seconds = 0.0
        self.tokens = 0
        self.ended = False  # makes no more updates: failed, out of patience, or done
        self.failed = False
        self.best_loss = math.inf
        self.best_weights: list[torch.Tensor] | None = None
        self.epochs_without_progress = 0
        self.step = 0  # the update that is being made, or was made last
        self._pending: list[tuple[dict[str, Any], tuple[str, ...], torch.Tensor]] = []
        self._diagnostics: list[tuple[int, str, torch.Tensor]] = []

    @property
    def parameters(self) -> int:
        """Number of trained values."""
        return parameter_count(self.model)

    def begin_update(self, step: int) -> float:
        """Set the optimizer to the learning rate of update `step` (from 1), and return it."""
        self.step = step
        for kind, value in self.changed.items():
            self.measure(live.mark(kind), value)
        self.changed = {}
        rate = self.learning_rate or learning_rate_at(self.config, step, self.total_steps)
        set_rate(self.optimizer, rate)
        return rate

    def change(self, kind: str, value: float) -> None:
        """Go on with another learning rate or threshold (`live.KINDS`) from the next update on, which measures it."""
        setattr(self, kind, value)
        self.changed[kind] = value

    def note_update(self, epoch: int, rate: float, tokens: int, names: tuple[str, ...], values: torch.Tensor) -> None:
        """Keep what was measured of the update just made: core quantities `(Q,)`, on their device until `drain`."""
        self.tokens += tokens
        known = {
            "step": self.step,
            "epoch": epoch,
            "learning_rate": rate,
            "threshold": math.nan if self.rule.threshold is None else self.threshold,
            "tokens": tokens,
        }
        self._pending.append((known, names, values))

    def measure(self, name: str, value: torch.Tensor | float) -> None:
        """Keep `value` of the diagnostic `name` at the update being made, or made last, on its device until `drain`.

        One number, or an array of any shape for a quantity declared as one. Raises `ValueError` for a quantity that
        is not declared as a diagnostic, and for the wrong one of the two.
        """
        # A copy: what was handed in may be changed in place before it is read.
        taken = torch.as_tensor(value).detach().to(torch.float32, copy=True)
        if not diagnostic(name).array and taken.numel() != 1:
            raise ValueError(f"{name}: one number a step, not an array of shape {tuple(taken.shape)}")
        self._diagnostics.append((self.step, name, taken))

    def add_seconds(self, seconds: float) -> None:
        """Count training time towards the update just made."""
        self.seconds += seconds
        self._pending[-1][0]["seconds"] = self.seconds

    def drain(self) -> Drained:
        """Return the measurements since the last call: one transfer from the device for all of them."""
        pending, self._pending = self._pending, []
        extra, self._diagnostics = self._diagnostics, []
        numbers = iter(_fetched([value for *_, value in (*pending, *extra)], self.device))
        steps = [
            StepMetrics(**known, **dict(zip(names, next(numbers).tolist(), strict=True))) for known, names, _ in pending
        ]
        diagnostics = [
            Diagnostic(self.id, step, name, values if diagnostic(name).array else values.item())
            for (step, name, _), values in zip(extra, numbers, strict=True)
        ]
        return Drained(steps, diagnostics)

    def average(self, step: int) -> None:
        """Let the averaged weights, where there are any, follow the model after update `step` (from 1)."""
        if self.averaged is not None:
            # The first weights are random: let early averages forget them quickly.
            decay = min(self.config.weight_averaging, step / (step + 10))
            current = [parameter.detach() for parameter in self.model.parameters() if parameter.requires_grad]
            get_ema_multi_avg_fn(decay)(self.averaged, current, step)

    def note_validation(self, loss: float, accuracy: float) -> None:
        """End the run where it is as good as wanted; with early stopping, keep the best weights while it has patience.

        `accuracy` may be NaN, which no target is reached by.
        """
        target = self.config.target_accuracy
        self.ended = target is not None and accuracy >= target
        patience = self.config.early_stopping
        if patience is None:
            return
        if loss < self.best_loss:
            self.best_loss, self.epochs_without_progress = loss, 0
            with self.averaged_weights():
                self.best_weights = self._trained()
        else:
            self.epochs_without_progress += 1
        self.ended = self.ended or self.epochs_without_progress >= patience

    @property
    def is_best(self) -> bool:
        """Whether the weights that were validated last are those that would be kept now."""
        return self.epochs_without_progress == 0 or self.best_weights is None

    def keep_best(self) -> None:
        """End with the weights that a user should get: the best seen, else the averaged, else the last."""
        chosen = self.best_weights or self.averaged
        if chosen is not None:
            self._assign(chosen)
        self.averaged = None

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Put the averaged weights into the model for the duration of the block."""
        if self.averaged is None:
            yield
            return
        current = self._trained()
        self._assign(self.averaged)
        try:
            yield
        finally:
            self._assign(current)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next update depends on."""
        return {
            "model": self.model.state_dict(),
            "optimizer": portable_state(self.optimizer),
            "scaler": self.scaler.state_dict(),
            "generator": self.model.generator.get_state(),
            "averaged": self.averaged,
            "best_weights": self.best_weights,
            "progress": {name: getattr(self, name) for name in _PROGRESS},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state_dict`'s result, which may come from another kind of device."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        drawn = state["generator"].cpu()
        # A GPU draws in a way of its own: a run that goes on elsewhere draws anew.
        if drawn.shape == self.model.generator.get_state().shape:
            self.model.generator.set_state(drawn)
        averaged, self.best_weights = state["averaged"], state["best_weights"]
        self.averaged = None if averaged is None else [weight.to(self.device) for weight in averaged]
        for name, value in state["progress"].items():
            setattr(self, name, value)

    def _trained(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self.model.parameters() if parameter.requires_grad]

    def _assign(self, weights: list[torch.Tensor]) -> None:
        with torch.no_grad():
            trained = (parameter for parameter in self.model.parameters() if parameter.requires_grad)
            for parameter, weight in zip(trained, weights, strict=True):
                parameter.copy_(weight)


def _fetched(values: list[torch.Tensor], device: torch.device) -> list[np.ndarray]:
    """Return tensors as float32 arrays of their shapes, in one transfer."""
    if not values:
        return []
    together = torch.cat([value.to(device, torch.float32).flatten() for value in values]).cpu().numpy()
    ends = np.cumsum([value.numel() for value in values])[:-1]
    parts = np.split(together, ends)
    return [part.reshape(value.shape) for part, value in zip(parts, values, strict=True)]


_PROGRESS = (
    "step",
    "learning_rate",
    "threshold",
    "changed",
    "seconds",
    "tokens",
    "ended",
    "failed",
    "best_loss",
    "epochs_without_progress",
)
