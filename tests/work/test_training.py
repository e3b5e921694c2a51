"""A worker from claim to end: what lands in the store, what it obeys, and how it resumes."""

from __future__ import annotations

import logging
import math
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from sentiment_core.findings.live_changes import changes
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, rows_of
from sentiment_core.training.checkpoints import load_checkpoint, load_model
from sentiment_core.training.trainer import Trainer
from sentiment_core.work import reporting, worker
from sentiment_core.work.snapshots import Snapshots
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.work.shared import claim, rows_without_times, train, until, with_runs

pytestmark = pytest.mark.usefixtures("write_every_step")

# Its loss is soon not a number: nothing bounds a linear head, and SGD takes every step in full.
EXPLODING = {
    "training.optimizer": "sgd",
    "training.learning_rate": 1000.0,
    "training.momentum": 0.9,
    "model.head_sizes": (16, 16),
}


def test_a_finished_experiment_has_everything_in_the_store(store: Store, tiny: Any, home: Path) -> None:
    experiment = train(store, with_runs(tiny(), off={}, on={"training.clipping": "norm"}))
    assert experiment.status is Status.FINISHED and experiment.error is None
    assert experiment.progress is not None and experiment.progress.fraction == 1.0
    for run in experiment.runs:
        made = load_model(home / "experiments" / experiment.id / run.id).details["made"]
        assert made.pop("cpu")
        assert made.pop("torch") == torch.__version__
        assert made == {"device": "CPU", "threads": 1, "halves": 1, "graphs": 0, "step": run.steps}
        rows = rows_of(store, run.id)
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
    first, second = (rows_of(store, run.id)[0] for run in experiment.runs)
    assert first["loss"] == second["loss"]


def test_a_run_that_ended_before_the_others_says_after_which_update(store: Store, tiny: Any, home: Path) -> None:
    easy = {"training.target_accuracy": 0.01}
    early, late = train(store, with_runs(tiny(), early=easy, late={})).runs
    assert early.steps < late.steps
    for run in (early, late):
        assert load_model(home / "experiments" / run.experiment_id / run.id).details["made"]["step"] == run.steps
        assert store.evaluations(run.id)[-1].part == "test" and store.evaluations(run.id)[-1].step == run.steps
    assert store.evaluations(early.id)[-1].epoch == 1 < store.evaluations(late.id)[-1].epoch


