"""What a machine grants: cores, memory within control groups, and a limit that ends a process with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sentiment_core import machine
from sentiment_core.errors import ConfigError
from sentiment_core.machine import available_memory, in_words, max_workers, total_memory, worker_memory
from ui.home.machine import device

GIB = 2**30


@pytest.mark.parametrize(
    ("text", "size"),
    [("4G", 4 * GIB), ("1500M", 1500 * 2**20), ("1.5gb", 1.5 * GIB), ("2 GiB", 2 * GIB), ("2097152", 2**21)],
)
def test_the_limit_of_a_worker_is_read(text, size, monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKER_MEMORY", text)
    assert worker_memory() == size


@pytest.mark.parametrize("text", ["much", "-4G", "4X", "0", "12", "4G4", "nan", "9" * 99])
def test_a_limit_that_is_no_amount_of_memory_is_refused(text, monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKER_MEMORY", text)
    with pytest.raises(ConfigError, match="SENTIMENT_WORKER_MEMORY: an amount of memory such as 4G"):
        worker_memory()


def test_without_a_limit_a_worker_leaves_a_tenth_of_the_machine():
    assert worker_memory() == round(total_memory() * 0.9)


def test_as_many_workers_as_asked_for(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    assert max_workers() == 5, "and one for what takes seconds"
    monkeypatch.setenv("SENTIMENT_MAX_WORKERS", "3")
    assert max_workers() == 3


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "_CGROUP_ROOT", tmp_path)
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "own")
    return tmp_path


def test_a_group_of_version_2_bounds_memory_through_its_parents_and_cached_files_are_free(groups):
    (groups / "own").write_text("0::/class/student\n")
    write(groups / "class", {"memory.max": GIB, "memory.current": GIB // 2}, "inactive_file", GIB // 4)
    write(groups / "class" / "student", {"memory.max": "max", "memory.current": GIB // 2}, "inactive_file", 0)
    assert total_memory() == GIB and available_memory() == GIB - GIB // 4


def test_a_group_of_version_1_and_one_whose_path_is_the_hosts(groups):
    (groups / "own").write_text("3:cpu:/docker/abc\n4:memory:/docker/abc\n")
    names = {"memory.limit_in_bytes": GIB, "memory.usage_in_bytes": GIB}
    write(groups / "memory", names, "total_inactive_file", 0)
    assert total_memory() == GIB and available_memory() == 0


@pytest.mark.parametrize("content", ["", "0::/\n", "9:name=systemd:/\n"])
def test_without_a_bound_it_is_the_machine(content, groups):
    (groups / "own").write_text(content)
    assert total_memory() == psutil.virtual_memory().total


def write(group: Path, files: dict[str, object], cached: str, size: int) -> None:
    group.mkdir(exist_ok=True)
    for name, content in files.items():
        (group / name).write_text(f"{content}\n")
    (group / "memory.stat").write_text(f"anon 5\n{cached} {size}\n")


TAKER = """
import sys, time
from sentiment_core.machine import memory_limited
with memory_limited("Take less.", print):
    taken = b"1" * int(sys.argv[1])
    time.sleep(float(sys.argv[2]))
print("ended by itself")
"""


@pytest.mark.parametrize(("size", "seconds"), [(800_000_000, 60.0), (1000, 0.3)])
def test_a_process_over_its_limit_is_ended_with_its_last_words(size, seconds, monkeypatch):
    monkeypatch.setenv("SENTIMENT_WORKER_MEMORY", "400M")
    command = [sys.executable, "-u", "-c", TAKER, str(size), str(seconds)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=50)
    if size > 1000:
        assert ended.returncode == machine.OUT_OF_MEMORY_EXIT
        assert ended.stdout.startswith("Out of memory: it took ")
        assert ended.stdout.endswith("and a worker may take 419 MB here (SENTIMENT_WORKER_MEMORY). Take less.\n")
    else:
        assert (ended.returncode, ended.stdout) == (0, "ended by itself\n")


def test_sizes_in_words():
    assert [in_words(size) for size in (0, 419_430_400, 999_400_000, 999_700_000, 3.25e12)] == [
        "0 MB",
        "419 MB",
        "999 MB",
        "1.0 GB",
        "3,250.0 GB",
    ]


def test_the_start_page_knows_of_a_gpu_what_the_memory_estimate_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    assert machine.may_have_gpu() and device().startswith("GPU when PyTorch finds it, else CPU")
