"""How what takes long says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float | None], None]
"""Called with a sentence and the share of what it is about that is done (0..1), None where that is unknown."""


def silent(message: str, fraction: float | None) -> None:
    """Ignore progress."""
