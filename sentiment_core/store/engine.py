"""How connections to each kind of database are made, and how long each waits."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

# SQLite: what is committed outlives a crash of the program; after one of the machine the last moments may be missing.
SYNCHRONOUS = "NORMAL"
BUSY_SECONDS = 5.0  # SQLite: for the write lock
ANSWER_SECONDS = 10  # PostgreSQL: for a connection, and for the network to take what is sent


def impatient(url: URL) -> URL:
    """Return the URL with libpq's limits on a server that does not answer, minutes by default; the user's own win."""
    if not url.drivername.endswith(("psycopg", "psycopg2")):
        return url
    limits = {"connect_timeout": str(ANSWER_SECONDS), "tcp_user_timeout": str(1000 * ANSWER_SECONDS)}
    return url.set(query={**limits, **url.query})


def open_engine(url: URL, is_sqlite: bool) -> Engine:
    """Return the connections to a store, none of them open yet."""
    if not is_sqlite:
        # Every connection is tried before it is used: after a restart of the server the old ones are dead.
        return create_engine(impatient(url), pool_pre_ping=True)
    # Room for a classroom: every browser tab may hold a connection for the millisecond that a query takes.
    engine = create_engine(url, pool_size=8, max_overflow=64, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # sqlite3 would start transactions by its own rules; None leaves them to `_on_begin`.
        connection.isolation_level = None
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        except sqlite3.Error:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
