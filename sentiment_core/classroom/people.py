"""Who may do what: one table, asked by the store, the pages, the desk and the routes alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sentiment_core.errors import NotAllowedError

Action = Literal["read", "download", "use", "stop", "steer", "resume", "rename", "delete", "lead"]
Owner = Literal["own", "lecturer's", "another's"]

_ALL: frozenset[Owner] = frozenset({"own", "lecturer's", "another's"})
_HANDED_OUT: frozenset[Owner] = frozenset({"own", "lecturer's"})
_OWN: frozenset[Owner] = frozenset({"own"})
ALLOWED: dict[Action, frozenset[Owner]] = {
    "read": _ALL,  # by its link
    "download": _HANDED_OUT,
    "use": _HANDED_OUT,  # a file that was uploaded
    "stop": _OWN,
    "steer": _OWN,  # pause, make one update, resume a pause, change rate and threshold
    "resume": _OWN,
    "rename": _OWN,
    "delete": _OWN,
    "lead": frozenset(),
}
"""What a student may do, by whose it is; lists hold their own. A lecturer may do everything, a stranger nothing."""

IN_WORDS: dict[Action, str] = {
    "read": "read this",
    "download": "download this",
    "use": "use this file; upload it yourself to use it",
    "stop": "stop this",
    "steer": "change how this trains",
    "resume": "resume this",
    "rename": "rename this",
    "delete": "delete this",
    "lead": "do this",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the server knows. `id` None: a lecturer, to whom belongs what belongs to no student.

    `number` counts the people of a room from 1: their seed, when each trains with one of their own.
    """

    id: str | None
    name: str
    room: str | None = None
    number: int | None = None

    @property
    def is_lecturer(self) -> bool:
        """Whether it is a lecturer, or whoever uses the program on their own machine."""
        return self.id is None


LECTURER = Person(None, "Lecturer")


def may(person: Person | None, action: Action, owner: str | None) -> bool:
    """Whether somebody may do something with what belongs to `owner` (a person's id; None: the lecturer)."""
    if person is None:
        return False
    whose: Owner = "own" if person.id == owner else "lecturer's" if owner is None else "another's"
    return person.is_lecturer or whose in ALLOWED[action]


def permit(person: Person | None, action: Action, owner: str | None) -> None:
    """Raise `NotAllowedError` unless somebody may do something."""
    if person is None:
        raise NotAllowedError("Join the class first: open this server's address and enter the room's code.")
    if not may(person, action, owner):
        who = (
            "Only the lecturer"
            if action == "lead" or owner is None
            else "Only whoever it belongs to, and the lecturer,"
        )
        raise NotAllowedError(f"{who} may {IN_WORDS[action]}.")
