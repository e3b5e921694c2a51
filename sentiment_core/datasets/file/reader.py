"""One way to read reviews from a file that anybody may have made: every limit and every fault is named.

Text with separators goes through the standard library's parser in strict mode, because it streams (the peak is the
reviews themselves) and refuses what `pandas.read_csv` mends in silence: rows that are too short, text after a closing
quote, a surplus column taken for an index. What a file leaves open (encoding, separator, quotes, names of columns,
meaning of labels) is found from its beginning, tried in the order of likelihood, and recorded in `Understood`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from sentiment_core.config import DataConfig
from sentiment_core.datasets.base import Progress, silent
from sentiment_core.datasets.file import rows
from sentiment_core.datasets.file.columns import choose, part_of
from sentiment_core.datasets.file.container import (
    MAX_SECONDS,
    PARQUET,
    READABLE,
    SUFFIXES,
    Opened,
    damage_named,
    limited,
    opened,
    too_much_text,
)
from sentiment_core.datasets.file.content import Content, content_of
from sentiment_core.datasets.file.dialect import HEAD_BYTES, Dialect, dialects, encodings, is_guess, text_of
from sentiment_core.datasets.file.labels import BLANK, NO_LABEL, LabelValue, classes, normal
from sentiment_core.datasets.file.understood import Understood, preview
from sentiment_core.errors import DataError
from sentiment_core.machine import available_memory

MAX_BYTES = 1 << 30
PROGRESS_EVERY = 2000
HEAD_ROWS = 100


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows as they stand: `texts` (N), `labels` (N,) int8, `NO_LABEL` where a row has none.

    `labels` is None where no row has one, `parts` (N,) int8 unless `data.split` is `column`. `columns`: every column as
    it stands, where asked for.
    """

    texts: list[str]
    labels: np.ndarray | None
    understood: Understood
    parts: np.ndarray | None = None
    columns: dict[str, list[str]] | None = None

    @property
    def full(self) -> np.ndarray:
        """Which rows `(N,)` bool have a text."""
        return np.fromiter((bool(text.strip()) for text in self.texts), dtype=bool, count=len(self.texts))


