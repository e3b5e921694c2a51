"""The app as a user starts it, and the Chromium that looks at it: for benchmarks, screenshots and browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

ROOT = Path(__file__).resolve().parents[1]
# The shell first: it draws no window around its pages, which takes a quarter of Chromium's processor time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
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


Launch = Callable[[Sequence[str], Mapping[str, str], Path], psutil.Process]
"""Start streamlit with arguments, in an environment, writing to a log."""


def launch(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> psutil.Process:
    """Start streamlit as a user does."""
    with log.open("ab") as file:
        return psutil.Popen(
            [sys.executable, "-m", "streamlit", *arguments], cwd=ROOT, env=environment, stdout=file, stderr=file
        )


class AppServer:
    """A web server on a free port of 127.0.0.1 with `home` as its `$SENTIMENT_HOME`; its log is `home/server.log`.

    Its store is the one of its home, unless `store_url` names another.
    """

    def __init__(self, home: Path, launch: Launch = launch, store_url: str | None = None) -> None:
        self.home = home
        self._store_url = store_url
        self._launch = launch
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: psutil.Process | None = None

    @property
    def pid(self) -> int:
        """Process number of the running server."""
        assert self._process is not None
        return int(self._process.pid)

    def start(self) -> None:
        """Start the server and wait until it answers; raise `TimeoutError` with its log after two minutes."""
        environment = {**os.environ, "SENTIMENT_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        environment.pop("SENTIMENT_STORE_URL", None)
        if self._store_url is not None:
            environment["SENTIMENT_STORE_URL"] = self._store_url
        arguments = ["run", "app.py", "--server.headless=true", f"--server.port={self.port}"]
        self._process = self._launch(arguments, environment, self.home / "server.log")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        self.stop()
        raise TimeoutError((self.home / "server.log").read_text())

    def stop(self) -> None:
        """End the server; its workers go on, as they would for a user."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except psutil.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server as a machine's failure would: at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()
