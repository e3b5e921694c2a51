"""Reviews from a `.csv` or `.csv.gz` file that anybody may have made: every limit and every fault is named.

The standard library's parser in strict mode, because it streams (the peak is the reviews themselves) and refuses what
`pandas.read_csv` mends in silence: rows that are too short, text after a closing quote, a surplus column taken for an
index.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from sentiment_core.datasets.base import Progress, RawReviews, silent
from sentiment_core.errors import DataError
from sentiment_core.machine import available_memory

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES = 1 << 30
MAX_ROWS = 1_000_000
MAX_LINES = 5_000_000
MAX_COLUMNS = 1_000
MAX_ROW_CHARACTERS = 4_000_000
# Far longer than a gigabyte takes on an idle computer.
MAX_SECONDS = 180.0
# What `is_small` calls so: read in a fraction of a second, whatever is in it.
SMALL_FILE, SMALL_TEXT, SMALL_LINES = 1 << 20, 4 << 20, 50_000
MIN_REVIEWS = 20
PROGRESS_EVERY = 2000
BUFFER_BYTES = 1 << 16

LABELS = {"0": 0, "neg": 0, "negative": 0, "1": 1, "pos": 1, "positive": 1}

# UTF-8 refuses nearly every text in another encoding, so the first that fits is right; Latin-1 fits every file.
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows as they stand: texts (N), labels (N,) int8 or None where the file has no label column."""

    texts: list[str]
    labels: np.ndarray | None
    warnings: tuple[str, ...] = ()


def load(
    path: str | Path, text_column: str = "text", label_column: str = "label", progress: Progress = silent
) -> RawReviews:
    """Read labelled reviews to train on; rows without text are dropped with a warning.

    Raise `DataError` for everything `read` refuses, fewer than 20 reviews, and reviews of one class only.
    """
    table = read(path, text_column, label_column, labels_required=True, progress=progress)
    assert table.labels is not None
    name, warnings = Path(path).name, list(table.warnings)
    full = np.fromiter((bool(text.strip()) for text in table.texts), dtype=bool, count=len(table.texts))
    texts = [text for text, keep in zip(table.texts, full, strict=True) if keep]
    labels = table.labels[full]
    if dropped := len(table.texts) - len(texts):
        warnings.append(f"{name}: {dropped:,} of {len(table.texts):,} rows have no text and were left out.")
    if len(texts) < MIN_REVIEWS:
        raise DataError(
            f"{name} holds {len(texts)} reviews with text; at least {MIN_REVIEWS} are needed. Add more reviews."
        )
    if len(np.unique(labels)) < 2:
        only = "positive" if labels[0] else "negative"
        raise DataError(f"{name} holds {only} reviews only; a classifier needs both. Add reviews of the other kind.")
    return RawReviews(texts, labels, warnings=tuple(warnings))


def read(
    path: str | Path,
    text_column: str = "text",
    label_column: str = "label",
    *,
    labels_required: bool = False,
    max_bytes: int = MAX_BYTES,
    progress: Progress = silent,
) -> Table:
    """Read every row, empty texts included; `max_bytes` limits the decompressed size and what the texts take in memory.

    Raise `DataError` when the file is missing, too large, not a text file, not well-formed CSV, lacks a column, or has
    a label that is neither 0/1, neg/pos nor negative/positive.
    """
    path = Path(path)
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        raise DataError(f"{path.name}: only .csv and .csv.gz files can be read. Export the reviews as CSV.")
    try:
        if not path.is_file():
            raise DataError(f"{path}: there is no such file. Check the name and the folder.")
        # Half of what is free, because text outside Latin-1 takes two or four times its bytes in memory.
        limit = min(max_bytes, available_memory() // 2)
        deadline = time.monotonic() + MAX_SECONDS
        for encoding in _encodings(path):
            try:
                return _read(path, encoding, text_column, label_column, labels_required, limit, deadline, progress)
            except UnicodeError:
                continue
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path.name}: the compressed file is damaged or cut off. Copy or export it again.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path.name} cannot be read: {reason}.") from error
    raise DataError(f"{path.name}: the text encoding is damaged. Export the file again as UTF-8.")


