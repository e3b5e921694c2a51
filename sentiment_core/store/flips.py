"""What a room has fooled the model with, and what others say about it."""

from __future__ import annotations

import secrets
import time

from sqlalchemy import Connection, delete, func, insert, select

from sentiment_core.classroom.people import permit
from sentiment_core.errors import ConfigError, LimitError, NotAllowedError, NotFoundError
from sentiment_core.flips import Flip, check_flip, check_texts
from sentiment_core.store.acting import Acting
from sentiment_core.store.rows import upsert
from sentiment_core.store.schema import flips, people, votes

USUAL_LIMIT = 30


class Flips(Acting):
    """The part of the store that keeps edited reviews of rooms, and the votes on them."""

    def add_flip(self, original: str, edited: str, label: int, model: str, before: float, after: float) -> str:
        """Keep a flip of the student for whom this store acts; return its id.

        Raises `ConfigError` for what is none or what the room has already, `LimitError` past `person.flips`,
        `NotAllowedError` for who is in no room.
        """
        check_texts(original, edited)
        check_flip(before, after, label)
        with self._write(exclusive=True) as connection:
            self._permit_own(connection)
            room = self._own_room(connection)
            mine = select(func.count()).select_from(flips).where(flips.c.person == self.owner)
            granted = self._granted(connection)
            most = USUAL_LIMIT if granted is None else granted.person.flips
            if (there := connection.execute(mine).scalar_one()) >= most:
                raise LimitError(
                    f"{there} of your edits are on the board, and {most} may be (person.flips). Take one off."
                )
            same = (flips.c.room == room) & (flips.c.edited == edited)
            if connection.scalar(select(flips.c.id).where(same)) is not None:
                raise ConfigError("Somebody has exactly this on the board already. Edit on.")
            row = {
                "id": secrets.token_hex(8),
                "room": room,
                "person": self.owner,
                "original": original,
                "edited": edited,
                "label": label,
                "model": model,
                "before": before,
                "after": after,
                "made_at": time.time(),
            }
            connection.execute(insert(flips), row)
        return str(row["id"])

    def flips(self, room: str) -> list[Flip]:
        """Return the flips of a room with the votes on them, newest first."""
        of_room = select(flips).where(flips.c.room == room).order_by(flips.c.made_at.desc(), flips.c.id)
        on_them = select(votes).join(flips, flips.c.id == votes.c.flip).where(flips.c.room == room)
        with self._read() as connection:
            rows = connection.execute(of_room).mappings().all()
            given: dict[str, dict[str, int]] = {}
            for vote in connection.execute(on_them):
                given.setdefault(vote.flip, {})[vote.person] = vote.label
        return [
            Flip(**{name: row[name] for name in row if name != "room"}, votes=given.get(row["id"], {})) for row in rows
        ]

    def vote(self, flip: str, label: int) -> None:
        """Keep whether the student for whom this store acts finds an edited review positive (1) or negative (0).

        The last vote counts. Raises `NotAllowedError` for their own edit and for one of another room.
        """
        with self._write() as connection:
            self._permit_own(connection)
            row = connection.execute(select(flips.c.room, flips.c.person).where(flips.c.id == flip)).first()
            if row is None:
                raise NotFoundError("This edit has been taken off the board.")
            if row.room != self._own_room(connection) or row.person == self.owner:
                raise NotAllowedError("Others of the room say what an edited review is, not who edited it.")
            upsert(connection, votes, [{"flip": flip, "person": self.owner, "label": int(bool(label))}])

    def delete_flip(self, flip: str) -> None:
        """Take an edit off the board; raise `NotAllowedError` unless it is one's own or one leads."""
        with self._write() as connection:
            owner = connection.scalar(select(flips.c.person).where(flips.c.id == flip))
            if owner is None:
                raise NotFoundError("This edit has been taken off the board already.")
            if self._actor is not None:
                permit(self._actor, "delete", owner)
            self._permit_own(connection)
            connection.execute(delete(flips).where(flips.c.id == flip))

    def _own_room(self, connection: Connection) -> str:
        room = connection.scalar(select(people.c.room).where(people.c.id == self.owner))
        if room is None:
            raise NotAllowedError("Only somebody of a room plays this: join one with its code.")
        return str(room)
