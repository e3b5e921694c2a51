"""Work for many visitors at once: equal questions are answered once, and no more are taken than can be worked off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class OverloadedError(Exception):
    """Too many different questions are waiting already; ask again later."""


class SharedWork:
    """Runs functions in a few threads, so that the event loop stays free for everybody else."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="shared-work")
        self._most_waiting = most_waiting
        self._waiting: dict[Hashable, asyncio.Future[Any]] = {}

    async def result(self, question: Hashable, work: Callable[[], Answer]) -> Answer:
        """Return what `work` returns, or what it returned to somebody who asked the same a moment before.

        Raises `OverloadedError`, and what `work` raises.
        """
        answer = self._waiting.get(question)
        if answer is None:
            if len(self._waiting) >= self._most_waiting:
                raise OverloadedError
            answer = asyncio.get_running_loop().run_in_executor(self._pool, work)
            self._waiting[question] = answer
            answer.add_done_callback(lambda _: self._waiting.pop(question))
        # Whoever leaves early must not take the answer from the others.
        result: Answer = await asyncio.shield(answer)
        return result
