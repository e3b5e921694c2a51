"""Servers and workers that start in a moment: a process that has the libraries loaded forks for each of them.

`python tests/forks.py SOCKET PID` is that process. A request is a JSON object on a connection of its own, so is the
answer:
`{"arguments": …, "environment": …, "log": …, "server": true or false}` forks and is answered with a process number;
`{"code": …, "arguments": …, "environment": …}` too, and what it prints goes to the file that comes along.
`{"ended": PID}` is answered with the exit code, null while it runs.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

import psutil

from sentiment_core import corpus
from sentiment_core.datasets.demo import generate
from sentiment_core.embeddings import load_saved
from sentiment_core.settings import DataConfig
from sentiment_core.store import engine
from sentiment_core.work.executors import local
from sentiment_core.work.executors.local import start_worker
from sentiment_core.work.executors.standby import SWITCH
from tests.spelling import encoder_of

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
            with suppress(ProcessLookupError):  # it ended in this moment
                os.kill(self.pid, signal.SIGKILL)


class Child(Forked):
    """A process that runs code of a test; `stdout` reads what it prints, its errors too."""

    def __init__(self, address: str, pid: int, stdout: IO[bytes]) -> None:
        super().__init__(address, pid)
        self.stdout = stdout

    def finish(self) -> str:
        """Return what it has printed when it has ended, as it should."""
        with self.stdout:
            said = self.stdout.read().decode()
        assert self.wait(60) == 0, said
        return said


StartCode = Callable[..., Child]


class Forks:
    """The process that forks, one for all test processes of a run; it starts when one of them first needs it.

    It ends when the process `tests`, which all of them end with, is gone. `run` is the name of the run.
    """

    def __init__(self, run: str, tests: int) -> None:
        # A socket's path must be short.
        self._folder = Path(gettempdir()) / f"forks-{run}"
        self._address = str(self._folder / "socket")
        self._tests = tests

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

    def start_code(self, code: str, *arguments: str) -> Child:
        """Start a process that has the libraries loaded and runs `code`, as `python -c` would."""
        self._ready()
        reading, writing = os.pipe()
        request = {"code": code, "arguments": arguments, "environment": dict(os.environ)}
        pid = ask(self._address, request, writing)
        os.close(writing)
        return Child(self._address, pid, os.fdopen(reading, "rb"))

    def _ready(self) -> None:
        started = None
        with suppress(FileExistsError):
            self._folder.mkdir()
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
            arguments = [sys.executable, __file__, self._address, str(self._tests)]
            started = os.posix_spawn(sys.executable, arguments, environment)
        # Who did not start it waits as long as a test may take.
        while not Path(self._address).exists():
            if started and os.waitpid(started, os.WNOHANG)[0]:
                self._folder.rmdir()  # whoever needs one next tries again
                raise RuntimeError("the process that forks has ended")
            time.sleep(0.05)


def ask(address: str, request: dict[str, Any], *files: int) -> Any:
    """Send a request to the process that forks, with open files, and return its answer."""
    request = {"folder": os.getcwd(), **request}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [b"\n"], files)
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile() as answer:
            return json.load(answer)


def _started(address: str, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Any:
    if WORKER not in command:
        return start_worker(list(command), environment, log)
    request = {"arguments": command[-2:], "environment": dict(environment), "log": log.name, "server": False}
    return Forked(address, ask(address, request))


def _become(request: dict[str, Any], address: str, files: list[int]) -> None:
    """Be the process that was asked for, in a fork."""
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = request["environment"].get("PYTHONPATH", "").split(os.pathsep)
    [log] = files or [os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)]
    for stream, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, stream)
    # What it starts in turn is forked from the same process.
    local.start_worker = lambda *asked: _started(address, *asked)
    if "code" in request:
        sys.argv = ["-c", *request["arguments"]]
        exec(request["code"], {"__name__": "__main__"})
    elif request["server"]:
        from streamlit.web import cli

        sys.argv = ["streamlit", *request["arguments"]]
        cli.main()
    else:
        from sentiment_core.work.worker import main

        os.setsid()
        sys.exit(main(request["arguments"]))


def main(address: str, tests: int) -> None:
    """Fork until the process `tests` is gone; what was forked goes on."""
    from ui.server.warm_up import warm_up

    warm_up()
    engine.SYNCHRONOUS = "OFF"  # as in the tests themselves
    # What a first update imports.
    import torch._dynamo  # noqa: F401

    generate()
    # And what a first training reads.
    corpus.TextEncoder = encoder_of  # type: ignore[misc, assignment]
    encoder_of(load_saved("glove-50").words, DataConfig().tokenizer)
    gc.freeze()

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
        os.rename(address + "-new", address)
        while psutil.pid_exists(tests):
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            _, files, *_ = socket.recv_fds(connection, 1, 1)
            with connection, connection.makefile() as asked:
                request = json.load(asked)
                if "ended" in request:
                    answer = codes.get(request["ended"])
                elif (answer := os.fork()) == 0:
                    break
                connection.sendall(json.dumps(answer).encode())
            for file in files:
                os.close(file)
        else:
            shutil.rmtree(Path(address).parent, ignore_errors=True)
            return
    try:
        _become(request, address, files)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    # As Python ends, with its threads, but for taking all libraries apart: 0.7 seconds of processor time.
    threading._shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
