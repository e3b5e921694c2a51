"""Version 4: where a lecturer sends a room; reviews that people edited to fool the model, and votes on them."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Column, Double, ForeignKey, Integer, Text


def upgrade(op: Operations) -> None:
    """Make version 4 of version 3."""
    op.add_column("rooms", Column("link", Text))
    op.create_table(
        "flips",
        Column("id", Text, primary_key=True),
        Column("room", Text, ForeignKey("rooms.code", ondelete="CASCADE"), nullable=False),
        Column("person", Text, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        Column("original", Text, nullable=False),
        Column("edited", Text, nullable=False),
        Column("label", Integer, nullable=False),
        Column("model", Text, nullable=False),
        Column("before", Double, nullable=False),
        Column("after", Double, nullable=False),
        Column("made_at", Double, nullable=False),
    )
    op.create_index("flips_by_room", "flips", ["room", "made_at"])
    op.create_table(
        "votes",
        Column("flip", Text, ForeignKey("flips.id", ondelete="CASCADE"), primary_key=True),
        Column("person", Text, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        Column("label", Integer, nullable=False),
        sqlite_with_rowid=False,
    )
