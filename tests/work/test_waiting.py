"""How long work waits, and how long it may take."""

from __future__ import annotations

from typing import Any

import pytest

from sentiment_core.classroom.people import Person
from sentiment_core.classroom.settings import set_up
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, WorkProgress
from sentiment_core.work import worker as worker_module
from sentiment_core.work.training import run_experiment
from sentiment_core.work.waiting import seconds_to_wait
from sentiment_core.work.worker import StopSignal


@pytest.fixture
def ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three trainings that took 60 s."""
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "3")  # two of them for what takes long
    clock = [1000.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    for _ in range(3):
        made = store.create_experiment(ExperimentConfig())
        store.claim_experiment(made.id, Worker.of())
        clock[0] += 60.0
        store.set_status(made.id, Status.FINISHED)
    monkeypatch.undo()
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "3")


def test_the_wait_follows_from_what_is_at_work_and_what_others_took(store: Store, ended: None) -> None:
    running, second, third, fourth = (store.create_experiment(ExperimentConfig()).id for _ in range(4))
    assert [seconds_to_wait(store, each) for each in (running, second, third)] == [0, 0, 60]
    me = Worker.of()
    store.claim_experiment(running, me)
    store.heartbeat(running, WorkProgress("preparing", "", eta_seconds=3.0), me)
    assert seconds_to_wait(store, third) == 60, "what preparing still takes is not what training takes"
    store.heartbeat(running, WorkProgress("training", "", eta_seconds=20.0), me)
    assert [seconds_to_wait(store, each) for each in (running, second, third, fourth)] == [None, 0, 20, 60]


def test_nothing_is_said_where_nothing_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "1")
    running, first, second = (store.create_experiment(ExperimentConfig()).id for _ in range(3))
    me = Worker.of()
    store.claim_experiment(running, me)
    assert [seconds_to_wait(store, each) for each in (first, second)] == [None, None]
    store.heartbeat(running, WorkProgress("training", "", eta_seconds=20.0), me)
    assert [seconds_to_wait(store, each) for each in (first, second)] == [20, None], "what runs tells of itself"


def test_what_is_past_the_queue_or_pauses_keeps_its_place(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "1")
    served, typed, waits = (store.create_experiment(ExperimentConfig()).id for _ in range(3))
    me = Worker.of()
    for each, seconds in ((served, 20.0), (typed, 90.0)):
        store.claim_experiment(each, me)
        store.heartbeat(each, WorkProgress("training", "", eta_seconds=seconds), me)
    assert seconds_to_wait(store, waits) == 90, "both must have ended"
    store.set_status(typed, Status.PAUSED)
    assert seconds_to_wait(store, waits) is None, "nobody knows how long it pauses"


def test_what_takes_longer_than_a_student_may_is_stopped_with_its_reason_and_can_be_resumed(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up()
    monkeypatch.setattr(worker_module, "HEARTBEAT_SECONDS", 0.02)
    config = tiny({"training.epochs": 40})
    anna = store.acting_for(Person("anna", "Anna", None, 1))
    made = anna.create_experiment(config)
    with monkeypatch.context() as patch:
        patch.setattr(worker_module, "MINUTE", 0.0005)
        store.claim_experiment(made.id, Worker.of(), threads=1)
        stopped = run_experiment(store, made.id, StopSignal(), Worker.of())
        assert stopped.status is Status.STOPPED
        assert "60 min" in (stopped.error or "") and "person.minutes" in (stopped.error or "")
        lecturers = store.create_experiment(tiny())
        store.claim_experiment(lecturers.id, Worker.of(), threads=1)
        assert run_experiment(store, lecturers.id, StopSignal(), Worker.of()).status is Status.FINISHED
        store.change_limits({"person.minutes": 100_000})
        more = anna.create_experiment(tiny())
        store.claim_experiment(more.id, Worker.of(), threads=1)
        assert run_experiment(store, more.id, StopSignal(), Worker.of()).status is Status.FINISHED
    anna.requeue(made.id)
    store.claim_experiment(made.id, Worker.of(), threads=1)
    resumed = run_experiment(store, made.id, StopSignal(), Worker.of())
    assert resumed.status is Status.FINISHED and resumed.error is None
