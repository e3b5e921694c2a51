"""How a store of an earlier program becomes one of this: a step a version, only forward, with Alembic's operations.

`version_N.py` makes version N of version N - 1 in `upgrade(op)`. It says what its tables look like itself, because
`schema.py` goes on changing and a step must not. A fresh store is made from `schema.py` at once; a test holds both to
the same tables. The version is kept in `sentiment_lab` alone: programs of the first version look for it there, and
refuse a newer store. In SQLite a step runs without foreign keys, or a table made anew would take along all that hangs
on it.
"""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import Column, Connection, update

from sentiment_core.store.schema import SCHEMA_VERSION, step_metrics, version_table


def migrate(connection: Connection, version: int, columns: frozenset[str]) -> None:
    """Bring a store of `version`, whose steps have `columns`, to this program's, within the caller's transaction.

    A core quantity that was declared since becomes a column, empty in the steps that are there.
    """
    # A quarter of a second to import, and hardly a start needs it.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    op = Operations(MigrationContext.configure(connection))
    for number in range(version + 1, SCHEMA_VERSION + 1):
        import_module(f"{__name__}.version_{number}").upgrade(op)
    for column in step_metrics.columns:
        if column.name not in columns:
            op.add_column(step_metrics.name, Column(column.name, column.type))
    connection.execute(update(version_table).values(version=SCHEMA_VERSION))
