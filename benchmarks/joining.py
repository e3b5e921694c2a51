"""A class joins: how long from the link of the room until its page is drawn, when all come within a minute?

    python -m benchmarks.joining [--students 100] [--within 60]

Each student asks for the form, posts the code with a name of their own, is sent to the room, fetches the page with
the scripts and styles that it names, one after the other, and opens the websocket; then they stay, and their page looks
again every few seconds, as the lecturer's wall does from the beginning. A process of its own plays all of them; what
browsers compute is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.app_server import AppServer
from benchmarks.crowd import percentile
from benchmarks.load import Browser, nothing_seen
from sentiment_core.classroom.people import LECTURER
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.store import Store
from ui.server.tickets import COOKIE, issue

AFTERWARDS = 10.0  # that the last ones stay
NAMED = re.compile(r'(?:src|href)="\./(static/[^"]+)"')


def come_in(url: str, code: str, name: str) -> tuple[str, float, int]:
    """Join a room and fetch its page; return the ticket, the seconds until it was there, and the bytes fetched."""
    with requests.Session() as session:

        def fetched(path: str) -> requests.Response:
            answer = session.get(f"{url}/{path}", timeout=60)
            answer.raise_for_status()
            return answer

        began = time.monotonic()
        fetched(f"join/{code}")
        posted = session.post(
            f"{url}/join", {"code": code, "name": name}, headers={"Origin": url}, timeout=60, allow_redirects=False
        )
        assert posted.status_code == 303, posted.text
        took = time.monotonic() - began
        page = fetched("room")
        parts = [len(fetched(path).content) for path in sorted(set(NAMED.findall(page.text)))]
        return session.cookies[COOKIE], took, sum(parts)


def class_comes(port: int, code: str, lecturer: str, students: int, within: float, results: Any) -> None:
    """Play the lecturer and all students; put what they saw."""
    seen = {**nothing_seen(), "joined": [], "fetched": []}
    ends = time.monotonic() + within + AFTERWARDS

    async def one(number: int) -> None:
        await asyncio.sleep(random.uniform(0, within))
        began = time.monotonic()
        try:
            ticket, took, size = await asyncio.to_thread(come_in, f"http://127.0.0.1:{port}", code, f"Student {number}")
        except (requests.RequestException, AssertionError) as error:
            seen["errors"][f"{type(error).__name__}: {str(error)[:80]}"] += 1
            return
        seen["joined"].append(took)
        seen["fetched"].append(size)
        await Browser(port, "", seen, f"{COOKIE}={ticket}").live(ends - time.monotonic(), began)

    async def everybody() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(students))
        wall = Browser(port, "", nothing_seen(), f"{COOKIE}={lecturer}")
        await asyncio.gather(wall.live(ends - time.monotonic()), *map(one, range(students)))

    asyncio.run(everybody())
    results.put(seen)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--within", type=float, default=60.0, help="seconds within which all of them come")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    set_up()
    settings = class_settings()
    assert settings is not None
    spawn = multiprocessing.get_context("spawn")
    with Store() as store, AppServer(Path(home)) as server:
        code, results = store.open_room("Joining").code, spawn.Queue()
        asked = (server.port, code, issue(LECTURER, settings), options.students, options.within, results)
        visitors = spawn.Process(target=class_comes, args=asked)
        process, began = psutil.Process(server.pid), time.monotonic()
        before = sum(process.cpu_times()[:2])
        visitors.start()
        seen = results.get()
        share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        visitors.join()
        there = len(store.members(code))
    print(f"{there} of {options.students} joined within {options.within:.0f} s; load {os.getloadavg()[0]:.1f}")
    for what, name in (("joined", "form and answer"), ("drawn", "from the link until the room is drawn")):
        found = seen[what]
        print(f"{name}: p50 {percentile(found, 0.5):.2f} s, p95 {percentile(found, 0.95):.2f} s of {len(found)}")
    print(f"server: {share:.0%} of a core; {sum(seen['fetched']) / 1e6 / there:.1f} MB of scripts for each")
    print(f"errors: {dict(seen['errors']) or 'none'}")


if __name__ == "__main__":
    main()
