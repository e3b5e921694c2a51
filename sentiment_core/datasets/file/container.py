"""The bytes of a file, unpacked, within limits that hold whatever the file claims about itself."""

from __future__ import annotations

import gzip
import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from sentiment_core.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Far longer than a gigabyte takes on an idle computer.
MAX_SECONDS = 180.0
# What `is_small` calls so: read in a fraction of a second, whatever is in it.
SMALL_FILE, SMALL_TEXT, SMALL_LINES, SMALL_ROWS = 1 << 20, 4 << 20, 50_000, 5_000
BUFFER_BYTES = 1 << 16

TABLES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet")
SUFFIXES = (*TABLES, *(f"{kind}.gz" for kind in TABLES), ".zip")
READABLE = "`.csv`, `.tsv`, `.txt`, `.jsonl`, `.json` and `.parquet`, each also as `.gz` or alone in a `.zip`,"

PARQUET = b"PAR1"
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ZIP_END, _ZIP64 = b"PK\x05\x06", b"PK\x06\x07"
_MAX_ZIP_DIRECTORY = 1 << 20
# So many files of an archive are named; where there are more texts, each is a review.
SHOWN_FILES = 10
# In a document of Office, and in one of LibreOffice.
_OFFICE = {"[Content_Types].xml", "mimetype"}
# What says something about the reviews and holds none.
_ABOUT = re.compile("readme|licen[cs]e", re.IGNORECASE)
_ONE_TABLE = (
    "Give one table with a row for each review, its text and its label; the source imdb reads IMDb's own archive."
)
# What people have under the name of a table: how it begins, what it is, and what to do.
_OTHERS = tuple(
    (re.compile(start, re.IGNORECASE), what, advice)
    for start, what, advice in (
        (rb"\xd0\xcf\x11\xe0", "an old Office document", "Save it as CSV in UTF-8."),
        (rb"%PDF-", "a PDF", "Export the reviews as CSV."),
        (rb"\x80[\x02-\x05][\x95c}(\]]", "a Python pickle", "Write the table as CSV or Parquet."),
        (rb"ARROW1|FEA1|\x89HDF|\x93NUMPY", "a table in a form that is not read here", "Write it as CSV or Parquet."),
        (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", "Give the reviews as text."),
        (rb"\{\\rtf", "a document of a word processor", "Save it as plain text, or its table as CSV."),
        (rb"\s*<\?xml", "XML", "Export the reviews as CSV."),
        (rb"SQLite format 3\0", "an SQLite database", "Export its table as CSV."),
        (rb"\s*(<!doctype html|<html)", "a web page", "Download the file itself; often one has to log in first."),
        (rb"version https://git-lfs", "a pointer of Git LFS", "Fetch the file itself with git lfs pull."),
        (
            rb"BZh[1-9]1AY&SY|\x28\xb5\x2f\xfd|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a|.{257}ustar",
            "packed in a way that is not read here",
            "Unpack it, or pack it as gzip or zip.",
        ),
    )
)


def suffix_of(name: str) -> str:
    """Return the ending of a file's name that says how to read it, such as `.csv.gz`; `.csv` where it has none."""
    fitting = [suffix for suffix in SUFFIXES if name.lower().endswith(suffix)]
    return max(fitting, key=len, default=".csv.gz" if name.lower().endswith(".gz") else ".csv")


def check_kind(head: bytes, name: str) -> None:
    """Raise `DataError` for a file that begins as something known that holds no table of reviews."""
    for start, what, advice in _OTHERS:
        if start.match(head):
            raise DataError(f"{name} is {what}. {advice}")


@dataclass(frozen=True)
class Opened:
    """An open file: its `stream`, unpacked; `raw`, whose position says how far; what it is packed in and is called."""

    stream: IO[bytes]
    raw: IO[bytes]
    packing: str | None
    name: str


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a file for reading; by its first bytes, because some browsers unpack and keep the name.

    Raise `DataError` for a zip with more or less than one file that can be read.
    """
    with path.open("rb") as raw:
        start = _peek(raw, 4)
        if start not in {_ZIP, _ZIP_END}:
            packing = "gzip" if start.startswith(_GZIP) else None
            yield Opened(_unpacked(raw), raw, packing, path.name.removesuffix(".gz") if packing else path.name)
            return
        if has_long_directory(raw):
            raise DataError(f"{path.name} holds too many files. {_ONE_TABLE}")
        with zipfile.ZipFile(raw) as archive:
            inner = _only_member(archive, path.name)
            with archive.open(inner) as member:
                yield Opened(_unpacked(member), raw, "zip", PurePosixPath(inner.filename).name)


class damage_named:
    """Turns what a damaged archive raises into one sentence."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error | zipfile.BadZipFile):
            raise DataError(
                f"{self._name}: the compressed file is damaged or cut off. Copy or export it again."
            ) from error
        if isinstance(error, RuntimeError | NotImplementedError) and not isinstance(error, RecursionError):
            # What zipfile raises for a password and for rare methods of compression.
            raise DataError(
                f"{self._name} cannot be unpacked: it has a password, or is packed in a rare way. Unpack it and give "
                "the file in it."
            ) from error


def limited(opened_file: Opened, limit: int, deadline: float, name: str) -> io.BufferedReader:
    """Return its stream, which raises `DataError` beyond `limit` bytes and after `deadline`, a monotonic time."""
    return io.BufferedReader(_Limited(opened_file.stream, limit, deadline, name), BUFFER_BYTES)


def is_small(path: str | Path) -> bool:
    """Return whether reading this file takes a fraction of a second; so does one that is gone or damaged."""
    try:
        with opened(Path(path)) as found:
            # A compressed file costs time for each of its members, be they empty.
            if found.packing and Path(path).stat().st_size > SMALL_FILE:
                return False
            content = found.stream.read(SMALL_TEXT + 1)
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile, DataError):
        return True
    if content.startswith(PARQUET):
        return len(content) <= SMALL_TEXT and _is_small_parquet(content)
    return len(content) <= SMALL_TEXT and content.count(b"\n") + content.count(b"\r") <= SMALL_LINES


