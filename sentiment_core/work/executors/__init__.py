"""Executors start workers for queued work, notice the ones that died, and can end them by force. Chosen by name."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol

from sentiment_core.errors import ConfigError
from sentiment_core.store import Store
from sentiment_core.work.executors.cluster import ClusterState

VARIABLE = "SENTIMENT_EXECUTOR"
EXECUTORS = {
    "local": "sentiment_core.work.executors.local:LocalExecutor",
    "ray": "sentiment_core.work.executors.ray:RayExecutor",
}
"""Name → `module:class`, made with the store whose queue it works off."""


class Executor(Protocol):
    """What pages and the command line need of any way to run workers."""

    def submit(self, work_id: str) -> None:
        """Start queued work if there is room; otherwise it starts by itself when there is."""

    def reconcile(self) -> None:
        """Mark work whose worker is gone, then start what is queued; cheap, to be called often."""

    def terminate(self, work_id: str, grace: float = 5.0) -> None:
        """Ask work to stop and end its worker by force after `grace` seconds; returns when it is gone."""

    def stand_by(self) -> None:
        """Have a worker ready for what is asked next, where that helps; a server that runs calls it now and then."""

    def cluster(self, seconds: float = 0.0) -> ClusterState | None:
        """Return the machines it has as last seen, waiting at most so long for a first look; None where it is one."""


def make_executor(store: Store) -> Executor:
    """Return the executor that `$SENTIMENT_EXECUTOR` names; raise `ConfigError` when there is none of that name."""
    name = os.environ.get(VARIABLE) or "local"
    if name not in EXECUTORS:
        raise ConfigError(f"{VARIABLE}: choose {', '.join(EXECUTORS)} (got {name[:40]!r})")
    module, _, made = EXECUTORS[name].partition(":")
    executor: Executor = getattr(import_module(module), made)(store)
    return executor
