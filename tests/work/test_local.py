"""Workers as processes: started once, found again, and never lost silently, however they end.

Longer than other files: one executor and every way in which a process can end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, NotFoundError, StoreUnavailableError
from sentiment_core.machine import cores
from sentiment_core.metrics import Status
from sentiment_core.processes import find_process, this_machine
from sentiment_core.store import Experiment, Places, Store, Worker
from sentiment_core.work.executors import Executor
from sentiment_core.work.executors import local as local_module
from sentiment_core.work.executors.local import LocalExecutor, shared_places, worker_command
from tests.forks import StartCode

ROOT = Path(__file__).resolve().parents[2]
HOST = this_machine()

# A worker in few lines: notes that it was launched, then behaves as the first argument says.
WORKER = """if True:
    import os, pathlib, signal, subprocess, sys, time
    behaviour, experiment_id = sys.argv[1:]
    folder = pathlib.Path(os.environ["SENTIMENT_HOME"]) / "experiments" / experiment_id
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "helper").write_text(str(helper.pid))
    with (folder / "launches").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if behaviour in ("sleep", "stubborn"):
        time.sleep(60)
    if behaviour == "crash":
        print("first line\\nNumericalWoe: the loss is purple", flush=True)
        sys.exit(3)
    if behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    from sentiment_core.metrics import Status
    from sentiment_core.store import Store
    with Store() as store:
        while store.experiment(experiment_id).worker is None:
            time.sleep(0.01)
        assert store.experiment(experiment_id).worker.pid == os.getpid()
        store.set_status(experiment_id, Status.FINISHED)
    print(os.environ["OMP_NUM_THREADS"], os.getsid(0) == os.getpid(), os.getcwd())
