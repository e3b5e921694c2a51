"""Backups as docs/faults.md says: taken while everything runs, restored elsewhere; and two servers on one home."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sentiment_core.classroom.people import Person
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, rows_of
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.training import run_experiment, train_here
from sentiment_core.work.worker import StopSignal
from tests.postgres import Cluster, binaries
from ui.server import tickets

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTED = (ROOT / "docs/faults.md").read_text()


def documented(start: str) -> str:
    """Return the command of the page that begins so."""
    (found,) = re.findall(rf"^({re.escape(start)}(?:[^\n\\]|\\\n)*)$", DOCUMENTED, re.MULTILINE)
    return str(found)


def test_a_backup_of_a_home_at_work_is_restored_elsewhere(
    home: Path, tiny: Callable[..., ExperimentConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "BACKUP"
    backup.mkdir()
    with Store() as store:
        whole = train_here(store, tiny(), lambda progress: None)
        rows = rows_of(store, whole.runs[0].id)
        running = store.create_experiment(tiny())
        store.claim_experiment(running.id, Worker("host", 1, 2.0))
        subprocess.run(documented("python3 -c"), shell=True, check=True, cwd=tmp_path)
        store.set_status(running.id, Status.FAILED, "after the backup")
    shutil.copytree(home, backup, dirs_exist_ok=True, ignore=shutil.ignore_patterns("store.sqlite3*"))
    shutil.rmtree(home)
    monkeypatch.setenv("SENTIMENT_HOME", str(backup))
    with Store() as store:
        assert rows_of(store, whole.runs[0].id) == rows and store.owns(store.folder_of(whole.id))
        assert store.experiment(running.id).status is Status.RUNNING
        store.release(running.id, Worker("host", 1, 2.0), Status.INTERRUPTED)
        store.claim_experiment(running.id, Worker.of(), threads=1)
        resumed = run_experiment(store, running.id, StopSignal(), Worker.of())
        assert resumed.status is Status.FINISHED
        assert [row["loss"] for row in rows_of(store, resumed.runs[0].id)] == [row["loss"] for row in rows]


def test_a_backup_of_postgresql_is_restored(postgres: Cluster, postgres_url: str, tmp_path: Path) -> None:
    programs = binaries()
    assert programs is not None
    with Store(postgres_url) as store:
        made = store.create_experiment(ExperimentConfig(name="kept"))
    plain = postgres_url.replace("+psycopg", "")
    restored = postgres.create()
    try:
        (dump,) = re.findall(r"`(pg_dump [^`]*)`", DOCUMENTED)
        (load,) = re.findall(r"`(pg_restore [^`]*)`", DOCUMENTED)
        (tmp_path / "BACKUP").mkdir()
        for command, url in ((dump, plain), (load, postgres.url(restored).replace("+psycopg", ""))):
            environment = {"URL": url, "PATH": f"{programs}:/usr/bin:/bin"}
            subprocess.run(command, shell=True, check=True, cwd=tmp_path, env=environment)
        assert urlsplit(plain).scheme == "postgresql"
        with Store(postgres.url(restored)) as store:
            assert store.experiment(made.id).name == "kept"
    finally:
        postgres.drop(restored)


def test_two_servers_on_one_home_share_the_queue_and_the_tickets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up()
    settings = class_settings()
    assert settings is not None
    launched: list[str] = []
    monkeypatch.setattr(LocalExecutor, "_launch", lambda executor, work_id: launched.append(work_id))
    with Store() as one, Store() as other:
        made = [one.create_experiment(ExperimentConfig()).id for _ in range(2)]
        for store in (one, other, one):
            LocalExecutor(store, max_running=4).reconcile()
        assert sorted(launched) == sorted(made)
        ticket = tickets.issue(Person("anna", "Anna"), settings)
    tickets._key.cache_clear()  # as another process has it
    assert tickets.holder({tickets.COOKIE: ticket}, settings) == "anna"
