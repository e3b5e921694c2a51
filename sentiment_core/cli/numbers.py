"""Numbers as the commands print them."""

from __future__ import annotations

import math
from collections.abc import Mapping


def finite(value: float) -> float | None:
    # JSON has no word for what is not a number.
    return float(value) if math.isfinite(value) else None


def all_finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in values.items()}


def score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
