"""Version 6: the files that lie in a bucket."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Double, Text


def upgrade(op: Operations) -> None:
    """Make version 6 of version 5."""
    op.create_table(
        "kept_files",
        Column("place", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("size", BigInteger, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("used_at", Double, nullable=False),
        sqlite_with_rowid=False,
    )
