"""Work on a Ray cluster of two nodes on this machine, with PostgreSQL as the store."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.artifacts import WEIGHTS, work_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Places, Store, Worker, rows_of
from sentiment_core.work.desk import Desk
from sentiment_core.work.executors import make_executor
from sentiment_core.work.executors import ray as ray_executor
from sentiment_core.work.executors.cluster import ClusterSettings
from sentiment_core.work.executors.ray import Dispatcher, RayExecutor
from sentiment_core.work.training import train_here

pytest.importorskip("ray", reason="Ray has no wheel for this system, or is not installed: pip install -e '.[cluster]'")

ROOT = Path(__file__).resolve().parents[2]
WORKER = Worker("elsewhere boot namespace", 7, 1.0)
HEAD, NODE = "127.0.0.2", "127.0.0.3"  # Ray takes 127.0.0.1 for any machine's own name
# Ray gives up a node that refuses it five times, and asks twice a second here; one that is slow has its usual time. Its
# workers do not stand back behind the other processes of a busy machine.
SOON = {"health_check_period_ms": 500, "worker_niceness": 0}


@pytest.fixture
def ray_cluster(store_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Ray head that gives away one core; `SENTIMENT_EXECUTOR` chooses it."""
    from ray.cluster_utils import Cluster

    home.mkdir(exist_ok=True)
    # What every node of a cluster has in its environment.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    small = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "node_ip_address": HEAD, "_system_config": SOON})
    try:
        monkeypatch.setenv("SENTIMENT_EXECUTOR", "ray")
        monkeypatch.setenv("SENTIMENT_RAY_ADDRESS", cluster.address)
        dispatchers: dict[Any, Dispatcher] = {}
        monkeypatch.setattr(ray_executor, "_dispatchers", dispatchers)
        yield cluster
        # It would end with the test process, and miss its cluster until then.
        for child in filter(None, (each._child for each in dispatchers.values())):
            assert child.stdin is not None
            child.stdin.close()
            child.wait(30)
    finally:
        cluster.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="two nodes on one machine need addresses that only Linux has")
@pytest.mark.timeout(480)  # half a minute; five processes that import PyTorch take far longer on a busy machine
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_submit_cancel_lose_a_node_and_resume(ray_cluster: Any, tiny: Callable[..., ExperimentConfig]) -> None:
    config = tiny({"training.epochs": 40})
    with Store() as store:
        executor = make_executor(store)
        assert isinstance(executor, RayExecutor)
        desk = Desk(store, executor)

        def until(condition: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 120
            while not condition():
                assert time.monotonic() < deadline, (store.active_work(), executor.cluster())
                executor.reconcile()
                time.sleep(0.05)

        first = store.create_experiment(tiny()).id
        other, lost = (store.create_experiment(config).id for _ in range(2))
        for each in (other, lost):
            store.request(each, "pause")  # at its first step
        # The head has room for one: the first worker starts the next and makes room for it.
        executor.submit(first)
        executor.submit(other)
        until(lambda: store.experiment(other).status is Status.PAUSED)
        assert store.experiment(first).status is Status.FINISHED
        # So the third is on the node that joins.
        node = ray_cluster.add_node(num_cpus=2, object_store_memory=80_000_000, node_ip_address=NODE)
        executor.submit(lost)
        until(lambda: store.experiment(lost).status is Status.PAUSED)
        workers = {each: store.experiment(each).worker for each in (lost, other)}
        state = executor.cluster()
        assert sorted(each.cpus for each in state.nodes if each.alive) == [1, 2] and state.places.total == 3

        desk.cancel(other)
        assert store.experiment(other).status is Status.STOPPED
        store.request(lost, "resume")
        until(lambda: store.experiment(lost).step > 30)
        ray_cluster.remove_node(node, allow_graceful=False)
        store.requeue(other)
        until(lambda: not store.active_work())

        expected = train_here(store, config, lambda progress: None)
        for each in (lost, other):
            trained = store.experiment(each)
            assert trained.status is Status.FINISHED, trained.error
            assert trained.worker != workers[each]
            assert_same(store, trained, expected)


def assert_same(store: Store, trained: Any, expected: Any) -> None:
    """Assert that two experiments have the same numbers at every step and the same weights, bit for bit."""
    for run, other in zip(trained.runs, expected.runs, strict=True):
        losses, others = ([(row["step"], row["loss"]) for row in rows_of(store, each.id)] for each in (run, other))
        assert losses == others
        written, rewritten = (work_place(of.id) / each.id / WEIGHTS for of, each in ((trained, run), (expected, other)))
        assert written.read_bytes() == rewritten.read_bytes()


def test_work_that_loses_its_worker_again_and_again_is_given_up(
    home: Path, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_core.work.executors.ray_side import dispatcher

    monkeypatch.setattr(dispatcher, "kill_actor", lambda work_id: None)
    with Store() as store:
        gang = dispatcher.Gang(store, ClusterSettings())
        lost = store.create_experiment(tiny())

        def lose(step: int) -> Status:
            assert store.claim(Places(1, 1), None) == lost.id and store.set_worker(lost.id, WORKER)
            store.update_run(lost.runs[0].id, steps=step)
            gang._settle(store.work(lost.id))
            return store.work(lost.id).status

        assert [lose(5), lose(5), lose(9), lose(9)] == [Status.QUEUED] * 4, "it got further in between"
        assert lose(7) is Status.INTERRUPTED
        assert "lost 3 times at step 7" in str(store.work(lost.id).error)
        store.requeue(lost.id)
        assert lose(7) is Status.QUEUED, "who resumes it starts anew"
        assert store.claim(Places(1, 1), None) == lost.id
        store.stop(lost.id)
        gang._settle(store.work(lost.id))
        assert store.work(lost.id).status is Status.STOPPED, "a loss is no reason to go on"


def test_when_a_worker_counts_as_lost(home: Path, tiny: Callable[..., ExperimentConfig]) -> None:
    from sentiment_core.work.executors.ray_side import dispatcher

    with Store() as store:
        gang = dispatcher.Gang(store, ClusterSettings())
        claimed = store.create_experiment(tiny()).id
        store.claim(Places(1, 1), None)
        work = store.work(claimed)
        assert not gang._is_lost(work, known=True, silence=1000), "it waits for room in Ray's queue"
        assert gang._is_lost(replace(work, stop_requested=True), known=True, silence=0), "where it hears nothing"
        assert gang._is_lost(work, known=False, silence=6) and not gang._is_lost(work, known=False, silence=4)
        elsewhere = replace(work, worker=WORKER)
        assert gang._is_lost(elsewhere, known=False, silence=11) and not gang._is_lost(elsewhere, False, 9)
        assert gang._is_lost(elsewhere, known=True, silence=31) and not gang._is_lost(elsewhere, True, 29)
        here = replace(work, worker=Worker.of())
        assert not gang._is_lost(here, known=False, silence=1000), "its process lives"
