"""An open store: transactions whose failures say what to do. SQLite by default, PostgreSQL by its URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from sentiment_core.artifacts import home, store_file
from sentiment_core.errors import NotFoundError, StoreError, StoreUnavailableError
from sentiment_core.store.backups import back_up
from sentiment_core.store.engine import BUSY_SECONDS, open_engine
from sentiment_core.store.faults import explain
from sentiment_core.store.layout import Layout, create
from sentiment_core.store.migrations import migrate

REBUILD_SECONDS = 60  # SQLite: while another process copies a large file and changes its tables


class Database:
    """An open store: creates its tables, hands out transactions, turns database errors into `StoreError`."""

    def __init__(self, url: str | None = None) -> None:
        """Open `url`, else `$SENTIMENT_STORE_URL`, else a file in the home folder; raise `StoreError` if that fails."""
        chosen = url or os.environ.get("SENTIMENT_STORE_URL")
        try:
            parsed = make_url(chosen) if chosen else URL.create("sqlite", database=str(store_file()))
            self._is_sqlite = parsed.get_backend_name() == "sqlite"
            if not self._is_sqlite and parsed.get_backend_name() != "postgresql":
                raise StoreError(f"{parsed.drivername}: not a store we know; use sqlite:///… or postgresql+psycopg://…")
            if self._is_sqlite and parsed.database:
                parsed = parsed.set(database=os.path.abspath(parsed.database))
            self._url = parsed
            self._engine = open_engine(parsed, self._is_sqlite)
        except (ArgumentError, ImportError) as error:
            raise StoreError(
                f"SENTIMENT_STORE_URL cannot be used ({error}). Write sqlite:////folder/file.sqlite3, or"
                " postgresql+psycopg://user:password@host/name with psycopg installed."
            ) from error
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The store's URL, password included: what a worker needs to open the same store."""
        return self._url.render_as_string(hide_password=False)

    @property
    def mark(self) -> str:
        """Name the store: its place and its token, as a copy has that too. No password, and the home can be moved."""
        place = f"{self._url.host}:{self._url.port}/{self._url.database}"
        if self._is_sqlite:
            path = str(self._url.database)
            place = os.path.relpath(path, home()) if Path(path).is_relative_to(home().absolute()) else path
        return f"{place} {self._token}"

    def close(self) -> None:
        """Close all connections; the store opens new ones when it is used again."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Return the store itself, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A transaction to read in; in SQLite all its queries see the same state. Never waits for a writer."""
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _write(self, exclusive: bool = False) -> Iterator[Connection]:
        """All of the block or nothing; `exclusive` blocks run one at a time over all processes."""
        # BEGIN IMMEDIATE takes SQLite's one write lock at once, within the busy timeout. A transaction that reads
        # first and upgrades later fails at once when another one wrote in between.
        engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        with self._explained(), engine.connect() as connection, connection.begin():
            if exclusive:
                self._lock(connection)
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            if "foreign key" not in str(error).lower():
                raise
            raise NotFoundError("The experiment was deleted in the meantime; start a new one.") from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            place = str(self._url.database) if self._is_sqlite else self._url.render_as_string(hide_password=True)
            raise explain(error, place) from error

    def _prepare(self) -> None:
        with self._read() as connection:
            found = self._look(connection)
        if self._is_sqlite:
            self._use_write_ahead_log()
        if not found.is_current:
            with self._rebuild() as connection:
                # Another process may have been faster.
                found = self._look(connection)
                if not found.is_ours:
                    create(connection)
                elif not found.is_current:
                    if self._is_sqlite:
                        back_up(Path(str(self._url.database)), found.version)
                    migrate(connection, found.version, found.columns)
                found = self._look(connection)
        self._token = found.token

    def _look(self, connection: Connection) -> Layout:
        found = Layout.of(connection)
        found.check(str(self._url.database), self._is_sqlite)
        return found

    @contextmanager
    def _rebuild(self) -> Iterator[Connection]:
        """An exclusive transaction on a connection of its own, patient with another process that is at it."""
        engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        with self._explained(), engine.connect() as connection:
            if self._is_sqlite:
                connection.detach()  # so that the settings end with it
                # SQLite can change them only before a transaction.
                for setting in ("foreign_keys=OFF", f"busy_timeout={1000 * REBUILD_SECONDS}"):
                    connection.connection.cursor().execute(f"PRAGMA {setting}")
            with connection.begin():
                self._lock(connection)
                yield connection

    def _lock(self, connection: Connection) -> None:
        if not self._is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(7305114)"))

    def _use_write_ahead_log(self) -> None:
        # The switch needs the file for itself and ignores the busy timeout, so of several processes that start at
        # once some must try again. The setting stays in the file.
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with self._explained(), self._engine.connect() as connection:
                    connection.connection.cursor().execute("PRAGMA journal_mode=WAL")
                return
            except StoreUnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
