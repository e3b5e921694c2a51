"""A worker that is there before its work: its libraries are imported, which takes longer than a first update.

The process that keeps one hands it a piece of work in a line on its standard input; where that ends, the worker does.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from time import monotonic

from sentiment_core.machine import available_memory

WAIT = "--wait"
SWITCH = "SENTIMENT_STANDBY"
# What one occupies at most while it rehearses (0.8 GB), and as much again for its work.
LEAST_FREE_BYTES = 1_800_000_000
# The next one is made once the work that took the last has made its first steps.
PAUSE_SECONDS = 10.0
# What a training and its first update import; an optimizer brings torch._dynamo.
LIBRARIES = ("sentiment_core.work.training", "torch._dynamo")

logger = logging.getLogger(__name__)


class Standby:
    """Keeps up to one worker waiting, for whoever starts pieces of work. Its methods may be called by any thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._taken = -PAUSE_SECONDS
        self._lock = threading.Lock()

    def keep(self, environment: Mapping[str, str]) -> None:
        """Have one started unless one waits, one was just taken, memory is short, or `$SENTIMENT_STANDBY` is 0."""
        with self._lock:
            waits = self._process is not None and self._process.poll() is None
            if waits or os.environ.get(SWITCH) == "0" or monotonic() - self._taken < PAUSE_SECONDS:
                return
            if available_memory() < LEAST_FREE_BYTES:
                return
            command = [sys.executable, "-P", "-m", "sentiment_core.work", WAIT]
            with suppress(OSError):
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,
                )

    def take(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes] | None:
        """Hand the work of a worker's `command` to the one that waits; return its process, None where there is none."""
        with self._lock:
            process, self._process = self._process, None
            self._taken = monotonic()
        if process is None or process.stdin is None:
            return None
        order = {"arguments": list(command[-2:]), "environment": dict(environment), "log": str(log.absolute())}
        try:
            with process.stdin as line:
                line.write(json.dumps(order).encode() + b"\n")
        except OSError as error:
            logger.warning("the worker that waited is gone: %s", error)
            return None
        return process if process.poll() is None else None


def get_ready() -> None:
    """Import what a training needs, then make what the first one would wait for, unless work is there already."""
    from sentiment_core.numerics import prepare_thread

    prepare_thread(threads=1)
    for name in LIBRARIES:
        import_module(name)
    if select([sys.stdin], [], [], 0)[0]:
        return
    from sentiment_core.work.executors.rehearsal import rehearse

    rehearse()


def wait() -> list[str] | None:
    """Get ready for a training, wait for work, become its worker; return its arguments, None when none comes."""
    get_ready()
    line = sys.stdin.buffer.readline()
    if not line:
        return None
    order = json.loads(line)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in sys.path]
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, target in ((0, nothing), (1, log), (2, log)):
        os.dup2(target, stream)
    arguments: list[str] = order["arguments"]
    return arguments
