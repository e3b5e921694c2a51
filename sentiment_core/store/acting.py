"""A store that acts for somebody: it takes no write that the rules of `classroom.people` do not allow them.

Workers, the command line and the server's own care of the queue act for nobody, and may do everything.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, select

from sentiment_core.artifacts import size_of
from sentiment_core.classroom.people import Action, Person, permit
from sentiment_core.classroom.settings import Limits
from sentiment_core.errors import NotAllowedError
from sentiment_core.store.database import Database
from sentiment_core.store.grants import grant, grant_bytes, in_force, owned_places
from sentiment_core.store.rows import no_work, table_of

_PERMITTED = "permitted"


class Acting(Database):
    """The part of the store that knows for whom it acts."""

    _actor: Person | None = None
    _limits: Limits | None = None

    def acting_for(self, person: Person, limits: Limits | None = None) -> Self:
        """Return this store for one person: what it creates is theirs, and what is not theirs it leaves alone.

        Its methods raise `NotAllowedError`, and `LimitError` for a student who asks for more than `limits` grant, as a
        lecturer has changed them.
        """
        own = copy.copy(self)
        own._actor = person
        own._limits = None if person.is_lecturer else limits
        return own

    @property
    def owner(self) -> str | None:
        """Whose what this store creates is."""
        return self._actor.id if self._actor else None

    def permit(self, action: Action, work_id: str) -> None:
        """Raise `NotAllowedError` unless this store may do something with an experiment or a calculation.

        Raises `NotFoundError` when there is none.
        """
        with self._read() as connection:
            self._permit(connection, action, work_id)

    def stored_bytes(self) -> int:
        """Return how many bytes the files of the person for whom this store acts take."""
        with self._read() as connection:
            places = owned_places(connection, self.owner)
        # Walked while no transaction is open: others write meanwhile.
        return size_of(*places)

    def check_bytes(self, more: int = 0) -> None:
        """Raise `LimitError` where the person for whom this store acts may not bring `more` bytes."""
        with self._read() as connection:
            granted = self._granted(connection)
        if granted is not None:
            grant_bytes(granted, self.stored_bytes(), more)

    @contextmanager
    def _write(self, exclusive: bool = False) -> Iterator[Connection]:
        """As `Database` does; what nothing has permitted by the end of the block is undone."""
        with super()._write(exclusive) as connection:
            connection.info[_PERMITTED] = self._actor is None
            yield connection
            if not connection.info[_PERMITTED]:
                raise NotAllowedError("This cannot be done on a page.")

    @contextmanager
    def _store(self, stored: int, queued: int = 0) -> Iterator[Connection]:
        """A write that keeps so many more experiments, if limits grant them and the files that are there already."""
        self.check_bytes()
        # What limits count must not change before it is there.
        with self._write(exclusive=self._limits is not None) as connection:
            self._permit_own(connection, queued, stored)
            yield connection

    def _permit(self, connection: Connection, action: Action, work_id: str) -> None:
        if self._actor is None:
            return
        table = table_of(work_id)
        row = connection.execute(select(table.c.owner).where(table.c.id == work_id)).first()
        if row is None:
            raise no_work(work_id)
        permit(self._actor, action, row.owner)
        connection.info[_PERMITTED] = True

    def _granted(self, connection: Connection) -> Limits | None:
        return None if self._limits is None else in_force(connection, self._limits)

    def _permit_own(self, connection: Connection, queued: int = 0, stored: int = 0) -> None:
        """Permit what concerns nobody else; so many more experiments that wait, and are kept, if limits grant them."""
        if (granted := self._granted(connection)) is not None:
            grant(connection, granted, self.owner, queued, stored)
        connection.info[_PERMITTED] = True

    def _permit_leading(self, connection: Connection) -> None:
        if self._actor is not None:
            permit(self._actor, "lead", None)
            connection.info[_PERMITTED] = True
