"""Workers of which only the heartbeat can be known: on other machines, under other clocks, never started."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.processes import this_machine
from sentiment_core.store import Places, Store, Worker
from sentiment_core.work.executors import heartbeats
from sentiment_core.work.executors.local import LocalExecutor


@pytest.fixture
def experiment_id(store: Store) -> str:
    return store.create_experiment(ExperimentConfig()).id


@pytest.fixture
def watched(store: Store, experiment_id: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[LocalExecutor, float], Any]:
    """`watched(executor, 25)` reconciles every 5 s for 25 s, without waiting; returns the status then."""
    now = [1000.0]
    monkeypatch.setattr(heartbeats, "monotonic", lambda: now[0])

    def watch(executor: LocalExecutor, seconds: float) -> Status:
        executor.reconcile()
        for _ in range(int(seconds / 5)):
            now[0] += 5
            executor.reconcile()
        return store.experiment(experiment_id).status

    return watch


ELSEWHERE = Worker("another host", 1, 1.0)


def test_workers_elsewhere_are_judged_by_their_heartbeat(store: Store, experiment_id: str, watched: Any) -> None:
    store.claim_experiment(experiment_id, ELSEWHERE)
    executor = LocalExecutor(store, 1)
    assert watched(executor, 25) is Status.RUNNING
    store.heartbeat(experiment_id, None, ELSEWHERE)
    assert watched(executor, 25) is Status.RUNNING
    assert watched(executor, 10) is Status.INTERRUPTED


@pytest.mark.parametrize("clock", [-1e6, -45.0, 45.0, 1e6])
def test_clocks_that_differ_interrupt_nobody(
    store: Store, experiment_id: str, watched: Any, clock: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.claim_experiment(experiment_id, ELSEWHERE)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + clock)
    executor = LocalExecutor(store, 1)
    assert watched(executor, 25) is Status.RUNNING
    assert watched(executor, 10) is Status.INTERRUPTED, "a worker that is gone is noticed all the same"


def test_time_in_which_nobody_looked_does_not_count_as_silence(
    store: Store, experiment_id: str, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suspended laptop, or a store that was away: the worker could not be heard."""
    store.claim_experiment(experiment_id, ELSEWHERE)
    executor = LocalExecutor(store, 1)
    assert watched(executor, 25) is Status.RUNNING
    later = heartbeats.monotonic() + 100
    monkeypatch.setattr(heartbeats, "monotonic", lambda: later)
    executor.reconcile()
    assert store.experiment(experiment_id).status is Status.RUNNING


def test_a_store_that_takes_no_writes_makes_nobody_silent(
    store: Store, experiment_id: str, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.claim_experiment(experiment_id, ELSEWHERE)
    executor = LocalExecutor(store, 1)
    assert watched(executor, 25) is Status.RUNNING

    def locked(*_: Any) -> bool:
        raise StoreError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(store, "release", locked)
        with pytest.raises(StoreError):
            watched(executor, 10)
    executor.reconcile()
    assert store.experiment(experiment_id).status is Status.RUNNING


def test_a_worker_that_an_older_version_noted_is_simply_gone(store: Store, experiment_id: str, watched: Any) -> None:
    store.claim_experiment(experiment_id, Worker(socket.gethostname(), os.getpid(), psutil.Process().create_time()))
    assert store.experiment(experiment_id).worker is not None
    assert watched(LocalExecutor(store, 1), 35) is Status.INTERRUPTED


def test_a_claim_without_a_worker_is_given_up(store: Store, experiment_id: str, watched: Any) -> None:
    """The server ended between claiming and launching."""
    store.claim(Places(1, 1), this_machine())
    executor = LocalExecutor(store, 1)
    assert watched(executor, 15) is Status.RUNNING
    assert watched(executor, 5) is Status.INTERRUPTED
    assert "did not start" in (store.experiment(experiment_id).error or "")
