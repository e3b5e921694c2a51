"""Several seeds of one experiment: an experiment a seed, alike in all else.

A seed decides the batches as well as the weights, and runs of one experiment share their batches. So each seed is an
experiment of its own, in which the runs to be compared are twins as ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.errors import ConfigError

MOST_SEEDS = 20


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read `1, 2, 3` or `1-5`; raise `ConfigError` for anything else and like `check_seeds`."""
    seeds: list[int] = []
    for part in text.replace(";", ",").replace(" ", ",").split(","):
        first, dash, last = part.partition("-")
        if not part:
            continue
        last = last if dash else first
        if not all(word.isascii() and word.isdecimal() and len(word) < 12 for word in (first, last)):
            raise ConfigError(f"seed: {part[:40]!r} is no seed; write such as 1, or several as 1, 2, 3 or 1-5")
        low, high = int(first), int(last)
        if dash and high - low >= MOST_SEEDS:
            raise ConfigError(f"seed: give at most {MOST_SEEDS} of them (got {part[:40]})")
        seeds += range(low, high + 1)
    return check_seeds(seeds)


def check_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Return `seeds`; raise `ConfigError` when one is out of range or named twice, or there are too many or none."""
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise ConfigError(f"seed: give 1 to {MOST_SEEDS} of them, such as 1, 2, 3 or 1-5 (got {len(seeds)})")
    if len(set(seeds)) < len(seeds):
        raise ConfigError("seed: name each seed once; the same one makes the same run again")
    for seed in seeds:
        from_fields({"seed": seed})
    return tuple(seeds)


def over_seeds(config: ExperimentConfig, seeds: Sequence[int]) -> list[ExperimentConfig]:
    """Return the experiment with each of the seeds; of several, each is named after its seed.

    Raises `ConfigError` like `check_seeds`.
    """
    checked = check_seeds(seeds)
    if len(checked) == 1:
        return [config.model_copy(update={"seed": checked[0]})]
    named = [(seed, f", seed {seed}") for seed in checked]
    return [
        config.model_copy(update={"seed": seed, "name": config.name[: 120 - len(word)] + word}) for seed, word in named
    ]
