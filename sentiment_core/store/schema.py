"""The tables of the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from sentiment_core.steps.quantities import CORE

SCHEMA_VERSION = 6  # `migrations/` makes one version of the one before

metadata = MetaData()


class FreeText(TypeDecorator[str]):
    """Text from outside: what databases refuse (NUL, half characters from odd file names) is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return `value` as every database can keep it."""
        return value and value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


# Our mark in the file: tells our store from another program's, and an older layout from a newer one.
version_table = Table("sentiment_lab", metadata, Column("version", Integer, primary_key=True, autoincrement=False))
# Drawn once: tells this store from a fresh one at the same place, after this one was moved away or lost.
identity_table = Table("store_identity", metadata, Column("token", Text, primary_key=True))

experiments = Table(
    "experiments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", FreeText, nullable=False),
    Column("config", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", FreeText),
    Column("created_at", Double, nullable=False),
    Column("queued_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("worker_host", Text),
    Column("worker_pid", Integer),
    Column("worker_create_time", Double),  # `ProcessIdentity.started`
    Column("heartbeat", Double),
    Column("progress", Text),
    Column("threads", Integer),
    Column("prediction", FreeText),
    Column("stop_requested", Boolean, nullable=False, default=False),
    # Whose it is, `people.id`; nobody's is the lecturer's, or of who uses the program alone.
    Column("owner", Text),
    # Equal where the same would be trained.
    Column("fingerprint", Text, index=True),
    Index("experiments_by_status", "status", "queued_at"),
    Index("experiments_by_owner", "owner", "created_at"),
    Index("experiments_by_age", "created_at"),
)


def _experiment_key() -> Column[Any]:
    return Column("experiment_id", ForeignKey("experiments.id", ondelete="CASCADE"), nullable=False, index=True)


def _run_key() -> Column[Any]:
    return Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    _experiment_key(),
    Column("position", Integer, nullable=False),
    Column("name", FreeText, nullable=False),
    Column("config", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", FreeText),
    Column("parameters", BigInteger),
    Column("steps", Integer, nullable=False, default=0),
    Column("seconds", Double, nullable=False, default=0.0),
    Column("tokens", BigInteger, nullable=False, default=0),
    Column("validation_accuracy", Double),
    Column("test_accuracy", Double),
)

# Without rowid the rows of a run lie side by side in the file: "after step n" reads only what it returns.
step_metrics = Table(
    "step_metrics",
    metadata,
    _run_key(),
    Column("step", Integer, primary_key=True),
    *(Column(each.name, Integer if each.whole else Double) for each in CORE.values() if each.name != "step"),
    sqlite_with_rowid=False,
)

# What only some runs measure. With rowid: side by side in the key's own tree, arrays of a kilobyte would take five.
diagnostics = Table(
    "diagnostics",
    metadata,
    _run_key(),
    Column("quantity", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("value", Double),
    Column("array", LargeBinary),
)

evaluations = Table(
    "evaluations",
    metadata,
    _run_key(),
    Column("step", Integer, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("loss", Double),
    Column("accuracy", Double),
    sqlite_with_rowid=False,
)

balances = Table(
    "balances",
    metadata,
    _run_key(),
    Column("part", Text, primary_key=True),
    Column("reviews", Integer, nullable=False),
    Column("positives", Integer, nullable=False),
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    _experiment_key(),
    Column("kind", Text, nullable=False),
    Column("value", Double),
    Column("run_id", Text),
)

# Everything in the background but training, whose place in the queue is its experiment.
work = Table(
    "work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("arguments", FreeText, nullable=False),
    Column("is_long", Boolean, nullable=False),
    # The run it asks about, with which it is deleted.
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), index=True),
    Column("status", Text, nullable=False),
    Column("error", FreeText),
    Column("queued_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("worker_host", Text),
    Column("worker_pid", Integer),
    Column("worker_create_time", Double),
    Column("heartbeat", Double),
    Column("progress", Text),
    Column("threads", Integer),
    Column("stop_requested", Boolean, nullable=False, default=False),
    Column("owner", Text),
    Index("work_by_status", "status", "queued_at"),
)

rooms = Table(
    "rooms",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", FreeText, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double),
    # The lesson that is open for all, as the address of the lessons says it.
    Column("lesson", Text),
    Column("own_seeds", Boolean, nullable=False, default=False),
    # Where the lecturer sends everybody: an address of this server, from its first slash on.
    Column("link", FreeText),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("room", ForeignKey("rooms.code", ondelete="CASCADE"), nullable=False),
    Column("name", FreeText, nullable=False),
    # Equal for names that a reader takes for each other.
    Column("likeness", FreeText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("joined_at", Double, nullable=False),
    Index("people_by_likeness", "room", "likeness", unique=True),
)

# What people of a room say before they see.
answers = Table(
    "answers",
    metadata,
    Column("person", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("question", Text, primary_key=True),
    Column("choice", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What a lecturer has changed of the limits in the settings file, for every room: a refusal's name of it, and its value.
changed_limits = Table(
    "changed_limits",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# The same content is kept once, however many brought it.
uploads = Table(
    "uploads",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# Reviews that people of a room edited until a model changed its mind.
flips = Table(
    "flips",
    metadata,
    Column("id", Text, primary_key=True),
    Column("room", ForeignKey("rooms.code", ondelete="CASCADE"), nullable=False),
    Column("person", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("original", FreeText, nullable=False),
    Column("edited", FreeText, nullable=False),
    Column("label", Integer, nullable=False),  # of both: 1 positive
    Column("model", Text, nullable=False),
    Column("before", Double, nullable=False),
    Column("after", Double, nullable=False),
    Column("made_at", Double, nullable=False),
    Index("flips_by_room", "room", "made_at"),
)

# What others of the room say that an edited review is.
votes = Table(
    "votes",
    metadata,
    Column("flip", ForeignKey("flips.id", ondelete="CASCADE"), primary_key=True),
    Column("person", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("label", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What lies in a bucket, where several machines share one: ROOM/ID, and the rest of its path there.
kept_files = Table(
    "kept_files",
    metadata,
    Column("place", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("version", BigInteger, nullable=False),  # when it was written: ns since 1970
    Column("used_at", Double, nullable=False),
    sqlite_with_rowid=False,
)
