"""The store: what is written is read back, by many processes at once, and every failure says what to do."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.errors import ConfigError, NotFoundError, StoreError
from sentiment_core.metrics import STEP_COLUMNS, Evaluation, Status, StepMetrics
from sentiment_core.store import Experiment, Progress, Store, Worker

ROOT = Path(__file__).resolve().parents[1]
TWIN = build(
    ExperimentConfig,
    {
        "name": "twin",
        "runs": [RunConfig(name="off"), RunConfig(name="on", overrides={"training.clipping": "norm"})],
    },
)
WORKER = Worker("host", 4711, 1234.5)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path))
    monkeypatch.delenv("SENTIMENT_STORE_URL", raising=False)
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store() as opened:
        yield opened


@pytest.fixture
def twin(store: Store) -> Experiment:
    return store.create_experiment(TWIN)


def step(number: int, loss: float = 0.5, **fields: float) -> StepMetrics:
    values = StepMetrics(number, 1, loss, 0.5, 1e-3, 2.0, 1.0, 0.3, 1.0, math.nan, 900, number * 0.1)
    return replace(values, **fields)


def same(left: object, right: object) -> bool:
    return repr(left) == repr(right)


def child(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()


# --- experiments and runs


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
    store.write_evaluations(run, [Evaluation(1, 1, "test", 0.5, 0.5)])
    store.request(twin.id, "pause")
    (home / "experiments" / twin.id).mkdir(parents=True)
    with pytest.raises(StoreError, match="stop it first"):
        store.delete_experiment(twin.id)
    store.set_status(twin.id, Status.FINISHED)
    store.delete_experiment(twin.id)
    with sqlite3.connect(home / "store.sqlite3") as raw:
        tables = ("experiments", "runs", "step_metrics", "evaluations", "requests")
        assert [raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * 5
    raw.close()
    assert not (home / "experiments" / twin.id).exists()


def test_a_configuration_of_another_version_is_left_out(store: Store, twin: Experiment, home: Path) -> None:
    kept = store.create_experiment(TWIN)
    raw = sqlite3.connect(home / "store.sqlite3")
    raw.execute("UPDATE experiments SET config = '{\"colour\": 1}' WHERE id = ?", [twin.id])
    raw.commit()
    raw.close()
    assert [experiment.id for experiment in store.experiments()] == [kept.id]


def test_text_that_databases_refuse_is_kept_readable(store: Store, twin: Experiment) -> None:
    store.set_status(twin.id, Status.FAILED, "cannot read caf\udce9\0.csv 😀")
    assert store.experiment(twin.id).error == "cannot read caf?.csv 😀"


# --- queue, workers, status


def test_queue_is_first_come_first_served(store: Store) -> None:
    first, second, third = (store.create_experiment(TWIN).id for _ in range(3))
    assert [store.queue_position(id_) for id_ in (first, second, third)] == [1, 2, 3]
    assert store.claim(2, "host", threads=1) == first
    assert [store.queue_position(id_) for id_ in (first, second, third)] == [None, 1, 2]
    claimed = store.experiment(first)
    assert (claimed.status, claimed.worker, claimed.threads) == (Status.RUNNING, None, 1)
    assert [run.status for run in claimed.runs] == [Status.RUNNING] * 2
    assert claimed.heartbeat is not None
    assert store.claim(1, "host") is None
    assert store.claim(1, "other host") == second
    store.set_status(first, Status.PAUSED)
    assert store.claim(1, "host") is None
    store.set_status(first, Status.FINISHED)
    assert store.claim(1, "host") == third
    assert store.claim(9, "host") is None


def test_resuming_goes_to_the_end_of_the_queue(store: Store) -> None:
    first, second = (store.create_experiment(TWIN).id for _ in range(2))
    store.claim(1, "host")
    store.update_run(f"{first}-1", status=Status.FINISHED)
    store.set_status(first, Status.INTERRUPTED, "gone")
    assert store.experiment(first).finished_at is not None
    store.requeue(first)
    resumed = store.experiment(first)
    assert (store.queue_position(first), store.queue_position(second)) == (2, 1)
    assert (resumed.error, resumed.finished_at, resumed.worker) == (None, None, None)
    assert [run.status for run in resumed.runs] == [Status.FINISHED, Status.QUEUED]
    with pytest.raises(StoreError, match="only stopped or interrupted"):
        store.requeue(second)


@pytest.mark.parametrize("claimants", ["threads", "processes"])
def test_each_experiment_is_claimed_once(store: Store, home: Path, claimants: str) -> None:
    ids = {store.create_experiment(TWIN).id for _ in range(6)}
    if claimants == "threads":
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _: store.claim(6, "host"), range(24)))
    else:
        code = """if True:
            import sys
            from sentiment_core.store import Store
            with Store() as store, open(sys.argv[1], "w") as file:
                for _ in range(6):
                    print(store.claim(6, "host"), file=file)"""
        children = [child(code, str(home / f"{number}.txt")) for number in range(4)]
        for process in children:
            finish(process)
        lines = "".join(path.read_text() for path in home.glob("*.txt")).split()
        taken = [None if line == "None" else line for line in lines]
    assert len(taken) == 24
    claimed = [id_ for id_ in taken if id_]
    assert len(claimed) == 6
    assert set(claimed) == ids


def test_room_is_counted_before_it_is_given_away(store: Store) -> None:
    for _ in range(6):
        store.create_experiment(TWIN)
    with ThreadPoolExecutor(8) as pool:
        taken = [id_ for id_ in pool.map(lambda _: store.claim(2, "host"), range(16)) if id_]
    assert len(taken) == 2


def test_the_command_line_claims_its_own(store: Store, twin: Experiment) -> None:
    assert store.claim_experiment(twin.id, WORKER)
    assert store.experiment(twin.id).worker == WORKER
    assert not store.claim_experiment(twin.id, WORKER)
    store.set_status(twin.id, Status.STOPPED)
    assert store.claim_experiment(twin.id, WORKER)
    store.set_status(twin.id, Status.FINISHED)
    assert not store.claim_experiment(twin.id, WORKER)


def test_a_lost_worker_learns_it_from_its_heartbeat(store: Store, twin: Experiment) -> None:
    store.claim(1, "host")
    assert store.set_worker(twin.id, WORKER)
    progress = Progress("training", "epoch 1", 0.5, 5, 10, 1, 1, 1e5, math.inf)
    assert store.heartbeat(twin.id, progress, WORKER)
    assert store.experiment(twin.id).progress == progress
    assert store.heartbeat(twin.id)
    assert not store.heartbeat(twin.id, worker=replace(WORKER, pid=1))
    assert not store.release(twin.id, None, Status.INTERRUPTED)
    assert store.release(twin.id, WORKER, Status.INTERRUPTED, "gone")
    assert not store.release(twin.id, WORKER, Status.INTERRUPTED, "gone")
    assert not store.heartbeat(twin.id, worker=WORKER)
    assert not store.set_worker(twin.id, WORKER)


def test_status_reaches_the_runs_that_have_not_ended(store: Store, twin: Experiment) -> None:
    store.claim(1, "host")
    store.update_run(twin.runs[0].id, status=Status.FAILED, error="diverged")
    for status in (Status.PAUSED, Status.RUNNING, Status.FINISHED):
        store.set_status(twin.id, status)
        assert [run.status for run in store.experiment(twin.id).runs] == [Status.FAILED, status]


# --- requests


def test_requests_are_taken_once_and_in_order(store: Store, twin: Experiment) -> None:
    store.claim(1, "host")
    assert store.take_requests(twin.id) == []
    store.request(twin.id, "pause")
    store.request(twin.id, "learning_rate", 0.1, twin.runs[1].id)
    store.request(twin.id, "resume")
    with ThreadPoolExecutor(4) as pool:
        taken = [request for part in pool.map(lambda _: store.take_requests(twin.id), range(8)) for request in part]
    assert [(request.kind, request.value, request.run_id) for request in taken] == [
        ("pause", None, None),
        ("learning_rate", 0.1, twin.runs[1].id),
        ("resume", None, None),
    ]


def test_impossible_requests_are_refused(store: Store, twin: Experiment) -> None:
    for kind in ("learning_rate", "threshold"):
        for value in (None, 0.0, -1.0, math.nan, math.inf, 1e300):
            with pytest.raises(ConfigError, match=f"{kind}: allowed: a number > 0"):
                store.request(twin.id, kind, value)
    with pytest.raises(ConfigError, match="explode"):
        store.request(twin.id, "explode")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        store.request(twin.id, "threshold", 1.0, store.create_experiment(TWIN).runs[0].id)
    store.set_status(twin.id, Status.FINISHED)
    with pytest.raises(StoreError, match="ended"):
        store.request(twin.id, "pause")


def test_stop_in_the_queue_stops_at_once(store: Store, twin: Experiment) -> None:
    store.request(twin.id, "stop")
    stopped = store.experiment(twin.id)
    assert (stopped.status, stopped.stop_requested) == (Status.STOPPED, True)
    assert store.claim(1, "host") is None
    store.requeue(twin.id)
    assert not store.experiment(twin.id).stop_requested


def test_old_requests_do_not_reach_a_resumed_experiment(store: Store, twin: Experiment) -> None:
    store.claim(1, "host")
    store.request(twin.id, "stop")
    store.set_status(twin.id, Status.INTERRUPTED)
    store.requeue(twin.id)
    assert store.take_requests(twin.id) == []


# --- measurements

EDGES = [math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1]


def test_values_that_are_not_finite_survive(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    written = [step(n, value, grad_norm=value, clip_cosine=value) for n, value in enumerate(EDGES, start=1)]
    store.write_steps({run: written})
    assert same(list(zip(*store.steps(run).values(), strict=True)), [astuple(row) for row in written])
    assert same(store.step_rows(run)[0]["loss"], math.nan)
    results = [Evaluation(1, 1, "validation", math.nan, 0.5), Evaluation(1, 1, "test", math.inf, math.nan)]
    store.write_evaluations(run, results)
    assert same(store.evaluations(run), results)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(), min_size=9, max_size=9), whole=st.integers(0, 2**31 - 1))
def test_any_number_survives(store: Store, twin: Experiment, values: list[float], whole: int) -> None:
    loss, accuracy, rate, norm, clipped, largest, cosine, threshold, seconds = values
    row = StepMetrics(1, 1, loss, accuracy, rate, norm, clipped, largest, cosine, threshold, whole, seconds)
    store.write_steps({twin.runs[0].id: [row]})
    (read,) = zip(*store.steps(twin.runs[0].id).values(), strict=True)
    # SQLite keeps no sign of zero; == does not look at it either.
    pairs = zip([value for value in read if isinstance(value, float)], values, strict=True)
    assert all(back == value or (math.isnan(back) and math.isnan(value)) for back, value in pairs)
    assert read[STEP_COLUMNS.index("tokens")] == whole


def test_numpy_numbers_are_kept_as_numbers(store: Store, twin: Experiment) -> None:
    import numpy as np

    row = replace(step(1), step=np.int64(3), loss=np.float32(0.5), tokens=np.int32(9))  # type: ignore[arg-type]
    store.write_steps({twin.runs[0].id: [row]})
    read = store.step_rows(twin.runs[0].id)[0]
    assert (read["step"], read["loss"], read["tokens"]) == (3, 0.5, 9)


def test_repeated_steps_replace_the_old_ones(store: Store, twin: Experiment) -> None:
    off, on = (run.id for run in twin.runs)
    store.write_steps({off: [step(n, 1.0) for n in range(1, 11)], on: [step(1, 3.0)]})
    store.write_steps({off: [step(n, 2.0) for n in range(6, 13)]})
    assert store.steps(off)["step"] == list(range(1, 13))
    assert store.steps(off)["loss"] == [1.0] * 5 + [2.0] * 7
    assert store.steps(on)["loss"] == [3.0]
    for loss in (0.9, 0.4):
        store.write_evaluations(off, [Evaluation(10, 1, "validation", loss, 0.5)])
    assert [result.loss for result in store.evaluations(off)] == [0.4]
    store.write_steps({})
    store.write_evaluations(off, [])


def test_steps_after_a_step(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    store.write_steps({run: [step(n) for n in range(1, 101)]})
    assert store.steps(run, after=97)["step"] == [98, 99, 100]
    assert store.steps(run, after=10, limit=2)["step"] == [11, 12]
    assert store.steps(run, after=100) == {name: [] for name in STEP_COLUMNS}


def test_a_failed_write_leaves_nothing_behind(store: Store, twin: Experiment) -> None:
    with pytest.raises(NotFoundError, match="deleted"):
        store.write_steps({twin.runs[0].id: [step(1)], "gone-1": [step(1)]})
    assert store.steps(twin.runs[0].id)["step"] == []


def test_clipped_share_counts_steps_that_clipping_changed(store: Store, twin: Experiment) -> None:
    off, on = (run.id for run in twin.runs)
    store.write_steps(
        {
            off: [step(1)],
            on: [
                step(1, threshold=1.0, grad_norm=2.0, grad_norm_clipped=1.0),
                step(2, threshold=1.0, grad_norm=0.5, grad_norm_clipped=0.5),
                step(3, threshold=1.0, grad_norm=1.00001, grad_norm_clipped=1.0),
                step(4, threshold=1.0, grad_norm=math.nan, grad_norm_clipped=math.nan, clip_cosine=math.nan),
                step(5, threshold=1.0, grad_norm=math.inf, grad_norm_clipped=1.0),
                step(6, threshold=1.0, grad_norm=1.0, grad_norm_clipped=1.0, clip_cosine=0.9),
                step(7, grad_norm=2.0, grad_norm_clipped=1.0),
            ],
        }
    )
    assert store.clipped_share(off) is None
    assert store.clipped_share(on) == 0.5


# --- several processes and threads

WRITER = """if True:
    import math, sys
    from sentiment_core.metrics import StepMetrics
    from sentiment_core.store import Store
    with Store() as store:
        for number in range(1, int(sys.argv[2]) + 1):
            row = StepMetrics(number, 1, math.nan, 0.5, 1e-3, 2.0, 1.0, 0.3, 1.0, math.nan, 9, 0.1)
            store.write_steps({sys.argv[1]: [row]})
            if number == 20: print("ready", flush=True)
