"""Which colour a run has on pages."""

from __future__ import annotations

from sentiment_core.colours import RUN_COLOURS


def run_colour(position: int) -> str:
    """Return the colour of the run at `position` (from 0); the eleventh starts again at the first."""
    return RUN_COLOURS[position % len(RUN_COLOURS)]
