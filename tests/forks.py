"""Servers and workers that start in a moment: a process that has the libraries loaded forks for each of them.

`python tests/forks.py SOCKET` is that process. A request is a JSON object on a connection of its own, so is the answer:
`{"arguments": …, "environment": …, "log": …, "server": true or false}` forks and is answered with a process number,
`{"ended": PID}` with the exit code, null while it runs.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import psutil

from sentiment_core.datasets.demo import generate
from sentiment_core.work.executors import local
from sentiment_core.work.executors.local import start_worker
from sentiment_core.work.executors.standby import SWITCH

ROOT = Path(__file__).resolve().parents[1]
WORKER = "sentiment_core.work"


class Forked:
    """A worker that was forked, with what an executor asks of a `subprocess.Popen`."""

    def __init__(self, address: str, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._address = address

    def poll(self) -> int | None:
        # The process that forked it may be gone before: it ends with the tests.
        with suppress(OSError):
            if self.returncode is None:
                self.returncode = ask(self._address, {"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Forks:
    """The process that forks; it starts when it is first needed and ends with `close`."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="forks-")
        self._address = str(Path(self._folder.name) / "socket")
        self._process: subprocess.Popen[bytes] | None = None

    def start_server(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> psutil.Process:
        """Start streamlit with `arguments`, as `benchmarks.app_server.launch` does; its workers are forked as well."""
        self._ready()
        # A fork is there in a moment: nothing is gained by a worker that waits.
        told = {**environment, SWITCH: "0"}
        request = {"arguments": arguments, "environment": told, "log": str(log), "folder": str(ROOT)}
        return psutil.Process(ask(self._address, {**request, "server": True}))

    def start_worker(self, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Any:
        """Start a worker as `local.start_worker` does."""
        self._ready()
        return _started(self._address, command, environment, log)

    def close(self) -> None:
        """End the process that forks; what it forked goes on."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        self._folder.cleanup()

    def _ready(self) -> None:
        if self._process is not None:
            return
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen([sys.executable, __file__, self._address], env=environment)
        while not Path(self._address).exists():
            assert self._process.poll() is None, "the process that forks has ended"
            time.sleep(0.05)


def ask(address: str, request: dict[str, Any]) -> Any:
    """Send a request to the process that forks, and return its answer."""
    request = {"folder": os.getcwd(), **request}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile() as answer:
            return json.load(answer)


def _started(address: str, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Any:
    if WORKER not in command:
        return start_worker(list(command), environment, log)
    request = {"arguments": command[-2:], "environment": dict(environment), "log": log.name, "server": False}
    return Forked(address, ask(address, request))


def _become(request: dict[str, Any], address: str) -> None:
    """Be the process that was asked for, in a fork."""
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
    for stream, path, how in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        os.dup2(os.open(path, how), stream)
    # What it starts in turn is forked from the same process.
    local.start_worker = lambda *asked: _started(address, *asked)
    if request["server"]:
        from streamlit.web import cli

        sys.argv = ["streamlit", *request["arguments"]]
        cli.main()
    else:
        from sentiment_core.work.worker import main

        os.setsid()
        sys.exit(main(request["arguments"]))


def main(address: str) -> None:
    """Fork until the end."""
    from ui.server.warm_up import warm_up

    warm_up()
    # What a first update imports.
    import torch._dynamo  # noqa: F401

    generate()

    codes: dict[int, int] = {}

    def reap(*_: object) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                codes[ended[0]] = os.waitstatus_to_exitcode(ended[1])

    signal.signal(signal.SIGCHLD, reap)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address + "-new")
        listening.listen(64)
        listening.settimeout(1)
        tests = os.getppid()
        os.rename(address + "-new", address)
        # Tests that are killed cannot say that they end.
        while os.getppid() == tests:
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            with connection, connection.makefile() as asked:
                request = json.load(asked)
                if "ended" in request:
                    answer = codes.get(request["ended"])
                elif (answer := os.fork()) == 0:
                    break
                connection.sendall(json.dumps(answer).encode())
        else:
            return
    _become(request, address)


if __name__ == "__main__":
    main(sys.argv[1])
