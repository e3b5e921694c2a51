"""Executors start workers for queued experiments, notice the ones that died, and can end them by force."""

from __future__ import annotations

from typing import Protocol


class Executor(Protocol):
    """What pages and the command line need of any way to run workers."""

    def submit(self, experiment_id: str) -> None:
        """Start a queued experiment if there is room; otherwise it starts by itself when there is."""

    def reconcile(self) -> None:
        """Mark experiments whose worker is gone, then start queued ones; cheap, to be called often."""

    def terminate(self, experiment_id: str, grace: float = 5.0) -> None:
        """Ask an experiment to stop and end its worker by force after `grace` seconds; returns when it is gone."""
