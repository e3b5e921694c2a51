"""What crashes leave behind goes when the app starts; what somebody may still want stays."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete

from sentiment_core.array_files import read_cache
from sentiment_core.artifacts import place
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker
from sentiment_core.store.schema import experiments
from sentiment_core.work.leftovers import ABANDONED_SECONDS, DAY_SECONDS, KEPT_DAYS, SETTLED_SECONDS, collect
from ui.server import backend


def write(path: Path, age: float) -> Path:
    """Make a file, its folder as well, last touched `age` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    aged(path, age)
    return path


def aged(path: Path, age: float) -> None:
    for each in (*path.parent.iterdir(), path.parent):
        os.utime(each, (time.time() - age,) * 2)


def experiment(store: Store, status: Status) -> Path:
    """Make an experiment of this status with its folder, a model and a checkpoint cut short 2 minutes ago."""
    created = store.create_experiment(ExperimentConfig())
    store.claim_experiment(created.id, Worker.of())
    store.set_status(created.id, status)
    place = store.folder_of(created.id)
    write(place / f"{created.id}-1" / "model.safetensors", 2 * SETTLED_SECONDS)
    write(place / f"{created.id}-1" / ".a1b2.safetensors", 2 * SETTLED_SECONDS)
    write(place / "checkpoint.pt", 2 * SETTLED_SECONDS)
    write(place / ".xyz.pt", 2 * SETTLED_SECONDS)
    return place


def names(place: Path) -> set[str]:
    return {path.name for path in place.rglob("*") if path.is_file()}


WHOLE = {"model.safetensors", "checkpoint.pt", "store.txt"}


@pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.FINISHED, Status.STOPPED, Status.FAILED])
def test_half_written_files_of_an_experiment_that_ended(store: Store, status: Status) -> None:
    place = experiment(store, status)
    assert sorted(path.name for path in collect(store)) == [".a1b2.safetensors", ".xyz.pt"]
    assert names(place) == WHOLE
    assert collect(store) == []


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.QUEUED])
def test_a_living_worker_keeps_its_files(store: Store, status: Status) -> None:
    place = experiment(store, status)
    before = names(place)
    assert collect(store) == []
    assert names(place) == before


def test_a_status_of_another_version_may_be_a_living_workers(store: Store) -> None:
    place = experiment(store, Status.INTERRUPTED)
    with store._write() as connection:
        connection.exec_driver_sql("UPDATE experiments SET status = 'resting'")
    assert collect(store) == [] and len(names(place)) == 5


def forget(store: Store, place: Path) -> None:
    with store._write() as connection:
        connection.execute(delete(experiments).where(experiments.c.id == place.name))


def test_the_folder_of_a_deleted_experiment(store: Store) -> None:
    kept, gone = experiment(store, Status.FINISHED), experiment(store, Status.FINISHED)
    forget(store, gone)
    assert gone in collect(store)
    assert not gone.exists() and names(kept) == WHOLE


def cache(room: str, name: str, days: float) -> Path:
    path = place(room, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, ids=np.zeros(1000, dtype=np.int32))
    os.utime(path, (time.time() - days * DAY_SECONDS,) * 2)
    return path


