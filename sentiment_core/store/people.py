"""Rooms, who has joined them, what they predicted, and the limits that a lecturer has changed."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from sentiment_core.classroom.codes import new_room_code
from sentiment_core.classroom.names import likeness, tidy
from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import Limits, check_limit, class_settings
from sentiment_core.errors import ConfigError, LimitError, NotFoundError
from sentiment_core.store.acting import Acting
from sentiment_core.store.grants import in_force
from sentiment_core.store.rows import upsert
from sentiment_core.store.schema import answers, changed_limits, experiments, people, rooms, uploads, work

LONGEST_NAME = 60
MOST_PEOPLE = 300


@dataclass(frozen=True, slots=True)
class Room:
    """A room as it stood when it was read; times in Unix seconds.

    `lesson` is what is open for all, as the address of the lessons says it; `own_seeds`: each trains with their own;
    `link` is where everybody is sent, an address of this server from its first slash on.
    """

    code: str
    name: str
    opened_at: float
    closed_at: float | None
    lesson: str | None
    own_seeds: bool
    link: str | None = None


class People(Acting):
    """The part of the store that knows who is in which room."""

    def open_room(self, name: str) -> Room:
        """Open a room; raise `NotAllowedError` for whoever does not lead, `ConfigError` for an impossible name."""
        title = " ".join(name.split())
        if not 1 <= len(title) <= LONGEST_NAME:
            raise ConfigError(f"A room needs a name of 1 to {LONGEST_NAME} letters, such as Monday's course.")
        code = new_room_code()
        with self._write() as connection:
            self._permit_leading(connection)
            row = {"code": code, "name": title, "opened_at": time.time(), "own_seeds": False}
            connection.execute(insert(rooms), row)
        return self.room(code)

    def room(self, code: str) -> Room:
        """Return a room; raise `NotFoundError` when there is none."""
        with self._read() as connection:
            row = connection.execute(select(rooms).where(rooms.c.code == code)).mappings().first()
        if row is None:
            raise NotFoundError("There is no room with this code. Look at the projector again: it has five letters.")
        return Room(**row)

    def rooms(self) -> list[Room]:
        """Return all rooms, newest first."""
        with self._read() as connection:
            found = connection.execute(select(rooms).order_by(rooms.c.opened_at.desc())).mappings().all()
        return [Room(**row) for row in found]

    def close_room(self, code: str, closed: bool = True) -> None:
        """Let nobody else join, or let people join again; who is in it stays."""
        self._change(code, closed_at=time.time() if closed else None)

    def open_lesson(self, code: str, lesson: str | None) -> None:
        """Open a lesson for everybody in a room, as the address of the lessons says it; None: no lesson."""
        self._change(code, lesson=lesson)

    def give_seeds(self, code: str, own: bool) -> None:
        """Let everybody in a room train with a seed of their own, or with the one that they chose."""
        self._change(code, own_seeds=own)

    def send_link(self, code: str, link: str | None) -> None:
        """Send everybody in a room to an address of this server, which the page that shows it checks; None: nowhere."""
        self._change(code, link=link)

    def forget_room(self, code: str) -> None:
        """Forget a room with everybody's names and predictions; what they trained becomes the lecturer's."""
        with self._write() as connection:
            self._permit_leading(connection)
            members = list(connection.scalars(select(people.c.id).where(people.c.room == code)))
            for table in (experiments, work):
                connection.execute(update(table).where(table.c.owner.in_(members)).values(owner=None))
            connection.execute(delete(uploads).where(uploads.c.owner.in_(members)))
            if connection.execute(delete(rooms).where(rooms.c.code == code)).rowcount == 0:
                raise NotFoundError(f"There is no room {code[:20]!r}; it may have been forgotten.")

    def class_limits(self) -> Limits | None:
        """Return what a student may have, as a lecturer has changed it; None where there is no class."""
        settings = class_settings()
        if settings is None:
            return None
        with self._read() as connection:
            return in_force(connection, settings.limits)

    def change_limits(self, values: Mapping[str, int | None]) -> None:
        """Have limits of the class be others, by their names; None: what the settings file says.

        Raises `ConfigError` for a limit that there is not, or a value that it cannot have.
        """
        kept = {name: value for name, value in values.items() if value is not None}
        for name, value in kept.items():
            check_limit(name, value)
        undone = values.keys() - kept.keys()
        with self._write() as connection:
            self._permit_leading(connection)
            connection.execute(delete(changed_limits).where(changed_limits.c.name.in_(undone)))
            upsert(connection, changed_limits, [{"name": name, "value": value} for name, value in kept.items()])

    def join(self, code: str, name: str, most: int = MOST_PEOPLE, identifier: str | None = None) -> Person:
        """Let somebody into a room under a name of their own choosing.

        Who has logged in has an `identifier`, and comes back as who they were, whatever name they give.
        Raises `NotFoundError` for an unknown room, `ConfigError` for a closed one and for a name that cannot be, or
        that somebody there has or could be taken for, `LimitError` when `most` people are in it.
        """
        room = self.room(code)
        if identifier is not None and identifier in {person.id for person in self.members(code)}:
            return self.person(identifier)
        chosen = tidy(name)
        if room.closed_at is not None:
            raise ConfigError("This room is closed. Ask the lecturer to open it again.")
        try:
            with self._write(exclusive=True) as connection:
                last = connection.scalar(select(func.max(people.c.number)).where(people.c.room == code)) or 0
                if _count(connection, code) >= most:
                    raise LimitError(f"This room is full: {most} people are in it (people). Ask the lecturer.")
                row = {
                    "id": identifier or secrets.token_hex(8),
                    "room": code,
                    "name": chosen,
                    "likeness": likeness(chosen),
                    "number": last + 1,
                    "joined_at": time.time(),
                }
                connection.execute(insert(people), row)
        except IntegrityError as error:
            raise ConfigError(
                f"Somebody in this room is called {chosen}, or so much alike that people would mix you up. Add"
                " something, such as the first letter of your surname."
            ) from error
        return self.person(str(row["id"]))

    def person(self, identifier: str | None) -> Person:
        """Return a person, None being the lecturer; raise `NotFoundError` for somebody who has been forgotten."""
        if identifier is None:
            return LECTURER
        with self._read() as connection:
            row = connection.execute(select(people).where(people.c.id == identifier)).mappings().first()
        if row is None:
            raise NotFoundError("The room that you had joined is no more. Join another with its code.")
        return _person(row)

    def members(self, code: str) -> list[Person]:
        """Return everybody in a room, in the order in which they joined."""
        query = select(people).where(people.c.room == code).order_by(people.c.number)
        with self._read() as connection:
            return [_person(row) for row in connection.execute(query).mappings()]

    def names(self) -> dict[str, str]:
        """Return everybody's name by their id."""
        with self._read() as connection:
            return {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}

    def answer(self, question: str, choice: int) -> None:
        """Keep what the person for whom this store acts predicts, from 0; the last answer counts.

        Only students answer: who leads the class knows.
        """
        if self.owner is None:
            return
        with self._write() as connection:
            self._permit_own(connection)
            upsert(connection, answers, [{"person": self.owner, "question": question, "choice": choice}])

    def answered(self, code: str, question: str) -> Counter[int]:
        """Return how many people of a room chose what."""
        query = select(answers.c.choice, func.count()).join(people, people.c.id == answers.c.person)
        query = query.where(people.c.room == code, answers.c.question == question).group_by(answers.c.choice)
        with self._read() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(query)})

    def own_answer(self, question: str) -> int | None:
        """Return what the person for whom this store acts has predicted, None before they did."""
        mine = (answers.c.person == self.owner) & (answers.c.question == question)
        with self._read() as connection:
            return connection.scalar(select(answers.c.choice).where(mine))

    def note_upload(self, name: str) -> None:
        """Remember that the person for whom this store acts has brought a file, by its name on disk."""
        with self._write() as connection:
            self._permit_own(connection)
            upsert(connection, uploads, [{"name": name, "owner": self.owner or ""}])

    def owners_of_upload(self, name: str) -> list[str | None]:
        """Return who has brought a file; None is the lecturer, as who brought what was there before."""
        with self._read() as connection:
            found = list(connection.scalars(select(uploads.c.owner).where(uploads.c.name == name)))
        return [owner or None for owner in found] or [None]

    def _change(self, code: str, **values: object) -> None:
        with self._write() as connection:
            self._permit_leading(connection)
            if connection.execute(update(rooms).where(rooms.c.code == code).values(**values)).rowcount == 0:
                raise NotFoundError(f"There is no room {code[:20]!r}; it may have been forgotten.")


def _count(connection: Connection, code: str) -> int:
    query = select(func.count()).select_from(people).where(people.c.room == code)
    return int(connection.execute(query).scalar_one())


def _person(row: RowMapping) -> Person:
    return Person(row["id"], row["name"], row["room"], row["number"])
