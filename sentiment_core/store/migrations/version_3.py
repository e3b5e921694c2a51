"""Version 3: whose an experiment, a calculation and an upload is; rooms of people and what they answered."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, Text


def upgrade(op: Operations) -> None:
    """Make version 3 of version 2; what was there belongs to nobody."""
    op.add_column("experiments", Column("owner", Text))
    op.add_column("experiments", Column("fingerprint", Text))
    op.add_column("work", Column("owner", Text))
    op.create_index("ix_experiments_fingerprint", "experiments", ["fingerprint"])
    op.create_index("experiments_by_owner", "experiments", ["owner", "created_at"])
    op.create_table(
        "rooms",
        Column("code", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("opened_at", Double, nullable=False),
        Column("closed_at", Double),
        Column("lesson", Text),
        Column("own_seeds", Boolean, nullable=False),
    )
    op.create_table(
        "people",
        Column("id", Text, primary_key=True),
        Column("room", Text, ForeignKey("rooms.code", ondelete="CASCADE"), nullable=False),
        Column("name", Text, nullable=False),
        Column("likeness", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("joined_at", Double, nullable=False),
    )
    op.create_index("people_by_likeness", "people", ["room", "likeness"], unique=True)
    op.create_table(
        "answers",
        Column("person", Text, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        Column("question", Text, primary_key=True),
        Column("choice", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "uploads",
        Column("name", Text, primary_key=True),
        Column("owner", Text, primary_key=True),
        sqlite_with_rowid=False,
    )
