"""A bucket behind the homes of several machines: what one of them keeps, every other one finds.

`$SENTIMENT_FILES` names it as fsspec does: `s3://BUCKET/PREFIX`. Which files there are is known without asking it: the
store holds their sizes and versions (`Index`). Each version is an object that is written once, so that nobody reads
half of one, and whatever ends in the middle leaves the version before in force. A home holds copies: one is current
that has its version's size and time.

A store that was copied has its objects in common with its copy. They belong to the database whose name lies beside
them (`OWNER`): any other one may read them, and neither adds to them nor removes any.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from operator import call
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeVar

from sentiment_core.errors import StoreError
from sentiment_core.filesystem import ADDRESS, filesystem, reached, shown

# What cannot be made again, or takes long, or that a model names; everything else stays on each machine.
ROOMS = ("embeddings", "experiments", "uploads", "work")
OWNER = "database"  # beside a store's objects, none of which is called so
# An object that no row names may be about to be named: its writer uploads first.
SETTLED_NS = 86_400 * 10**9
# A version may be replaced between the look at the store and the read; three times in a row it is something else.
TRIES = 3

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the bucket: its bytes, when it was written (ns since 1970, its version), when last used (seconds)."""

    size: int
    version: int
    used_at: float


class Index(Protocol):
    """What knows the files of the bucket by their names, `ROOM/PLACE` and further parts: the store."""

    @property
    def token(self) -> str:
        """What no other store is called but a copy of this one."""

    @property
    def database(self) -> str:
        """What names the database in which it lies: a copy lies in another. Raises `StoreError`."""

    def folder_of(self, work_id: str) -> Path:
        """Return the folder of a piece of work on this machine, created and marked."""

    def kept_files(self, places: Iterable[str] | None = None) -> dict[str, KeptFile]:
        """Return the files in these places, `ROOM/PLACE`, by default in all."""

    def keep_files(self, files: Mapping[str, KeptFile], name: str) -> dict[str, KeptFile]:
        """Have `files` be all there is at and below `name`, at once; return what they replace."""

    def use_files(self, place: str, moment: float) -> None:
        """Note that somebody has used what is in a place."""


_index: Index | None = None
_patience: Callable[[Callable[[], Any]], Any] = call  # when nobody waits


def is_set() -> bool:
    """Whether this machine shares its files."""
    return bool(os.environ.get(ADDRESS))


def use_index(index: Index) -> None:
    """Have `index` say what is in the bucket, where there is one; raise `StoreError` for one that cannot be used."""
    global _index
    if is_set():
        filesystem(os.environ[ADDRESS], os.getpid())
        _index = index


@contextmanager
def patient(calling: Callable[[Callable[[], T]], T]) -> Iterator[None]:
    """In the block, what asks store and bucket is called by `calling`, which may wait where they are away."""
    global _patience
    before, _patience = _patience, calling
    try:
        yield
    finally:
        _patience = before


def opened(home: Path) -> Bucket | None:
    """Return the bucket behind a home folder; None without one, and where no store was opened: nothing is shared then.

    Raises `StoreError` when it cannot be used.
    """
    return Bucket(os.environ[ADDRESS], home, _index) if is_set() and _index is not None else None


def place_of(name: str) -> str:
    """Return the place, `ROOM/PLACE`, in which a file lies."""
    return "/".join(name.split("/")[:2])


