"""The store and the executor that all pages and routes of this server share."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

from sentiment_core.artifacts import home
from sentiment_core.errors import SentimentLabError
from sentiment_core.store import Store
from sentiment_core.work import desk
from sentiment_core.work.executors import Executor
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.leftovers import collect
from ui.server.warm_up import warm_up

WATCH_SECONDS = 2.0

logger = logging.getLogger(__name__)


def store() -> Store:
    """Return the store of the current home; raise `StoreError` when it cannot be opened."""
    return _open(os.environ.get("SENTIMENT_STORE_URL"), str(home()))[0]


def executor() -> Executor:
    """Return the executor that starts and finds workers for `store()`."""
    return _open(os.environ.get("SENTIMENT_STORE_URL"), str(home()))[1]


@lru_cache(maxsize=8)
def _open(url: str | None, folder: str) -> tuple[Store, Executor]:
    opened = Store(url)
    return opened, LocalExecutor(opened)


@asynccontextmanager
async def serve(_app: Any) -> AsyncIterator[None]:
    """Get ready; then, while the server runs, notice dead workers and start what is queued, watched or not."""
    warm_up()
    task = asyncio.create_task(_watch())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _look_after() -> None:
    # Calculations need no store: one that is away must not keep them waiting.
    desk.pump()
    executor().reconcile()


async def _watch() -> None:
    try:
        await asyncio.to_thread(lambda: collect(store()))
    except Exception as error:  # whatever it is, the queue must be looked after
        logger.warning("leftovers of crashes stay until the next start: %s", error)
    complaint = ""
    while True:
        try:
            await asyncio.to_thread(_look_after)
            complaint = ""
        except SentimentLabError as error:
            # The pages show it to the user; the log says it once, not every two seconds.
            if str(error) != complaint:
                logger.warning("%s", error)
            complaint = str(error)
        except Exception:
            logger.exception("looking after the workers failed; trying again")
        await asyncio.sleep(WATCH_SECONDS)
