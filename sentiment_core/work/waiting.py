"""About how long work waits for its turn, judged by what is at work and by how long others took."""

from __future__ import annotations

import heapq
import math
import statistics

from sentiment_core.machine import max_workers
from sentiment_core.metrics import Status
from sentiment_core.store import TRAINING, Store, Work
from sentiment_core.work.executors.local import shared_places

FEWEST = 3  # so many must have ended before they say anything


def seconds_to_wait(store: Store, experiment_id: str) -> float | None:
    """Return about how many seconds pass until a queued experiment starts; None where nothing tells, or it waits not.

    What is at work takes as long as it says itself, everything else as long as the median of what was trained last,
    once there are `FEWEST`. That is a guess: a person's limit on running work, and work that takes seconds, are left
    out.
    """
    place = store.queue_position(experiment_id)
    took = store.durations()
    if place is None:
        return None
    usual = statistics.median(took) if len(took) >= FEWEST else math.inf
    running = [work for work in store.active_work() if work.kind == TRAINING and work.status is not Status.QUEUED]
    left = [usual if (known := _left(work)) is None else known for work in running]
    places = shared_places(max_workers()).long
    # Sorted, so a heap. Of more trainings than places, as a command line starts them, all but so many end first.
    free = ([0.0] * places + sorted(left))[-places:]
    for _ in range(place - 1):
        heapq.heappush(free, heapq.heappop(free) + usual)
    return free[0] if math.isfinite(free[0]) else None


def _left(training: Work) -> float | None:
    """Return the seconds that a training says are left, infinitely many while it pauses.

    While it prepares they are those of a part of that, and tell nothing.
    """
    if training.status is Status.PAUSED:
        return math.inf
    progress = training.progress
    return None if progress is None or progress.phase == "preparing" else progress.eta_seconds
