"""The identity of a process: nothing but its end may make it look gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from sentiment_core import processes
from sentiment_core.processes import ProcessIdentity, find_process, this_machine

linux = pytest.mark.skipif(not processes._counts_ticks(), reason="the kernel's tick count is Linux's")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_a_living_process_is_found_until_it_ends(child: subprocess.Popen[bytes]) -> None:
    identity = ProcessIdentity.of(child.pid)
    found = find_process(identity)
    assert found is not None and found.pid == child.pid
    child.kill()
    child.wait()
    assert find_process(identity) is None
    with pytest.raises(psutil.NoSuchProcess):
        ProcessIdentity.of(child.pid)


def test_another_process_is_not_taken_for_it() -> None:
    me = ProcessIdentity.of()
    assert find_process(me) is not None
    assert find_process(replace(me, started=me.started - 100)) is None
    assert find_process(replace(me, started=psutil.Process().create_time())) is None or not processes._counts_ticks()
    assert find_process(replace(me, host="elsewhere")) is None
    assert find_process(replace(me, host=me.host.split()[0])) is None or not processes._counts_ticks()


@linux
@pytest.mark.parametrize("jump", [3600.0, -3600.0, 2.0])
def test_a_clock_that_is_set_changes_no_identity(jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ProcessIdentity.of()
    started = psutil.Process().create_time()
    boot = psutil._pslinux.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: boot + jump)
    assert abs(psutil.Process().create_time() - started - jump) < 0.5, "psutil's time moves: why it is not used"
    assert ProcessIdentity.of() == before
    assert find_process(before) is not None


@linux
def test_a_name_with_brackets_and_spaces_is_not_read_as_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 (odd) 1 name) S {fields}")
    monkeypatch.setattr(processes, "PROC", tmp_path)
    assert processes._started(7) == 22.0


def test_a_reboot_makes_another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    monkeypatch.setattr(processes, "PROC", tmp_path)
    names = []
    for boot in ("first", "second"):
        (tmp_path / "sys/kernel/random/boot_id").write_text(boot)
        names.append(this_machine.__wrapped__())
    assert names[0].endswith("first") and names[1].endswith("second")


def test_without_proc_psutil_tells_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path)
    monkeypatch.setattr(processes, "_counts_ticks", lambda: False)
    me = ProcessIdentity.of()
    assert me.started == psutil.Process().create_time()
    assert find_process(replace(me, started=me.started + 0.5)) is not None
    assert find_process(replace(me, started=me.started + 5)) is None
