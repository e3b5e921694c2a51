"""A real server on a home of its own and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from benchmarks.app_server import CHROMIUM, FLAGS, ROOT, AppServer, Launch, launch


def end_workers(home: Path) -> None:
    """End the workers that this home's store knows; they outlive their server on purpose."""
    from sentiment_core.store import Store
    from sentiment_core.work.executors.local import LocalExecutor

    with Store(f"sqlite:///{home / 'store.sqlite3'}") as store:
        executor = LocalExecutor(store, max_running=1)
        for work in store.active_work():
            executor.terminate(work.id, grace=2.0)


@pytest.fixture(scope="session")
def launch_at_once() -> Iterator[Launch]:
    """Starts a server without its five seconds of imports, where processes can fork."""
    if not hasattr(os, "fork"):
        yield launch
        return
    forks = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server_forks.py"))],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert forks.stdin is not None and forks.stdout is not None

    def fork(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> psutil.Process:
        json.dump({"arguments": arguments, "environment": dict(environment), "log": str(log)}, forks.stdin)
        print(file=forks.stdin, flush=True)
        return psutil.Process(int(forks.stdout.readline()))

    yield fork
    forks.stdin.close()
    forks.wait(10)
    forks.stdout.close()


@pytest.fixture
def server(tmp_path: Path, launch_at_once: Launch) -> Iterator[AppServer]:
    running = AppServer(tmp_path, launch_at_once)
    running.start()
    yield running
    running.stop()
    end_workers(tmp_path)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install it, or name its executable in $CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium) -> Iterator[object]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    yield opened
    context.close()
    assert opened.faults == []
