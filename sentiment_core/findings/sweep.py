"""A learning-rate sweep: one experiment whose runs differ in their rate only, and what came out at each rate.

Lockstep gives every rate the same starting weights, the same batches and the same number of updates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.errors import ConfigError
from sentiment_core.metrics import Status
from sentiment_core.presets import preset
from sentiment_core.sources import SOURCES
from sentiment_core.steps.rules import not_finite, selected
from sentiment_core.store import Run, RunSource

MOST_RATES = 12
MOST_STEPS = 10_000
LAST_STEPS = 20
RATE = "training.learning_rate"
# The demo reviews are few: batches of 128 would be through with them in 23 updates.
SETTING = {
    "data.embeddings": "glove-50",
    "data.tokenizer": "unified",
    "data.max_tokens": 400,
    "training.batch_size": 32,
}


@dataclass(frozen=True)
class RatePoint:
    """What one rate came to: `loss` is the mean of the last batch losses, None before the first and once diverged."""

    run_id: str
    rate: float
    steps: int
    loss: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    diverged_at: int | None  # the first step whose loss or gradient is not a finite number

    @property
    def diverged(self) -> bool:
        """Whether its loss or gradient has stopped being a finite number."""
        return self.diverged_at is not None


def parse_rates(text: str) -> tuple[float, ...]:
    """Read `1e-4, 3e-4; 1e-3`, in the order given; raise `ConfigError` for anything else."""
    words = text.replace(";", ",").replace(",", " ").split()
    rates = []
    for word in words:
        try:
            rates.append(float(word))
        except ValueError as error:
            raise ConfigError(f"rates: {word[:40]!r} is not a number; write such as 1e-4, 3e-4, 1e-3") from error
    return check_rates(rates)


def log_range(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return `count` rates from `low` to `high`, each the same multiple of the one before, rounded to three digits."""
    check_rates([low, high] if low != high else [low])
    if not 2 <= count <= MOST_RATES:
        raise ConfigError(f"rates: choose 2 to {MOST_RATES} of them (got {count})")
    if not low < high:
        raise ConfigError(f"rates: the first, {low:g}, must be smaller than the last, {high:g}")
    step = math.log(high / low) / (count - 1)
    return check_rates([float(f"{low * math.exp(step * place):.3g}") for place in range(count)])


def check_rates(rates: Sequence[float]) -> tuple[float, ...]:
    """Return `rates`; raise `ConfigError` when one is out of range, named twice, or there are too many or none."""
    if not 1 <= len(rates) <= MOST_RATES:
        raise ConfigError(f"rates: give 1 to {MOST_RATES} of them (got {len(rates)})")
    for rate in rates:
        from_fields({RATE: rate})
    if len({name_of(rate) for rate in rates}) != len(rates):
        raise ConfigError("rates: name each rate once")
    return tuple(rates)


def name_of(rate: float) -> str:
    """Return what a run with `rate` is called."""
    return f"rate {rate:g}"


def sweep_experiment(
    preset_name: str, rates: Sequence[float], steps: int, changes: dict[str, str] | None = None
) -> ExperimentConfig:
    """Return the sweep over `rates` of a preset's network on demo reviews, `steps` updates each.

    `changes` are dotted fields replaced for all runs. Raises `ConfigError` for what is out of range and
    `NotFoundError` for an unknown preset.
    """
    checked = check_rates(rates)
    if not 1 <= steps <= MOST_STEPS:
        raise ConfigError(f"steps: a whole number from 1 to {MOST_STEPS:,} (got {steps:,})")
    chosen = preset(preset_name)
    base = from_fields({**SETTING, **(changes or {})}, chosen.config)
    fields = {
        "name": f"Learning rates: {chosen.title}",
        "training.max_steps": steps,
        "training.epochs": _epochs(base, steps),
        # A schedule of its own would move the rate that is being tried.
        "training.schedule": "constant",
    }
    runs = [RunConfig(name=name_of(rate), overrides={RATE: rate}) for rate in checked]
    return with_runs(from_fields(fields, base), runs)


def with_rate(preset_name: str, sweep: ExperimentConfig, rate: float) -> ExperimentConfig:
    """Return one run of the sweep's network at `rate`, as long as the preset trains, for the Train page."""
    usual = preset(preset_name).config.training
    fields = {
        "name": f"{preset(preset_name).title}, {name_of(rate)}",
        RATE: rate,
        "training.max_steps": None,
        "training.epochs": usual.epochs,
        "training.schedule": usual.schedule,
    }
    return with_runs(from_fields(fields, sweep), ExperimentConfig().runs)


def summarise(source: RunSource, experiment_id: str) -> list[RatePoint]:
    """Return what each run of a sweep has come to so far, by rising rate; the last `LAST_STEPS` are averaged."""
    points = [_point(source, run) for run in source.experiment(experiment_id).runs]
    return sorted(points, key=lambda point: point.rate)


def best(points: Sequence[RatePoint]) -> RatePoint | None:
    """Return the point with the lowest validation loss, or before there is one the lowest batch loss."""
    usable = [point for point in points if not point.diverged and point.loss is not None]
    judged = [point for point in usable if point.validation_loss is not None]
    if judged:
        return min(judged, key=lambda point: point.validation_loss or 0.0)
    return min(usable, key=lambda point: point.loss or 0.0, default=None)


def _point(source: RunSource, run: Run) -> RatePoint:
    steps = source.steps(run.id)
    diverged_at = next(iter(not_finite(steps)), None)
    if diverged_at is None and run.status is Status.FAILED and run.error:
        diverged_at = steps["step"][-1] if steps["step"] else 0
    best = selected(source.evaluations(run.id), run.config.training.early_stopping)
    validation = best if best is not None and math.isfinite(best.loss) and diverged_at is None else None
    return RatePoint(
        run_id=run.id,
        rate=run.config.training.learning_rate,
        steps=len(steps["step"]),
        loss=fmean(steps["loss"][-LAST_STEPS:]) if steps["loss"] and diverged_at is None else None,
        validation_loss=None if validation is None else validation.loss,
        validation_accuracy=None if validation is None else validation.accuracy,
        diverged_at=diverged_at,
    )


def _epochs(config: ExperimentConfig, steps: int) -> int:
    """Return enough epochs for `steps` updates; `max_steps` ends the training, this only must not end it earlier."""
    whole = SOURCES[config.data.source].count or 0
    reviews = min(config.data.limit or whole, whole or math.inf)
    trained = 0.7 * reviews * (1 - config.data.validation_fraction)
    per_epoch = max(1, int(trained / config.training.batch_size))
    return min(200, 1 + steps // per_epoch) if reviews else 200
