"""A model's answers to a file of reviews as a table beside the file's own columns: CSV or Parquet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

from sentiment_core.datasets.file.labels import NO_LABEL
from sentiment_core.explain.batch import Asked
from sentiment_core.steps.rules import positive

FORMULA = {"=", "+", "-", "@"}


def as_csv(asked: Asked, probabilities: Sequence[float], threshold: float) -> bytes:
    """Return `answer_columns` as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = answer_columns(asked, probabilities, threshold)
    writer.writerow([_harmless(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_harmless(field) if isinstance(field, str) else _number(field) for field in row])
    return text.getvalue().encode("utf-8", "replace")


def as_parquet(asked: Asked, probabilities: Sequence[float], threshold: float) -> bytes:
    """Return `answer_columns` as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = answer_columns(asked, probabilities, threshold)
    target = io.BytesIO()
    pq.write_table(pa.table({name: _well_formed(values) for name, values in columns.items()}), target)
    return target.getvalue()


def answer_columns(asked: Asked, probabilities: Sequence[float], threshold: float) -> dict[str, Sequence[Any]]:
    """Return every review with its answer, in the order of the file, and what else the file says beside it.

    `label`: as the file was understood; `seen`: the model has learned from it; None where there is none. A column of
    the file that is called like one of these has ` (file)` behind its name.
    """
    said: list[int | None] = [
        int(positive(value, threshold)) if math.isfinite(value) else None for value in probabilities
    ]
    columns: dict[str, Sequence[Any]] = {"probability": list(probabilities), "predicted": said}
    if asked.labels is not None:
        columns["label"] = [None if label == NO_LABEL else int(label) for label in asked.labels]
    if asked.seen is not None:
        columns["seen"] = asked.seen.astype(int).tolist()
    for name, values in {asked.text_column: asked.texts, **asked.columns}.items():
        columns[name if name not in columns else f"{name} (file)"] = values
    return columns


def _harmless(text: str) -> str:
    # A leading apostrophe keeps a spreadsheet from taking a review for a formula.
    return f"'{text}" if text.lstrip()[:1] in FORMULA else text


def _number(value: float | int | None) -> str:
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)


def _well_formed(values: Sequence[Any]) -> list[Any]:
    return [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values]
