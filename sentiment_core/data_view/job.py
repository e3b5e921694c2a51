"""Reviews read for the first time, as a job: whether they can be used, how many they are, and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_core.config import DataConfig, build
from sentiment_core.data_view.reading import read_tokens
from sentiment_core.datasets import csv_file, load_reviews
from sentiment_core.work.kinds import Kind, Progress

TOKENIZERS = ("word", "whitespace")
FIELDS = ("source", "path", "text_column", "label_column", "limit", "split", "validation_fraction")


@dataclass(frozen=True)
class ReadingQuestion:
    """Which reviews to read: `data` are fields of `DataConfig`, `stamp` size and time of a CSV file as it stands.

    Not `labelled`: any rows of a CSV file will do. `tokens`: split them into tokens too, which fills that cache.
    """

    data: dict[str, str | int | float | None]
    stamp: tuple[int, int] | None
    labelled: bool
    tokens: bool


@dataclass(frozen=True)
class ReviewCounts:
    """What reading has found: `positive` is None without labels; `warnings` are for the user."""

    reviews: int
    positive: int | None
    characters: int
    warnings: tuple[str, ...]


REVIEWS = Kind("reviews", "Reading reviews", ReadingQuestion, ReviewCounts, "sentiment_core.data_view.job:run")


def arguments_for(data: DataConfig, *, labelled: bool = True, tokens: bool = False) -> ReadingQuestion:
    """Return the arguments of `run`: what of `data` decides which reviews they are, and the file as it stands.."""
    stamp = None
    if data.source == "csv" and data.path and Path(data.path).is_file():
        found = Path(data.path).stat()
        stamp = (found.st_size, found.st_mtime_ns)
    fields = {name: value for name, value in data.model_dump().items() if name in FIELDS}
    return ReadingQuestion(fields, stamp, labelled, tokens)


def run(question: ReadingQuestion, progress: Progress) -> ReviewCounts:
    """Read what `arguments_for` describes; raises `DataError` or `DownloadError` for reviews that cannot be used."""
    data = build(DataConfig, question.data)
    if not question.labelled:
        table = csv_file.read(data.path or "", data.text_column, data.label_column, progress=progress)
        return _counts(table.texts, table.labels, table.warnings)
    reviews = load_reviews(data, progress)
    for tokenizer in TOKENIZERS if question.tokens else ():
        read_tokens(reviews, tokenizer, progress)  # type: ignore[arg-type]
    return _counts(reviews.texts, reviews.labels, reviews.warnings)


def _counts(texts: list[str], labels: np.ndarray | None, warnings: tuple[str, ...]) -> ReviewCounts:
    positive = None if labels is None else int(labels.sum())
    return ReviewCounts(len(texts), positive, sum(map(len, texts)), tuple(warnings))
