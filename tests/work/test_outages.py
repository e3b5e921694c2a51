"""Trainings whose store is away: they wait, lose nothing, and can be resumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.errors import DataError, StoreError, StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, outbox
from sentiment_core.store.database import Database
from sentiment_core.training import build as build_module
from sentiment_core.training import sentiment
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.trainer import Trainer
from sentiment_core.work import reporting
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.work.shared import claim, rows_without_times, train, with_runs

pytestmark = pytest.mark.usefixtures("write_every_step")


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