def test_the_longest_unused_caches_go_where_they_take_too_much(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    oldest, old = cache("corpora", "a.npz", 9), cache("readings", "b.npz", 8)
    used, new, newest = cache("corpora", "c.npz", 7), cache("corpora", "d.npz", 0.5), cache("readings", "e.npz", 0)
    others = [cache("uploads", "f.npz", 99), cache("embeddings", "g.npz", 99), cache("datasets", "h.npz", 99)]
    others += [cache("experiments/1", "checkpoint.npz", 0.1)]
    assert collect(store) == []
    # Whoever reads one uses it.
    assert read_cache(used, lambda found: len(found["ids"])) == 1000
    monkeypatch.setattr("sentiment_core.work.leftovers.MOST_CACHED_BYTES", 4 * new.stat().st_size)
    assert collect(store) == [oldest]
    # What was used within a day stays, however little room there is.
    monkeypatch.setattr("sentiment_core.work.leftovers.MOST_CACHED_BYTES", 0)
    assert collect(store) == [old]
    assert all(path.exists() for path in (used, new, newest, *others))
    assert read_cache(oldest, dict) is None


def test_a_folder_that_is_still_written_to_is_left_alone(store: Store) -> None:
    gone = experiment(store, Status.FINISHED)
    forget(store, gone)
    (gone / "worker.log").write_text("still here")
    assert collect(store) == [] and gone.exists()


def test_another_stores_experiments_in_the_same_home_are_left_alone(store: Store, tmp_path: Path) -> None:
    """Whoever opens the app once with another store must not lose the models of the first."""
    mine = experiment(store, Status.FINISHED)
    with Store(f"sqlite:///{tmp_path}/other.sqlite3") as other:
        theirs = experiment(other, Status.FINISHED)
        unmarked = experiment(other, Status.FINISHED)
        (unmarked / "store.txt").unlink()
        forget(other, unmarked)
        aged(unmarked / "checkpoint.pt", 2 * SETTLED_SECONDS)
        assert {path.parent for path in collect(store) if path.name == ".xyz.pt"} == {mine}
        assert names(theirs) >= WHOLE and names(unmarked) >= WHOLE - {"store.txt"}
        assert theirs / ".xyz.pt" in collect(other)
        assert names(mine) == WHOLE


def test_a_fresh_store_where_one_was_moved_away_takes_nothing_from_it(store: Store, home: Path) -> None:
    """Our own advice for a damaged store; its backup must find the models when it comes back."""
    place = experiment(store, Status.FINISHED)
    store.close()
    file = home / "store.sqlite3"
    file.rename(home / "damaged.sqlite3")
    with Store() as fresh:
        assert place not in collect(fresh) and names(place) >= WHOLE
    file.unlink()
    (home / "damaged.sqlite3").rename(file)
    with Store() as back:
        assert back.owns(place)
        forget(back, place)
        assert place in collect(back)


def test_a_store_of_an_earlier_version_gets_its_token(store: Store, home: Path) -> None:
    with store._write() as connection:
        connection.exec_driver_sql("DROP TABLE store_identity")
    with Store() as later, Store() as again:
        place = experiment(later, Status.FINISHED)
        assert again.owns(place) and not store.owns(place)


def test_a_home_that_was_moved_keeps_its_mark(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = experiment(store, Status.FINISHED).name
    store.close()
    moved = home.with_name("moved")
    home.rename(moved)
    monkeypatch.setenv("SENTIMENT_HOME", str(moved))
    with Store() as opened:
        assert opened.owns(moved / "experiments" / name)


UNFINISHED = [
    "corpora/.abc.npz",
    "readings/.abc.npz",
    "embeddings/.random-0123-xyz/matrix.npy",
    "datasets/imdb-0123.tar.gz.part",
    "datasets/imdb-0123.tmp",
    "uploads/0123.csv.part",
    "work/test-0123/.result-abc.json",
]


@pytest.mark.parametrize("name", UNFINISHED)
def test_files_without_a_known_writer_go_when_nobody_touched_them_for_a_day(
    store: Store, home: Path, name: str
) -> None:
    finished = write((home / name).parent.parent / "whole" / "matrix.npy", 2 * ABANDONED_SECONDS)
    path = write(home / name, ABANDONED_SECONDS / 2)
    assert collect(store) == [] and path.exists(), "a download goes on from here, a writer may be slow"
    aged(path, 2 * ABANDONED_SECONDS)
    assert len(collect(store)) == 1
    assert not path.exists() and finished.exists()


def test_what_a_link_points_to_is_left_alone(store: Store, home: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / ".precious", 2 * ABANDONED_SECONDS)
    (home / "corpora").mkdir()
    (home / "corpora" / ".link").symlink_to(outside)
    (home / "experiments").mkdir()
    (home / "experiments" / "0123").symlink_to(outside.parent)
    assert collect(store) == [] and outside.exists()


def test_what_cannot_be_removed_stops_nothing(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (write(home / "uploads" / name, 2 * ABANDONED_SECONDS) for name in ("a.csv.part", "b.csv.part"))
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == first:
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert collect(store) == [second]
    assert f"cannot remove {first}" in caplog.text


def test_the_queue_is_looked_after_whatever_becomes_of_leftovers(
    run_async: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def refuse(_store: Store) -> None:
        raise PermissionError(13, "Permission denied", "jobs")

    monkeypatch.setattr(backend, "warm_up", lambda: None)
    monkeypatch.setattr(backend, "collect", refuse)
    monkeypatch.setattr(backend, "_look_after", lambda: looked.append(True))

    async def start() -> None:
        async with backend.serve(None):
            while not looked:
                await asyncio.sleep(0.01)

    run_async(asyncio.wait_for(start(), 10))


def test_the_app_collects_when_it_starts(run_async: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    place = experiment(store, Status.INTERRUPTED)
    monkeypatch.setattr(backend, "warm_up", lambda: None)

    async def start() -> None:
        async with backend.serve(None):
            while (place / ".xyz.pt").exists():
                await asyncio.sleep(0.01)

    run_async(asyncio.wait_for(start(), 20))
    assert names(place) == WHOLE


def calculation(store: Store, number: int, status: Status, age: float) -> Path:
    """Make a calculation of this status, whose result was last read `age` seconds ago."""
    work_id = f"test-{number:032x}"
    store.ask("test", work_id, '{"text": "what a visitor asked"}', False, None, again=False)
    store.set_status(work_id, status)
    return write(store.folder_of(work_id) / "result.json", age).parent


MONTH = KEPT_DAYS * ABANDONED_SECONDS


def test_results_go_a_month_after_they_were_last_read_and_what_was_asked_with_them(store: Store) -> None:
    fresh = calculation(store, 1, Status.FINISHED, MONTH / 2)
    old = [calculation(store, 2, Status.FINISHED, 1.1 * MONTH), calculation(store, 3, Status.FAILED, 1.1 * MONTH)]
    running = calculation(store, 4, Status.RUNNING, 1.1 * MONTH)
    assert sorted(collect(store)) == sorted(old)
    assert {each.id for each in store.calculations()} == {fresh.name, running.name}
    assert names(fresh) == names(running) == {"result.json", "store.txt"}


def test_what_ended_without_files_is_forgotten_too(store: Store) -> None:
    for number, status in enumerate((Status.STOPPED, Status.FINISHED, Status.QUEUED, Status.RUNNING)):
        store.ask("test", f"test-{number}", "{}", False, None, again=False)
        store.set_status(f"test-{number}", status)
    kept = calculation(store, 4, Status.FAILED, 2 * SETTLED_SECONDS)
    collect(store)
    assert {each.id for each in store.calculations()} == {"test-2", "test-3", kept.name}


def test_the_folder_of_a_calculation_that_is_gone(store: Store) -> None:
    place = calculation(store, 1, Status.FINISHED, 2 * SETTLED_SECONDS)
    store.forget_calculations([place.name])
    assert collect(store) == [place]


def test_what_calculations_once_kept_in_files_goes(store: Store, home: Path) -> None:
    write(home / "jobs" / "0123" / "arguments.json", 2 * ABANDONED_SECONDS)
    aged(home / "jobs" / "0123", 2 * ABANDONED_SECONDS)
    assert collect(store) == [home / "jobs"] and not (home / "jobs").exists()
