"""A real server on a home of its own and a real Chromium in front of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """The application as a user starts it, with its workers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "SENTIMENT_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        environment.pop("SENTIMENT_STORE_URL", None)
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"--server.port={self.port}"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health") as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise TimeoutError((self.home / "server.log").read_text())

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def end_workers(home: Path) -> None:
    """End the workers that this home's store knows; they outlive their server on purpose."""
    from sentiment_core.executors.local import LocalExecutor
    from sentiment_core.store import Store

    with Store(f"sqlite:///{home / 'store.sqlite3'}") as store:
        executor = LocalExecutor(store, max_running=1)
        for experiment in store.active_experiments():
            executor.terminate(experiment.id, grace=2.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
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
