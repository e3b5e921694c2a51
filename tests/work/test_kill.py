"""Kill anything, briefly: `benchmarks.kill` does it for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.app_server import launch
from benchmarks.kill import rehearse
from tests.forks import Forks


def test_workers_and_the_server_are_killed_and_nothing_is_lost_or_doubled(home: Path, forks: Forks | None) -> None:
    home.mkdir()
    start = launch if forks is None else forks.start_server
    outcome = rehearse(home, students=3, kills=3, every=1.0, epochs=8, seed=1, start=start)
    assert outcome.faults == []
    if not outcome.killed.total():
        pytest.skip("this machine was done before anything was killed")
