"""Queue, workers, status, and what a running experiment is asked to do."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment_core.errors import ConfigError, NotFoundError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Places, Store, WorkProgress
from tests.forks import StartCode
from tests.store.shared import TWIN, WORKER


def test_queue_is_first_come_first_served(store: Store) -> None:
    first, second, third = (store.create_experiment(TWIN).id for _ in range(3))
    assert [store.queue_position(id_) for id_ in (first, second, third)] == [1, 2, 3]
    assert store.claim(Places(2, 2), "host", threads=1) == first
    assert [store.queue_position(id_) for id_ in (first, second, third)] == [None, 1, 2]
    claimed = store.experiment(first)
    assert (claimed.status, claimed.worker, claimed.threads) == (Status.RUNNING, None, 1)
    assert [run.status for run in claimed.runs] == [Status.RUNNING] * 2
    assert claimed.heartbeat is not None
    assert store.claim(Places(1, 1), "host") is None
    assert store.claim(Places(1, 1), "other host") == second
    store.set_status(first, Status.PAUSED)
    assert store.claim(Places(1, 1), "host") is None
    store.set_status(first, Status.FINISHED)
    assert store.claim(Places(1, 1), "host") == third
    assert store.claim(Places(9, 9), "host") is None


def test_resuming_goes_to_the_end_of_the_queue(store: Store) -> None:
    first, second = (store.create_experiment(TWIN).id for _ in range(2))
    store.claim(Places(1, 1), "host")
    store.update_run(f"{first}-1", status=Status.FINISHED)
    store.set_status(first, Status.INTERRUPTED, "gone")
    assert store.experiment(first).finished_at is not None
    store.requeue(first)
    resumed = store.experiment(first)
    assert (store.queue_position(first), store.queue_position(second)) == (2, 1)
    assert (resumed.error, resumed.finished_at, resumed.worker) == (None, None, None)
    assert [run.status for run in resumed.runs] == [Status.FINISHED, Status.QUEUED]
    with pytest.raises(StoreError, match="only stopped or interrupted"):
        store.requeue(second)


@pytest.mark.parametrize("claimants", ["threads", "processes"])
def test_each_experiment_is_claimed_once(store: Store, home: Path, claimants: str, start_code: StartCode) -> None:
    ids = {store.create_experiment(TWIN).id for _ in range(6)}
    if claimants == "threads":
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _: store.claim(Places(6, 6), "host"), range(24)))
    else:
        code = """if True:
            import sys
            from sentiment_core.store import Places, Store
            with Store() as store, open(sys.argv[1], "w") as file:
                for _ in range(6):
                    print(store.claim(Places(6, 6), "host"), file=file)"""
        children = [start_code(code, str(home / f"{number}.txt")) for number in range(4)]
        for process in children:
            process.finish()
        lines = "".join(path.read_text() for path in home.glob("*.txt")).split()
        taken = [None if line == "None" else line for line in lines]
    assert len(taken) == 24
    claimed = [id_ for id_ in taken if id_]
    assert len(claimed) == 6
    assert set(claimed) == ids


def test_room_is_counted_before_it_is_given_away(store: Store) -> None:
    for _ in range(6):
        store.create_experiment(TWIN)
    with ThreadPoolExecutor(8) as pool:
        taken = [id_ for id_ in pool.map(lambda _: store.claim(Places(2, 2), "host"), range(16)) if id_]
    assert len(taken) == 2


def test_the_command_line_claims_its_own(store: Store, twin: Experiment) -> None:
    assert store.claim_experiment(twin.id, WORKER)
    assert store.experiment(twin.id).worker == WORKER
    assert not store.claim_experiment(twin.id, WORKER)
    store.set_status(twin.id, Status.STOPPED)
    assert store.claim_experiment(twin.id, WORKER)
    store.set_status(twin.id, Status.FINISHED)
    assert not store.claim_experiment(twin.id, WORKER)


def test_a_lost_worker_learns_it_from_its_heartbeat(store: Store, twin: Experiment) -> None:
    store.claim(Places(1, 1), "host")
    assert store.set_worker(twin.id, WORKER)
    progress = WorkProgress("training", "epoch 1", 0.5, 5, 10, 1, 1, 1e5, math.inf)
    assert store.heartbeat(twin.id, progress, WORKER)
    assert store.experiment(twin.id).progress == progress
    assert store.heartbeat(twin.id, None, WORKER)
    assert not store.heartbeat(twin.id, None, replace(WORKER, pid=1))
    assert not store.release(twin.id, None, Status.INTERRUPTED)
    assert store.release(twin.id, WORKER, Status.INTERRUPTED, "gone")
    assert not store.release(twin.id, WORKER, Status.INTERRUPTED, "gone")
    assert not store.heartbeat(twin.id, None, WORKER)
    assert not store.set_worker(twin.id, WORKER)


def test_status_reaches_the_runs_that_have_not_ended(store: Store, twin: Experiment) -> None:
    store.claim(Places(1, 1), "host")
    store.update_run(twin.runs[0].id, status=Status.FAILED, error="diverged")
    for status in (Status.PAUSED, Status.RUNNING, Status.FINISHED):
        store.set_status(twin.id, status)
        assert [run.status for run in store.experiment(twin.id).runs] == [Status.FAILED, status]


def test_requests_stand_in_order_until_they_are_obeyed(store: Store, twin: Experiment) -> None:
    store.claim(Places(1, 1), "host")
    assert store.requested(twin.id) == []
    store.request(twin.id, "pause")
    store.request(twin.id, "learning_rate", 0.1, twin.runs[1].id)
    store.request(twin.id, "resume")
    asked = store.requested(twin.id)
    assert [(request.kind, request.value, request.run_id) for request in asked] == [
        ("pause", None, None),
        ("learning_rate", 0.1, twin.runs[1].id),
        ("resume", None, None),
    ]
    other = store.create_experiment(TWIN)
    store.request(other.id, "pause")
    store.obeyed(twin.id, [asked[0].id, asked[2].id, store.requested(other.id)[0].id])
    assert store.requested(twin.id) == [asked[1]]
    assert len(store.requested(other.id)) == 1, "another experiment's stay"


def test_impossible_requests_are_refused(store: Store, twin: Experiment) -> None:
    for kind, field in (("learning_rate", "learning_rate"), ("threshold", "max_norm")):
        for value in (None, 0.0, -1.0, math.nan, math.inf, 1e300):
            with pytest.raises(ConfigError, match=rf"training\.{field}: allowed: a number > 0"):
                store.request(twin.id, kind, value)
    with pytest.raises(ConfigError, match="explode"):
        store.request(twin.id, "explode")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        store.request(twin.id, "threshold", 1.0, store.create_experiment(TWIN).runs[0].id)
    store.set_status(twin.id, Status.FINISHED)
    with pytest.raises(StoreError, match=r"ended\. Start a new one"):
        store.request(twin.id, "pause")


def test_stop_in_the_queue_stops_at_once(store: Store, twin: Experiment) -> None:
    store.request(twin.id, "stop", run_id=twin.runs[0].id)
    stopped = store.experiment(twin.id)
    assert (stopped.status, stopped.stop_requested) == (Status.STOPPED, True)
    assert store.claim(Places(1, 1), "host") is None
    store.requeue(twin.id)
    assert not store.experiment(twin.id).stop_requested


def test_old_requests_do_not_reach_a_resumed_experiment(store: Store, twin: Experiment) -> None:
    store.claim(Places(1, 1), "host")
    store.request(twin.id, "stop")
    store.set_status(twin.id, Status.INTERRUPTED)
    store.requeue(twin.id)
    assert store.requested(twin.id) == []
