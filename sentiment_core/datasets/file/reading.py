"""How a file of reviews is understood, and its rows, all of them or a few at a time.

Text with separators goes through the standard library's parser in strict mode, because it streams (the peak is the
reviews themselves) and refuses what `pandas.read_csv` mends in silence: rows that are too short, text after a closing
quote, a surplus column taken for an index. What a file leaves open (encoding, separator, quotes, names of columns,
meaning of labels) is found from its beginning, tried in the order of likelihood, and recorded in `Understood`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.datasets.file import rows
from sentiment_core.datasets.file.columns import Chosen, choose, part_of
from sentiment_core.datasets.file.container import PARQUET, Opened, check_kind, limited, opened, too_much_text
from sentiment_core.datasets.file.content import Content, content_of
from sentiment_core.datasets.file.dialect import dialects
from sentiment_core.datasets.file.encoding import HEAD_BYTES, encodings, is_guess, text_of
from sentiment_core.datasets.file.labels import BLANK, LabelValue, classes
from sentiment_core.datasets.file.names import is_scored
from sentiment_core.datasets.file.records import is_json
from sentiment_core.datasets.file.table import Kept, Survey, Table, Way
from sentiment_core.datasets.file.understood import PREVIEW_ROWS, Understood, preview
from sentiment_core.errors import DataError
from sentiment_core.number_words import counted
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig

PROGRESS_EVERY = 2000

Found = TypeVar("Found")


@dataclass(frozen=True)
class Limits:
    """`unpacked`: bytes of a file; `held`: bytes of what is kept of it; `deadline`: a monotonic time."""

    unpacked: int
    held: int
    deadline: float


@dataclass
class _Value:
    """A value of the label column: in how many rows, in which first, and in how many that have a text."""

    count: int
    first_row: int
    full: int


@dataclass(frozen=True)
class _Open:
    """An open file whose rows are about to be read."""

    file: Opened
    content: Content
    chosen: Chosen


class FileReading:
    """One reading of a file: what was asked for, and within which limits."""

    def __init__(
        self, data: DataConfig, path: Path, labels_required: bool, limits: Limits, progress: Progress = silent
    ) -> None:
        self.data, self.path, self.name = data, path, path.name
        self.labels_required, self.limits, self.progress = labels_required, limits, progress

    def table(self, keep_columns: bool, max_rows: int | None) -> Table:
        """Read the file in the first encoding and dialect that fit; raises what the likeliest one raises."""

        def whole(way: Way) -> Table:
            kept = Kept(keep_columns)
            return kept.table(self._survey(way, kept, max_rows))

        return self._first_fit(whole)

    def survey(self) -> Survey:
        """Return what `table` would understand of the file, without its rows."""
        return self._first_fit(lambda way: self._survey(way, None, None))

    def pieces(self, found: Survey, keep_columns: bool, most: int, characters: int) -> Iterator[Table]:
        """Yield the rows that a survey has been about, at most so many at once or about so many characters."""
        changed = DataError(f"{self.name} has changed while it was read. Start again once nothing writes to it.")
        count = 0
        with self._open(found.way) as file:
            kept = Kept(keep_columns)
            for count, row in self._rows(file.content, None):
                code = None if file.chosen.label is None else found.codes.get(row[file.chosen.label], -1)
                if code == -1 or count > found.understood.rows:
                    raise changed
                kept.add(row, file.chosen, code, count, self.name)
                if len(kept.texts) >= most or kept.held >= characters:
                    yield kept.table(found)
                    kept = Kept(keep_columns)
            if kept.texts:
                yield kept.table(found)
        if count != found.understood.rows:
            raise changed

    def _first_fit(self, read: Callable[[Way], Found]) -> Found:
        with self._unpacked(self.limits.unpacked) as found:
            head, inner = found.stream.read(HEAD_BYTES), found.name.lower()
        check_kind(head, self.name)
        if head.startswith(PARQUET):
            return read(Way(None, None))
        problem: UnicodeError | None = None
        again = partial(self._unpacked, self.limits.unpacked)
        for encoding in encodings(head, self.data.encoding, again):
            try:
                start = text_of(head, encoding)
                if inner.endswith((".json", ".jsonl", ".ndjson")) or is_json(start):
                    return read(Way(encoding, None, start))
                ways = dialects(start, self.data, inner.endswith(".txt"))
                return _first_well_formed(read, [Way(encoding, dialect, start) for dialect in ways])
            except UnicodeError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    @contextmanager
    def _unpacked(self, most: int) -> Iterator[Opened]:
        with opened(self.path) as found:
            yield replace(found, stream=limited(found, most, self.limits.deadline, self.name))

    @contextmanager
    def _open(self, way: Way) -> Iterator[_Open]:
        # What has no dialect may have to be held as a whole.
        with self._unpacked(self.limits.unpacked if way.dialect else self.limits.held) as found:
            content = content_of(found, self.data, self.limits.held, self.name, way.encoding, way.dialect, way.start)
            chosen = choose(content.columns, content.sample, self.data, self.name, self.labels_required)
            yield _Open(found, content, chosen)

    def _rows(self, content: Content, max_rows: int | None) -> Iterator[tuple[int, list[str]]]:
        """Yield every row with its number, from 1 on; raise `DataError` for one of another width, and for too many."""
        width = len(content.columns)
        for number, row in enumerate(islice(content.rows, max_rows), start=1):
            if len(row) != width and (len(row) < width or any(field.strip() for field in row[width:])):
                raise rows.Malformed(
                    f"{self.name}: row {number} has {counted(len(row), 'field')} where the header "
                    f"has {width}. Put quotes around texts that contain commas."
                )
            if number > rows.MAX_ROWS:
                raise rows.too_many_rows(self.name)
            yield number, row

    def _survey(self, way: Way, kept: Kept | None, max_rows: int | None) -> Survey:
        """Go through all rows, and put them into `kept` where they are wanted."""
        size = max(1, self.path.stat().st_size)
        values: dict[str, _Value] = {}
        codes: dict[str, int] = {}
        first: list[tuple[str, int | None]] = []
        number = full = held = 0
        with self._open(way) as file:
            chosen = file.chosen
            for number, row in self._rows(file.content, max_rows):
                text, code = row[chosen.text], None
                has_text = bool(text.strip())
                full += has_text
                if chosen.label is not None:
                    label = row[chosen.label]
                    code = codes.setdefault(label, len(codes))
                    if code == len(values):
                        values[label] = _Value(0, number, 0)
                        held += sys.getsizeof(label)
                    values[label].count += 1
                    values[label].full += has_text
                if number <= PREVIEW_ROWS:
                    first.append((text, code))
                if kept is not None:
                    kept.add(row, chosen, code, number, self.name)
                elif chosen.split is not None:
                    part_of(row[chosen.split], number, self.name)
                if held + (kept.held if kept is not None else 0) > self.limits.held:
                    raise too_much_text(self.name, self.limits.held)
                if number % PROGRESS_EVERY == 0:
                    self.progress(f"Reading {self.name}: {number:,} reviews", min(1.0, file.file.raw.tell() / size))
        self.progress(f"Read {self.name}: {number:,} reviews", 1.0)
        return self._understood(way, file, values, codes, first, number, full, cut=number == max_rows)

    def _understood(
        self,
        way: Way,
        file: _Open,
        values: dict[str, _Value],
        codes: dict[str, int],
        first: list[tuple[str, int | None]],
        count: int,
        full: int,
        cut: bool,
    ) -> Survey:
        content, chosen, columns = file.content, file.chosen, file.content.columns
        label = None if chosen.label is None else columns[chosen.label]
        meanings, unused = self._meanings(values, label, content, cut)
        labels = None
        blank = others = 0
        if chosen.label is not None and unused is None:
            labels = np.array([item.label for item in meanings], dtype=np.int8)
            for item in meanings:
                if item.meant in BLANK:
                    blank += values[item.value].full
                elif item.label == NO_LABEL:
                    others += values[item.value].full
            if not np.any(labels != NO_LABEL) and not self.labels_required:
                labels = None
        dialect, encoding = content.dialect, content.encoding
        shown = None if labels is None else labels[np.array([code for _, code in first], dtype=np.int64)]
        understood = Understood(
            name=self.name,
            format=content.format,
            packing=file.file.packing,
            encoding=encoding.name if encoding else None,
            encoding_guessed=encoding is not None and is_guess(encoding.name, self.data.encoding),
            damaged=encoding.damaged if encoding else 0,
            separator=dialect.separator if dialect else None,
            quotes=dialect.quotes if dialect else None,
            titles=dialect.titles if dialect else 0,
            header=content.header,
            columns=tuple(columns),
            text_column=columns[chosen.text],
            label_column=None if chosen.label is None or unused else columns[chosen.label],
            label_by_values=chosen.label_by_values and unused is None and content.header,
            labels=meanings,
            rows=count,
            blank_texts=count - full,
            blank_labels=blank,
            other_labels=others,
            preview=preview([text for text, _ in first], shown),
            unused_labels=unused,
        )
        return Survey(way, understood, codes, labels)

    def _meanings(
        self, values: dict[str, _Value], column: str | None, content: Content, cut: bool
    ) -> tuple[tuple[LabelValue, ...], str | None]:
        """Return what the labels mean; where nobody needs them, why they cannot be used instead of an error.

        `cut`: more rows may follow. Of a file that is sorted by its labels the first have one of them, and say little.
        """
        if column is None:
            return (), None
        # A sum below the table labels no text: it means nothing.
        seen = {value: (found.count, found.first_row) for value, found in values.items() if found.full}
        names = content.value_names.get(column)
        try:
            meant = classes(
                seen, self.data.positive, self.data.negative, self.name, column, names, scored=is_scored(column)
            )
            known = {item.value: item for item in meant}
            rest = {
                value: LabelValue(value, found.count, found.first_row, NO_LABEL, name="")
                for value, found in values.items()
                if not found.full
            }
            return tuple((known | rest)[value] for value in values), None
        except DataError as error:
            if not cut and (self.labels_required or self.data.positive or self.data.negative):
                raise
            return (), f"{error} Until then they are not compared with the answers."


def _first_well_formed(read: Callable[[Way], Found], ways: Sequence[Way]) -> Found:
    first: rows.Malformed | None = None
    for way in ways:
        try:
            return read(way)
        except rows.Malformed as error:
            first = first or error
        except DataError:
            if first is None:
                raise
    assert first is not None
    raise DataError(str(first)) from first
