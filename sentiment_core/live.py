"""What may be changed while an experiment trains, and within which range."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, flatten, from_fields
from sentiment_core.errors import ConfigError

RATE, THRESHOLD = "learning_rate", "threshold"
KINDS = (RATE, THRESHOLD)


def mark(kind: str) -> str:
    """Return the quantity that a run measures at the first update made with what somebody set of `kind`."""
    return f"changed_{kind}"


def settings(kind: str, configs: Sequence[ExperimentConfig]) -> tuple[str, ...]:
    """Return the settings that stand behind `kind` in the runs `configs`: a threshold is that of the rule in force."""
    if kind == RATE:
        return ("training.learning_rate",)
    fields = (RULES[config.training.clipping].field for config in configs)
    return tuple(dict.fromkeys(field for field in fields if field))


def checked(kind: str, value: float | str | None, configs: Sequence[ExperimentConfig]) -> float:
    """Return the number that the runs `configs` are asked to go on with.

    Raises `ConfigError` where one of them cannot take it, which names the setting's range, and where none clips.
    """
    fields = settings(kind, configs)
    if not fields:
        raise ConfigError(f"{kind}: the gradient is not clipped here, so there is no threshold to set")
    for field in fields:
        number: float = flatten(from_fields({field: value}))[field]
    return number


def can_take(kind: str, config: ExperimentConfig) -> bool:
    """Return whether a run with this configuration has what `kind` sets."""
    return bool(settings(kind, [config]))