"""


def test_writers_and_readers_do_not_disturb_each_other(store: Store) -> None:
    """One writer of four is killed in the middle; nobody sees an error and no step of the others is missing."""
    runs = [store.create_experiment(TWIN).runs[0].id for _ in range(4)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    victim, *others = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, run, "100000" if run == runs[0] else "150"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for run in runs
    ]
    done = threading.Event()

    def read() -> int:
        rounds = 0
        while not done.is_set():
            for run in runs:
                steps = store.steps(run)["step"]
                assert steps == list(range(1, len(steps) + 1))
            store.experiments()
            rounds += 1
        return rounds

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            victim.send_signal(signal.SIGKILL)
            for process in others:
                finish(process)
        finally:
            done.set()
            victim.kill()
            victim.communicate()
        assert all(reader.result() > 0 for reader in readers)
    assert len(store.steps(runs[0])["step"]) >= 20
    for run in runs[1:]:
        assert store.steps(run)["step"] == list(range(1, 151))


def test_a_fresh_store_can_be_opened_by_many_at_once(home: Path) -> None:
    children = [child("from sentiment_core.store import Store\nwith Store() as s: s.experiments()") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for opened in pool.map(lambda _: Store(), range(8)):
            opened.close()
    for process in children:
        finish(process)


def test_import_is_light() -> None:
    heavy = "{'torch', 'streamlit', 'pandas', 'sklearn', 'numpy'}"
    code = f"import sys, sentiment_core.executors.local\nassert not {heavy} & set(sys.modules)"
    finish(child(code))


# --- places that cannot be used


@pytest.mark.parametrize("place", ["/dev/null/lab", "/proc/lab"])
def test_a_home_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", place)
    with pytest.raises(StoreError, match="SENTIMENT_HOME"):
        Store()


def test_a_folder_in_place_of_the_file(home: Path) -> None:
    (home / "store.sqlite3").mkdir()
    with pytest.raises(StoreError, match="unable to open"):
        Store()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database(home: Path, content: bytes) -> None:
    (home / "store.sqlite3").write_bytes(content)
    with pytest.raises(StoreError, match=r"move it away|is another program's"):
        Store()
    assert (home / "store.sqlite3").read_bytes() == content


def test_a_damaged_store(home: Path) -> None:
    with Store() as store:
        run = store.create_experiment(TWIN).runs[0].id
        store.write_steps({run: [step(n) for n in range(1, 5000)]})
    path = home / "store.sqlite3"
    content = bytearray(path.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), Store() as store:
        store.steps(run)


def test_the_database_of_another_program(home: Path) -> None:
    raw = sqlite3.connect(home / "store.sqlite3")
    raw.execute("CREATE TABLE runs (id)")
    raw.close()
    with pytest.raises(StoreError, match="another program's"):
        Store()


def test_a_store_of_a_newer_version(home: Path) -> None:
    Store().close()
    raw = sqlite3.connect(home / "store.sqlite3")
    raw.execute("UPDATE sentiment_lab SET version = 99")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match=r"newer version \(store version 99"):
        Store()


def test_a_full_disk(store: Store, twin: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    run = twin.runs[0].id
    store.write_steps({run: [step(1)]})
    with store._read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match=r"full.*Free some space"):
        store.write_steps({run: [step(n) for n in range(2, 5000)]})
    assert store.steps(run)["step"] == [1]
    with store._read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    store.write_steps({run: [step(2)]})
    assert store.steps(run)["step"] == [1, 2]


def test_a_lock_that_is_never_given_back(store: Store, twin: Experiment, home: Path) -> None:
    with store._read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    raw = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another program holds the file"):
        store.set_status(twin.id, Status.FAILED)
    assert store.experiment(twin.id).status is Status.QUEUED
    raw.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "postgresql+nodriver://x/y", "sqlite:////dev/null/x/store"])
def test_a_store_url_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SENTIMENT_STORE_URL", url)
    with pytest.raises(StoreError):
        Store()


def test_a_store_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "odd % name?.db"
    with Store(f"sqlite:///{tmp_path}/plain.db") as store:
        assert store.url == f"sqlite:///{tmp_path}/plain.db"
    monkeypatch.setenv("SENTIMENT_HOME", str(place))
    with Store() as store, Store(store.url) as again:
        assert again.experiment(store.create_experiment(TWIN).id).name == "twin"
    assert (place / "store.sqlite3").exists()


def test_the_journal_is_written_ahead(store: Store, home: Path) -> None:
    with store._read() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        settings += [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "busy_timeout")]
    assert settings == ["wal", 1, 1, 5000]