"""

MakeExecutor = Callable[..., LocalExecutor]


def command(behaviour: str) -> Callable[[str], list[str]]:
    return lambda experiment_id: [sys.executable, "-c", WORKER, behaviour, experiment_id]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path))
    monkeypatch.delenv("SENTIMENT_STORE_URL", raising=False)
    monkeypatch.delenv("SENTIMENT_MAX_WORKERS", raising=False)
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store() as opened:
        yield opened
    # Only what this process launched: the store may name any process as a worker, even the one that runs the tests.
    for child in local_module._children.values():
        child.kill()
        child.wait(10)
    local_module._children.clear()


@pytest.fixture
def experiment_id(store: Store) -> str:
    return store.create_experiment(ExperimentConfig()).id


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def launches(home: Path, experiment_id: str) -> list[int]:
    path = home / "experiments" / experiment_id / "launches"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def started(home: Path, executor: LocalExecutor, store: Store, experiment_id: str) -> Worker:
    executor.submit(experiment_id)
    until(lambda: len(launches(home, experiment_id)) == 1)
    worker = store.experiment(experiment_id).worker
    assert worker is not None
    return worker


def settled(executor: LocalExecutor, store: Store, experiment_id: str) -> Experiment:
    def ended() -> bool:
        executor.reconcile()
        return not store.experiment(experiment_id).status.is_active

    until(ended)
    return store.experiment(experiment_id)


def test_the_worker_is_launched_detached_with_a_log(
    store: Store, experiment_id: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    executor: Executor = LocalExecutor(store, 1, command("finish"))
    executor.submit(experiment_id)
    until(lambda: store.experiment(experiment_id).status is Status.FINISHED)
    worker = store.experiment(experiment_id).worker
    assert worker is not None
    until(lambda: find_process(worker) is None)
    log = (home / "experiments" / experiment_id / "worker.log").read_text()
    assert log == f"1 True {elsewhere}\n"
    executor.reconcile()
    assert store.experiment(experiment_id).status is Status.FINISHED
    assert not psutil.pid_exists(worker.pid), "an ended child must not stay a zombie"


def test_the_real_command_finds_the_package_from_anywhere(tmp_path: Path) -> None:
    training = ["sentiment_core.work", "sentiment_core.work.kinds:TRAIN", "abc"]
    assert worker_command("abc")[-4:] == ["-m", *training]
    assert worker_command("baselines-0a")[-2:] == ["sentiment_core.baselines:BASELINES", "baselines-0a"]
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong module')")
    environment = {**os.environ, "PYTHONPATH": local_module.python_path()}
    code = "import random, sentiment_core; print(sentiment_core.__file__)"
    python = worker_command("abc")[:2]
    output = subprocess.run([*python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert Path(output.stdout.decode().strip()).is_relative_to(ROOT)


def test_the_queue_waits_for_room(store: Store, home: Path) -> None:
    executor = LocalExecutor(store, 1, command("sleep"))
    first, second = (store.create_experiment(ExperimentConfig()).id for _ in range(2))
    executor.submit(first)
    executor.submit(second)
    assert store.experiment(second).status is Status.QUEUED
    until(lambda: len(launches(home, first)) == 1)
    os.kill(launches(home, first)[0], signal.SIGKILL)
    settled(executor, store, first)
    until(lambda: len(launches(home, second)) == 1)
    assert store.experiment(second).status is Status.RUNNING


def test_many_threads_launch_one_worker(store: Store, experiment_id: str, home: Path) -> None:
    executors = [LocalExecutor(store, 4, command("sleep")) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda executor: executor.submit(experiment_id), executors))
    until(lambda: len(launches(home, experiment_id)) >= 1)
    time.sleep(0.2)
    assert len(launches(home, experiment_id)) == 1


def test_many_processes_launch_one_worker(store: Store, experiment_id: str, home: Path, start_code: StartCode) -> None:
    code = """if True:
        import pathlib, sys, time
        from sentiment_core.work.executors.local import LocalExecutor
        from sentiment_core.store import Store
        worker, experiment_id, gate = sys.argv[1:]
        with Store() as store:
            executor = LocalExecutor(store, 4, lambda id_: [sys.executable, "-c", worker, "sleep", id_])
            print("ready", flush=True)
            while not pathlib.Path(gate).exists(): time.sleep(0.001)
            executor.submit(experiment_id)"""
    gate = home / "gate"
    servers = [start_code(code, WORKER, experiment_id, str(gate)) for _ in range(4)]
    for server in servers:
        server.stdout.readline()
    gate.touch()
    for server in servers:
        server.finish()
    until(lambda: len(launches(home, experiment_id)) >= 1)
    time.sleep(0.2)
    # The server that launched it has ended: the worker lives on and any other server finds it again.
    executor = LocalExecutor(store, 4)
    try:
        executor.reconcile()
        adopted = store.experiment(experiment_id)
        assert adopted.status is Status.RUNNING
        assert adopted.worker is not None
        assert launches(home, experiment_id) == [adopted.worker.pid]
    finally:
        executor.terminate(experiment_id)
    assert store.experiment(experiment_id).status is Status.STOPPED
    assert find_process(adopted.worker) is None


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("killed", ["at step 7", "killed, perhaps because memory ran out", "Resume continues"]),
        ("segfault", ["at step 7", "SIGSEGV", "Resume continues"]),
        ("crash", ["at step 7", "Resume continues", "NumericalWoe: the loss is purple"]),
    ],
)
def test_a_worker_that_dies_is_noticed(store: Store, experiment_id: str, behaviour: str, words: list[str]) -> None:
    store.update_run(f"{experiment_id}-1", steps=7)
    executor = LocalExecutor(store, 1, command(behaviour))
    executor.submit(experiment_id)
    ended = settled(executor, store, experiment_id)
    assert ended.status is Status.INTERRUPTED
    assert [run.status for run in ended.runs] == [Status.INTERRUPTED]
    for part in words:
        assert part in (ended.error or "")


def test_an_interrupted_experiment_runs_again(store: Store, experiment_id: str, home: Path) -> None:
    settled_by = LocalExecutor(store, 1, command("killed"))
    settled_by.submit(experiment_id)
    settled(settled_by, store, experiment_id)
    store.requeue(experiment_id)
    LocalExecutor(store, 1, command("finish")).submit(experiment_id)
    until(lambda: store.experiment(experiment_id).status is Status.FINISHED)
    assert len(launches(home, experiment_id)) == 2


def test_a_stopped_worker_is_stopped_not_interrupted(store: Store, experiment_id: str, home: Path) -> None:
    """A SIGTERM before the worker's handler is installed ends it with -15, whether it read the request or not."""
    executor = LocalExecutor(store, 1, command("sleep"))
    worker = started(home, executor, store, experiment_id)
    store.request(experiment_id, "stop")
    os.kill(worker.pid, signal.SIGTERM)
    ended = settled(executor, store, experiment_id)
    assert (ended.status, ended.error) == (Status.STOPPED, None)


def test_terminate_ends_a_willing_worker_quickly(store: Store, experiment_id: str, home: Path) -> None:
    executor = LocalExecutor(store, 1, command("sleep"))
    worker = started(home, executor, store, experiment_id)
    before = time.monotonic()
    executor.terminate(experiment_id, grace=10)
    assert time.monotonic() - before < 3
    assert find_process(worker) is None
    assert store.experiment(experiment_id).status is Status.STOPPED
    executor.terminate(experiment_id)


