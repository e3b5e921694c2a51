"""A model's answers to a file of reviews as a table beside the file's own columns: CSV or Parquet."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import IO, Any

from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.explain.many_reviews import Asked
from sentiment_core.steps.rules import positive

FORMULA = {"=", "+", "-", "@"}
_NUMBER = re.compile(r"[+-][0-9]+(?:[.,][0-9]+)?")


class CsvAnswers:
    """Writes `answer_columns` as CSV, a piece of them at a time, into an open file."""

    def __init__(self, target: IO[bytes], threshold: float) -> None:
        self._target, self._threshold, self._begun = target, threshold, False

    def add(self, asked: Asked, probabilities: Sequence[float]) -> None:
        """Write more rows; all pieces have the same columns."""
        text = io.StringIO()
        writer = csv.writer(text)
        columns = answer_columns(asked, probabilities, self._threshold)
        if not self._begun:
            writer.writerow([_harmless(name) for name in columns])
            self._begun = True
        for row in zip(*columns.values(), strict=True):
            writer.writerow([_harmless(field) if isinstance(field, str) else _number(field) for field in row])
        self._target.write(text.getvalue().encode("utf-8", "replace"))

    def close(self) -> None:
        """Finish the table, not the file."""


class ParquetAnswers:
    """Writes `answer_columns` as Parquet, a piece of them at a time, into an open file."""

    def __init__(self, target: IO[bytes], threshold: float) -> None:
        self._target, self._threshold = target, threshold
        self._writer: Any = None

    def add(self, asked: Asked, probabilities: Sequence[float]) -> None:
        """Write more rows; all pieces have the same columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        numbers = _numbers(asked, probabilities, self._threshold)
        columns = answer_columns(asked, probabilities, self._threshold)
        # Said, not guessed: a piece may hold no label at all.
        kinds = {name: pa.float64() if name == "probability" else pa.int64() for name in numbers}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns])
        table = pa.table({name: _well_formed(values) for name, values in columns.items()}, schema=schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._target, schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Finish the table, not the file."""
        if self._writer is not None:
            self._writer.close()


FORMATS: dict[str, type[CsvAnswers] | type[ParquetAnswers]] = {".csv": CsvAnswers, ".parquet": ParquetAnswers}


def as_csv(asked: Asked, probabilities: Sequence[float], threshold: float) -> bytes:
    """Return `answer_columns` as CSV."""
    target = io.BytesIO()
    CsvAnswers(target, threshold).add(asked, probabilities)
    return target.getvalue()


def answer_columns(asked: Asked, probabilities: Sequence[float], threshold: float) -> dict[str, Sequence[Any]]:
    """Return every review with its answer, in the order of the file, and what else the file says beside it.

    `label`: as the file was understood; `seen`: the model has learned from it; None where there is none. A column of
    the file that is called like one of these has ` (file)` behind its name.
    """
    columns = _numbers(asked, probabilities, threshold)
    for name, values in {asked.text_column: asked.texts, **asked.columns}.items():
        columns[name if name not in columns else f"{name} (file)"] = values
    return columns


def _numbers(asked: Asked, probabilities: Sequence[float], threshold: float) -> dict[str, Sequence[Any]]:
    said: list[int | None] = [
        int(positive(value, threshold)) if math.isfinite(value) else None for value in probabilities
    ]
    columns: dict[str, Sequence[Any]] = {"probability": list(probabilities), "predicted": said}
    if asked.labels is not None:
        columns["label"] = [None if label == NO_LABEL else int(label) for label in asked.labels]
    if asked.seen is not None:
        columns["seen"] = asked.seen.astype(int).tolist()
    return columns


def _harmless(text: str) -> str:
    # A leading apostrophe keeps a spreadsheet from taking a review for a formula; a number such as -1 is none.
    return f"'{text}" if text.lstrip()[:1] in FORMULA and not _NUMBER.fullmatch(text) else text


def _number(value: float | int | None) -> str:
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)


def _well_formed(values: Sequence[Any]) -> list[Any]:
    return [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values]
