"""Where jobs lie: a folder of JSON files for each, and a queue of empty files for those that wait or run."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import psutil

from sentiment_core.artifacts import folder, home
from sentiment_core.errors import StoreError
from sentiment_core.processes import ProcessIdentity, find_process

State = Literal["absent", "waiting", "running", "finished", "failed", "cancelled"]

DIED = "The calculation ended unexpectedly, perhaps because memory ran out. Start it again."


@dataclass(frozen=True)
class Job:
    """A job as it stands: `fraction` 0..1 or None where it is unknown, `result` when finished, `error` when not.

    `position` is its place in the queue while it waits, from 1.
    """

    kind: str
    key: str
    state: State
    message: str = ""
    fraction: float | None = None
    result: dict[str, Any] | None = None
    error: str | None = None
    position: int | None = None

    @property
    def active(self) -> bool:
        """Whether it runs or waits for its turn."""
        return self.state in {"waiting", "running"}


@dataclass(frozen=True)
class Place:
    """Where a job lies: `arguments`, `process`, `progress`, `result` and `error`, each a JSON file of its own."""

    kind: str
    key: str

    @classmethod
    def of(cls, kind: str, arguments: Mapping[str, Any]) -> Place:
        """Return the place of the job that `arguments` ask for, in whatever order."""
        content = json.dumps([kind, dict(arguments)], sort_keys=True)
        return cls(kind, blake2b(content.encode(), digest_size=16).hexdigest())

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return home() / "jobs" / self.key

    def read(self, name: str) -> dict[str, Any] | None:
        """Return one of its files, None where that is missing or damaged."""
        try:
            content = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write atomically: who reads meanwhile sees the old content or the new one."""
        try:
            handle, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder("jobs", self.key))
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            os.replace(temporary, self.folder / f"{name}.json")
        except OSError as error:
            raise StoreError(f"cannot write {self.folder}: {error.strerror}. Make room there.") from error

    def clear(self) -> None:
        """Forget how it went the last time."""
        for name in ("process", "progress", "result", "error"):
            (self.folder / f"{name}.json").unlink(missing_ok=True)

    def started_as(self, pid: int) -> None:
        """Remember process `pid` as the one that runs it."""
        self.write("process", asdict(ProcessIdentity.of(pid)))

    def process(self) -> psutil.Process | None:
        """Return the living process that runs it, None where there is none."""
        content = self.read("process")
        try:
            return None if content is None else find_process(ProcessIdentity(**content))
        except TypeError:
            return None

    def look(self) -> Job:
        """Return the job as its files tell it."""
        if (ended := self.ended()) is not None:
            return ended
        if self.read("process") is None:
            return self._waiting() or Job(self.kind, self.key, "absent")
        if self.process() is None:
            # Its last act may have been the result.
            return self.ended() or Job(self.kind, self.key, "failed", error=DIED)
        progress = self.read("progress") or {}
        return Job(self.kind, self.key, "running", progress.get("message", "Starting"), progress.get("fraction"))

    def ended(self) -> Job | None:
        """Return the job with its result or with why there is none, None while it has neither."""
        if (result := self.read("result")) is not None:
            return Job(self.kind, self.key, "finished", fraction=1.0, result=result)
        if (error := self.read("error")) is not None:
            state: State = "cancelled" if error.get("state") == "cancelled" else "failed"
            return Job(self.kind, self.key, state, error=str(error.get("message", DIED)))
        return None

    def enqueue(self) -> None:
        """Put it at the end of the queue; raise `StoreError` when that cannot be written."""
        entry = folder("jobs", "queue") / f"{time.time_ns():020d}-{self.key}-{self.kind}"
        try:
            for old in entry.parent.glob(f"*-{self.key}-*"):
                old.unlink(missing_ok=True)
            entry.touch()
        except OSError as error:
            raise StoreError(f"cannot write {entry.parent}: {error.strerror}. Make room there.") from error

    def _waiting(self) -> Job | None:
        ahead = 0
        for _, place in entries():
            if place == self:
                message = f"Waiting for its turn: number {ahead + 1} in the queue"
                return Job(self.kind, self.key, "waiting", message, position=ahead + 1)
            ahead += place.read("process") is None and place.ended() is None
        return None


def entries() -> Iterator[tuple[Path, Place]]:
    """Yield the queue's files, first come first, with the jobs they stand for: all that wait or run."""
    for entry in sorted((home() / "jobs" / "queue").glob("*-*-*")):
        _, key, kind = entry.name.split("-", 2)
        yield entry, Place(kind, key)
