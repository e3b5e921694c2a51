"""`python -m sentiment_core.work.executors.ray_side.dispatcher`: the process that talks to Ray for a server.

It reads words from its parent, says after each look what the cluster is, and ends with its parent.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import ray

from sentiment_core.artifacts import read_json, remove, work_place, write_json
from sentiment_core.errors import SentimentLabError, StoreError, StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.processes import find_process, this_machine
from sentiment_core.store import Store, Work, patiently
from sentiment_core.store.queue import TRAINING
from sentiment_core.work.executors.cluster import ClusterSettings, ClusterState, nodes_of, places_on
from sentiment_core.work.executors.heartbeats import HeartbeatWatch
from sentiment_core.work.executors.local import HEARTBEAT_LIMIT_SECONDS
from sentiment_core.work.executors.ray import KILL, KIND
from sentiment_core.work.executors.ray_side.actor import WorkActor
from sentiment_core.work.kinds import KINDS, kind, name_of, register

LOOK_SECONDS = 1.0
UNKNOWN_SECONDS = 5.0  # between claiming work and Ray's knowing its actor
# Of a worker that Ray does not know (any more): its heartbeat comes twice a second.
LOST_SECONDS = 10.0
MOST_LOSSES = 3  # of a piece of work that got no further in between
LOSSES = "losses.json"

logger = logging.getLogger(__name__)


class Gang:
    """Starts actors for what is queued, and gives back to the queue what Ray has lost. Needs a connection to Ray."""

    def __init__(self, store: Store, settings: ClusterSettings) -> None:
        self._store, self._settings = store, settings
        self._heartbeats = HeartbeatWatch()

    def look(self) -> ClusterState:
        """Settle what is lost, start what is queued; return the cluster. Raises `StoreError` and Ray's errors."""
        try:
            active = self._store.active_work()
        except StoreError:
            self._heartbeats.forget()  # they could not change either
            raise
        known = set(ray.util.list_named_actors())
        held = [work for work in active if work.status is not Status.QUEUED]
        silence = self._heartbeats.look({work.id: work.heartbeat for work in held})
        for work in held:
            if self._is_lost(work, work.id in known, silence[work.id]):
                self._settle(work)
        nodes = nodes_of(ray.nodes())
        state = ClusterState(self._settings.address, nodes, places_on(nodes, self._settings))
        if any(work.status is Status.QUEUED for work in active):
            self._pump(state)
        return state

    def kill(self, work_id: str) -> None:
        """End the actor of a piece of work and settle what it leaves."""
        kill_actor(work_id)
        with suppress(StoreError):
            work = self._store.work(work_id)
            if work.status in {Status.RUNNING, Status.PAUSED}:
                self._settle(work)

    def _is_lost(self, work: Work, known: bool, silence: float) -> bool:
        if work.worker is None:
            # One that waits for room in Ray's queue hears no request.
            return work.stop_requested if known else silence > UNKNOWN_SECONDS
        if work.worker.host == this_machine():
            return find_process(work.worker) is None
        return silence > (HEARTBEAT_LIMIT_SECONDS if known else LOST_SECONDS)

    def _settle(self, work: Work) -> None:
        kill_actor(work.id)
        count = 0 if work.stop_requested else _count_loss(self._store.folder_of(work.id) / LOSSES, work.steps)
        if count < MOST_LOSSES:
            if self._store.give_back(work.id, work.worker) and count:
                logger.warning("%s lost its worker at step %d and waits for another", work.id, work.steps)
        elif self._store.release(work.id, work.worker, Status.INTERRUPTED, _given_up(work)):
            logger.warning("%s lost its worker %d times and is given up", work.id, count)
            remove(work_place(work.id) / LOSSES)

    def _pump(self, state: ClusterState) -> None:
        granted = self._store.class_limits()
        places = replace(state.places, each=None if granted is None else granted.person.running)
        while (work_id := self._store.claim(places, None, self._settings.threads, KINDS.keys())) is not None:
            try:
                self._launch(work_id)
            except ValueError:
                # Its last actor still has the name, and is no longer the one that holds the work.
                kill_actor(work_id)
                self._store.give_back(work_id, None)
                return

    def _launch(self, work_id: str) -> None:
        self._store.folder_of(work_id)
        name = name_of(work_id)
        options = {
            "name": work_id,
            # It outlives whoever asked for it. After a loss the store's queue decides, not Ray.
            "lifetime": "detached",
            "max_restarts": 0,
            "num_cpus": self._settings.cpus,
            "num_gpus": self._settings.gpus if name == TRAINING else 0,
        }
        ray.remote(WorkActor).options(**options).remote(KINDS[name], work_id, self._settings)


def kill_actor(work_id: str) -> None:
    """End the actor that has this name, where there is one."""
    with suppress(ValueError):
        ray.kill(ray.get_actor(work_id))


def namespace(store: Store) -> str:
    """Return the name under which a store's actors are known: calculations of two stores have the same ids."""
    return f"sentiment-lab-{blake2b(store.mark.encode(), digest_size=8).hexdigest()}"


def connect(store: Store, settings: ClusterSettings) -> None:
    """Connect this process to the cluster; raise `ConnectionError` where there is none."""
    ray.init(
        address=settings.address,
        namespace=namespace(store),
        log_to_driver=False,
        configure_logging=False,
    )


def _count_loss(path: Path, step: int) -> int:
    """Return how often work has lost its worker without getting beyond the furthest step, this time among them."""
    before = read_json(path)
    known = isinstance(before, dict) and all(isinstance(before.get(name), int) for name in ("count", "step"))
    count, furthest = (before["count"], before["step"]) if known and before is not None else (0, -1)
    count = count + 1 if step <= furthest else 1
    write_json(path, {"count": count, "step": max(step, furthest)})
    return count


def _given_up(work: Work) -> str:
    again = kind(work.kind).again if work.kind in KINDS else ""
    if work.worker is None:
        return (
            f"The cluster could not start its worker, {MOST_LOSSES} times. Every node needs this program, and the "
            f"SENTIMENT_HOME or SENTIMENT_FILES, and the SENTIMENT_STORE_URL, of the server. {again}"
        )
    at = f" at step {work.steps}" if work.steps else ""
    return f"Its worker was lost {MOST_LOSSES} times{at} without getting further, perhaps for want of memory. {again}"


def _listen(words: queue.SimpleQueue[list[str]]) -> None:
    for line in sys.stdin:
        words.put(line.split())
    os._exit(0)  # whoever asked is gone; Ray's own threads would keep this process


def main() -> int:
    """Look after the queue until the parent ends; the exit code is 1 when the cluster cannot be reached."""
    # What libraries print is not for the parent.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    words: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(words,), name="parent", daemon=True).start()
    settings = ClusterSettings.from_environment()
    with patiently(Store) as store:
        try:
            connect(store, settings)
        except (ConnectionError, RuntimeError) as error:
            logger.error("cannot reach Ray at %s: %s", settings.address, error)
            return 1
        gang, complaint = Gang(store, settings), ""
        while True:
            try:
                print(gang.look().to_json(), file=answers)
                complaint = ""
            except StoreUnavailableError:
                pass
            except SentimentLabError as error:
                if str(error) != complaint:
                    logger.warning("%s", error)
                complaint = str(error)
            with suppress(queue.Empty):
                heard = [words.get(timeout=LOOK_SECONDS)]
                while not words.empty():
                    heard.append(words.get())
                for word, *rest in filter(None, heard):
                    if word == KIND:
                        register(*rest)
                    elif word == KILL:
                        gang.kill(*rest)


if __name__ == "__main__":
    sys.exit(main())
