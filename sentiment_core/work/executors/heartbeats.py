"""How long a worker has been silent, without comparing clocks: only whether its heartbeat changes is looked at."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import monotonic

# Who did not look for so long cannot tell a silent worker from a store that was away, or from a suspended machine.
LOOK_GAP_SECONDS = 15.0


class HeartbeatWatch:
    """Remembers when each heartbeat was first seen; time is this process's own, which nobody can set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float | None, float]] = {}  # id → heartbeat, first seen so
        self._last_look = 0.0

    def look(self, heartbeats: Mapping[str, float | None]) -> dict[str, float]:
        """Return for each id how many seconds its heartbeat has been seen unchanged; other ids are forgotten."""
        now = monotonic()
        with self._lock:
            before = {} if now - self._last_look > LOOK_GAP_SECONDS else self._seen
            self._last_look = now
            self._seen = {
                identifier: before[identifier]
                if identifier in before and before[identifier][0] == heartbeat
                else (heartbeat, now)
                for identifier, heartbeat in heartbeats.items()
            }
            return {identifier: now - since for identifier, (_, since) in self._seen.items()}

    def forget(self) -> None:
        """Start over: the store did not take writes, so heartbeats could not change either."""
        with self._lock:
            self._seen = {}
