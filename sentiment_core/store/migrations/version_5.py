"""Version 5: limits of a class that a lecturer has changed."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Text


def upgrade(op: Operations) -> None:
    """Make version 5 of version 4."""
    op.create_table(
        "changed_limits",
        Column("name", Text, primary_key=True),
        Column("value", BigInteger, nullable=False),
    )
