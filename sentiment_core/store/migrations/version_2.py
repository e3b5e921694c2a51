"""Version 2: what only some runs measure, the queue of calculations, and what only some programs of version 1 had."""

from __future__ import annotations

import secrets

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, LargeBinary, Text, column, select, table


def upgrade(op: Operations) -> None:
    """Make version 2 of version 1."""
    op.create_table(
        "diagnostics",
        Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        Column("quantity", Text, primary_key=True),
        Column("step", Integer, primary_key=True),
        Column("value", Double),
        Column("array", LargeBinary),
    )
    op.create_table(
        "work",
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("arguments", Text, nullable=False),
        Column("is_long", Boolean, nullable=False),
        Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), index=True),
        Column("status", Text, nullable=False),
        Column("error", Text),
        Column("queued_at", Double, nullable=False),
        Column("started_at", Double),
        Column("finished_at", Double),
        Column("worker_host", Text),
        Column("worker_pid", Integer),
        Column("worker_create_time", Double),
        Column("heartbeat", Double),
        Column("progress", Text),
        Column("threads", Integer),
        Column("stop_requested", Boolean, nullable=False),
    )
    op.create_index("work_by_status", "work", ["status", "queued_at"])
    op.create_table(
        "balances",
        Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        Column("part", Text, primary_key=True),
        Column("reviews", Integer, nullable=False),
        Column("positives", Integer, nullable=False),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table("store_identity", Column("token", Text, primary_key=True), if_not_exists=True)
    identity = table("store_identity", column("token", Text))
    if op.get_bind().scalar(select(identity.c.token)) is None:
        op.execute(identity.insert().values(token=secrets.token_hex(8)))
