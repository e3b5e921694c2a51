"""A store that is away for a while: what waits, in which order, for how long, and what is not worth waiting for."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sentiment_core.errors import NotFoundError, StoreError, StoreUnavailableError
from sentiment_core.store import Experiment, Outbox, Store, outbox, patiently
from sentiment_core.store.faults import passes
from tests.postgres import Cluster
from tests.store.shared import sqlite_alone, step


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(outbox, "LONGEST_PAUSE_SECONDS", 0.002)


class Away:
    """A store in two words: away until `back` is set."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.tried = threading.Event()
        self.written: list[int] = []

    def write(self, number: int) -> None:
        self.tried.set()
        if not self.back.is_set():
            raise StoreUnavailableError("away.")
        self.written.append(number)


def test_what_waits_is_written_in_order_once_the_store_is_back() -> None:
    away = Away()
    with Outbox() as box:
        for number in range(20):
            box.put(lambda number=number: away.write(number))
        assert away.tried.wait(10)
        assert not box.settles_within(5), "and at once: a checkpoint must not hold up training"
        assert box.troubled and away.written == []
        away.back.set()
        box.settle()
        assert box.settles_within(0) and not box.troubled
    assert away.written == list(range(20))


def test_closing_writes_what_waits() -> None:
    away = Away()
    away.back.set()
    with Outbox() as box:
        for number in range(20):
            box.put(lambda number=number: away.write(number))
    assert away.written == list(range(20))
    with Outbox() as box:
        assert box.settles_within(0)


def test_a_full_outbox_makes_the_writer_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 10)
    away, put = Away(), []

    def train(box: Outbox) -> None:
        for number in range(6):
            box.put(lambda number=number: away.write(number), rows=5)
            put.append(number)

    with Outbox() as box:
        thread = threading.Thread(target=train, args=(box,))
        thread.start()
        assert away.tried.wait(10)
        thread.join(0.05)
        assert thread.is_alive() and put == [0, 1]
        away.back.set()
        thread.join(10)
    assert away.written == list(range(6))


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PATIENCE_SECONDS", 0.02)
    away = Away()
    with pytest.raises(StoreUnavailableError, match="away"):
        patiently(lambda: away.write(1))
    with Outbox() as box:
        box.put(lambda: away.write(1))
        with pytest.raises(StoreUnavailableError):
            box.settle()
        with pytest.raises(StoreUnavailableError):
            box.put(lambda: away.write(2))
        with pytest.raises(StoreUnavailableError):
            box.settles_within(1)


@pytest.mark.parametrize("error", [StoreError("the file is read-only"), NotFoundError("deleted"), ValueError("ours")])
def test_what_does_not_pass_is_not_tried_again(error: Exception) -> None:
    calls = []

    def write() -> None:
        calls.append(1)
        raise error

    with Outbox() as box:
        box.put(write)
        with pytest.raises(type(error)):
            box.settle()
    assert calls == [1]


@pytest.fixture
def impatient(store: Store) -> Store:
    """A store whose one connection waits 20 ms for a lock."""
    with store._read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=20")
    return store


@sqlite_alone
def test_a_lock_passes_and_nothing_measured_is_lost(impatient: Store, twin: Experiment, home: Path) -> None:
    run = twin.runs[0].id
    other = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="Another program holds the file"):
        impatient.write_steps({run: [step(1)]})
    with Outbox() as box:
        for number in (1, 2, 3):
            box.put(lambda number=number: impatient.write_steps({run: [step(number)]}))
        assert not box.settles_within(10)
        other.execute("ROLLBACK")
        other.close()
        box.settle()
    assert impatient.steps(run)["step"] == [1, 2, 3]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_server_restarts_and_nothing_measured_is_lost(store: Store, twin: Experiment, postgres: Cluster) -> None:
    run = twin.runs[0].id
    store.write_steps({run: [step(1)]})
    postgres.stop()
    try:
        with pytest.raises(StoreUnavailableError, match="may be restarting"):
            store.write_steps({run: [step(2)]})
        with Outbox() as box:
            for number in (2, 3, 4):
                box.put(lambda number=number: store.write_steps({run: [step(number)]}))
            assert not box.settles_within(10)
            postgres.start()
            box.settle()
    finally:
        postgres.start()
    assert store.steps(run)["step"] == [1, 2, 3, 4]


class PostgresError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("told by its code, not by its words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("cause", "passing"),
    [
        (of_sqlite(sqlite3.SQLITE_BUSY), True),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (of_sqlite(sqlite3.SQLITE_LOCKED), True),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), True),
        (of_sqlite(sqlite3.SQLITE_READONLY), False),
        (of_sqlite(sqlite3.SQLITE_NOTADB), False),
        (of_sqlite(sqlite3.SQLITE_CORRUPT), False),
        (of_sqlite(sqlite3.SQLITE_FULL), False),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), False),
        (PostgresError(None), True),  # connection refused
        (PostgresError("57P01"), True),  # shut down by its administrator
        (PostgresError("57P03"), True),  # starting up
        (PostgresError("53300"), True),  # too many connections
        (PostgresError("08006"), True),  # connection lost
        (PostgresError("40P01"), True),  # deadlock
        (PostgresError("53100"), False),  # disk full
        (PostgresError("28P01"), False),  # wrong password
        (PostgresError("57014"), False),  # cancelled by a user
    ],
)
def test_what_passes(cause: Exception, passing: bool) -> None:
    assert passes(OperationalError("SELECT 1", {}, cause)) is passing


def test_a_lost_connection_and_a_crowded_pool_pass() -> None:
    lost = DBAPIError("SELECT 1", {}, PostgresError("XX000"))
    assert not passes(lost)
    lost.connection_invalidated = True
    assert passes(lost)
    assert passes(PoolTimeoutError())
