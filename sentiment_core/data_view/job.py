"""Reviews read for the first time, as a job: whether they can be used, how many they are, and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_core.config import build
from sentiment_core.data_view.shown import reviews_to_show
from sentiment_core.data_view.tokenized import read_tokens
from sentiment_core.datasets import load_reviews
from sentiment_core.datasets.file import reader
from sentiment_core.progress import Progress
from sentiment_core.remarks import remarks
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.sources import SOURCES
from sentiment_core.work.kinds import Kind

FIELDS = ("source", "limit", "split", "validation_fraction")


@dataclass(frozen=True)
class ReadingQuestion:
    """Which reviews to read: `data` are fields of `DataConfig`, `stamp` what tells whether they may be others now.

    Not `labelled`: any rows of a file will do; with `tokens`, those that `reviews_to_show` returns. `tokens`: the
    tokenizers that split them too, which fills that cache.
    """

    data: dict[str, str | int | float | None]
    stamp: tuple[int, ...] | None
    labelled: bool
    tokens: tuple[Tokenizer, ...]


@dataclass(frozen=True)
class ReviewCounts:
    """What reading has found: `positive` is None without labels; `warnings` are for the user."""

    reviews: int
    positive: int | None
    characters: int
    warnings: tuple[str, ...]


REVIEWS = Kind("reviews", "Reading reviews", ReadingQuestion, ReviewCounts, "sentiment_core.data_view.job:run")


def arguments_for(data: DataConfig, *, labelled: bool = True, tokens: tuple[Tokenizer, ...] = ()) -> ReadingQuestion:
    """Return the arguments of `run`: what of `data` decides which reviews they are, and its stamp."""
    source = SOURCES[data.source]
    fields = data.model_dump(include=set(FIELDS)) | source.settings(data)
    return ReadingQuestion(fields, source.stamp(data), labelled, tokens)


def run(question: ReadingQuestion, progress: Progress) -> ReviewCounts:
    """Read what `arguments_for` describes; raises `DataError` or `DownloadError` for reviews that cannot be used."""
    data = build(DataConfig, question.data)
    if not (question.labelled or question.tokens):
        table = reader.read(data, progress=progress)
        return _counts(table.texts, table.labels, table.understood.sentences(trained=False))
    reviews = (load_reviews if question.labelled else reviews_to_show)(data, progress)
    for tokenizer in question.tokens:
        read_tokens(reviews, tokenizer, progress)
    labels = reviews.labels if reviews.are_labelled else None
    return _counts(reviews.texts, labels, (*reviews.warnings, *remarks(reviews)))


def _counts(texts: Sequence[str], labels: np.ndarray | None, warnings: tuple[str, ...]) -> ReviewCounts:
    positive = None if labels is None else int((labels == 1).sum())
    return ReviewCounts(len(texts), positive, sum(map(len, texts)), tuple(warnings))