def _is_small_parquet(content: bytes) -> bool:
    # Imported late: most files are text.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.ParquetFile(io.BytesIO(content)).metadata
        size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    except (pa.ArrowException, OSError, ValueError):
        return True
    # A text that many rows repeat takes its place in the file once.
    return bool(size <= SMALL_TEXT and metadata.num_rows <= SMALL_ROWS)


def too_much_text(name: str, limit: int) -> DataError:
    """Return the error for a file that holds more than `limit` bytes."""
    return DataError(
        f"{name} holds more than {limit / 1e6:,.0f} MB of text, too much for this computer. Use a part of it."
    )


class _Limited(io.RawIOBase):
    def __init__(self, stream: IO[bytes], limit: int, deadline: float, name: str) -> None:
        self._stream, self._limit, self._deadline, self._name, self._count = stream, limit, deadline, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self._count += len(data)
        if self._count > self._limit:
            raise too_much_text(self._name, self._limit)
        if time.monotonic() > self._deadline:
            raise DataError(
                f"{self._name} takes longer than {MAX_SECONDS / 60:g} minutes to read, so it was given up. "
                "Use a part of it, or try again when this computer is less busy."
            )
        return len(data)


def _peek(stream: IO[bytes], count: int) -> bytes:
    start = stream.read(count)
    stream.seek(0)
    return start


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile(fileobj=stream) if _peek(stream, 2) == _GZIP else stream  # type: ignore[return-value]


def has_long_directory(raw: IO[bytes]) -> bool:
    """Return whether a zip has a table of contents that would take minutes to read, or one of those beyond 4 GB."""
    raw.seek(0, io.SEEK_END)
    raw.seek(max(0, raw.tell() - (1 << 16) - 42))
    end = raw.read()
    raw.seek(0)
    at = end.rfind(_ZIP_END)
    size = struct.unpack_from("<I", end, at + 12)[0] if at >= 0 and len(end) >= at + 22 else 0
    return size > _MAX_ZIP_DIRECTORY or end[max(0, at - 20) : max(0, at)].startswith(_ZIP64)


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    # A damaged archive may hold a file without a name, which zipfile cannot tell from a folder.
    named = [item for item in archive.infolist() if item.filename]
    members = [item for item in named if not item.is_dir() and not _is_hidden(item.filename)]
    readable = [item for item in members if item.filename.lower().endswith(SUFFIXES[:-1])]
    readable = [item for item in readable if not _ABOUT.match(PurePosixPath(item.filename).name)]
    if len(readable) == 1:
        return readable[0]
    if not readable and any(item.filename in _OFFICE for item in members):
        raise DataError(f"{name} is an Office document. Save the table of reviews as CSV in UTF-8.")
    names = (
        ", ".join(repr(PurePosixPath(item.filename).name[:40]) for item in (readable or members)[:SHOWN_FILES])
        or "nothing"
    )
    if len(readable) > SHOWN_FILES and all(item.filename.lower().endswith(".txt") for item in readable):
        raise DataError(f"{name} holds {len(readable):,} texts ({names}). {_ONE_TABLE}")
    count = "several files" if readable else "no file"
    raise DataError(
        f"{name} holds {count} that can be read as reviews ({names}). Unpack it and give the one with the reviews."
    )


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
