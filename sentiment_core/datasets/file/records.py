"""Reviews as records: JSON lines, a JSON document, Parquet."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import IO, Any

from sentiment_core.datasets.file.container import Opened, too_much_text
from sentiment_core.datasets.file.labels import is_label
from sentiment_core.datasets.file.names import is_usual
from sentiment_core.errors import DataError

HEAD_RECORDS = 100
MAX_ROW_CHARACTERS = 4_000_000
MAX_COLUMNS = 1_000
SHOWN = 10
# Records in records: what is deeper stays as it is written.
MAX_DEPTH = 4
PARQUET_ROWS = 256
# Python's objects take about so many times the characters that a hostile document describes them with.
JSON_FACTOR = 10

Rows = Iterator[list[str]]
# By column and value, the name of the value.
ValueNames = dict[str, dict[str, str]]

_JSON = re.compile(r'\s*(\{\s*"|\[\s*\{)')


def is_json(head: str) -> bool:
    """Return whether a text that begins with `head` is JSON, whatever its name says."""
    return _JSON.match(head.lstrip("\ufeff")) is not None


def is_lines(head: str) -> bool:
    """Return whether a JSON text that begins with `head` holds a record a line, whatever its name says."""
    first, _, rest = head.lstrip("\ufeff \t\r\n").partition("\n")
    if not first.startswith("{") or (not rest.strip() and not head.endswith("\n")):
        return False
    try:
        return isinstance(json.loads(first), dict) and (not rest.strip() or rest.lstrip().startswith("{"))
    except (ValueError, RecursionError):
        return False


def json_lines(stream: IO[str], name: str) -> tuple[list[str], list[list[str]], Rows]:
    """Return the columns, the first rows and all rows of a text with a JSON object a line."""

    def objects() -> Iterator[Mapping[str, Any]]:
        number = 0
        while line := stream.readline(MAX_ROW_CHARACTERS + 1):
            number += 1
            if len(line) > MAX_ROW_CHARACTERS:
                raise DataError(f"{name}: row {number} is longer than {MAX_ROW_CHARACTERS:,} characters.")
            if line.strip():
                yield _object(line.rstrip().removesuffix(","), number, name)

    return _table(objects(), name)


def json_document(stream: IO[str], limit: int, name: str) -> tuple[list[str], list[list[str]], Rows]:
    """Return the same of a JSON text: a list of objects, or an object of columns, or one with a list of objects.

    An object may also hold what pandas writes: an object for each row, or lists called columns and data.
    """
    text = stream.read(limit // JSON_FACTOR + 1)
    if len(text) > limit // JSON_FACTOR:
        raise too_much_text(name, limit // JSON_FACTOR)
    text = text.strip("\ufeff \t\r\n")
    if not text:
        raise _no_rows(name)
    if text.startswith("["):
        return _table(_elements(text, name), name)
    try:
        found = _object(text, 1, name)
    except DataError:
        # Objects one after the other, each over several lines.
        return _table(_elements(f"[{text}]", name), name)
    return _document(found, name)


def _document(found: Mapping[str, Any], name: str, deeper: int = MAX_DEPTH) -> tuple[list[str], list[list[str]], Rows]:
    lists = {key: value for key, value in found.items() if isinstance(value, list)}
    tables: dict[str, Any] = {key: value for key, value in lists.items() if _has_rows(value)}
    # Others describe the table: `features` beside `rows`.
    usual = {key: value for key, value in tables.items() if any(map(is_usual, _flat(value[0])))}
    columned = {key: value for key, value in found.items() if isinstance(value, dict) and _has_columns(value)}
    tables = usual | columned or tables
    if len(tables) > 1:
        keys = ", ".join(repr(key[:40]) for key in islice(tables, SHOWN))
        raise DataError(f"{name} holds several tables ({keys}). Give the one with the reviews as a file of its own.")
    for table in tables.values():
        return _document(table, name) if isinstance(table, dict) else _table(iter(table), name)
    if {"columns", "data"} <= lists.keys() and all(
        isinstance(row, list) and len(row) == len(lists["columns"]) for row in lists["data"]
    ):
        return _table((dict(zip(map(str, lists["columns"]), row, strict=True)) for row in lists["data"]), name)
    objects = [value for value in found.values() if isinstance(value, dict)]
    if objects and len(objects) == len(found) and any(map(is_usual, objects[0])) and not any(map(is_usual, found)):
        return _table(iter(objects), name)
    columns = {
        key: list(value.values()) if isinstance(value, dict) and not any(map(_has_rows, value.values())) else value
        for key, value in found.items()
    }
    if len(lists) == len(found) > 1 and all(is_label(key) and not key.isdigit() for key in found):
        named = ({"label": key, "text": text} for key, texts in lists.items() for text in texts)
        return _table(named, name)
    lengths = {len(value) if isinstance(value, list) else -1 for value in columns.values()}
    if len(lengths) != 1 or lengths == {-1}:
        if objects and deeper:
            # What is asked for may be one record further in: `{"status": "ok", "data": {"reviews": […]}}`.
            inner = {key: value for key, value in found.items() if isinstance(value, dict)}
            within = {f"{key}.{part}": item for key, value in inner.items() for part, item in value.items()}
            return _document(within, name, deeper - 1)
        raise DataError(
            f"{name} holds no table: give a list of objects, an object with a list a column, or an object a line."
        )
    return _table((dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)), name)


def _has_rows(found: Any) -> bool:
    """Return whether this is a list of objects."""
    return isinstance(found, list) and bool(found) and all(isinstance(item, dict) for item in found)


def _has_columns(found: Mapping[str, Any]) -> bool:
    """Return whether an object holds a list a column, and one that is called so."""
    return any(map(is_usual, found)) and all(isinstance(value, list) for value in found.values())


def parquet(found: Opened, limit: int, name: str) -> tuple[list[str], list[list[str]], Rows, ValueNames]:
    """Return the same of a Parquet file, and what it calls the values of its columns."""
    # Imported late: most files are text.
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Parquet is read from its end: what comes through gzip or zip is unpacked first, within the limit.
    source = io.BytesIO(found.stream.read()) if found.packing else found.raw
    try:
        metadata = pq.ParquetFile(source).metadata
        size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _not_parquet(name) from error
    if size > limit:
        raise too_much_text(name, limit)
    # Lists of tokens and the like are no reviews and may be long.
    columns = [f.name for f in schema if pa.types.is_struct(f.type) or not pa.types.is_nested(f.type)]
    if len(columns) > MAX_COLUMNS:
        raise too_many_columns(len(columns), name)
    if twice := [column for place, column in enumerate(columns) if column in columns[:place]]:
        raise DataError(f"{name}: two columns are called {twice[0]!r}. Rename one of them.")
    strings = [name for name in columns if pa.types.is_string(schema.field(name).type)]

    def objects() -> Iterator[Mapping[str, Any]]:
        try:
            # Kept as a dictionary, a text that a small file repeats a million times is not a million texts at once.
            file = pq.ParquetFile(source, read_dictionary=strings)
            for batch in file.iter_batches(PARQUET_ROWS, columns=columns):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _not_parquet(name) from error

    return *_table(objects(), name), _value_names(metadata.metadata)


def _value_names(metadata: Mapping[bytes, bytes] | None) -> ValueNames:
    """Return the names of classes that the library datasets stores beside a table; -1 is no class there."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: {"-1": "", **{str(number): str(called) for number, called in enumerate(about["names"])}}
            for column, about in features.items()
            if isinstance(about, dict) and about.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _table(objects: Iterator[Mapping[str, Any]], name: str) -> tuple[list[str], list[list[str]], Rows]:
    objects = map(_flat, objects)
    head = list(islice(objects, HEAD_RECORDS))
    if not head:
        raise _no_rows(name)
    columns = list(dict.fromkeys(key for item in head for key in item))
    if len(columns) > MAX_COLUMNS:
        raise too_many_columns(len(columns), name)

    def row(item: Mapping[str, Any]) -> list[str]:
        return [_as_text(item.get(column)) for column in columns]

    return columns, [row(item) for item in head], (row(item) for item in chain(head, objects))


