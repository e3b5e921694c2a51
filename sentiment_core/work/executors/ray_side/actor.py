"""The actor that does a piece of work on a node of a Ray cluster: the worker's process, as on one machine."""

from __future__ import annotations

import logging
import os
import sys

from sentiment_core.artifacts import LOG, work_place
from sentiment_core.store import Store, Worker, patiently
from sentiment_core.work.executors.cluster import ClusterSettings
from sentiment_core.work.executors.local import SINGLE_THREAD
from sentiment_core.work.worker import main


class WorkActor:
    """Works in its constructor: a method might never be called, since whoever made the actor may have ended."""

    def __init__(self, place: str, work_id: str, settings: ClusterSettings) -> None:
        os.environ.update(SINGLE_THREAD)
        with (work_place(work_id) / LOG).open("ab") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        main([place, work_id], lambda store: hand_on(store, settings))
        with patiently(Store) as store:
            # A signal that nobody asked for: the node is being shut down.
            store.give_back(work_id, Worker.of())
        # Not Ray's `exit_actor`: that waits until the actors that this one has made are there, and those may be waiting
        # for what this one occupies.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def hand_on(store: Store, settings: ClusterSettings) -> None:
    """Start what is queued from this node, so that the queue moves on while no server looks."""
    from sentiment_core.work.executors.ray_side.dispatcher import Gang

    Gang(store, settings).look()
