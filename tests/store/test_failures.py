"""Places where no store can be: every failure says what to do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from sentiment_core.errors import StoreError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Store, engine
from tests.store.shared import TWIN, sqlite_alone, step


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


@pytest.mark.parametrize("version", ["0", "-3", "'two'", "NULL"])
def test_a_store_of_a_version_that_never_was(home: Path, version: str) -> None:
    Store().close()
    raw = sqlite3.connect(home / "store.sqlite3")
    raw.execute("DROP TABLE sentiment_lab")
    raw.execute("CREATE TABLE sentiment_lab (version)")
    raw.execute(f"INSERT INTO sentiment_lab VALUES ({version})")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match=r"store version '.*', which there never was.*restore a backup"):
        Store()


@pytest.mark.parametrize("table", ["experiments", "runs"])
def test_a_status_that_this_version_does_not_know(
    store: Store, twin: Experiment, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = store.create_experiment(TWIN)
    with store._write() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET status = 'purple' WHERE substr(id, 1, 8) = '{twin.id}'")
    with pytest.raises(StoreError, match=r"has the status 'purple', which this version does not know.*Update"):
        store.experiment(twin.id)
    for _ in range(3):
        assert [each.id for each in store.experiments()] == [other.id]
    assert caplog.text.count("'purple'") == 1, "said once, not every second"
    if table == "experiments":
        with pytest.raises(StoreError, match="'purple'"):
            store.request(twin.id, "stop")
        with pytest.raises(StoreError, match="'purple'"):
            store.delete_experiment(twin.id)
    else:
        with pytest.raises(StoreError, match="'purple'"):
            store.run(twin.runs[0].id)


def test_settings_that_cannot_be_read(store: Store, twin: Experiment) -> None:
    with store._write() as connection:
        connection.exec_driver_sql("UPDATE experiments SET config = '{}x'")
    with pytest.raises(StoreError, match=rf"settings of experiment {twin.id} cannot be read"):
        store.experiment(twin.id)
    assert store.experiments() == []


@sqlite_alone
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


@sqlite_alone
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


def test_a_server_that_does_not_answer_is_not_waited_for_long() -> None:
    limits = {"connect_timeout": "10", "tcp_user_timeout": "10000"}
    url = make_url("postgresql+psycopg://user@host/name")
    assert engine.impatient(url).query == limits
    own = url.update_query_dict({"connect_timeout": "60"})
    assert engine.impatient(own).query == {**limits, "connect_timeout": "60"}
    other = make_url("postgresql+pg8000://user@host/name")
    assert engine.impatient(other) == other


@sqlite_alone
def test_the_journal_is_written_ahead(written_now: None, store: Store, home: Path) -> None:
    with store._read() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        settings += [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "busy_timeout")]
    assert settings == ["wal", 1, 1, 5000]
