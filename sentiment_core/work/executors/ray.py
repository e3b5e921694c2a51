"""The executor for a Ray cluster: work runs in detached actors on any node, the store's queue says whose turn it is.

Ray ends a process that has lost its head node. So a child of this process talks to Ray (`ray_side`), and is
started anew when it has ended; the server lives on, and what runs on the nodes does too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib.util import find_spec
from typing import IO

from sentiment_core.artifacts import home
from sentiment_core.errors import ConfigError, StoreUnavailableError
from sentiment_core.store import Store
from sentiment_core.work.executors.cluster import ClusterSettings, ClusterState
from sentiment_core.work.executors.local import python_path
from sentiment_core.work.kinds import KINDS

LOOK, KILL, KIND = "look", "kill", "kind"
RESTART_SECONDS = 5.0  # between two dispatchers of which the first could not reach the cluster
KILL_SECONDS = 15.0  # for Ray to end what did not stop by itself


class Dispatcher:
    """The child that talks to Ray; it ends with this process, whose end of its input closes then."""

    def __init__(self, url: str, settings: ClusterSettings) -> None:
        self._url, self._settings = url, settings
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._started = -RESTART_SECONDS
        self._told: ClusterState | None = None
        self._heard = threading.Event()

    def say(self, *words: str) -> None:
        """Tell the child something, starting it where it is not there; lost when it cannot be reached yet."""
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                if time.monotonic() - self._started < RESTART_SECONDS:
                    return
                self._start()
            assert self._child is not None and self._child.stdin is not None
            with suppress(BrokenPipeError):
                self._child.stdin.write(" ".join(words) + "\n")
                self._child.stdin.flush()

    def state(self, seconds: float) -> ClusterState:
        """Return what the child saw last, waiting for its first look at most so long."""
        self.say(LOOK)
        self._heard.wait(seconds)
        return self._told or ClusterState(self._settings.address, problem="Ray has not answered yet.")

    def _start(self) -> None:
        self._started = time.monotonic()
        environment = {
            **os.environ,
            "SENTIMENT_HOME": str(home().absolute()),
            "SENTIMENT_STORE_URL": self._url,
            "PYTHONPATH": python_path(),
            # Without its head it must end soon, so that another can look for the new one.
            "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        command = [sys.executable, "-P", "-m", "sentiment_core.work.executors.ray_side.dispatcher"]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, start_new_session=True
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        # Kinds that a program brought are work too.
        self._child.stdin.write("".join(f"{KIND} {place}\n" for place in KINDS.values()))
        threading.Thread(target=self._listen, args=(self._child.stdout,), name="dispatcher", daemon=True).start()

    def _listen(self, said: IO[str]) -> None:
        with said:
            for line in said:
                if (state := ClusterState.from_json(line)) is not None:
                    self._told = state
                    self._heard.set()
        self._told = ClusterState(self._settings.address, problem="The cluster cannot be reached; trying again.")


_dispatchers: dict[tuple[str, ClusterSettings], Dispatcher] = {}
_dispatchers_lock = threading.Lock()


def dispatcher(url: str, settings: ClusterSettings) -> Dispatcher:
    """Return this process's dispatcher for a store: executors are made and dropped, it stays."""
    with _dispatchers_lock:
        return _dispatchers.setdefault((url, settings), Dispatcher(url, settings))


class RayExecutor:
    """Runs work on a Ray cluster; any number of executors may share a store and a cluster."""

    def __init__(self, store: Store) -> None:
        """Raise `ConfigError` when Ray is not installed or a setting is unreadable."""
        if find_spec("ray") is None:
            raise ConfigError(
                "SENTIMENT_EXECUTOR=ray: Ray is not installed here. Run `pip install 'sentiment-lab[cluster]'`."
            )
        self._store = store
        self._dispatcher = dispatcher(store.url, ClusterSettings.from_environment())

    def submit(self, work_id: str) -> None:
        """Start queued work if there is room; raise `NotFoundError` when there is no such work."""
        self._store.work(work_id)
        self.reconcile()

    def reconcile(self) -> None:
        """Have lost work put back into the queue and what is queued started; it is done soon after this returns."""
        self._dispatcher.say(LOOK)

    def terminate(self, work_id: str, grace: float = 5.0) -> None:
        """Ask work to stop through the store, and have its actor killed after `grace` seconds; raise `NotFoundError`.

        Returns when it has ended; where the cluster cannot be reached, after some seconds more, the request standing.
        """
        self._store.stop(work_id)
        self._dispatcher.say(LOOK)
        begun, killed = time.monotonic(), False
        while (passed := time.monotonic() - begun) < grace + KILL_SECONDS:
            with suppress(StoreUnavailableError):
                if not self._store.work(work_id).status.is_active:
                    return
            if passed > grace and not killed:
                self._dispatcher.say(KILL, work_id)
                killed = True
            time.sleep(0.05)

    def stand_by(self) -> None:
        """Ray keeps processes of its own ready."""

    def cluster(self, seconds: float = 0.0) -> ClusterState:
        """Return the cluster as it was seen last, waiting for a first look at most so long."""
        return self._dispatcher.state(seconds)