def test_what_is_measured_at_the_very_end_is_kept(store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_end(self: Snapshots, trainer: Trainer) -> None:
        for run in trainer.runs:
            run.measure("saturated_share", 0.25)

    monkeypatch.setattr(Snapshots, "on_end", on_end)
    (run,) = train(store, tiny()).runs
    assert store.diagnostics(run.id, "saturated_share") == ([run.steps], [0.25])


def test_a_diverging_run_fails_with_its_numbers_while_the_other_goes_on(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "DIVERGED_STEPS", 3)
    experiment = train(store, with_runs(tiny({"training.epochs": 4}), wild=EXPLODING, calm={}))
    wild, calm = experiment.runs
    losses = [row["loss"] for row in rows_of(store, wild.id)]
    first = next(number for number, loss in enumerate(losses, start=1) if not math.isfinite(loss))
    assert len(losses) == wild.steps == first + 2
    assert wild.status is Status.FAILED and wild.test_accuracy is None
    assert wild.error is not None and f"not a finite number since step {first}. Lower the learning rate" in wild.error
    assert any(math.isinf(row["grad_norm"]) or math.isnan(row["grad_norm"]) for row in rows_of(store, wild.id))
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
    losses = [row["loss"] for row in rows_of(store, run.id)]
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


def test_a_stop_is_heard_where_an_epoch_is_over_before_the_next_look(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each evaluation writes what was measured, and put off the look at what is asked, for ever."""
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.1)
    experiment_id = claim(store, tiny({"training.epochs": 200}))
    thread = threading.Thread(target=run_experiment, args=(store, experiment_id, StopSignal(), Worker.of()))
    thread.start()
    until(lambda: store.experiment(experiment_id).step >= 1)
    store.request(experiment_id, "stop")
    thread.join(60)
    assert not thread.is_alive() and store.experiment(experiment_id).status is Status.STOPPED


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
        asked = [request.kind for request in store.requested(experiment_id)]
        assert asked == ["learning_rate", "threshold"], "they wait for an update, the pause is done"
        store.request(experiment_id, "resume")
        until(lambda: store.experiment(experiment_id).step >= step + 3)
        until(lambda: store.requested(experiment_id) == [])
        assert store.experiment(experiment_id).status is Status.RUNNING
    finally:
        store.request(experiment_id, "stop")
        thread.join(20)
    experiment = store.experiment(experiment_id)
    assert experiment.status is Status.STOPPED and {run.status for run in experiment.runs} == {Status.STOPPED}
    for run_id, rate in [(one, config.training.learning_rate), (two, 0.5)]:
        before, after = rows_of(store, run_id)[:step], rows_of(store, run_id)[step:]
        assert {(row["learning_rate"], row["threshold"]) for row in before} == {(config.training.learning_rate, 1.0)}
        assert {(row["learning_rate"], row["threshold"]) for row in after} == {(rate, 0.01)}
        assert all(row["grad_norm_clipped"] <= 0.01 for row in after)
        made = {change.words: change.step for change in changes(store, store.run(run_id))}
        own = {f"rate {config.training.learning_rate:g} → 0.5": step + 1} if run_id == two else {}
        assert made == {"threshold 1 → 0.01": step + 1, **own}
        assert load_model(home / "experiments" / experiment_id / run_id).config.runs[0].name in {"one", "two"}
    assert all(item.part == "validation" for item in store.evaluations(one))


def test_a_change_is_in_a_checkpoint_before_it_is_struck_from_what_was_asked(
    store: Store, tiny: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before that, the next worker hears of it again; after that, it goes on with it."""
    experiment_id, kept, obeyed = claim(store, tiny()), [], Store.obeyed

    def look(own: Store, experiment: str, struck: tuple[int, ...]) -> None:
        kept.append(load_checkpoint(home / "experiments" / experiment / "checkpoint.pt")["step"])
        obeyed(own, experiment, struck)

    monkeypatch.setattr(Store, "obeyed", look)
    store.request(experiment_id, "learning_rate", 0.5)
    (run,) = run_experiment(store, experiment_id, StopSignal(), Worker.of()).runs
    assert [change.step for change in changes(store, run)] == [2] and kept == [2]


def test_single_updates_are_those_of_a_training_that_never_paused(store: Store, tiny: Any) -> None:
    config = with_runs(tiny(), one={}, two={"training.learning_rate": 0.1})
    whole = train(store, config)
    experiment_id = claim(store, config)
    store.request(experiment_id, "step")  # of what trains: it pauses
    thread = threading.Thread(target=run_experiment, args=(store, experiment_id, StopSignal(), Worker.of()))
    thread.start()

    def written() -> list[int]:
        return [len(rows_of(store, run.id)) for run in store.experiment(experiment_id).runs]

    try:
        for steps in (2, 3):
            until(lambda steps=steps: written() == [steps, steps])
            time.sleep(3 * reporting.PAUSE_POLL_SECONDS)
            assert written() == [steps, steps], "one update each, of both"
            assert store.experiment(experiment_id).status is Status.PAUSED
            store.request(experiment_id, "step")
        until(lambda: written() == [4, 4])
    finally:
        store.request(experiment_id, "resume")
        thread.join(20)
    assert store.experiment(experiment_id).status is Status.FINISHED
    for stepped, reference in zip(store.experiment(experiment_id).runs, whole.runs, strict=True):
        assert rows_without_times(store, stepped.id) == rows_without_times(store, reference.id)


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
        saved.append((state["step"], len(rows_of(store, run_id))))

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
        told.append((progress.step, len(rows_of(own, run_id))))
        return heartbeat(own, experiment_id, progress, by)

    monkeypatch.setattr(Store, "write_steps", slowly)
    monkeypatch.setattr(Store, "heartbeat", beat)
    assert train(store, tiny()).status is Status.FINISHED
    assert len({step for step, _ in told}) > 3 and all(step <= written for step, written in told)


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
