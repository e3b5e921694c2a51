"""Reviews from three sources behind one interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sentiment_core.config import DataConfig
from sentiment_core.datasets.base import TEST, TRAIN, VALIDATION, Progress, RawReviews, Reviews, Spans, silent
from sentiment_core.datasets.split import LIMIT_SEED, assign_parts, notebook_test, stratified_sample
from sentiment_core.errors import DataError

__all__ = [
    "TEST",
    "TRAIN",
    "VALIDATION",
    "Progress",
    "RawReviews",
    "Reviews",
    "Spans",
    "check_here",
    "load_reviews",
    "silent",
]

DEMO_REVIEWS = 4000


def load_reviews(config: DataConfig, progress: Progress = silent) -> Reviews:
    """Load `config.source`, apply its limit and split it; the test part does not depend on `validation_fraction`.

    Raise `DataError` for reviews that cannot be used and `DownloadError` for ones that cannot be fetched.
    """
    corpus = _read(config, progress)
    if config.limit is not None and config.limit < len(corpus.texts):
        groups = corpus.labels if corpus.test is None else corpus.labels + 2 * corpus.test
        corpus = corpus.take(stratified_sample(groups, config.limit, LIMIT_SEED))
    official = config.split == "official" and corpus.test is not None
    test = corpus.test if official else notebook_test(len(corpus.texts))
    assert test is not None
    parts = assign_parts(corpus.labels, test, config.validation_fraction)
    return Reviews(corpus.texts, corpus.labels, parts, corpus.evidence, corpus.warnings)


def check_here(config: DataConfig) -> None:
    """Raise `DataError` when loading these reviews would first have to download them, or their file is gone."""
    if config.source == "imdb":
        from sentiment_core.datasets import imdb

        if not imdb.is_here():
            raise DataError("the IMDb reviews are no longer here; a training that uses them downloads them again")
    if config.source == "csv" and not Path(config.path or "").is_file():
        raise DataError(
            f"the file {Path(config.path or '').name} is no longer where it was; put it back to read from it"
        )


def _read(config: DataConfig, progress: Progress) -> RawReviews:
    # Imported where needed: a page that shows demo reviews has no use for Parquet or for HTTP.
    if config.source == "imdb":
        from sentiment_core.datasets import imdb

        return imdb.load(progress)
    if config.source == "csv":
        from sentiment_core.datasets import csv_file

        return csv_file.load(config.path or "", config.text_column, config.label_column, progress)
    from sentiment_core.datasets import demo

    progress("Writing demo reviews", None)
    made = demo.generate(config.limit or DEMO_REVIEWS)
    return RawReviews(list(made.texts), np.asarray(made.labels, dtype=np.int8), evidence=made.evidence)
