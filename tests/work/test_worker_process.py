"""The worker as a process: signals, its command line, and SIGKILL in the middle of training."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.machine import cores
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, rows_of
from sentiment_core.work.executors import local
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import Stopped, StopSignal, main, was_asked


def numbers(store: Store, run_id: str, home: Path) -> tuple[str, str, bytes]:
    """Everything that a run leaves behind, without times."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in rows_of(store, run_id)]
    weights = (home / "experiments" / run_id.split("-")[0] / run_id / "model.safetensors").read_bytes()
    return repr(rows), repr(store.evaluations(run_id)), weights


def test_sigkill_then_resume_equals_never_stopping(tiny: Callable[..., ExperimentConfig], home: Path) -> None:
    fields = {
        "training.epochs": 30,
        "training.weight_averaging": 0.9,
        "training.schedule": "one_cycle",
        "model.word_dropout": 0.2,
        "model.head_dropout": 0.3,
    }
    twins = [RunConfig(name="off"), RunConfig(name="on", overrides={"training.clipping": "norm"})]
    config = build(ExperimentConfig, tiny(fields).model_dump() | {"runs": twins})
    with Store() as store:
        executor = LocalExecutor(store, max_running=cores() + 1)  # one thread for each worker
        experiment_id = store.create_experiment(config).id

        def until(condition: Callable[[Any], bool]) -> Any:
            deadline = time.monotonic() + 60
            while not condition(experiment := store.experiment(experiment_id)):
                assert time.monotonic() < deadline, experiment
                executor.reconcile()
                time.sleep(0.05)
            return experiment

        executor.submit(experiment_id)
        started = until(lambda experiment: experiment.step > 15 and experiment.runs[0].validation_accuracy is not None)
        os.kill(started.worker.pid, signal.SIGKILL)
        killed = until(lambda experiment: experiment.status is not Status.RUNNING)
        assert killed.status is Status.INTERRUPTED and "It was killed" in killed.error
        assert 15 < killed.step < 180

        store.requeue(experiment_id)
        executor.submit(experiment_id)
        resumed = until(lambda experiment: not experiment.status.is_active)
        assert resumed.status is Status.FINISHED, resumed.error
        assert "resuming at step" in (home / "experiments" / experiment_id / "worker.log").read_text()
        # Its last deed is to look for what waits: it would take the next one.
        for child in local._children.values():
            child.wait(30)

        whole = store.create_experiment(config)
        store.claim_experiment(whole.id, Worker.of(), threads=1)
        whole = run_experiment(store, whole.id, StopSignal(), Worker.of())
        for broken, intact in zip(resumed.runs, whole.runs, strict=True):
            assert broken.steps == intact.steps == 180 and broken.tokens == intact.tokens
            assert numbers(store, broken.id, home) == numbers(store, intact.id, home)


@pytest.mark.usefixtures("real_workers")
def test_a_worker_that_is_asked_to_stop_has_stopped_and_not_failed(tiny: Callable[..., ExperimentConfig]) -> None:
    with Store() as store:
        executor = LocalExecutor(store)
        experiment_id = store.create_experiment(tiny({"training.epochs": 200, "training.batch_size": 2})).id
        executor.submit(experiment_id)
        deadline = time.monotonic() + 60
        while store.experiment(experiment_id).step < 2:
            assert time.monotonic() < deadline, store.experiment(experiment_id)
            time.sleep(0.05)
        store.request(experiment_id, "stop")
        local._children[store.experiment(experiment_id).worker.pid].wait(60)
        assert (store.experiment(experiment_id).status, store.experiment(experiment_id).error) == (Status.STOPPED, None)


@pytest.mark.usefixtures("real_workers")
def test_a_worker_that_ends_with_its_machine_starts_nothing_more(tiny: Callable[..., ExperimentConfig]) -> None:
    long = {"training.epochs": 200, "training.batch_size": 2}
    with Store() as store:
        executor = LocalExecutor(store, max_running=1)
        first, second = (store.create_experiment(tiny(long)).id for _ in range(2))
        for each in (first, second):
            executor.submit(each)
        deadline = time.monotonic() + 60
        while store.experiment(first).step < 2:
            assert time.monotonic() < deadline, store.experiment(first)
            time.sleep(0.05)
        worker = store.experiment(first).worker
        os.kill(worker.pid, signal.SIGTERM)
        local._children[worker.pid].wait(60)
        assert store.experiment(first).status is Status.STOPPED
        assert store.experiment(second).status is Status.QUEUED


def test_who_deletes_work_has_asked_for_its_end(tiny: Callable[..., ExperimentConfig]) -> None:
    with Store() as store:
        work_id = store.create_experiment(tiny()).id
        assert not was_asked(store, work_id)
        store.claim_experiment(work_id, Worker.of(), threads=1)
        store.stop(work_id)
        assert was_asked(store, work_id)
        store.set_status(work_id, Status.STOPPED)
        store.delete_experiment(work_id)
        assert was_asked(store, work_id)


def test_signals_interrupt_the_preparation_but_only_mark_the_training() -> None:
    stop = StopSignal()
    before = signal.getsignal(signal.SIGTERM)
    stop.install()
    try:
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
        stop.raising, stop.received = False, False
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.received
    finally:
        stop.restore()
    assert signal.getsignal(signal.SIGTERM) is before


def test_main_refuses_what_it_cannot_train(tiny: Any, capsys: pytest.CaptureFixture[str]) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert main([]) == 2
        assert "usage: python -m sentiment_core.work KIND WORK_ID" in capsys.readouterr().err
        assert main(["sentiment_core.work.kinds:TRAIN", "no-such"]) == 2
        with Store() as store:
            waiting = store.create_experiment(tiny()).id
            assert main(["sentiment_core.work.kinds:TRAIN", waiting]) == 2, "nobody claimed it"
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), handlers, strict=True):
            signal.signal(number, handler)
