"""A worker that waits: it does what a started one does, and ends with whoever keeps it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.artifacts import LOG
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Store
from sentiment_core.work.executors import standby as module
from sentiment_core.work.executors.local import LocalExecutor, worker_command
from sentiment_core.work.executors.standby import SWITCH, Standby, wait

ORDER = worker_command("3fa2b1c0")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What was started in place of workers: each does nothing for a while."""
    found: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
        assert command[-1] == module.WAIT
        found.append(popen(["sleep", "60"], **how))
        return found[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", start)
    monkeypatch.delenv(SWITCH, raising=False)
    yield found
    for process in found:
        process.kill()
        with suppress(OSError):
            process.communicate()


def test_one_waits_and_is_taken_once(launched: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standby = Standby()
    assert standby.take(ORDER, {}, tmp_path / "log") is None
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    standby.keep({})
    standby.keep({})
    assert len(launched) == 1
    assert standby.take(ORDER, {}, tmp_path / "log") is launched[0]
    assert standby.take(ORDER, {}, tmp_path / "log") is None
    monkeypatch.setattr(module, "PAUSE_SECONDS", 3600.0)
    standby.keep({})
    assert len(launched) == 1, "the work that was just handed over is left alone"


def test_none_waits_where_memory_is_short_or_it_is_not_wanted(
    launched: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "available_memory", lambda: module.LEAST_FREE_BYTES - 1)
    Standby().keep({})
    monkeypatch.setattr(module, "available_memory", lambda: module.LEAST_FREE_BYTES)
    monkeypatch.setenv(SWITCH, "0")
    Standby().keep({})
    assert not launched
    monkeypatch.delenv(SWITCH)
    Standby().keep({})
    assert len(launched) == 1


def test_one_that_is_gone_is_not_handed_anything(launched: list[Any], tmp_path: Path) -> None:
    standby = Standby()
    standby.keep({})
    launched[0].kill()
    launched[0].wait()
    assert standby.take(ORDER, {}, tmp_path / "log") is None


@pytest.mark.usefixtures("real_workers")
def test_it_trains_what_it_is_handed(
    store: Store, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    executor = LocalExecutor(store)
    executor.stand_by()
    waiting = executor._standby._process
    assert waiting is not None
    experiment = store.create_experiment(tiny())
    executor.submit(experiment.id)
    assert waiting.wait(timeout=150) == 0
    trained = store.experiment(experiment.id)
    assert trained.status is Status.FINISHED and trained.runs[0].steps > 0
    assert "is finished" in (store.folder_of(experiment.id) / LOG).read_text()


def test_it_ends_where_nobody_is_left_to_hand_it_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO()))
    assert wait() is None
