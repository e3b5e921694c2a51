"""How much one person, and everybody together, may have in the queue and in the store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, select

from sentiment_core.artifacts import place, work_place
from sentiment_core.classroom.settings import Limits
from sentiment_core.errors import LimitError
from sentiment_core.metrics import Status
from sentiment_core.store.schema import changed_limits, experiments, uploads, work

MEGABYTE = 1_000_000

OWN_QUEUE = (
    "{there} pieces of your work wait already, and one person may have {most} in the queue (person.queued). Wait until"
    " one has started, or stop one under Runs."
)
QUEUE = "The queue is full: {there} pieces of work wait, and {most} may (all.queued). Try again in a few minutes."
OWN_STORE = "{there} of your experiments are kept, and {most} may be (person.stored). Delete some under Runs."
OWN_FILES = (
    "Your experiments and uploads take {there} MB, and one person's may take {most} MB (person.megabytes).{asked}"
    " Delete experiments under Runs, or ask the lecturer for more."
)
STORE = "{there} experiments are kept here, and {most} may be (all.stored). Ask the lecturer to make room."


def in_force(connection: Connection, given: Limits) -> Limits:
    """Return the limits that hold where the settings file says `given`: a lecturer may have changed some."""
    changed = connection.execute(select(changed_limits.c.name, changed_limits.c.value)).all()
    return given.with_changes({row.name: row.value for row in changed})


def grant(connection: Connection, limits: Limits, owner: str | None, queued: int, stored: int) -> None:
    """Raise `LimitError` where a student wants more work `queued`, or experiments `stored`, than there is room for.

    The sentence names the limit and what to do.
    """
    own_waiting, all_waiting = (_waiting(connection, whose) for whose in ([owner], None))
    rules = (
        (queued, own_waiting, limits.person.queued, OWN_QUEUE),
        (queued, all_waiting, limits.all.queued, QUEUE),
        (stored, _stored(connection, experiments.c.owner == owner), limits.person.stored, OWN_STORE),
        (stored, _stored(connection), limits.all.stored, STORE),
    )
    for more, there, most, sentence in rules:
        if more and there + more > most:
            asked = "" if more == 1 else f" You asked for {more} more."
            raise LimitError(sentence.format(there=f"{there:,}", most=f"{most:,}") + asked)


def grant_bytes(limits: Limits, there: int, more: int) -> None:
    """Raise `LimitError` where a student's files, `there` bytes and `more`, take more than they may."""
    most = limits.person.megabytes
    if there + more > most * MEGABYTE:
        asked = f" You bring {more / MEGABYTE:,.1f} MB more." if more else ""
        raise LimitError(OWN_FILES.format(there=f"{there / MEGABYTE:,.1f}", most=f"{most:,}", asked=asked))


def owned_places(connection: Connection, owner: str | None) -> list[Path]:
    """Return where the files of a person's experiments, calculations and uploads lie on this machine.

    What several have brought counts for each of them.
    """
    found = [
        work_place(work_id)
        for table in (experiments, work)
        for work_id in connection.scalars(select(table.c.id).where(table.c.owner == owner))
    ]
    brought = connection.scalars(select(uploads.c.name).where(uploads.c.owner == (owner or "")))
    return [*found, *(place("uploads", name) for name in brought)]


def _waiting(connection: Connection, owners: list[str | None] | None) -> int:
    there = 0
    for table in (experiments, work):
        query = select(func.count()).select_from(table).where(table.c.status == Status.QUEUED)
        if owners is not None:
            query = query.where(table.c.owner.in_(owners))
        there += connection.execute(query).scalar_one()
    return there


def _stored(connection: Connection, *which: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(experiments).where(*which)).scalar_one())
