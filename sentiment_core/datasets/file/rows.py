"""Rows of a text with separators, one by one, within limits on lines, rows and the length of a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from sentiment_core.datasets.file.dialect import Dialect, is_filled, without_marks
from sentiment_core.datasets.file.records import MAX_ROW_CHARACTERS
from sentiment_core.errors import DataError

MAX_ROWS = 1_000_000
MAX_LINES = 5_000_000


class Malformed(DataError):
    """Rows are not those of the dialect in which they were read: another one may fit."""


def rows(stream: IO[str], dialect: Dialect, name: str, header: bool) -> Iterator[list[str]]:
    """Yield the non-blank rows of a text, the header too; raise `DataError` where it is malformed or beyond a limit.

    Lines and rows count whether they are blank or not: a kilobyte of gzip holds a million blank lines.
    """
    # The parser's own limit is one for the whole process and by default smaller than a review of 50,000 words.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_CHARACTERS))
    row_length = line_count = 0
    number = 0 if header else 1

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
                raise Malformed(
                    f"{here()} is longer than {MAX_ROW_CHARACTERS:,} characters. Probably a quote in it is not closed."
                )
            if "\0" in line:
                raise DataError(f"{here()} contains NUL bytes, so this is not a text file. Export it as CSV.")
            if line := without_marks(line):
                yield line

    width = 1
    try:
        # The first row names the columns.
        for count, row in enumerate(dialect.reader(lines())):
            row_length = 0
            if count > MAX_ROWS:
                raise too_many_rows(name)
            if is_filled(row, width):
                width = width if number else len(row)
                number += 1
                yield row
    except csv.Error as error:
        raise Malformed(
            f"{here()} is not well-formed CSV ({error}). Put quotes around texts and double the quotes in them."
        ) from error


def too_many_rows(name: str) -> DataError:
    """Return the error for a file of more than `MAX_ROWS` rows."""
    return DataError(f"{name} has more than {MAX_ROWS:,} rows, blank ones included. Use a part of it.")
