"""Two cores for one explanation: batches in threads of their own, each with one thread of linear algebra.

The recurrence lets go of Python's lock. Two such threads on two cores share the work nearly evenly, and beside a
training worker they only get slower, where a pool of linear-algebra threads would wait for its slowest member.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sentiment_core.machine import cores
from sentiment_core.numerics import prepare_thread

# Several people explain at once on a class's server: nobody takes more than this.
THREADS = min(2, cores())

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return `function(item)` for each item, in order.

    `function` must switch gradients on or off itself: PyTorch keeps that for each thread.
    """
    if len(items) < 2 or THREADS < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(THREADS, initializer=prepare_thread) as pool:
        return list(pool.map(function, items))
