"""Rows of named columns, whatever kind of file they come from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from sentiment_core.datasets.file import records, rows
from sentiment_core.datasets.file.columns import names_columns, numbered
from sentiment_core.datasets.file.container import Opened
from sentiment_core.datasets.file.dialect import FASTTEXT, FASTTEXT_COLUMNS, Dialect, first_rows
from sentiment_core.datasets.file.encoding import Encoding
from sentiment_core.datasets.file.records import ValueNames
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig

HEAD_ROWS = 100
FORMATS = {"none": "text", "comma": "CSV", FASTTEXT: "lines of fastText"}


@dataclass(frozen=True)
class Content:
    """Rows of named columns, and what they were found in; what it calls the values of a column, where it says so."""

    columns: list[str]
    sample: list[list[str]]
    rows: Iterator[list[str]]
    format: str
    encoding: Encoding | None
    dialect: Dialect | None
    header: bool
    value_names: ValueNames = field(default_factory=dict)


def content_of(
    found: Opened,
    data: DataConfig,
    limit: int,
    name: str,
    encoding: Encoding | None,
    dialect: Dialect | None,
    start: str,
) -> Content:
    """Return the rows of an open file: of Parquet without an `encoding`, of JSON without a `dialect`.

    `start`: how its text begins, in whole lines. Raises `DataError`, as do the rows.
    """
    if encoding is None:
        columns, sample, found_rows, value_names = records.parquet(found, limit, name)
        return Content(columns, sample, found_rows, "Parquet", None, None, True, value_names)
    text = io.TextIOWrapper(found.stream, encoding.codec, encoding.errors, newline="")
    if dialect is None:
        lines = found.name.lower().endswith((".jsonl", ".ndjson")) or records.is_lines(start)
        columns, sample, found_rows = (
            records.json_lines(text, name) if lines else records.json_document(text, limit, name)
        )
        return Content(columns, sample, found_rows, "JSON lines" if lines else "JSON", encoding, None, True)
    for _ in range(dialect.skipped):
        start = start[len(text.readline(records.MAX_ROW_CHARACTERS)) :]
    sample = first_rows(dialect, start, HEAD_ROWS)
    labelled = dialect.separator == FASTTEXT
    header = not labelled and (not sample or names_columns([name.strip() for name in sample[0]], sample[1:], data))
    following = rows.rows(text, dialect, name, header)
    first = next(following, [])
    if not any(map(str.strip, first)):
        raise DataError(f"{name} is empty. Its first line has to name the columns.")
    if len(first) > records.MAX_COLUMNS:
        raise records.too_many_columns(len(first), name)
    columns = [name.strip() for name in first] if header else numbered(len(first))
    columns = FASTTEXT_COLUMNS if labelled else columns
    form = FORMATS.get(dialect.separator, "separated text")
    return Content(
        columns,
        sample[header:],
        following if header else chain([first], following),
        form,
        encoding,
        dialect,
        header,
    )
