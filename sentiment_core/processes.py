"""Which process it was: an identity that survives a clock that is set, a reused number and a reboot."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

PROC = Path("/proc")
# Where only psutil knows the start, in seconds of a clock that may be set: it is slewed by less than this.
START_TOLERANCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process on a machine: `started` tells it from a later one with the same number.

    `host` is `this_machine()` where it runs. `started` counts clock ticks since boot on Linux, Unix seconds elsewhere.
    """

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int | None = None) -> Self:
        """Return the identity of process `pid` of this machine, by default of this one; raise `psutil.Error`."""
        pid = os.getpid() if pid is None else pid
        return cls(this_machine(), pid, _started(pid))


def find_process(identity: ProcessIdentity) -> psutil.Process | None:
    """Return the living process; None for zombies, for a later one with its number and for another machine's."""
    if identity.host != this_machine():
        return None
    try:
        process = psutil.Process(identity.pid)
        # In this order: a process that ends in between is a zombie or gone.
        same = abs(_started(identity.pid) - identity.started) <= _tolerance()
        return process if same and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD} else None
    except psutil.NoSuchProcess:
        return None


@cache
def this_machine() -> str:
    """Return what names this machine since it booted: its host name and, on Linux, boot id and process namespace.

    After a reboot, and in a container of its own, process numbers mean other processes.
    """
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append((PROC / "sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink(PROC / "self/ns/pid"))
    return " ".join(parts)


def _started(pid: int) -> float:
    # psutil's start time moves with the clock; the kernel's count of ticks since boot does not.
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        if _counts_ticks():
            raise psutil.NoSuchProcess(pid) from error
        return psutil.Process(pid).create_time()
    # proc(5): the second field is the name, which may hold spaces and brackets; the start is field 22.
    return float(stat.rpartition(")")[2].split()[19])


def _tolerance() -> float:
    return 0.0 if _counts_ticks() else START_TOLERANCE_SECONDS


@cache
def _counts_ticks() -> bool:
    return (PROC / "self/stat").exists()
