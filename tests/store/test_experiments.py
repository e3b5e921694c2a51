"""Experiments and runs: created, listed, renamed, deleted."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sentiment_core.errors import ConfigError, NotFoundError, StoreError
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.steps.quantities import Diagnostic
from sentiment_core.store import Experiment, Store, Worker
from tests.store.shared import TWIN, step


def test_created_experiment_is_queued_with_resolved_runs(store: Store, twin: Experiment) -> None:
    assert len(twin.id) == 8
    assert twin.status is Status.QUEUED
    assert twin.config == TWIN
    assert twin.worker is twin.heartbeat is twin.progress is twin.started_at is None
    assert [(run.id, run.name, run.position) for run in twin.runs] == [
        (f"{twin.id}-1", "off", 1),
        (f"{twin.id}-2", "on", 2),
    ]
    assert [run.config.training.clipping for run in twin.runs] == ["none", "norm"]
    assert twin.runs[0].tokens_per_second == 0
    assert abs(twin.created_at - time.time()) < 10
    assert store.run(twin.runs[1].id) == twin.runs[1]


def test_experiments_are_listed_newest_first(store: Store) -> None:
    ids = [store.create_experiment(TWIN).id for _ in range(5)]
    assert [experiment.id for experiment in store.experiments()] == ids[::-1]
    assert [experiment.id for experiment in store.experiments(limit=2)] == ids[:2:-1]


def test_experiments_created_together_wait_in_their_order_or_are_held(store: Store) -> None:
    made = store.create_experiments([TWIN.model_copy(update={"seed": seed}) for seed in (3, 1, 2)], "It helps.")
    assert [(each.config.seed, each.prediction) for each in made] == [
        (3, "It helps."),
        (1, "It helps."),
        (2, "It helps."),
    ]
    assert [store.queue_position(each.id) for each in made] == [1, 2, 3]
    assert [each.id for each in store.experiments()] == [each.id for each in reversed(made)]
    worker = Worker("here", 7, 7.0)
    (held,) = store.create_experiments([TWIN], worker=worker)
    assert (held.status, held.worker, store.queue_position(held.id)) == (Status.RUNNING, worker, None)


def test_of_experiments_created_together_all_are_there_or_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment_core.store.experiments.secrets.token_hex", lambda size: "0a" * size)
    with pytest.raises(IntegrityError):
        store.create_experiments([TWIN, TWIN])
    assert store.experiments() == []


def test_unknown_ids_are_named(store: Store) -> None:
    for ask in (store.experiment, store.run, store.delete_experiment, store.requeue):
        with pytest.raises(NotFoundError, match="nonsense"):
            ask("nonsense")
    with pytest.raises(NotFoundError, match="nonsense"):
        store.set_status("nonsense", Status.FAILED)
    with pytest.raises(NotFoundError, match="nonsense"):
        store.update_run("nonsense", steps=1)
    with pytest.raises(NotFoundError, match="nonsense"):
        store.rename_experiment("nonsense", "x")
    with pytest.raises(NotFoundError):
        store.write_steps({"nonsense-1": [step(1)]})
    assert store.queue_position("nonsense") is None
    assert store.steps("nonsense")["step"] == []


def test_update_run_changes_what_it_names(store: Store, twin: Experiment) -> None:
    import numpy as np

    store.update_run(twin.runs[0].id, steps=np.int64(7), tokens=1000, seconds=2.0, test_accuracy=np.float32(0.5))
    run = store.run(twin.runs[0].id)
    assert (run.steps, run.tokens_per_second, run.test_accuracy) == (7, 500.0, 0.5)
    assert store.experiment(twin.id).step == 7
    with pytest.raises(TypeError, match="colour"):
        store.update_run(run.id, colour="red")


def test_rename_checks_the_name(store: Store, twin: Experiment) -> None:
    store.rename_experiment(twin.id, "  better  ")
    assert store.experiment(twin.id).name == "better"
    for name in ("", "   ", "x" * 500):
        with pytest.raises(ConfigError, match="name"):
            store.rename_experiment(twin.id, name)


def test_delete_takes_everything_along(store: Store, twin: Experiment, home: Path) -> None:
    run = twin.runs[0].id
    store.write_steps({run: [step(1)]})
    store.write_steps({}, [Diagnostic(run, 1, "ratio", 1.0)])
    store.write_evaluations(run, [Evaluation(1, 1, "test", 0.5, 0.5)])
    store.request(twin.id, "pause")
    (home / "experiments" / twin.id).mkdir(parents=True)
    with pytest.raises(StoreError, match="stop it first"):
        store.delete_experiment(twin.id)
    store.set_status(twin.id, Status.FINISHED)
    store.delete_experiment(twin.id)
    with store._read() as connection:
        tables = ("experiments", "runs", "step_metrics", "diagnostics", "evaluations", "requests")
        assert [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables] == [0] * 6
    assert not (home / "experiments" / twin.id).exists()


def test_a_configuration_of_another_version_is_left_out(store: Store, twin: Experiment) -> None:
    kept = store.create_experiment(TWIN)
    with store._write() as connection:
        connection.exec_driver_sql(f"UPDATE experiments SET config = '{{\"colour\": 1}}' WHERE id = '{twin.id}'")
    assert [experiment.id for experiment in store.experiments()] == [kept.id]


def test_text_that_databases_refuse_is_kept_readable(store: Store, twin: Experiment) -> None:
    store.set_status(twin.id, Status.FAILED, "cannot read caf\udce9\0.csv 😀")
    assert store.experiment(twin.id).error == "cannot read caf?.csv 😀"