def read(
    data: DataConfig,
    *,
    labels_required: bool = False,
    keep_columns: bool = False,
    max_bytes: int = MAX_BYTES,
    max_rows: int | None = None,
    progress: Progress = silent,
) -> Table:
    """Read every row of `data.path`, blank ones included; `max_bytes` limits its unpacked size and what is kept of it.

    With `max_rows`, only so many of the first rows.

    Raise `DataError` when the file is missing, too large, of no kind that can be read, not well-formed, or leaves open
    which column holds the review; with `labels_required` also where the label is or what its values mean.
    """
    path = Path(data.path or "")
    if not path.name.lower().endswith(SUFFIXES):
        kinds = READABLE.replace("`", "")
        raise DataError(f"{path.name}: only {kinds} can be read. Export the reviews as one of them.")
    # Half of what is free, because text outside Latin-1 takes two or four times its bytes in memory.
    reading = _Reading(
        data, path, labels_required, keep_columns, min(max_bytes, available_memory() // 2), max_rows, progress
    )
    with damage_named(path.name):
        try:
            if not path.is_file():
                raise DataError(f"{path}: there is no such file. Check the name and the folder.")
            return reading.table()
        except UnicodeError as error:
            raise DataError(f"{path.name}: the text encoding is damaged. Export the file again as UTF-8.") from error
        except (OSError, ValueError) as error:
            if isinstance(error, EOFError) or type(error).__module__ in {"gzip", "zipfile"}:
                raise
            raise DataError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def glance(data: DataConfig, labels_required: bool) -> Understood:
    """Return what `read` would make of the first rows of a file; raise `Undecided` where they leave columns open."""
    return read(data, labels_required=labels_required, max_rows=HEAD_ROWS).understood


class _Reading:
    """One reading of a file: what was asked for, and until when."""

    def __init__(
        self,
        data: DataConfig,
        path: Path,
        labels_required: bool,
        keep_columns: bool,
        limit: int,
        max_rows: int | None,
        progress: Progress,
    ) -> None:
        self.data, self.path, self.name = data, path, path.name
        self.labels_required, self.keep_columns = labels_required, keep_columns
        self.limit, self.max_rows, self.progress = limit, max_rows, progress
        self.deadline = time.monotonic() + MAX_SECONDS

    def table(self) -> Table:
        """Read the file in the first encoding and dialect that fit; raises what the likeliest one raises."""
        with opened(self.path) as found:
            head = limited(found, self.limit, self.deadline, self.name).read(HEAD_BYTES)
            inner = found.name.lower()
        if head.startswith(PARQUET):
            return self._collect(None, None)
        problem: UnicodeError | None = None
        for encoding in encodings(head, self.data.encoding):
            try:
                start = text_of(head, encoding)
                if inner.endswith((".json", ".jsonl", ".ndjson")):
                    return self._collect(encoding, None, start)
                return self._delimited(encoding, start, dialects(start, self.data, inner.endswith(".txt")))
            except UnicodeError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    def _delimited(self, encoding: str, start: str, ways: Sequence[Dialect]) -> Table:
        first: rows.Malformed | None = None
        for dialect in ways:
            try:
                return self._collect(encoding, dialect, start)
            except rows.Malformed as error:
                first = first or error
            except DataError:
                if first is None:
                    raise
        assert first is not None
        raise DataError(str(first)) from first

    def _collect(self, encoding: str | None, dialect: Dialect | None, start: str = "") -> Table:
        size = max(1, self.path.stat().st_size)
        with opened(self.path) as found:
            stream = limited(found, self.limit, self.deadline, self.name)
            content = content_of(found, stream, self.data, self.limit, self.name, encoding, dialect, start)
            columns = content.columns
            chosen = choose(columns, content.sample, self.data, self.name, self.labels_required)
            width, text_at, label_at, split_at = len(columns), chosen.text, chosen.label, chosen.split
            texts: list[str] = []
            codes: list[int] = []
            values: dict[str, int] = {}
            first_row: list[int] = []
            parts: list[int] = []
            kept: list[list[str]] = [[] for _ in columns] if self.keep_columns else []
            held = 0
            for number, row in enumerate(islice(content.rows, self.max_rows), start=1):
                if len(row) != width and (len(row) < width or any(field.strip() for field in row[width:])):
                    raise rows.Malformed(
                        f"{self.name}: row {number} has {len(row)} fields where the header has {width}. "
                        "Put quotes around texts that contain commas."
                    )
                if number > rows.MAX_ROWS:
                    raise rows.too_many_rows(self.name)
                text = row[text_at]
                texts.append(text)
                # One character outside Latin-1 makes a whole text two or four times as large.
                held += sys.getsizeof(text)
                if label_at is not None:
                    code = values.setdefault(row[label_at], len(values))
                    if code == len(first_row):
                        first_row.append(number)
                        held += sys.getsizeof(row[label_at])
                    codes.append(code)
                if split_at is not None:
                    parts.append(part_of(row[split_at], number, self.name))
                for column, field in zip(kept, row, strict=False):
                    column.append(field)
                    held += sys.getsizeof(field)
                if held > self.limit:
                    raise too_much_text(self.name, self.limit)
                if number % PROGRESS_EVERY == 0:
                    self.progress(f"Reading {self.name}: {number:,} reviews", min(1.0, found.raw.tell() / size))
        self.progress(f"Read {self.name}: {len(texts):,} reviews", 1.0)
        counts = np.bincount(codes, minlength=len(values)).tolist()
        seen = {value: (counts[code], first_row[code]) for value, code in values.items()}
        meanings, unused = self._meanings(seen, None if label_at is None else columns[label_at])
        labels = None
        if label_at is not None and unused is None:
            labels = np.array([item.label for item in meanings], dtype=np.int8)[np.array(codes, dtype=np.int64)]
        return self._made(
            texts,
            labels,
            found,
            content,
            text_column=columns[text_at],
            label_column=None if label_at is None or unused else columns[label_at],
            meanings=meanings,
            codes=np.array(codes, dtype=np.int64),
            unused=unused,
            parts=np.array(parts, dtype=np.int8) if split_at is not None else None,
            columns=dict(zip(columns, kept, strict=True)) if self.keep_columns else None,
        )

    def _meanings(
        self, seen: dict[str, tuple[int, int]], column: str | None
    ) -> tuple[tuple[LabelValue, ...], str | None]:
        """Return what the labels mean; where nobody needs them, why they cannot be used instead of an error."""
        if column is None:
            return (), None
        try:
            return classes(seen, self.data.positive, self.data.negative, self.name, column), None
        except DataError as error:
            if self.labels_required or self.data.positive or self.data.negative:
                raise
            return (), f"{error} Until then they are not compared with the answers."

    def _made(
        self,
        texts: list[str],
        labels: np.ndarray | None,
        found: Opened,
        content: Content,
        *,
        text_column: str,
        label_column: str | None,
        meanings: tuple[LabelValue, ...],
        codes: np.ndarray,
        unused: str | None,
        parts: np.ndarray | None,
        columns: dict[str, list[str]] | None,
    ) -> Table:
        full = np.fromiter((bool(text.strip()) for text in texts), dtype=bool, count=len(texts))
        blank = others = 0
        if labels is not None:
            missing = np.array([normal(item.value) in BLANK for item in meanings], dtype=bool)[codes]
            blank = int(np.sum(full & missing))
            others = int(np.sum(full & ~missing & (labels == NO_LABEL)))
        if labels is not None and not np.any(labels != NO_LABEL) and not self.labels_required:
            labels = None
        dialect = content.dialect
        understood = Understood(
            name=self.name,
            format=content.format,
            packing=found.packing,
            encoding=content.encoding,
            encoding_guessed=content.encoding is not None and is_guess(content.encoding, self.data.encoding),
            separator=dialect.separator if dialect else None,
            quotes=dialect.quotes if dialect else None,
            header=content.header,
            columns=tuple(content.columns),
            text_column=text_column,
            label_column=label_column,
            labels=meanings,
            rows=len(texts),
            blank_texts=int(np.sum(~full)),
            blank_labels=blank,
            other_labels=others,
            preview=preview(texts, labels),
            unused_labels=unused,
        )
        return Table(texts, labels, understood, parts, columns)
