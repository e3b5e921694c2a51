"""Kill anything, briefly: `benchmarks.kill` does it for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.app_server import launch
from benchmarks.kill import rehearse
from benchmarks.victims import OneMachine
from sentiment_core.classroom.settings import set_up
from sentiment_core.store import Store
from tests.forks import Forks
from tests.postgres import Cluster


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_serves_a_class_is_killed_and_nothing_is_lost_or_doubled(
    kind: str, home: Path, forks: Forks | None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    set_up()
    cluster: Cluster | None = None
    if kind == "postgresql":
        cluster = request.getfixturevalue("postgres")
        monkeypatch.setenv("SENTIMENT_STORE_URL", request.getfixturevalue("postgres_url"))
    start = launch if forks is None else forks.start_server
    with Store() as store, OneMachine(home, store, start, cluster) as lab:
        outcome = rehearse(lab, store, students=3, kills=3, every=1.0, epochs=8, seed=1)
    assert outcome.faults == []
    assert outcome.killed.total() == 3 and outcome.experiments >= 3
