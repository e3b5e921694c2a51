"""What `benchmarks.kill` can kill of an app that a class uses, and how it comes back, as it would on a real server."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Protocol, Self

import psutil

from benchmarks.app_server import AppServer, Launch
from benchmarks.composed import Composed
from sentiment_core.metrics import Status
from sentiment_core.processes import ProcessIdentity, find_process
from sentiment_core.store import Store
from tests.postgres import Cluster


class Lab(Protocol):
    """An app at work."""

    targets: list[str]
    """What can be killed; what is named twice is chosen twice as often."""

    def kill(self, target: str, chance: random.Random) -> str | None:
        """Kill it; return the phase in which a worker was, else anything; None where there was nothing to kill."""

    def find(self, worker: ProcessIdentity) -> psutil.Process | None:
        """Return the living process of a worker."""


def kill_worker(lab: Lab, store: Store, chance: random.Random) -> str | None:
    """Kill the process of any piece of work; return its phase, None where none is at work."""
    held = [work for work in store.active_work() if work.status is not Status.QUEUED and work.worker is not None]
    chance.shuffle(held)
    for work in held:
        assert work.worker is not None
        if (process := lab.find(work.worker)) is not None:
            process.kill()
            return work.progress.phase if work.progress else "starting"
    return None


class OneMachine:
    """A server with its workers, and PostgreSQL where it is the store; what is killed is started again at once."""

    def __init__(self, home: Path, store: Store, start: Launch, cluster: Cluster | None = None) -> None:
        self.targets = ["worker", "worker", "server", *(["postgresql", "connection"] if cluster else [])]
        self._store, self._cluster = store, cluster
        self._server = AppServer(home, start, store.url)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.stop()

    def find(self, worker: ProcessIdentity) -> psutil.Process | None:
        """Return the living process of a worker."""
        return find_process(worker)

    def kill(self, target: str, chance: random.Random) -> str | None:
        """Kill a worker, the server, PostgreSQL or one of its processes, which makes it end all connections."""
        if target == "worker":
            return kill_worker(self, self._store, chance)
        if target == "server":
            self._server.kill()
            self._server.start()
            return target
        assert self._cluster is not None
        main = self._cluster.process()
        if target == "connection" and main is not None:
            chance.choice(main.children()).kill()
        else:
            self._cluster.kill()
            self._cluster.start()
        return target


class ComposedLab:
    """All that compose.yaml starts; what is killed is started again by what watches it."""

    def __init__(self, composed: Composed, store: Store) -> None:
        self.targets = ["worker", "worker", "worker", *composed.services]
        self._composed, self._store = composed, store

    def find(self, worker: ProcessIdentity) -> psutil.Process | None:
        """Return the living process of a worker."""
        return self._composed.find(worker)

    def kill(self, target: str, chance: random.Random) -> str | None:
        """Kill a worker, or all of a service."""
        if target == "worker":
            return kill_worker(self, self._store, chance)
        return target if self._composed.services[target].kill() else None
