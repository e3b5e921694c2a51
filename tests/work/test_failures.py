"""Trainings that fail: what each failure says, and what of it is kept."""

from __future__ import annotations

import errno
import threading
from typing import Any

import pytest
import torch

from sentiment_core.errors import DataError, DownloadError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, rows_of
from sentiment_core.training import build as build_module
from sentiment_core.training import sentiment
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.work.shared import claim, full, train, until

pytestmark = pytest.mark.usefixtures("write_every_step")


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
        "This is a fault of the program (ZeroDivisionError). Details are in worker.log.",
    ),
    ("load_reviews", DataError("no such column"), Status.FAILED, "no such column"),
    ("prepare", StoreError("the disk is full."), Status.INTERRUPTED, "the disk is full. Resume continues"),
    ("load_reviews", DownloadError("no network."), Status.INTERRUPTED, "no network. Resume continues"),
    ("prepare", OSError(errno.EIO, "Input/output error"), Status.INTERRUPTED, "Input/output error. Resume continues"),
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
    assert len(rows_of(store, experiment.runs[0].id)) == experiment.step, "what was measured is kept"
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
