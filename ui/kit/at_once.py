"""What a page may compute before anybody presses a button, and how long the rest takes, in words."""

from __future__ import annotations

# Seconds of one core that a page may spend on a review: all methods on one of usual length take two.
AT_ONCE_SECONDS = 2.5


def about(seconds: float) -> str:
    """Return an estimate in words."""
    return f"about {max(seconds, 1):.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