class Bucket:
    """The files of a home that others share. Its methods raise `StoreError` when store or bucket cannot be reached."""

    def __init__(self, address: str, home: Path, index: Index) -> None:
        self._files, root = filesystem(address, os.getpid())
        self._root = f"{root.rstrip('/')}/{index.token}"
        self._owner = f"{self._root}/{OWNER}"
        self.address, self._home, self._index = shown(address), home, index

    def put(self, path: Path, files: Mapping[str, Path]) -> None:
        """Keep files as all there is at and below a path, if it is shared; their times become their version.

        `files`: each by its name below the path, a single one as "".
        """
        if (at := self._name(path)) is None:
            return
        version, kept = time.time_ns() // 1000 * 1000, dict[str, KeptFile]()  # some disks keep no finer times
        for source in files.values():
            os.utime(source, ns=(version, version))

        def put() -> None:
            self.check()
            for below, source in files.items():
                if (name := f"{at}/{below}" if below else at) not in kept:
                    with reached(self.address):
                        self._files.put_file(str(source), self._object(name, version))
                    kept[name] = KeptFile(source.stat().st_size, version, time.time())
            self._replace(at, kept, checked=True)

        _patience(put)

    def fetch(self, path: Path) -> Path:
        """Have a file, or all files directly in a folder, lie here as they were kept last; return where."""
        if path.parent.name == "uploads" and not path.exists():
            path = self._home / "uploads" / path.name  # settings name it as it was called on another machine
        name = self._name(path)
        if name is None or (name.startswith("uploads/") and path.is_file()):  # its name is its content
            return path
        for _ in range(TRIES):
            try:
                _patience(partial(self._fetch, name))
                return path
            except FileNotFoundError as error:
                missing = error
        raise StoreError(f"{name} should be in the bucket {self.address}, and is not. Restore it there.") from missing

    def stamps(self, paths: Sequence[Path]) -> dict[Path, int]:
        """Return the versions of those of some files that there are."""
        found = self._at(filter(None, map(self._name, paths)))
        return {path: found[name].version for path in paths if (name := self._name(path)) in found and name is not None}

    def names(self, path: Path) -> set[str]:
        """Return what lies in a folder, by its name."""
        start = f"{self._name(path)}/"
        return {name.removeprefix(start).split("/")[0] for name in self._at([start[:-1]]) if name.startswith(start)}

    def size(self, paths: Iterable[Path]) -> int:
        """Return how many bytes the files at and below some paths take."""
        return sum(kept.size for kept in self._at(filter(None, map(self._name, paths))).values())

    def remove(self, path: Path) -> None:
        """Have nothing at and below a path any more, for anybody, if it is shared."""
        if (name := self._name(path)) is not None:
            _patience(partial(self._replace, name, {}, checked=False))

    def use(self, path: Path, seconds: float) -> bool:
        """Note that a file is used, unless that was noted in the last `seconds`; return whether it is a shared one."""
        if (name := self._name(path)) is None:
            return False
        now = time.time()
        if any(now - kept.used_at > seconds for kept in self._at([name]).values()):
            self._index.use_files(place_of(name), now)
        return True

    def places(self, room: str) -> dict[Path, float]:
        """Return the places of a room that hold files, with the moment at which each was last used."""
        found: dict[Path, float] = {}
        for name, kept in self._index.kept_files().items():
            if name.startswith(f"{room}/"):
                place = self._home / place_of(name)
                found[place] = max(kept.used_at, found.get(place, 0.0))
        return found

    def is_ours(self) -> bool:
        """Whether the objects belong to this store's database; who finds no owner becomes it. Raises `StoreError`."""
        ours = self._index.database.encode()
        try:
            with reached(self.address, FileNotFoundError):
                return bool(self._files.cat_file(self._owner) == ours)
        except FileNotFoundError:
            self.take_over()
            return True

    def check(self) -> None:
        """Raise `StoreError` in a copy of the store whose objects these are."""
        if not self.is_ours():
            raise StoreError(
                f"This store is a copy: what it has in the bucket {self.address} belongs to another database, so it "
                "can be read and nothing can be kept. If this one goes on in the other's place, moved or restored from "
                "a backup, say so with `sentiment-lab bucket --take-over`."
            )

    def take_over(self) -> None:
        """Have the objects belong to this store's database, and no longer to another that has the same store."""
        with reached(self.address):
            self._files.pipe_file(self._owner, self._index.database.encode())

    def collect(self) -> list[str]:
        """Remove objects, a day old, that no file is kept in: what ended in the middle left them; return them."""
        if not self.is_ours():
            logger.warning("%s: this store is a copy and removes nothing there", self.address)
            return []
        with reached(self.address):
            objects = self._files.find(self._root)
        known = {self._object(name, kept.version) for name, kept in self._index.kept_files().items()}
        latest = time.time_ns() - SETTLED_NS
        versions = {each: re.search(r"@(\d+)$", each) for each in objects if each not in known}
        lost = [each for each, found in versions.items() if found and int(found[1]) < latest]
        self._remove(lost, checked=True)
        return lost

    def _replace(self, name: str, files: Mapping[str, KeptFile], checked: bool) -> None:
        if files or self._at([name]):
            replaced = self._index.keep_files(files, name)
            # A write whose answer was lost with the connection is made again, and finds itself.
            gone = {self._object(each, kept.version) for each, kept in replaced.items()}
            self._remove(gone - {self._object(each, kept.version) for each, kept in files.items()}, checked)

    def _fetch(self, name: str) -> None:
        for each, kept in self._at([name]).items():
            if each == name or str(PurePosixPath(each).parent) == name:
                self._get(each, kept)

    def _get(self, name: str, kept: KeptFile) -> None:
        target = self._home / name
        with suppress(OSError):
            found = target.stat()
            if (found.st_size, found.st_mtime_ns) == (kept.size, kept.version):
                return
        room, place, *_ = name.split("/")
        parent = self._index.folder_of(place) if room in {"experiments", "work"} else self._home / room
        temporary = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Leftovers are looked for there, and no deeper.
            handle, temporary = tempfile.mkstemp(prefix=".", dir=parent)
            os.close(handle)
            with reached(self.address, FileNotFoundError):
                self._files.get_file(self._object(name, kept.version), temporary)
            os.utime(temporary, ns=(kept.version, kept.version))
            os.replace(temporary, target)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"cannot write {target}: {error.strerror or error}. Free some space there.") from error
        finally:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)

    def _at(self, names: Iterable[str]) -> dict[str, KeptFile]:
        wanted = set(names)
        found = self._index.kept_files({place_of(name) for name in wanted})
        # A file lies at or below a name that is the beginning of its own parts.
        return {each: kept for each, kept in found.items() if wanted & {*accumulate(each.split("/"), "{}/{}".format)}}

    def _name(self, path: Path) -> str | None:
        """Return what a path of this machine is called in the bucket, None where it is not shared."""
        path, home = path.absolute(), self._home.absolute()
        parts = path.relative_to(home).parts if path.is_relative_to(home) else ()
        return "/".join(parts) if len(parts) > 1 and parts[0] in ROOMS else None

    def _object(self, name: str, version: int) -> str:
        return f"{self._root}/{name}@{version}"

    def _remove(self, objects: Collection[str], checked: bool) -> None:
        try:
            # Those of another database stay; this store has just forgotten them.
            for each in objects if checked or (objects and self.is_ours()) else ():
                with reached(self.address, FileNotFoundError), suppress(FileNotFoundError):  # somebody was faster
                    self._files.rm_file(each)
        except StoreError as error:
            logger.warning("%s; what was to be deleted there goes another day", error)