def _read(
    path: Path,
    encoding: str,
    text_column: str,
    label_column: str,
    labels_required: bool,
    max_bytes: int,
    deadline: float,
    progress: Progress,
) -> Table:
    size = max(1, path.stat().st_size)
    texts: list[str] = []
    labels: list[int] = []
    held = 0
    with path.open("rb") as raw, _decompressed(raw) as plain:
        limited = io.BufferedReader(_Limited(plain, max_bytes, deadline, path.name), BUFFER_BYTES)
        rows = _rows(io.TextIOWrapper(limited, encoding, newline=""), path.name)
        header = [name.strip() for name in next(rows, [])]
        if not header:
            raise DataError(f"{path.name} is empty. Its first line has to name the columns.")
        if len(header) > MAX_COLUMNS:
            raise DataError(
                f"{path.name} has {len(header):,} columns; {MAX_COLUMNS:,} are allowed. Keep those of text and label."
            )
        text_at = _column(header, text_column, path.name, "text_column")
        has_labels = labels_required or label_column in header
        label_at = _column(header, label_column, path.name, "label_column") if has_labels else None
        if label_at == text_at:
            raise DataError(f"{path.name}: text and label are both read from column {text_column!r}. Name two columns.")
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise DataError(
                    f"{path.name}: row {number} has {len(row)} fields where the header has {len(header)}. "
                    "Put quotes around texts that contain commas."
                )
            texts.append(row[text_at])
            # One character outside Latin-1 makes a whole text two or four times as large.
            held += sys.getsizeof(row[text_at])
            if held > max_bytes:
                raise _too_much_text(path.name, max_bytes)
            if label_at is not None:
                labels.append(_label(row[label_at], number, path.name, label_column))
            if number % PROGRESS_EVERY == 0:
                progress(f"Reading {path.name}: {number:,} reviews", min(1.0, raw.tell() / size))
    progress(f"Read {path.name}: {len(texts):,} reviews", 1.0)
    guessed = encoding in ENCODINGS[1:]
    warning = f"{path.name} is not UTF-8; it was read as {encoding}. Check that accents look right."
    return Table(
        texts,
        np.array(labels, dtype=np.int8) if label_at is not None else None,
        (warning,) if guessed else (),
    )


def is_small(path: str | Path) -> bool:
    """Return whether reading this file takes a fraction of a second; so does one that is gone or damaged."""
    try:
        with Path(path).open("rb") as raw, _decompressed(raw) as plain:
            # A compressed file costs time for each of its members, be they empty.
            if plain is not raw and Path(path).stat().st_size > SMALL_FILE:
                return False
            content = plain.read(SMALL_TEXT + 1)
    except (OSError, EOFError, ValueError, zlib.error):
        return True
    return len(content) <= SMALL_TEXT and content.count(b"\n") + content.count(b"\r") <= SMALL_LINES


def _encodings(path: Path) -> tuple[str, ...]:
    with path.open("rb") as raw, _decompressed(raw) as plain:
        start = plain.read(2)
    # What spreadsheet programs call "Unicode text".
    return ("utf-16",) if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ENCODINGS


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    """Return `raw` or its decompressed content; by its first bytes, because some browsers unpack and keep the name."""
    compressed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if compressed else raw  # type: ignore[return-value]


class _Limited(io.RawIOBase):
    """A reader that raises `DataError` beyond `limit` bytes handed out, and after `deadline`, a monotonic time."""

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
            raise _too_much_text(self._name, self._limit)
        if time.monotonic() > self._deadline:
            raise DataError(
                f"{self._name} takes longer than {MAX_SECONDS / 60:g} minutes to read, so it was given up. "
                "Use a part of it, or try again when this computer is less busy."
            )
        return len(data)


def _too_much_text(name: str, limit: int) -> DataError:
    return DataError(
        f"{name} holds more than {limit / 1e6:,.0f} MB of text, too much for this computer. Use a part of it."
    )


def _rows(stream: IO[str], name: str) -> Iterator[list[str]]:
    """Yield the non-blank rows of a CSV text; raise `DataError` where it is malformed or beyond a limit.

    Lines and rows count whether they are blank or not: a kilobyte of gzip holds a million blank lines.
    """
    # The parser's own limit is one for the whole process and by default smaller than a review of 50,000 words.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_CHARACTERS))
    row_length = number = line_count = 0

    def here() -> str:
        return f"{name}: row {number}" if number else f"{name}: the first line"

    def lines() -> Iterator[str]:
        nonlocal row_length, line_count
        while line := stream.readline(MAX_ROW_CHARACTERS + 1):
            row_length += len(line)
            line_count += 1
            if line_count > MAX_LINES:
                raise DataError(f"{name} has more than {MAX_LINES:,} lines, blank ones included. Use a part of it.")
            if row_length > MAX_ROW_CHARACTERS:
                raise DataError(
                    f"{here()} is longer than {MAX_ROW_CHARACTERS:,} characters. Probably a quote in it is not closed."
                )
            if "\0" in line:
                raise DataError(f"{here()} contains NUL bytes, so this is not a text file. Export it as CSV.")
            yield line

    try:
        # The first row names the columns.
        for count, row in enumerate(csv.reader(lines(), strict=True)):
            row_length = 0
            if count > MAX_ROWS:
                raise DataError(f"{name} has more than {MAX_ROWS:,} rows, blank ones included. Use a part of it.")
            if row:
                number += 1
                yield row
    except csv.Error as error:
        raise DataError(
            f"{here()} is not well-formed CSV ({error}). Put quotes around texts and double the quotes in them."
        ) from error


def _column(header: list[str], column: str, name: str, field: str) -> int:
    if header.count(column) == 1:
        return header.index(column)
    if column in header:
        raise DataError(f"{name}: two columns are called {column!r}. Rename one of them.")
    shown = ", ".join(repr(found[:40]) for found in header[:20]) or "none"
    raise DataError(
        f"{name}: there is no column {column!r}; its columns are {shown}. "
        f"Set data.{field} to one of them, or separate the columns by commas."
    )


def _label(value: str, number: int, name: str, column: str) -> int:
    label = LABELS.get(value.strip().lower())
    if label is None:
        raise DataError(
            f"{name}: row {number} has {value[:40]!r} in column {column!r}. "
            "Labels are 0 or 1, neg or pos, negative or positive."
        )
    return label
