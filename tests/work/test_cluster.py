"""What is known of a Ray cluster without Ray: settings, places, rows of nodes, and what is given back to the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.__main__ import main as command
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.metrics import Status
from sentiment_core.store import Places, Store, Worker
from sentiment_core.work.executors import make_executor
from sentiment_core.work.executors import ray as ray_module
from sentiment_core.work.executors.cluster import (
    ClusterSettings,
    ClusterState,
    Node,
    node_rows,
    nodes_of,
    places_on,
)
from sentiment_core.work.executors.local import LocalExecutor

WORKER = Worker("alpha boot namespace", 7, 1.0)
NODES = (Node("alpha", True, 4, 1, 8e9, "H100"), Node("beta", True, 3), Node("gamma", False, 8))


@pytest.fixture
def store(store_url: str, home: Path) -> Iterator[Store]:
    home.mkdir(exist_ok=True)
    with Store() as opened:
        yield opened


def test_no_place_is_split_over_two_nodes():
    assert places_on(NODES, ClusterSettings()) == Places(7, 6)
    assert places_on(NODES, ClusterSettings(cpus=2)) == Places(3, 2), "beta's third core is left over"
    assert places_on(NODES, ClusterSettings(cpus=0.1)).total == 70
    assert places_on((), ClusterSettings()).total == 0


def test_gpus_bound_trainings_alone():
    assert places_on(NODES, ClusterSettings(gpus=0.25)) == Places(7, 4)
    assert places_on(NODES, ClusterSettings(cpus=2, gpus=0.25)) == Places(3, 2), "as many as there are cores for"
    assert places_on(NODES[1:], ClusterSettings(gpus=1)).long == 0


def test_settings_are_read_and_refused(monkeypatch: pytest.MonkeyPatch):
    assert ClusterSettings.from_environment() == ClusterSettings("auto", 1.0, 0.0)
    monkeypatch.setenv("SENTIMENT_RAY_ADDRESS", "head:6379")
    monkeypatch.setenv("SENTIMENT_RAY_CPUS", "2")
    monkeypatch.setenv("SENTIMENT_RAY_GPUS", "0.25")
    settings = ClusterSettings.from_environment()
    assert settings == ClusterSettings("head:6379", 2.0, 0.25) and settings.threads == 2
    assert ClusterSettings(cpus=0.5).threads == 1
    for wrong in ("0", "-1", "1.5", "much", "nan", "inf", "1e9"):
        monkeypatch.setenv("SENTIMENT_RAY_CPUS", wrong)
        with pytest.raises(ConfigError, match="SENTIMENT_RAY_CPUS: a share"):
            ClusterSettings.from_environment()


def test_what_ray_tells_becomes_nodes():
    told = [
        {"NodeManagerAddress": "10.0.0.3", "NodeManagerHostname": "b", "Alive": False, "Resources": {}},
        {"NodeManagerAddress": "10.0.0.2", "NodeManagerHostname": "a", "Alive": False, "Resources": {}},
        {
            "NodeManagerAddress": "10.0.0.1",
            "NodeManagerHostname": "a",
            "Alive": True,
            "Resources": {"CPU": 4.0, "GPU": 1.0, "memory": 8e9, "accelerator_type:H100": 1.0},
        },
    ]
    assert nodes_of(told) == (Node("a", True, 4, 1, 8e9, "H100"), Node("b", False)), "a came back"


def test_a_state_survives_the_pipe():
    state = ClusterState("head:6379", NODES, Places(7, 6))
    assert ClusterState.from_json(state.to_json()) == state and "\n" not in state.to_json()
    assert ClusterState.from_json("(raylet) something") is None
    assert state.headline == "Nodes: 2 (lost: 1). CPUs: 7. GPUs: 1. Places: 7, for trainings 6."


def test_what_is_given_back_waits_at_its_old_place(store: Store, tiny: Callable[..., ExperimentConfig]):
    lost, later = (store.create_experiment(tiny()).id for _ in range(2))
    assert store.claim(Places(9, 9), None) == lost
    assert not store.give_back(lost, WORKER), "not its own"
    assert store.set_worker(lost, WORKER)
    assert node_rows(ClusterState("", NODES), store.active_work())[0]["at_work"] == 1
    assert store.give_back(lost, WORKER) and not store.give_back(lost, WORKER)
    assert [work.status for work in store.active_work()] == [Status.QUEUED, Status.QUEUED]
    assert {run.status for run in store.experiment(lost).runs} == {Status.QUEUED}
    assert store.claim(Places(9, 9), None) == lost, "before what came later"
    assert store.give_back(lost, None), "it was never launched"
    assert store.claim(Places(1, 1), None) == lost and store.claim(Places(1, 1), None) is None, later


def test_only_what_nobody_asked_to_stop_is_given_back(store: Store, tiny: Callable[..., ExperimentConfig]):
    asked, signalled, ended = (store.create_experiment(tiny()).id for _ in range(3))
    for each in (asked, signalled, ended):
        assert store.claim(Places(9, 9), None) == each and store.set_worker(each, WORKER)
    store.stop(asked)
    assert store.give_back(asked, WORKER)
    store.release(signalled, WORKER, Status.STOPPED)
    assert store.give_back(signalled, WORKER)
    store.release(ended, WORKER, Status.FINISHED)
    assert not store.give_back(ended, WORKER) and not store.give_back(asked, WORKER)
    statuses = [store.experiment(each).status for each in (asked, signalled, ended)]
    assert statuses == [Status.STOPPED, Status.QUEUED, Status.FINISHED]


def test_a_cluster_counts_places_wherever_work_is_done(store: Store, tiny: Callable[..., ExperimentConfig]):
    first, second = (store.create_experiment(tiny()).id for _ in range(2))
    assert store.claim(Places(1, 1), "here") == first
    assert store.claim(Places(1, 1), None) is None and store.claim(Places(1, 1), "there") == second


def test_without_ray_a_sentence_says_what_to_install(home: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SENTIMENT_EXECUTOR", "ray")
    monkeypatch.setattr(ray_module, "find_spec", lambda name: None)
    with Store() as store, pytest.raises(ConfigError, match=r"sentiment-lab\[cluster\]"):
        make_executor(store)


def test_the_command_line_shows_nodes_only_of_a_cluster(
    home: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert command(["cluster"]) != 0
    assert "SENTIMENT_EXECUTOR=ray" in capsys.readouterr().err
    assert command(["work"]) == 0 and "Nodes" not in capsys.readouterr().out
    state = ClusterState("head:6379", NODES, Places(7, 6))
    monkeypatch.setattr(LocalExecutor, "cluster", lambda self, seconds=0.0: state)
    assert command(["cluster"]) == 0
    said = capsys.readouterr().out
    assert "alpha: alive, 4 CPUs, 1 GPUs H100, 8.0 GB, 0 at work" in said and "gamma: lost" in said
    assert command(["work"]) == 0 and state.headline in capsys.readouterr().out
