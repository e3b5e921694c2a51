"""Calculations: done once, answered from disk, cancelled, and honest about how they ended.

Longer than other files: one desk, with kinds of work that only these tests have.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from sentiment_core.artifacts import LOG, RESULT, work_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, NotFoundError, StoreError, StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker
from sentiment_core.work.desk import CANCELLED, Desk, Job
from sentiment_core.work.executors import local, make_executor
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.kinds import Kind, kind

AnyKind = Kind[Any, Any]


@pytest.fixture
def desk(short_kind: AnyKind) -> Iterator[Desk]:
    with Store() as store:
        yield Desk(store, make_executor(store))
        for work in store.active_work():
            store.stop(work.id)
    for child in local._children.values():
        child.kill()
        child.wait(10)
    local._children.clear()


@pytest.fixture
def order(short_kind: AnyKind) -> Callable[..., Any]:
    return short_kind.arguments


@pytest.fixture
def wait(desk: Desk, short_kind: AnyKind) -> Callable[..., Job[Any]]:
    """`wait(order)` looks until it has ended, or until a condition of the job holds."""

    def wait(asked: Any, until: Callable[[Job[Any]], bool] = lambda job: not job.active, of: Any = short_kind) -> Any:
        deadline = time.monotonic() + 60
        while not until(job := desk.look(of, asked)):
            assert time.monotonic() < deadline, job
            desk.executor.reconcile()
            time.sleep(0.02)
        return job

    return wait


def begun(job: Job[Any]) -> bool:
    return job.fraction is not None


def worker_of(desk: Desk, job: Job[Any]) -> Worker:
    worker = desk.store.work(job.id).worker
    assert worker is not None
    return worker


def test_a_calculation_runs_and_is_answered_from_disk_afterwards(desk, short_kind, order, wait, tmp_path):
    asked = order(number=21, marks=str(tmp_path / "marks"))
    assert desk.look(short_kind, asked).status is None
    assert desk.submit(short_kind, asked).status is Status.RUNNING
    job = wait(asked)
    assert (job.status, job.result.answer, job.error) == (Status.FINISHED, 42, None)
    assert desk.submit(short_kind, order(marks=str(tmp_path / "marks"), number=21)) == job
    assert (tmp_path / "marks").read_text() == "started\n"
    assert desk.look(short_kind, replace(asked, number=1)).status is None
    (work_place(job.id) / RESULT).write_text('{"other": 1}')
    assert desk.look(short_kind, asked).result is None
    desk.submit(short_kind, asked)
    assert wait(asked).result == job.result and (tmp_path / "marks").read_text() == "started\nstarted\n"


def test_what_runs_tells_how_far_it_is_and_can_be_cancelled_and_started_again(desk, short_kind, order, wait):
    asked = order(seconds=60)
    desk.submit(short_kind, asked)
    job = wait(asked, begun)
    assert (job.status, job.message, job.fraction) == (Status.RUNNING, "Working on it", 0.25)
    pid = worker_of(desk, job).pid
    started = time.monotonic()
    desk.cancel(job.id)
    assert time.monotonic() - started < 10
    job = desk.look(short_kind, asked)
    assert (job.status, job.error) == (Status.STOPPED, CANCELLED)
    # Its last thread may take a moment longer than the first to be gone.
    wait(asked, lambda _: not psutil.pid_exists(pid))
    assert desk.submit(short_kind, asked).status is Status.RUNNING
    desk.cancel(job.id)


def test_a_killed_process_is_interrupted_and_can_be_started_again(desk, short_kind, order, wait):
    asked = order(seconds=1.0, number=1)
    job = desk.submit(short_kind, asked)
    os.kill(worker_of(desk, job).pid, signal.SIGKILL)
    job = wait(asked)
    assert job.status is Status.INTERRUPTED
    assert job.error == (
        "The worker ended unexpectedly. It was killed, perhaps because memory ran out. Start it again."
    )
    assert desk.submit(short_kind, asked).status is Status.RUNNING
    assert wait(asked).result.answer == 2


def test_a_failing_calculation_shows_its_message(desk, short_kind, order, wait):
    asked = order(refuse="the file has no text column; add one")
    desk.submit(short_kind, asked)
    job = wait(asked)
    assert (job.status, job.error) == (Status.FAILED, asked.refuse)


def test_an_unexpected_fault_is_one_sentence_and_the_log_has_the_rest(desk, short_kind, order, wait):
    asked = order(unexpected=True)
    desk.submit(short_kind, asked)
    job = wait(asked)
    assert job.error == "This is a fault of the program (ValueError). Details are in worker.log."
    log = work_place(job.id) / LOG
    assert job.status is Status.FAILED and "Traceback" in log.read_text()


def _submit_elsewhere(asked: Any) -> None:
    with Store() as store:
        Desk(store, make_executor(store)).submit(kind("test"), asked)


def test_of_several_processes_that_submit_at_once_one_starts_it(desk, order, wait, tmp_path):
    asked = order(seconds=0.5, marks=str(tmp_path / "marks"))
    context = multiprocessing.get_context("fork")
    desk.store.close()
    others = [context.Process(target=_submit_elsewhere, args=(asked,)) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert wait(asked).status is Status.FINISHED
    assert (tmp_path / "marks").read_text() == "started\n"


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "1")
    desk.executor = LocalExecutor(desk.store)


@pytest.fixture
def full(one_place: None, desk: Desk, short_kind: AnyKind, order: Any, wait: Any) -> Job[Any]:
    """The one place is taken by what runs until it is cancelled."""
    desk.submit(short_kind, order(seconds=60))
    job: Job[Any] = wait(order(seconds=60), begun)
    return job


def test_what_waits_is_a_record_with_a_place_in_the_queue(desk, short_kind, order, wait, full):
    for number in range(3):
        assert desk.submit(short_kind, order(number=number)).position == number + 1
    job = desk.submit(short_kind, order(number=1))  # asked for again: keeps its place
    assert (job.status, job.position) == (Status.QUEUED, 2)
    assert job.message == "Waiting for its turn: number 2 in the queue"
    assert job.active and desk.store.work(job.id).worker is None and not work_place(job.id).exists()
    assert len(local._children) == 1
    desk.cancel(desk.look(short_kind, order(number=0)).id)
    assert desk.look(short_kind, order(number=0)).status is Status.STOPPED
    assert desk.look(short_kind, order(number=1)).position == 1
    desk.cancel(full.id)
    assert [wait(order(number=number)).result.answer for number in (1, 2)] == [2, 4]
    assert desk.look(short_kind, order(number=0)).status is Status.STOPPED


def test_the_queue_moves_on_by_itself_and_in_order(one_place, desk, short_kind, order, wait, tmp_path):
    """What ends starts the next one, which starts the one after it; nobody looks meanwhile."""
    orders = [order(seconds=0.2, marks=str(tmp_path / f"{number}")) for number in range(3)]
    for asked in orders:
        desk.submit(short_kind, asked)
    deadline = time.monotonic() + 90
    while not (tmp_path / "2").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [wait(asked).status for asked in orders] == [Status.FINISHED] * 3
    started = [(tmp_path / f"{number}").stat().st_mtime_ns for number in range(3)]
    assert started == sorted(started)


def test_the_queue_moves_on_past_what_was_killed(desk, short_kind, order, wait, full):
    desk.submit(short_kind, order(number=5))
    os.kill(worker_of(desk, full).pid, signal.SIGKILL)
    assert wait(order(number=5)).result.answer == 10
    assert desk.look(short_kind, order(seconds=60)).status is Status.INTERRUPTED


def test_what_was_cancelled_and_is_asked_for_again_goes_to_the_end(desk, short_kind, order, wait, full, tmp_path):
    asked = order(number=7, marks=str(tmp_path / "marks"))
    job = desk.submit(short_kind, asked)
    desk.submit(short_kind, order(number=8))
    desk.cancel(job.id)
    assert desk.submit(short_kind, asked).position == 2
    desk.cancel(full.id)
    assert wait(asked).result.answer == 14 and wait(order(number=8)).result.answer == 16
    assert (tmp_path / "marks").read_text() == "started\n"


def test_what_cannot_be_started_says_so(desk, short_kind, order, monkeypatch):
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(local, "start_worker", refuse)
    job = desk.submit(short_kind, order(number=1))
    told = "Its worker could not be started on this machine: Cannot allocate memory. Start it again."
    assert job.status is Status.INTERRUPTED and job.error == told


@pytest.mark.parametrize("words", ["DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", ""])
def test_what_runs_out_of_memory_says_what_to_do(desk, short_kind, order, wait, words):
    asked = order(memory_error=words)
    desk.submit(short_kind, asked)
    job = wait(asked)
    assert job.status is Status.FAILED
    assert job.error == "Out of memory. Use fewer or shorter reviews, or close other programs."


def test_what_takes_more_than_a_worker_may_is_ended_with_the_sentence(desk, short_kind, order, wait, monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKER_MEMORY", "500M")
    asked = order(take=900_000_000, seconds=60)
    desk.submit(short_kind, asked)
    job = wait(asked)
    assert job.status is Status.FAILED and "SENTIMENT_WORKER_MEMORY" in (job.error or "")
    assert (job.error or "").startswith("Out of memory: it took ")


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux only")
def test_a_worker_dies_before_the_server_that_started_it(desk, short_kind, order, wait):
    asked = order(seconds=60)
    desk.submit(short_kind, asked)
    job = wait(asked, begun)
    own = int(Path("/proc/self/oom_score_adj").read_text())
    pid = worker_of(desk, job).pid
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= max(own, 500)
    desk.cancel(job.id)


def test_the_store_may_be_away_while_it_runs(desk, short_kind, order, wait, home):
    """A lock of some seconds: the heartbeat fails, the work goes on, its outcome is written afterwards."""
    import sqlite3

    asked = order(seconds=1.0, number=3)
    desk.submit(short_kind, asked)
    wait(asked, begun)
    holder = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    time.sleep(6.5)  # longer than anybody waits for the lock
    holder.execute("ROLLBACK")
    holder.close()
    assert wait(asked).result.answer == 6


def test_what_long_work_takes_is_not_all(desk, short_kind, order, wait, monkeypatch):
    """Of two places one is kept free: what takes seconds does not wait behind what takes hours, and is not counted
    behind it."""
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "2")
    desk.executor = LocalExecutor(desk.store)
    long_kind = kind("long-test")
    first, second = (desk.submit(long_kind, order(number=number, seconds=60)) for number in (1, 2))
    assert (first.status, second.status, second.position) == (Status.RUNNING, Status.QUEUED, 1)
    occupied = desk.submit(short_kind, order(seconds=60))
    assert occupied.status is Status.RUNNING
    assert desk.submit(short_kind, order(number=4)).position == 1, "it is the next to get the place that is kept free"
    desk.cancel(occupied.id)
    assert wait(order(number=4)).result.answer == 8
    assert desk.look(long_kind, order(number=2, seconds=60)).status is Status.QUEUED
    for job in (second, first):
        desk.cancel(job.id)


def test_what_is_about_a_run_goes_with_it(desk, short_kind, order, wait):
    experiment = desk.store.create_experiment(ExperimentConfig())
    desk.store.set_status(experiment.id, Status.STOPPED)
    mine, running = order(run=experiment.runs[0].id), order(run=experiment.runs[0].id, seconds=60)
    others = order(number=1)
    for asked in (mine, others, running):
        desk.submit(short_kind, asked)
        wait(asked, lambda job: not job.active or begun(job))
    kept, gone = wait(others), wait(mine)
    worker = worker_of(desk, desk.look(short_kind, running))
    desk.store.delete_experiment(experiment.id)
    assert desk.look(short_kind, mine).status is None and not work_place(gone.id).exists()
    assert desk.look(short_kind, others) == kept
    with pytest.raises(NotFoundError, match="deleted"):
        desk.submit(short_kind, mine)
    wait(others, lambda _: not psutil.pid_exists(worker.pid))


def test_unknown_kinds_are_refused_and_others_kinds_are_left_waiting(desk, short_kind, order):
    with pytest.raises(ConfigError, match="nonsense"):
        kind("nonsense")
    desk.store.ask("theirs", "theirs-0123", "{}", False, None, again=False)
    desk.executor.reconcile()
    assert desk.store.work("theirs-0123").status is Status.QUEUED
    assert desk.submit(short_kind, order(number=1)).status is Status.RUNNING, "it blocks nobody"


def test_a_click_while_the_store_is_locked_says_so_and_starts_nothing(desk, short_kind, order, monkeypatch):
    def locked(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write", locked)
        with pytest.raises(StoreError, match="locked"):
            desk.submit(short_kind, order())
    assert desk.look(short_kind, order()).status is None


def test_an_executor_is_chosen_by_name(desk, monkeypatch):
    assert isinstance(make_executor(desk.store), LocalExecutor)
    monkeypatch.setenv("SENTIMENT_EXECUTOR", "cloud")
    with pytest.raises(ConfigError, match=r"SENTIMENT_EXECUTOR: choose local, ray \(got 'cloud'\)"):
        make_executor(desk.store)