def test_terminate_kills_a_stubborn_worker_with_what_it_started(store: Store, experiment_id: str, home: Path) -> None:
    executor = LocalExecutor(store, 1, command("stubborn"))
    worker = started(home, executor, store, experiment_id)
    helper = Worker.of(int((home / "experiments" / experiment_id / "helper").read_text()))
    executor.terminate(experiment_id, grace=0.2)
    assert find_process(worker) is None
    until(lambda: find_process(helper) is None)
    assert store.experiment(experiment_id).status is Status.STOPPED


def test_terminate_in_the_queue(store: Store, experiment_id: str) -> None:
    executor = LocalExecutor(store, 1, command("sleep"))
    executor.terminate(experiment_id)
    assert store.experiment(experiment_id).status is Status.STOPPED
    with pytest.raises(NotFoundError):
        executor.terminate("nonsense")
    with pytest.raises(NotFoundError):
        executor.submit("nonsense")


def test_a_process_that_only_has_the_number_is_left_alone(store: Store, experiment_id: str) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        past = replace(Worker.of(bystander.pid), started=Worker.of(bystander.pid).started - 100)
        store.claim_experiment(experiment_id, past)
        executor = LocalExecutor(store, 1)
        executor.terminate(experiment_id, grace=0.1)
        assert bystander.poll() is None
        assert store.experiment(experiment_id).status is Status.STOPPED
        store.claim_experiment(experiment_id, past)
        executor.reconcile()
        assert store.experiment(experiment_id).status is Status.INTERRUPTED
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_zombie_is_dead(store: Store, experiment_id: str) -> None:
    zombie = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    worker = Worker.of(zombie.pid)
    store.claim_experiment(experiment_id, worker)
    executor = LocalExecutor(store, 1)
    executor.reconcile()
    assert store.experiment(experiment_id).status is Status.RUNNING
    zombie.kill()
    until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    executor.reconcile()
    assert store.experiment(experiment_id).status is Status.INTERRUPTED
    zombie.communicate()


def test_a_worker_that_cannot_be_started_interrupts_its_experiment_only(store: Store, experiment_id: str) -> None:
    LocalExecutor(store, 1, lambda _: ["/nonexistent/python"]).submit(experiment_id)
    broken = store.experiment(experiment_id)
    assert broken.status is Status.INTERRUPTED, "nothing about the experiment is wrong"
    told = "Its worker could not be started on this machine: No such file or directory. Resume continues"
    assert (broken.error or "").startswith(told)


def test_a_click_while_the_store_is_locked_is_not_lost(
    store: Store, experiment_id: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> Any:
        raise StoreUnavailableError("locked")

    executor = LocalExecutor(store, 1, command("sleep"))
    with monkeypatch.context() as patch:
        patch.setattr(store, "claim", locked)
        executor.submit(experiment_id)
    assert store.experiment(experiment_id).status is Status.QUEUED
    with monkeypatch.context() as patch:
        patch.setattr(store, "set_worker", locked)
        executor.reconcile()
    until(lambda: len(launches(home, experiment_id)) == 1)
    assert store.experiment(experiment_id).status is Status.RUNNING, "the worker says itself who it is"


def test_the_folder_of_the_log_cannot_be_made(store: Store, experiment_id: str, home: Path) -> None:
    (home / "experiments").write_text("in the way")
    LocalExecutor(store, 1, command("sleep")).submit(experiment_id)
    assert "could not be started" in (store.experiment(experiment_id).error or "")


def test_room_for_workers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LocalExecutor(store).places == shared_places(max(1, cores() // 2) + 1)
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "3")
    assert LocalExecutor(store).places == Places(3, 2), "one is kept free of what takes hours"
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "1")
    assert LocalExecutor(store).places == Places(1, 1)
    for text in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("SENTIMENT_MAX_WORKERS", text)
        with pytest.raises(ConfigError, match="SENTIMENT_MAX_WORKERS"):
            LocalExecutor(store)


def test_reconcile_is_cheap(store: Store, experiment_id: str) -> None:
    store.claim_experiment(experiment_id, Worker.of())
    executor = LocalExecutor(store, 1)
    executor.reconcile()
    before = time.process_time()
    for _ in range(20):
        executor.reconcile()
    assert (time.process_time() - before) / 20 < 0.02


def test_last_words_are_no_progress_report(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("2026-01-01 WARNING the disk is nearly full\n2026-01-01 INFO resuming at step 7\n\n")
    assert local_module._last_line(log) == "2026-01-01 WARNING the disk is nearly full"
    log.write_text("2026-01-01 INFO Loading glove-50 vectors\n")
    assert local_module._last_line(log) == ""
