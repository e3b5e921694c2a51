"""Equal questions are answered once; too many different ones are refused, not piled up."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from ui.server.shared_work import OverloadedError, SharedWork


def test_equal_questions_share_one_answer_and_it_is_not_kept(run_async: Any):
    asked = []
    gate = threading.Event()

    def work():
        asked.append(threading.current_thread())
        gate.wait(10)
        return len(asked)

    async def scene():
        shared = SharedWork(threads=2, most_waiting=5)
        waiting = [asyncio.create_task(shared.result("same", work)) for _ in range(20)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*waiting), await shared.result("same", work)

    assert run_async(scene()) == ([1] * 20, 2)
    assert threading.main_thread() not in asked


def test_more_questions_than_can_wait_are_refused_and_equal_ones_are_not(run_async: Any):
    gate = threading.Event()

    async def scene():
        shared = SharedWork(threads=1, most_waiting=3)
        waiting = [asyncio.create_task(shared.result(number, gate.wait)) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await shared.result("another", gate.wait)
        waiting.append(asyncio.create_task(shared.result(2, gate.wait)))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*waiting)
        assert await shared.result("another", lambda: "answered") == "answered"

    run_async(scene())


def test_who_leaves_does_not_take_the_answer_from_the_others(run_async: Any):
    gate = threading.Event()

    async def scene():
        shared = SharedWork(threads=1, most_waiting=3)
        leaving, staying = (asyncio.create_task(shared.result("same", lambda: gate.wait(10))) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        gate.set()
        assert await staying is True
        assert leaving.cancelled()

    run_async(scene())


def test_a_failure_reaches_all_who_asked(run_async: Any):
    def work():
        raise ValueError("no")

    async def scene():
        shared = SharedWork(threads=1, most_waiting=3)
        return await asyncio.gather(*(shared.result("same", work) for _ in range(3)), return_exceptions=True)

    assert [str(error) for error in run_async(scene())] == ["no"] * 3
