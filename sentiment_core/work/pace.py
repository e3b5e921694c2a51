"""How much longer something takes, judged by how fast it has been."""

from __future__ import annotations

import time

# What the first moments took says little: files are opened, caches are cold.
LEAST_SECONDS = 1.0


class Pace:
    """Watches a share grow from 0 to 1; it may start over, as each part of a calculation counts from 0."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._last = 0.0

    def left(self, fraction: float | None) -> float | None:
        """Return the seconds that are left at this share, None while nobody can tell."""
        now = time.monotonic()
        if fraction is None or self._first is None or fraction < self._last:
            self._first = None if fraction is None else (fraction, now)
            self._last = fraction or 0.0
            return None
        self._last = fraction
        done, elapsed = fraction - self._first[0], now - self._first[1]
        return elapsed / done * (1 - fraction) if done > 0 and elapsed >= LEAST_SECONDS else None

    def restart(self) -> None:
        """Forget how fast it was: there was a break."""
        self._first = None


def with_time(message: str, seconds_left: float | None) -> str:
    """Return a message with the time that is left behind it, where somebody can tell."""
    return message if seconds_left is None else f"{message}, {duration(seconds_left)} left"


def duration(seconds: float) -> str:
    """Return a time in words, rounded as an estimate deserves: `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
