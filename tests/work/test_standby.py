"""A worker that waits: it does what a started one does, and ends with whoever keeps it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from sentiment_core import corpus
from sentiment_core.artifacts import LOG
from sentiment_core.config import ExperimentConfig
from sentiment_core.datasets import load_reviews
from sentiment_core.metrics import Status
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.store import Store, WorkProgress
from sentiment_core.work.executors import local, rehearsal
from sentiment_core.work.executors import standby as module
from sentiment_core.work.executors.local import LocalExecutor, worker_command
from sentiment_core.work.executors.standby import SWITCH, Standby, get_ready, wait

Sleeper = subprocess.Popen  # as it is outside of tests
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


def test_one_that_dies_before_it_reads_its_work_is_followed_by_a_fresh_one(
    launched: list[Any], store: Store, tiny: Callable[..., ExperimentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh: list[Any] = []

    def start(command: list[str], environment: dict[str, str], log: Any) -> Any:
        fresh.append(Sleeper(["sleep", "60"]))
        launched.append(fresh[-1])
        return fresh[-1]

    monkeypatch.setattr(local, "start_worker", start)
    executor = LocalExecutor(store)
    executor.stand_by()
    experiment = store.create_experiment(tiny())
    executor.submit(experiment.id)
    assert worker_of(store, experiment.id) == launched[0].pid and not fresh
    end(launched[0])
    executor.reconcile()
    assert len(fresh) == 1 and worker_of(store, experiment.id) == fresh[0].pid
    assert store.experiment(experiment.id).status is Status.RUNNING
    end(fresh[0])
    executor.reconcile()
    assert store.experiment(experiment.id).status is Status.INTERRUPTED, "that one had not waited"


def test_one_that_dies_at_its_work_leaves_it_interrupted(
    launched: list[Any], store: Store, tiny: Callable[..., ExperimentConfig]
) -> None:
    executor = LocalExecutor(store)
    executor.stand_by()
    experiment = store.create_experiment(tiny())
    executor.submit(experiment.id)
    worker = store.experiment(experiment.id).worker
    assert worker is not None and store.heartbeat(experiment.id, WorkProgress("preparing", "Starting"), worker)
    end(launched[0])
    executor.reconcile()
    assert store.experiment(experiment.id).status is Status.INTERRUPTED


def test_it_rehearses_unless_work_is_there_already(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsed: list[bool] = []
    monkeypatch.setattr(rehearsal, "rehearse", lambda: rehearsed.append(True))
    reading, writing = os.pipe()
    with os.fdopen(reading) as line, os.fdopen(writing, "w") as order:
        monkeypatch.setattr("sys.stdin", line)
        get_ready()
        assert rehearsed == [True]
        order.write("work")
        order.flush()
        get_ready()
        assert rehearsed == [True]


def test_after_the_rehearsal_no_split_of_the_demo_reviews_is_encoded_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ExperimentConfig().model_copy(update={"data": DataConfig(limit=60)})
    monkeypatch.setattr(rehearsal, "ExperimentConfig", lambda: usual)
    rehearsal.rehearse()
    monkeypatch.setattr(corpus, "_encode", lambda *given: pytest.fail("encoded again"))
    other = DataConfig(limit=60, validation_fraction=0.4, max_tokens=9)
    assert len(corpus.prepare(other, load_reviews(other), 1, silent).lengths) == 60


def test_a_rehearsal_that_fails_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("damaged in a way that nobody thought of")

    monkeypatch.setattr(rehearsal, "load_reviews", fail)
    rehearsal.rehearse()


def worker_of(store: Store, experiment_id: str) -> int:
    worker = store.experiment(experiment_id).worker
    assert worker is not None
    return worker.pid


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


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
    monkeypatch.setattr(module, "get_ready", lambda: None)
    assert wait() is None
