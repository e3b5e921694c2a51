"""Background jobs: run once, answered from disk, cancelled, and honest about how they ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core import jobs
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.jobs import Job, cancel, look, submit

TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.KINDS, "test", "job_kinds:run")
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def wait(arguments: dict[str, Any], until: Callable[[Job], bool] | None = None) -> Job:
    ended = until or (lambda job: job.state not in {"running", "absent"})
    deadline = time.monotonic() + 30
    while not ended(job := look("test", arguments)):
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def process_of(home: Path, job: Job) -> dict[str, Any]:
    content = jobs._Place("test", job.key).read("process")
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
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert submit("test", arguments).state == "running"
    cancel("test", arguments)


def test_a_killed_process_reads_failed_and_can_be_started_again(home):
    arguments = {"seconds": 2, "number": 1}
    job = submit("test", arguments)
    os.kill(process_of(home, job)["pid"], signal.SIGKILL)
    job = wait(arguments)
    assert (job.state, job.error) == ("failed", jobs.DIED)
    assert submit("test", arguments).state == "running"
    assert wait(arguments).result == {"answer": 2}


def test_another_process_with_the_same_number_is_not_taken_for_the_job(home):
    arguments = {"seconds": 60}
    job = submit("test", arguments)
    place = jobs._Place("test", job.key)
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
    jobs.KINDS["test"] = "job_kinds:run"
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


def test_jobs_beyond_the_places_there_are_wait(monkeypatch):
    places = max(1, (os.cpu_count() or 1) // 2)
    running = [{"seconds": 60, "number": number} for number in range(places)]
    for arguments in running:
        submit("test", arguments)
        wait(arguments, lambda job: job.fraction is not None)
    submit("test", {"number": 99})
    wait({"number": 99}, lambda job: job.message.startswith("Waiting"))
    cancel("test", running[0])
    assert wait({"number": 99}).state == "finished"
    for arguments in running[1:]:
        cancel("test", arguments)


def test_a_job_that_another_process_holds_is_said(monkeypatch):
    monkeypatch.setattr(jobs, "LOCK_SECONDS", 0.05)
    with jobs._Place.of("test", {}).locked(), pytest.raises(StoreError, match="another process"):
        submit("test", {})


def test_unknown_kind_is_refused_and_damaged_files_read_as_nothing():
    with pytest.raises(ConfigError, match="nonsense"):
        submit("nonsense", {})
    place = jobs._Place.of("test", {})
    place.write("process", {"odd": 1})
    assert look("test", {}).state == "failed"
    (place.folder / "process.json").write_text("{")
    assert look("test", {}).state == "absent"
