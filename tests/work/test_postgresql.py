"""Background work on PostgreSQL: training, a calculation, cancelling, deleting, several servers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.artifacts import MODEL, work_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.processes import find_process
from sentiment_core.store import Store, rows_of
from sentiment_core.work.desk import Desk
from sentiment_core.work.executors import local, make_executor
from sentiment_core.work.kinds import Kind
from tests.forks import StartCode

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


def test_train_calculate_cancel_and_delete(
    store_url: str, short_kind: Kind[Any, Any], tiny: Callable[..., ExperimentConfig]
) -> None:
    with Store() as store:
        assert store.url == store_url
        desk = Desk(store, make_executor(store))

        def until(condition: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 90
            while not condition():
                assert time.monotonic() < deadline, store.active_work()
                desk.executor.reconcile()
                time.sleep(0.05)

        experiment = store.create_experiment(tiny({"training.epochs": 1}))
        run = experiment.runs[0].id
        desk.executor.submit(experiment.id)
        until(lambda: not store.experiment(experiment.id).status.is_active)
        trained = store.experiment(experiment.id)
        assert trained.status is Status.FINISHED, trained.error
        assert len(rows_of(store, run)) == trained.step > 0
        assert (work_place(experiment.id) / run / MODEL).exists()

        asked = short_kind.arguments(number=4, run=run)
        desk.submit(short_kind, asked)
        until(lambda: not desk.look(short_kind, asked).active)
        job = desk.look(short_kind, asked)
        assert job.result is not None and job.result.answer == 8, job

        endless = short_kind.arguments(seconds=60)
        running = desk.submit(short_kind, endless)
        until(lambda: desk.look(short_kind, endless).fraction is not None)
        worker = store.work(running.id).worker
        assert worker is not None
        desk.cancel(running.id)
        assert desk.look(short_kind, endless).status is Status.STOPPED and find_process(worker) is None

        store.delete_experiment(experiment.id)
        assert desk.look(short_kind, asked).status is None
        assert not work_place(experiment.id).exists() and not work_place(job.id).exists()
    for child in local._children.values():
        child.wait(10)


RECONCILER = """if True:
    import pathlib, sys, time
    from sentiment_core.store import Store
    from sentiment_core.work.executors.local import LocalExecutor
    from sentiment_core.work.kinds import register
    gate, launches = map(pathlib.Path, sys.argv[1:])
    register("job_kinds:SHORT")
    finish = "from sentiment_core.store import Store; from sentiment_core.metrics import Status; import sys;"
    finish += "Store().set_status(sys.argv[1], Status.FINISHED)"

    def command(work_id):
        with launches.open("a") as file:
            file.write(work_id + "\\n")
        return [sys.executable, "-c", finish, work_id]

    with Store() as store:
        executor = LocalExecutor(store, 2, command)
        print("ready", flush=True)
        while not gate.exists():
            time.sleep(0.001)
        while store.active_work():
            executor.reconcile()
"""


def test_two_servers_launch_each_piece_of_work_once(
    store_url: str,
    short_kind: Kind[Any, Any],
    tmp_path: Path,
    tiny: Callable[..., ExperimentConfig],
    start_code: StartCode,
) -> None:
    gate, launches = tmp_path / "gate", tmp_path / "launches"
    with Store() as store:
        asked = [store.create_experiment(tiny()).id for _ in range(2)]
        for number in range(4):
            asked.append(short_kind.id_of(short_kind.arguments(number=number)))
            store.ask(
                "test", asked[-1], short_kind.written(short_kind.arguments(number=number)), False, None, again=False
            )
        servers = [start_code(RECONCILER, str(gate), str(launches)) for _ in range(2)]
        for server in servers:
            server.stdout.readline()
        gate.touch()
        for server in servers:
            server.finish()
        assert sorted(launches.read_text().split()) == sorted(asked)
        assert {each.status for each in store.calculations()} == {Status.FINISHED}
