"""Runs with a cluster behind it: nodes, GPUs and queue; nothing of it on one machine."""

from __future__ import annotations

from sentiment_core.store import Places
from sentiment_core.work.executors.cluster import ClusterState, Node
from sentiment_core.work.executors.local import LocalExecutor

from .conftest import finished_twin, texts

STATE = ClusterState("head:6379", (Node("alpha", True, 4, 1, 8e9, "H100"), Node("beta", False)), Places(4, 3))


def test_nodes_and_queue_are_shown_with_a_cluster_only(open_page, lab, monkeypatch):
    finished_twin(lab)
    assert "Cluster" not in [each.label for each in open_page("runs").expander]
    monkeypatch.setattr(LocalExecutor, "cluster", lambda self, seconds=0.0: STATE)
    page = open_page("runs")
    assert not page.exception
    assert "Cluster" in [each.label for each in page.expander]
    assert f"{STATE.headline} **At work: 0. Waiting: 0.**" in texts(page.markdown).replace("\\", "")
    nodes = next(each.value for each in page.dataframe if "at_work" in each.value.columns)
    assert list(nodes["node"]) == ["alpha", "beta"] and list(nodes["state"]) == ["alive", "lost"]


def test_a_cluster_out_of_reach_is_said(open_page, lab, monkeypatch):
    finished_twin(lab)
    state = ClusterState("head:6379", problem="The cluster cannot be reached; trying again.")
    monkeypatch.setattr(LocalExecutor, "cluster", lambda self, seconds=0.0: state)
    page = open_page("runs")
    assert "The cluster cannot be reached" in texts(page.warning)
