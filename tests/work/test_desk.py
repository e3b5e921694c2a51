"""Background jobs: run once, answered from disk, cancelled, and honest about how they ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.work import desk
from sentiment_core.work.desk import Job, cancel, look, submit
from sentiment_core.work.job_files import Place

TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(desk.KINDS, "test", "job_kinds:run")
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def wait(arguments: dict[str, Any], until: Callable[[Job], bool] | None = None) -> Job:
    ended = until or (lambda job: not job.active and job.state != "absent")
    deadline = time.monotonic() + 30
    while not ended(job := look("test", arguments)):
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def process_of(home: Path, job: Job) -> dict[str, Any]:
    content = Place("test", job.key).read("process")
    assert content is not None
    return content


def test_a_job_runs_and_is_answered_from_disk_afterwards(tmp_path):
    arguments = {"number": 21, "marks": str(tmp_path / "marks")}
    assert look("test", arguments).state == "absent"
    assert submit("test", arguments).state == "running"
    job = wait(arguments)
    assert (job.state, job.result, job.error) == ("finished", {"answer": 42}, None)
    assert submit("test", dict(reversed(arguments.items()))) == job  # the order of the arguments says nothing
    assert (tmp_path / "marks").read_text() == "started\n"
    assert look("test", {**arguments, "number": 1}).state == "absent"


def test_a_running_job_tells_how_far_it_is_and_can_be_cancelled_and_started_again(home):
    arguments = {"seconds": 60}
    submit("test", arguments)
    job = wait(arguments, lambda job: job.fraction is not None)
    assert (job.state, job.message, job.fraction) == ("running", "Working on it", 0.25)
    pid = process_of(home, job)["pid"]
    started = time.monotonic()
    cancel("test", arguments)
    assert time.monotonic() - started < 3
    assert look("test", arguments).state == "cancelled"
    # Its last thread may take a moment longer than the first to be gone.
    wait(arguments, lambda _: not psutil.pid_exists(pid))
    assert submit("test", arguments).state == "running"
    cancel("test", arguments)


def test_a_killed_process_reads_failed_and_can_be_started_again(home):
    arguments = {"seconds": 2, "number": 1}
    job = submit("test", arguments)
    os.kill(process_of(home, job)["pid"], signal.SIGKILL)
    job = wait(arguments)
    assert (job.state, job.error) == ("failed", desk.DIED)
    assert submit("test", arguments).state == "running"
    assert wait(arguments).result == {"answer": 2}


def test_another_process_with_the_same_number_is_not_taken_for_the_job(home):
    arguments = {"seconds": 60}
    job = submit("test", arguments)
    place = Place("test", job.key)
    worker = process_of(home, job)
    place.write("process", {**worker, "started": worker["started"] - 100})
    assert look("test", arguments).state == "failed"
    cancel("test", arguments)
    os.kill(worker["pid"], 0)  # left alone: it is somebody else's
    place.write("process", worker)
    cancel("test", arguments)


def test_a_failing_job_shows_its_message():
    arguments = {"refuse": "the file has no text column; add one"}
    submit("test", arguments)
    job = wait(arguments)
    assert (job.state, job.error) == ("failed", arguments["refuse"])


def test_an_unexpected_fault_is_one_sentence_and_the_log_has_the_rest(home):
    arguments = {"break": True}
    submit("test", arguments)
    job = wait(arguments)
    log = home / "jobs" / job.key / "job.log"
    assert job.state == "failed" and str(log) in (job.error or "") and "inner" not in (job.error or "")
    assert "an inner matter" in log.read_text()


def _submit_elsewhere(arguments: dict[str, Any]) -> None:
    desk.KINDS["test"] = "job_kinds:run"
    submit("test", arguments)


def test_of_several_processes_that_submit_at_once_one_starts_it(tmp_path):
    arguments = {"seconds": 0.5, "marks": str(tmp_path / "marks")}
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_submit_elsewhere, args=(arguments,)) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert wait(arguments).state == "finished"
    assert (tmp_path / "marks").read_text() == "started\n"


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "1")


def fill() -> None:
    """Occupy the one place with a job that runs until it is cancelled."""
    submit("test", {"seconds": 60})
    wait({"seconds": 60}, lambda job: job.fraction is not None)


@pytest.mark.usefixtures("one_place")
def test_a_waiting_job_is_a_record_with_a_place_in_the_queue(home):
    fill()
    for number in range(3):
        assert submit("test", {"number": number}).position == number + 1
    job = submit("test", {"number": 1})  # asked for again: keeps its place
    assert (job.state, job.position, job.message) == ("waiting", 2, "Waiting for its turn: number 2 in the queue")
    assert job.active and Place("test", job.key).read("process") is None
    assert len(psutil.Process().children()) == 1
    cancel("test", {"number": 0})
    assert look("test", {"number": 0}).state == "cancelled"
    assert look("test", {"number": 1}).position == 1
    cancel("test", {"seconds": 60})
    assert [wait({"number": number}).result for number in (1, 2)] == [{"answer": 2}, {"answer": 4}]
    assert look("test", {"number": 0}).state == "cancelled"


@pytest.mark.usefixtures("one_place")
def test_the_queue_moves_on_by_itself_and_in_order(tmp_path, home):
    """The job that ends starts the next one, which starts the one after it; nobody looks meanwhile."""
    orders = [{"seconds": 0.2, "marks": str(tmp_path / f"{number}")} for number in range(3)]
    for arguments in orders:
        submit("test", arguments)
    deadline = time.monotonic() + 30
    while not (tmp_path / "2").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [wait(arguments).state for arguments in orders] == ["finished"] * 3
    started = [(tmp_path / f"{number}").stat().st_mtime_ns for number in range(3)]
    assert started == sorted(started)


@pytest.mark.usefixtures("one_place")
def test_the_queue_moves_on_past_a_killed_job_when_the_server_looks_after_it(home):
    fill()
    submit("test", {"number": 5})
    os.kill(process_of(home, look("test", {"seconds": 60}))["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while look("test", {"seconds": 60}).state != "failed":
        assert time.monotonic() < deadline
    desk.pump()
    assert Place.of("test", {"number": 5}).look().state in {"running", "finished"}
    assert wait({"number": 5}).result == {"answer": 10}
    assert wait({"seconds": 60}).state == "failed"


@pytest.mark.usefixtures("one_place")
def test_a_cancelled_job_that_is_asked_for_again_goes_to_the_end_and_runs_once(tmp_path):
    fill()
    arguments = {"number": 7, "marks": str(tmp_path / "marks")}
    submit("test", arguments)
    submit("test", {"number": 8})
    cancel("test", arguments)
    assert submit("test", arguments).position == 2
    cancel("test", {"seconds": 60})
    assert wait(arguments).result == {"answer": 14} and wait({"number": 8}).result == {"answer": 16}
    assert (tmp_path / "marks").read_text() == "started\n"


def test_a_job_that_cannot_be_started_says_so(monkeypatch):
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(desk.subprocess, "Popen", refuse)
    job = submit("test", {"number": 1})
    assert job.state == "failed" and "could not be started: [Errno 12]" in (job.error or "")


@pytest.mark.parametrize("words", ["DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", ""])
def test_a_job_that_runs_out_of_memory_says_what_to_do(words):
    arguments = {"raise": "RuntimeError" if words else "MemoryError", "words": words}
    submit("test", arguments)
    job = wait(arguments)
    assert job.state == "failed"
    assert job.error == "Out of memory. Use fewer or shorter reviews, or close other programs."


def test_a_job_that_takes_more_than_a_worker_may_is_ended_with_the_sentence(monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKER_MEMORY", "300M")
    arguments = {"take": 600_000_000, "seconds": 60}
    submit("test", arguments)
    job = wait(arguments)
    assert job.state == "failed" and "SENTIMENT_WORKER_MEMORY" in (job.error or "")
    assert (job.error or "").startswith("Out of memory: it took ")


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux only")
def test_a_job_dies_before_the_server_that_started_it(home):
    arguments = {"seconds": 60}
    submit("test", arguments)
    job = wait(arguments, lambda job: job.fraction is not None)
    own = int(Path("/proc/self/oom_score_adj").read_text())
    pid = process_of(home, job)["pid"]
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= max(own, 500)
    cancel("test", arguments)


def test_a_job_that_another_process_holds_is_said(monkeypatch):
    monkeypatch.setattr(desk, "LOCK_SECONDS", 0.05)
    with desk._queue_locked(0), pytest.raises(StoreError, match="another process"):
        submit("test", {})


def test_unknown_kind_is_refused_and_damaged_files_read_as_nothing():
    with pytest.raises(ConfigError, match="nonsense"):
        submit("nonsense", {})
    place = Place.of("test", {})
    place.write("process", {"odd": 1})
    assert look("test", {}).state == "failed"
    (place.folder / "process.json").write_text("{")
    assert look("test", {}).state == "absent"
