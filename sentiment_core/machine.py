"""What this machine grants a process: cores, memory, and who goes first when memory runs out."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from sentiment_core.errors import ConfigError

LIMIT_VARIABLE = "SENTIMENT_WORKER_MEMORY"
WORKERS_VARIABLE = "SENTIMENT_MAX_WORKERS"
# A worker alone may fill a machine but for this share, which the server, the desktop and the page cache live on.
SPARED = 0.1
WATCH_SECONDS = 0.1
# Of 1000, which stands for all memory: such a process is chosen before any that is less than half the machine larger.
EXPENDABLE = 500
OUT_OF_MEMORY_EXIT = 3

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_CGROUP = Path("/proc/self/cgroup")
_CGROUP_ROOT = Path("/sys/fs/cgroup")


def cores() -> int:
    """Return how many cores this process may use: in a container or under taskset fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def max_workers() -> int:
    """Return how many pieces of work run at once: `$SENTIMENT_MAX_WORKERS`, else half the cores and one more.

    The one more is for what takes seconds. Raises `ConfigError` when the variable is no whole number ≥ 1.
    """
    chosen = os.environ.get(WORKERS_VARIABLE)
    if not chosen:
        return max(1, cores() // 2) + 1
    if not chosen.isdecimal() or int(chosen) < 1:
        raise ConfigError(f"{WORKERS_VARIABLE}: a whole number ≥ 1 (got {chosen[:40]!r})")
    return int(chosen)


def may_have_gpu() -> bool:
    """Return whether there are signs of a GPU that PyTorch could use; only PyTorch itself knows, and takes seconds."""
    try:
        build = version("torch")
    except PackageNotFoundError:
        return False
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or (shutil.which("nvidia-smi") is not None and not build.endswith("+cpu"))


def total_memory() -> int:
    """Return the bytes of memory that this process and its like may use together: the machine's, or its cgroup's."""
    return min([psutil.virtual_memory().total, *(limit for limit, _ in _cgroups())])


def available_memory() -> int:
    """Return the bytes that can still be had without swapping: on the machine, or in its cgroup where that is less."""
    return max(0, min([psutil.virtual_memory().available, *(limit - used for limit, used in _cgroups())]))


def worker_memory() -> int:
    """Return the bytes one worker may occupy: `$SENTIMENT_WORKER_MEMORY`, else nine tenths of `total_memory`.

    Raises `ConfigError` unless it is a number of bytes, with K, M, G or T for powers of 1024.
    """
    chosen = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not chosen:
        return round(total_memory() * (1 - SPARED))
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", chosen, re.IGNORECASE)
    size = float(found[1]) * _UNITS[found[2].upper()] if found else 0
    if size < _UNITS["M"]:
        raise ConfigError(f"{LIMIT_VARIABLE}: an amount of memory such as 4G or 1500M (got {chosen[:40]!r})")
    return round(size)


def die_first() -> None:
    """Let the kernel choose this process, and what it starts, before the server when memory runs out (Linux only)."""
    with suppress(OSError, ValueError):
        score = Path("/proc/self/oom_score_adj")
        score.write_text(str(max(EXPENDABLE, int(score.read_text()))))


@contextmanager
def memory_limited(advice: str, last_words: Callable[[str], None]) -> Iterator[None]:
    """End this process when it occupies more than `worker_memory()`, after `last_words` has kept the sentence that says
    so and ends in `advice`.

    A thread looks ten times a second, on every system and for every device. The kernel's own limits are no use here:
    address space (RLIMIT_AS) is not memory, CUDA alone reserves more of it than a machine has, and an allocation that
    fails inside a library often ends the process without a word. Raises `ConfigError` for a limit that cannot be read.
    """
    limit = worker_memory()
    process = psutil.Process()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            if (occupied := process.memory_info().rss) > limit:
                end(occupied)

    def end(occupied: int) -> None:
        try:
            last_words(
                f"Out of memory: it took {in_words(occupied)}, and a worker may take {in_words(limit)} here "
                f"({LIMIT_VARIABLE}). {advice}"
            )
        finally:
            # The thread that allocates may sit in one long operation; nothing gentler stops it in time.
            os._exit(OUT_OF_MEMORY_EXIT)

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def in_words(size: float) -> str:
    """Return a number of bytes for people: `850 MB`, `3.2 GB`."""
    return f"{size / 1e6:,.0f} MB" if size < 0.9995e9 else f"{size / 1e9:,.1f} GB"


def _cgroups() -> Iterator[tuple[int, int]]:
    """Yield (limit, memory used) in bytes of every control group that bounds this process.

    Cached files do not count as used where the kernel tells them apart: they are given back on demand.
    """
    try:
        lines = _CGROUP.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = _CGROUP_ROOT, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root, names = (
                _CGROUP_ROOT / "memory",
                ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
            )
        else:
            continue
        own = root / path.lstrip("/")
        # Inside a container the path is often the host's, and the group itself is what is mounted at the root.
        for place in {own, *own.parents} | {root}:
            if place.is_relative_to(root):
                with suppress(OSError, ValueError):
                    yield _bounds(place, *names)


def _bounds(place: Path, limit: str, usage: str, cached: str) -> tuple[int, int]:
    granted = int((place / limit).read_text())  # "max" where there is none: a ValueError
    statistics = dict(line.split() for line in (place / "memory.stat").read_text().splitlines())
    return granted, int((place / usage).read_text()) - int(statistics.get(cached, 0))
