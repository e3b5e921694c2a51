"""Whose turn it is in the queue: people take turns, and each one's own work goes first come, first served.

Round-robin over people (Nagle 1987, "On packet switches with infinite storage"): who has put fifty experiments into the
queue delays nobody by more than the one that runs. Where everything is nobody's, as on one's own machine, what came
first starts first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sentiment_core.store.records import Places


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits: whose it is, since when, in Unix seconds, and whether it may take hours."""

    id: str
    owner: str | None
    since: float
    is_long: bool


@dataclass(frozen=True, slots=True)
class AtWork:
    """What is at work: how many pieces each person has, and when one of theirs last started, in Unix seconds."""

    pieces: Mapping[str | None, int] = field(default_factory=dict)
    served: Mapping[str | None, float] = field(default_factory=dict)

    def is_new(self, owner: str | None) -> bool:
        """Whether a student has never had their turn."""
        return owner is not None and owner not in self.served


def in_turn(waiting: Iterable[Waiting], at_work: AtWork) -> list[Waiting]:
    """Return what waits in the order in which it starts.

    A person's first piece counts as one more than they have at work, their second as two more; the fewer go first, and
    of equal ones whoever was served longest ago.
    """
    count: Counter[str | None] = Counter(at_work.pieces)
    placed = []
    for item in sorted(waiting, key=lambda item: (item.since, item.id)):
        placed.append((count[item.owner], at_work.served.get(item.owner, 0.0), item.since, item.id, item))
        count[item.owner] += 1
    return [item for *_, item in sorted(placed, key=lambda place: place[:4])]


def next_up(
    waiting: Collection[Waiting], at_work: AtWork, places: Places, running: int, running_long: int
) -> Waiting | None:
    """Return what starts next where `running` pieces are at work, `running_long` of them long; None without a place.

    A student's very first training may take the place that is kept free of what takes hours.
    """
    if running >= places.total:
        return None
    for item in in_turn(waiting, at_work):
        if places.each is not None and item.owner is not None and at_work.pieces.get(item.owner, 0) >= places.each:
            continue
        if not item.is_long or running_long < places.long or at_work.is_new(item.owner):
            return item
    return None
