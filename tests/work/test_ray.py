"""Work on a Ray cluster of two nodes on this machine, with PostgreSQL as the store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.artifacts import WEIGHTS, work_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker
from sentiment_core.work.desk import Desk
from sentiment_core.work.executors import make_executor
from sentiment_core.work.executors.ray import RayExecutor
from sentiment_core.work.training import train_here

pytest.importorskip("ray", reason="Ray is not installed here: pip install -e '.[cluster]'")

ROOT = Path(__file__).resolve().parents[2]
HEAD, NODE = "127.0.0.2", "127.0.0.3"  # Ray takes 127.0.0.1 for any machine's own name


@pytest.fixture
def ray_cluster(store_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Ray head and one more node with a core each; `SENTIMENT_EXECUTOR` chooses it."""
    from ray.cluster_utils import Cluster

    home.mkdir(exist_ok=True)
    # What every node of a cluster has in its environment.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    small = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={**small, "node_ip_address": HEAD})
    try:
        monkeypatch.setenv("SENTIMENT_EXECUTOR", "ray")
        monkeypatch.setenv("SENTIMENT_RAY_ADDRESS", cluster.address)
        yield cluster
    finally:
        cluster.shutdown()


def is_on(worker: Worker, node: Any) -> bool:
    """Whether a worker is a process of this node."""
    import psutil

    raylet = node.all_processes["raylet"][0].process.pid
    return raylet in {parent.pid for parent in psutil.Process(worker.pid).parents()}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_submit_cancel_lose_a_node_and_resume(ray_cluster: Any, tiny: Callable[..., ExperimentConfig]) -> None:
    node = ray_cluster.add_node(num_cpus=1, object_store_memory=80_000_000, node_ip_address=NODE)
    config = tiny({"training.epochs": 100})
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

        lost, other = (store.create_experiment(config).id for _ in range(2))
        workers = {}
        for each in (lost, other):
            desk.executor.submit(each)
            until(lambda each=each: store.experiment(each).step > 30)
            # Held here, so that both are in the middle when the node goes.
            store.request(each, "pause")
            workers[each] = store.experiment(each).worker
        if not is_on(workers[lost], node):
            lost, other = other, lost
        assert is_on(workers[lost], node) and not is_on(workers[other], node)
        names = [each.alive for each in executor.cluster().nodes]
        assert names == [True, True] and executor.cluster().places.total == 2

        desk.cancel(other)
        assert store.experiment(other).status is Status.STOPPED
        store.request(lost, "resume")
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
        losses, others = ([(row.step, row.loss) for row in store.step_rows(each.id)] for each in (run, other))
        assert losses == others
        written, rewritten = (work_place(of.id) / each.id / WEIGHTS for of, each in ((trained, run), (expected, other)))
        assert written.read_bytes() == rewritten.read_bytes()