def _elements(text: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON list one by one, so that a long list does not pile up in memory."""
    decoder = json.JSONDecoder()
    position, number = 1, 0
    while True:
        while position < len(text) and text[position] in ", \t\r\n":
            position += 1
        if position >= len(text):
            raise DataError(f"{name} is cut off: its list is not closed. Export it again.")
        if text[position] == "]":
            return
        number += 1
        try:
            found, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise _not_json(number, name) from error
        if not isinstance(found, dict):
            raise _not_json(number, name)
        yield found


def _object(text: str, number: int, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_json(number, name) from error
    if not isinstance(found, dict):
        raise _not_json(number, name)
    return found


def _flat(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record with the fields of the records in it, and in those, as its own: `review.text`."""
    for _ in range(MAX_DEPTH):
        if not any(isinstance(value, dict) for value in item.values()):
            break
        flat: dict[str, Any] = {}
        for key, value in item.items():
            flat |= (
                # MongoDB writes `{"$numberInt": "5"}` for 5.
                {key if name.startswith("$") else f"{key}.{name}": inner for name, inner in value.items()}
                if isinstance(value, dict)
                else {key: value}
            )
        item = flat
    return item


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # what is not a number stands for what is missing
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # A date or a decimal number has no form in JSON but its own words.
    return (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, int | float | list | dict)
        else str(value)
    )


def _no_rows(name: str) -> DataError:
    return DataError(f"{name} holds no rows. Give a file with a review in each.")


def _not_parquet(name: str) -> DataError:
    return DataError(f"{name} is not a Parquet file that can be read, or is damaged. Export it again.")


def _not_json(number: int, name: str) -> DataError:
    return DataError(f'{name}: row {number} is not a JSON object such as {{"text": "A fine film.", "label": 1}}.')


def too_many_columns(count: int, name: str) -> DataError:
    """Return the error for a file of more than `MAX_COLUMNS` columns."""
    return DataError(f"{name} has {count:,} columns; {MAX_COLUMNS:,} are allowed. Keep those of text and label.")
