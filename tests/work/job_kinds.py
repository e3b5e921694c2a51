"""Kinds of work for tests; the work's process finds this module through `$PYTHONPATH`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sentiment_core.errors import DataError
from sentiment_core.progress import Progress
from sentiment_core.work.kinds import Kind


@dataclass(frozen=True)
class Order:
    """What `run` shall do: wait, take memory, fail; `run` names an experiment's run that it is about."""

    number: int = 0
    seconds: float = 0.0
    marks: str | None = None
    take: int = 0
    memory_error: str | None = None
    refuse: str | None = None
    unexpected: bool = False
    run: str | None = None


@dataclass(frozen=True)
class Answer:
    """Twice the number."""

    answer: int


def run(order: Order, progress: Progress) -> Answer:
    """Leave a mark for each start, then do what the order says."""
    if order.marks is not None:
        with Path(order.marks).open("a") as file:
            file.write("started\n")
    progress("Working on it", 0.25)
    taken = b"1" * order.take
    deadline = time.monotonic() + order.seconds
    while time.monotonic() < deadline:
        time.sleep(0.05)
    if order.memory_error is not None:
        raise RuntimeError(order.memory_error) if order.memory_error else MemoryError
    if order.refuse is not None:
        raise DataError(order.refuse)
    if order.unexpected:
        raise ValueError("an inner matter")
    del taken
    return Answer(2 * order.number)


SHORT = Kind("test", "A test", Order, Answer, "job_kinds:run", run_of=lambda order: order.run)
LONG = Kind("long-test", "A long test", Order, Answer, "job_kinds:run", is_long=lambda order: True)
