"""A worker from claim to end: what lands in the store, what it obeys, and how every failure reads."""

from __future__ import annotations

import errno
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.errors import DataError, DownloadError, StoreError, StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Store, Worker, outbox
from sentiment_core.store.database import Database
from sentiment_core.training import build as build_module
from sentiment_core.training import sentiment
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import load_model
from sentiment_core.training.trainer import Trainer
from sentiment_core.work import reporting, worker
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal

# Its loss is soon not a number: nothing bounds a linear head, and SGD takes every step in full.
EXPLODING = {
    "training.optimizer": "sgd",
    "training.learning_rate": 1000.0,
    "training.momentum": 0.9,
    "model.head_sizes": (16, 16),
}


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store() as opened:
        yield opened


@pytest.fixture(autouse=True)
def write_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)


def claim(store: Store, config: ExperimentConfig) -> str:
    experiment = store.create_experiment(config)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return experiment.id


def train(store: Store, config: ExperimentConfig) -> Experiment:
    return run_experiment(store, claim(store, config), StopSignal(), Worker.of())


def with_runs(config: ExperimentConfig, **runs: dict[str, Any]) -> ExperimentConfig:
    members = [RunConfig(name=name, overrides=overrides) for name, overrides in runs.items()]
    return build(ExperimentConfig, config.model_dump() | {"runs": members})


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def full(*arguments: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_finished_experiment_has_everything_in_the_store(store: Store, tiny: Any, home: Path) -> None:
    experiment = train(store, with_runs(tiny(), off={}, on={"training.clipping": "norm"}))
    assert experiment.status is Status.FINISHED and experiment.error is None
    assert experiment.progress is not None and experiment.progress.fraction == 1.0
    for run in experiment.runs:
        made = load_model(home / "experiments" / experiment.id / run.id).details["made"]
        assert made == {"torch": torch.__version__, "device": "CPU", "threads": 1, "cpu": made["cpu"]} and made["cpu"]
        rows = store.step_rows(run.id)
        assert run.status is Status.FINISHED
        assert [row["step"] for row in rows] == list(range(1, run.steps + 1))
        assert run.tokens == sum(row["tokens"] for row in rows) and run.seconds == rows[-1]["seconds"] > 0
        evaluations = store.evaluations(run.id)
        assert sorted(item.part for item in evaluations) == ["test", "validation", "validation"]
        assert run.test_accuracy is not None and run.validation_accuracy is not None
        assert run.parameters == sum(
            p.numel() for p in load_model(home / "experiments" / experiment.id / run.id).tensors.values()
        )
    assert not (home / "experiments" / experiment.id / "checkpoint.pt").exists()
    first, second = (store.step_rows(run.id)[0] for run in experiment.runs)
    assert first["loss"] == second["loss"]


def test_a_diverging_run_fails_with_its_numbers_while_the_other_goes_on(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "DIVERGED_STEPS", 3)
    experiment = train(store, with_runs(tiny({"training.epochs": 4}), wild=EXPLODING, calm={}))
    wild, calm = experiment.runs
    losses = [row["loss"] for row in store.step_rows(wild.id)]
    first = next(number for number, loss in enumerate(losses, start=1) if not math.isfinite(loss))
    assert len(losses) == wild.steps == first + 2
    assert wild.status is Status.FAILED and wild.test_accuracy is None
    assert wild.error is not None and f"not a finite number since step {first}. Lower the learning rate" in wild.error
    assert any(math.isinf(row["grad_norm"]) or math.isnan(row["grad_norm"]) for row in store.step_rows(wild.id))
    assert calm.status is Status.FINISHED and calm.test_accuracy is not None and calm.steps > wild.steps
    assert experiment.status is Status.FINISHED


def test_an_experiment_fails_when_every_run_diverged(store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "DIVERGED_STEPS", 2)
    experiment = train(store, tiny({"training.epochs": 4, **EXPLODING}))
    assert experiment.status is experiment.runs[0].status is Status.FAILED
    assert experiment.error == "Every run diverged. Lower the learning rate or clip the gradient."


def test_a_run_that_ends_before_its_divergence_is_certain_has_diverged_all_the_same(store: Store, tiny: Any) -> None:
    experiment = train(store, tiny({"training.epochs": 4, **EXPLODING}))
    (run,) = experiment.runs
    losses = [row["loss"] for row in store.step_rows(run.id)]
    first = next(number for number, loss in enumerate(losses, start=1) if not math.isfinite(loss))
    assert len(losses) - first + 1 < reporting.DIVERGED_STEPS
    assert run.status is Status.FAILED and f"since step {first}" in (run.error or "")


def test_a_signal_ends_a_pause(store: Store, tiny: Any, home: Path) -> None:
    experiment_id, stop = claim(store, tiny({"training.epochs": 200})), StopSignal()
    thread = threading.Thread(target=run_experiment, args=(store, experiment_id, stop, Worker.of()))
    thread.start()
    try:
        until(lambda: store.experiment(experiment_id).step >= 1)
        store.request(experiment_id, "pause")
        until(lambda: store.experiment(experiment_id).status is Status.PAUSED)
    finally:
        stop.received = True
        thread.join(20)
    assert not thread.is_alive() and store.experiment(experiment_id).status is Status.STOPPED
    assert (home / "experiments" / experiment_id / "checkpoint.pt").exists()


def test_pause_change_resume_and_stop(store: Store, tiny: Any, home: Path) -> None:
    config = with_runs(tiny({"training.epochs": 200, "training.clipping": "norm"}), one={}, two={})
    experiment_id = claim(store, config)
    one, two = (run.id for run in store.experiment(experiment_id).runs)
    thread = threading.Thread(target=run_experiment, args=(store, experiment_id, StopSignal(), Worker.of()))
    thread.start()
    try:
        until(lambda: store.experiment(experiment_id).step >= 3)
        store.request(experiment_id, "pause")
        until(lambda: store.experiment(experiment_id).status is Status.PAUSED)
        step = store.experiment(experiment_id).step
        assert (home / "experiments" / experiment_id / "checkpoint.pt").exists()
        store.request(experiment_id, "learning_rate", 0.5, run_id=two)
        store.request(experiment_id, "threshold", 0.01)
        until(lambda: store.experiment(experiment_id).progress.phase == "paused")
        time.sleep(0.3)
        assert store.experiment(experiment_id).step == step
        store.request(experiment_id, "resume")
        until(lambda: store.experiment(experiment_id).step >= step + 3)
        assert store.experiment(experiment_id).status is Status.RUNNING
    finally:
        store.request(experiment_id, "stop")
        thread.join(20)
    experiment = store.experiment(experiment_id)
    assert experiment.status is Status.STOPPED and {run.status for run in experiment.runs} == {Status.STOPPED}
    for run_id, rate in [(one, config.training.learning_rate), (two, 0.5)]:
        before, after = store.step_rows(run_id)[:step], store.step_rows(run_id)[step:]
        assert {(row["learning_rate"], row["threshold"]) for row in before} == {(config.training.learning_rate, 1.0)}
        assert {(row["learning_rate"], row["threshold"]) for row in after} == {(rate, 0.01)}
        assert all(row["grad_norm_clipped"] <= 0.01 for row in after)
        assert load_model(home / "experiments" / experiment_id / run_id).config.runs[0].name in {"one", "two"}
    assert all(item.part == "validation" for item in store.evaluations(one))


def test_stopping_while_the_data_are_prepared(store: Store, tiny: Any) -> None:
    experiment_id = claim(store, tiny())
    store.request(experiment_id, "stop")
    experiment = run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert experiment.status is Status.STOPPED and experiment.step == 0


def test_a_checkpoint_is_never_ahead_of_the_store(store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 1e9)
    monkeypatch.setattr(reporting, "CHECKPOINT_SECONDS", 0.0)
    experiment_id = claim(store, tiny())
    run_id = store.experiment(experiment_id).runs[0].id
    saved = []

    def look(path: Path, state: dict[str, Any]) -> None:
        saved.append((state["step"], len(store.step_rows(run_id))))

    monkeypatch.setattr(reporting, "save_checkpoint", look)
    run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert len(saved) > 10 and all(step == written for step, written in saved)


def test_progress_is_never_ahead_of_the_steps_in_the_store(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.002)
    write_steps, heartbeat, told = Store.write_steps, Store.heartbeat, []

    def slowly(own: Store, *given: Any) -> None:
        time.sleep(0.01)
        write_steps(own, *given)

    def beat(own: Store, experiment_id: str, progress: Any, by: Worker) -> bool:
        run_id = own.experiment(experiment_id).runs[0].id
        told.append((progress.step, len(own.step_rows(run_id))))
        return heartbeat(own, experiment_id, progress, by)

    monkeypatch.setattr(Store, "write_steps", slowly)
    monkeypatch.setattr(Store, "heartbeat", beat)
    assert train(store, tiny()).status is Status.FINISHED
    assert len({step for step, _ in told}) > 3 and all(step <= written for step, written in told)


def rows_without_times(store: Store, run_id: str) -> str:
    return repr([{key: value for key, value in row.items() if key != "seconds"} for row in store.step_rows(run_id)])


@pytest.mark.parametrize("damage", ["none", "empty", "of another experiment"])
def test_a_stopped_experiment_resumes_to_the_same_numbers_whatever_its_checkpoint(
    damage: str, store: Store, tiny: Any, home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny({"model.head_dropout": 0.3})
    whole = train(store, config)
    experiment_id = claim(store, config)
    stop = StopSignal()
    stop.received = True  # from the first step on
    assert run_experiment(store, experiment_id, stop, Worker.of()).status is Status.STOPPED
    assert store.experiment(experiment_id).step == 1
    checkpoint = home / "experiments" / experiment_id / "checkpoint.pt"
    if damage == "empty":
        checkpoint.write_bytes(b"")
    elif damage != "none":
        torch.save({"step": 3}, checkpoint)
    assert store.claim_experiment(experiment_id, Worker.of(), threads=1)
    with caplog.at_level(logging.INFO):
        resumed = run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert resumed.status is Status.FINISHED
    assert rows_without_times(store, resumed.runs[0].id) == rows_without_times(store, whole.runs[0].id)
    assert store.evaluations(resumed.runs[0].id) == store.evaluations(whole.runs[0].id)
    told = "resuming at step 1" if damage == "none" else "starting from the first step"
    assert told in caplog.text


FAILURES: list[tuple[str, Exception, Status, str]] = [
    ("load_reviews", MemoryError(), Status.FAILED, "Out of memory. Use a smaller batch size"),
    (
        "Trainer",
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
        Status.FAILED,
        "Out of memory. Use a smaller",
    ),
    (
        "Trainer",
        torch.OutOfMemoryError("CUDA out of memory."),
        Status.FAILED,
        "Out of memory. Use a smaller batch size",
    ),
    ("prepare", OSError(errno.ENOMEM, "Cannot allocate memory"), Status.FAILED, "Out of memory. Use a smaller batch"),
    (
        "load_reviews",
        ZeroDivisionError("by zero"),
        Status.FAILED,
        "Unexpected ZeroDivisionError: by zero. Details are in worker.log.",
    ),
    ("load_reviews", DataError("no such column"), Status.FAILED, "no such column"),
    ("prepare", StoreError("the disk is full."), Status.INTERRUPTED, "the disk is full. Resume continues"),
    ("load_reviews", DownloadError("no network."), Status.INTERRUPTED, "no network. Resume continues"),
    ("prepare", OSError(errno.EIO, "Input/output error"), Status.INTERRUPTED, "Input/output error"),
]


@pytest.mark.parametrize(("place", "error", "status", "message"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_failure_becomes_the_experiments_message(
    place: str,
    error: Exception,
    status: Status,
    message: str,
    store: Store,
    tiny: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(build_module if place == "Trainer" else sentiment, place, fail)
    experiment = train(store, tiny())
    assert experiment.status is experiment.runs[0].status is status
    assert experiment.error is not None and message in experiment.error


def test_a_training_too_large_for_what_is_free_is_refused_once_its_reviews_are_known(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentiment, "free_memory", lambda device: 100_000)
    experiment = train(store, tiny())
    assert experiment.status is Status.FAILED and experiment.step == 0
    assert "This training would take about" in (experiment.error or "") and "are free" in (experiment.error or "")


@pytest.mark.parametrize(
    ("target", "snapshots"),
    [
        ("torch.save", 0),
        ("tempfile.mkstemp", 0),
        ("safetensors.torch.save_file", 0),
        # Weights on the way are written from the start on.
        ("safetensors.torch.save_file", 5),
    ],
)
def test_a_disk_that_fills_up_in_training(
    target: str, snapshots: int, store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(store, tiny())  # fills the caches
    write_seen = sentiment.write_seen
    with monkeypatch.context() as patch:
        # What is learned from is kept before the first step, while there is room.
        patch.setattr(sentiment, "write_seen", lambda *given: (write_seen(*given), patch.setattr(target, full)))
        experiment = train(store, tiny({"snapshots": snapshots}))
    assert experiment.status is Status.INTERRUPTED and (experiment.step == 0) is (snapshots > 0)
    assert "No space left on device" in experiment.error and "Free some space" in experiment.error
    assert len(store.step_rows(experiment.runs[0].id)) == experiment.step, "what was measured is kept"
    store.requeue(experiment.id)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    resumed = run_experiment(store, experiment.id, StopSignal(), Worker.of())
    assert resumed.status is Status.FINISHED, resumed.error


def test_an_impossible_precision_fails_before_the_first_step(store: Store, tiny: Any) -> None:
    experiment = train(store, tiny({"training.precision": "fp16"}))
    assert experiment.status is Status.FAILED
    assert experiment.error == "training.precision: fp16 needs a CUDA GPU; use bf16 or fp32 here"


def test_a_worker_that_lost_its_experiment_ends_and_leaves_it_alone(store: Store, tiny: Any) -> None:
    experiment_id = claim(store, tiny({"training.epochs": 200}))
    me = Worker.of()
    thread = threading.Thread(target=run_experiment, args=(store, experiment_id, StopSignal(), me))
    thread.start()
    until(lambda: store.experiment(experiment_id).step >= 2)
    other = Worker("elsewhere", 1, 2.0)
    assert not store.set_worker(experiment_id, other), "it is taken"
    assert store.release(experiment_id, me, Status.INTERRUPTED)
    assert store.claim_experiment(experiment_id, other)
    thread.join(20)
    assert not thread.is_alive()
    experiment = store.experiment(experiment_id)
    assert experiment.status is Status.RUNNING and experiment.worker == other


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE_SECONDS", 0.005)
    monkeypatch.setattr(outbox, "LONGEST_PAUSE_SECONDS", 0.01)


class Outage:
    """A store that answers nothing and takes nothing between two moments of training."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.away = False
        self.refused = 0
        for name in ("_read", "_write"):
            monkeypatch.setattr(Database, name, self.guarded(getattr(Database, name)))

    def guarded(self, transaction: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if self.away:
                self.refused += 1
                raise StoreUnavailableError("The store cannot be used: locked.")
            return transaction(*arguments, **options)

        return call


class AtStep(Callback):
    """Calls `act` after update `step`."""

    def __init__(self, step: int, act: Callable[[], None]) -> None:
        self.step, self.act = step, act

    def on_step(self, trainer: Any) -> None:
        if trainer.step == self.step:
            self.act()


def at_steps(monkeypatch: pytest.MonkeyPatch, moments: dict[int, Callable[[], None]]) -> None:
    """Let something happen at these steps, before the reporter hears of them."""

    class Watched(Trainer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.callbacks = [*(AtStep(step, act) for step, act in moments.items()), *self.callbacks]

    monkeypatch.setattr(build_module, "Trainer", Watched)


def test_training_goes_on_while_the_store_is_away(
    store: Store, tiny: Any, home: Path, monkeypatch: pytest.MonkeyPatch, short_pauses: None
) -> None:
    config = with_runs(tiny({"training.epochs": 4}), off={}, on={"training.clipping": "norm"})
    whole = train(store, config)
    outage = Outage(monkeypatch)
    at_steps(monkeypatch, {3: lambda: setattr(outage, "away", True), 20: lambda: setattr(outage, "away", False)})
    experiment = train(store, config)
    assert experiment.status is Status.FINISHED, experiment.error
    assert outage.refused > 0
    for broken, intact in zip(experiment.runs, whole.runs, strict=True):
        assert rows_without_times(store, broken.id) == rows_without_times(store, intact.id)
        assert store.evaluations(broken.id) == store.evaluations(intact.id)
        assert (broken.steps, broken.tokens, broken.status) == (intact.steps, intact.tokens, Status.FINISHED)
        assert (broken.validation_accuracy, broken.test_accuracy) == (
            intact.validation_accuracy,
            intact.test_accuracy,
        )


def test_no_checkpoint_gets_ahead_of_a_store_that_is_away(
    store: Store, tiny: Any, home: Path, monkeypatch: pytest.MonkeyPatch, short_pauses: None
) -> None:
    monkeypatch.setattr(reporting, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(reporting, "SETTLE_SECONDS", 10.0)
    outage = Outage(monkeypatch)
    at_steps(monkeypatch, {3: lambda: setattr(outage, "away", True), 20: lambda: setattr(outage, "away", False)})
    saved = []
    monkeypatch.setattr(reporting, "save_checkpoint", lambda path, state: saved.append((state["step"], outage.away)))
    train(store, tiny({"training.epochs": 4}))
    assert {step for step, _ in saved} >= {1, 2} and not any(away for _, away in saved)


@pytest.mark.parametrize("moment", [1, 12, 23])
def test_a_store_that_stays_away_interrupts_and_everything_can_be_resumed(
    moment: int, store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch, short_pauses: None
) -> None:
    config = tiny({"training.epochs": 4})
    whole = train(store, config)
    experiment_id = claim(store, config)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "PATIENCE_SECONDS", 0.05)
        outage = Outage(patch)
        at_steps(patch, {moment: lambda: setattr(outage, "away", True)})
        # The store is back when the worker says how it ended.
        release = Store.release
        patch.setattr(Store, "release", lambda *given: (setattr(outage, "away", False), release(*given))[1])
        broken = run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert broken.status is Status.INTERRUPTED and {run.status for run in broken.runs} == {Status.INTERRUPTED}
    assert broken.error == "The store cannot be used: locked. Resume continues from its last checkpoint."
    store.requeue(experiment_id)
    assert store.claim_experiment(experiment_id, Worker.of(), threads=1)
    resumed = run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert resumed.status is Status.FINISHED, resumed.error
    assert rows_without_times(store, resumed.runs[0].id) == rows_without_times(store, whole.runs[0].id)
    assert store.evaluations(resumed.runs[0].id) == store.evaluations(whole.runs[0].id)


def test_the_outcome_is_written_when_the_store_is_back(
    store: Store, tiny: Any, home: Path, monkeypatch: pytest.MonkeyPatch, short_pauses: None
) -> None:
    release, calls = Store.release, []

    def away_at_first(*given: Any) -> bool:
        calls.append(1)
        if len(calls) < 4:
            raise StoreUnavailableError("locked")
        return release(*given)

    monkeypatch.setattr(Store, "release", away_at_first)
    experiment = train(store, tiny())
    assert experiment.status is Status.FINISHED and len(calls) == 4
    assert not (home / "experiments" / experiment.id / "checkpoint.pt").exists()


def test_an_outcome_that_cannot_be_written_keeps_the_checkpoint(
    store: Store, tiny: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id = claim(store, tiny())
    with monkeypatch.context() as patch:
        patch.setattr(Store, "release", lambda *given: (_ for _ in ()).throw(StoreError("the disk is full")))
        with pytest.raises(StoreError, match="the disk is full"):
            run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert store.experiment(experiment_id).status is Status.RUNNING, "whoever finds its worker gone says so"
    assert (home / "experiments" / experiment_id / "checkpoint.pt").exists()


def test_what_came_as_far_as_a_checkpoint_can_resume_when_its_data_are_back(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id, stop = claim(store, tiny()), StopSignal()
    stop.received = True
    assert run_experiment(store, experiment_id, stop, Worker.of()).status is Status.STOPPED
    assert store.claim_experiment(experiment_id, Worker.of(), threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(sentiment, "load_reviews", lambda *_: (_ for _ in ()).throw(DataError("the file is not there")))
        missing = run_experiment(store, experiment_id, StopSignal(), Worker.of())
    assert (missing.status, missing.error) == (Status.INTERRUPTED, "the file is not there")
    assert store.claim_experiment(experiment_id, Worker.of(), threads=1)
    assert run_experiment(store, experiment_id, StopSignal(), Worker.of()).status is Status.FINISHED
