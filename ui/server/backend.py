"""The store, the executor and the desk that all pages and routes of this server share."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

from sentiment_core.artifacts import home
from sentiment_core.classroom.settings import Limits, class_settings
from sentiment_core.errors import LimitError, SentimentLabError
from sentiment_core.logs import turn_over, write_log
from sentiment_core.store import Store
from sentiment_core.work.desk import Desk
from sentiment_core.work.executors import Executor, make_executor
from sentiment_core.work.leftovers import collect
from ui.server.sockets import send_at_once
from ui.server.tally import CountProblems
from ui.server.visitor import visitor
from ui.server.warm_up import warm_up

WATCH_SECONDS = 2.0
COLLECT_SECONDS = 86_400.0

logger = logging.getLogger(__name__)


def shared_store() -> Store:
    """Return the store of the current home, which acts for nobody; raise `StoreError` when it cannot be opened."""
    return _open(os.environ.get("SENTIMENT_STORE_URL"), str(home()))


def store() -> Store:
    """Return the store of the current home for pages: in a class it acts for the visitor.

    Raises `StoreError`, and `NotAllowedError` where nobody is known to have opened the page.
    """
    opened, settings = shared_store(), class_settings()
    return opened if settings is None else opened.acting_for(visitor(), settings.limits)


def limits() -> Limits | None:
    """Return what limits the visitor, None where nothing does."""
    return None if visitor().is_lecturer else shared_store().class_limits()


def check_upload_size(size: int) -> None:
    """Raise `LimitError` when a file of `size` bytes is more than the visitor may bring."""
    granted = limits()
    if granted is not None and size > granted.upload.megabytes * 1_000_000:
        raise LimitError(
            f"This file has {size / 1e6:,.0f} MB, and {granted.upload.megabytes:,} may be brought (upload.megabytes)."
            " Take a part of it, or ask the lecturer to bring it."
        )


def executor() -> Executor:
    """Return the executor that starts and finds workers for the store of the current home."""
    return _executor(shared_store())


def desk() -> Desk:
    """Return the desk that has calculations done, with `store()` and `executor()`."""
    return Desk(store(), executor())


@lru_cache(maxsize=8)
def _open(url: str | None, folder: str) -> Store:
    return Store(url)


@lru_cache(maxsize=8)
def _executor(opened: Store) -> Executor:
    # It remembers which heartbeats it has seen.
    return make_executor(opened)


@asynccontextmanager
async def serve(_app: Any) -> AsyncIterator[None]:
    """Get ready; then, while the server runs, notice dead workers and start what is queued, watched or not."""
    send_at_once()
    warm_up()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    write_log()
    logging.getLogger().addHandler(CountProblems())
    logger.info("the server is ready")
    task = asyncio.create_task(_watch())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _look_after() -> None:
    executor().reconcile()
    executor().stand_by()


async def _watch() -> None:
    complaint, collected = "", -COLLECT_SECONDS
    while True:
        if time.monotonic() - collected >= COLLECT_SECONDS:
            collected = time.monotonic()
            try:
                turn_over()
                await asyncio.to_thread(lambda: collect(shared_store()))
            except Exception as error:  # whatever it is, the queue must be looked after
                logger.warning("leftovers stay until the next day or start: %s", error)
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
