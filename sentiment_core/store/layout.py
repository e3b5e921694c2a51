"""What is found where a store should be: nothing yet, a store of this program or of an earlier one, or another's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from sqlalchemy import Connection, ExecutableDDLElement, create_mock_engine, inspect, select
from sqlalchemy.engine.mock import MockConnection

from sentiment_core.errors import StoreError
from sentiment_core.store.schema import SCHEMA_VERSION, identity_table, metadata, step_metrics, version_table


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of a database, as far as they say which program made them."""

    tables: frozenset[str]
    version: Any  # an int, unless the store is damaged
    token: str | None
    columns: frozenset[str]  # of the steps

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Look at a database, within the caller's transaction."""
        tables = frozenset(inspect(connection).get_table_names())
        version = connection.scalar(select(version_table.c.version)) if version_table.name in tables else None
        token = connection.scalar(select(identity_table.c.token)) if identity_table.name in tables else None
        columns: frozenset[str] = frozenset()
        if step_metrics.name in tables:
            columns = frozenset(connection.exec_driver_sql(f"SELECT * FROM {step_metrics.name} LIMIT 0").keys())
        return cls(tables, version, token, columns)

    @property
    def is_ours(self) -> bool:
        """Whether there is a store, of whatever version."""
        return version_table.name in self.tables

    @property
    def is_current(self) -> bool:
        """Whether the store can be used as it is."""
        return self.version == SCHEMA_VERSION and self.columns >= set(step_metrics.columns.keys())

    def check(self, place: str, is_file: bool) -> None:
        """Raise `StoreError` for what this program must not touch; a server's database may hold other tables too."""
        if not self.is_ours:
            if self.tables and (is_file or self.tables & set(metadata.tables)):
                raise StoreError(
                    f"{place} is another program's database, not a store of this one."
                    " Point SENTIMENT_STORE_URL or SENTIMENT_HOME somewhere else."
                )
            return
        if not isinstance(self.version, int) or self.version < 1:
            raise StoreError(
                f"{place} says that it is store version {str(self.version)[:20]!r}, which there never was: the file is"
                " damaged. Move it away and start again, or restore a backup."
            )
        if self.version > SCHEMA_VERSION:
            raise StoreError(
                f"{place} was written by a newer version (store version {self.version}, known up to"
                f" {SCHEMA_VERSION}). Update this program, or set SENTIMENT_HOME to another folder."
            )


def create(connection: Connection) -> None:
    """Make the tables of a fresh store, within the caller's transaction."""
    for statement in _statements(f"{connection.dialect.name}+{connection.dialect.driver}"):
        connection.exec_driver_sql(statement)
    sign(connection)


def sign(connection: Connection) -> None:
    """Write into empty tables which version of the store they are, and which store."""
    connection.execute(version_table.insert().values(version=SCHEMA_VERSION))
    connection.execute(identity_table.insert().values(token=secrets.token_hex(8)))


@cache
def _statements(backend: str) -> tuple[str, ...]:
    """Write what makes the tables of a fresh store in the words of a database: most of the work of making one."""
    found: list[str] = []

    def write(made: ExecutableDDLElement, *_arguments: object) -> None:
        found.append(str(made.compile(dialect=engine.dialect)))

    engine: MockConnection = create_mock_engine(f"{backend}://", write)
    metadata.create_all(engine, checkfirst=False)
    return tuple(found)
