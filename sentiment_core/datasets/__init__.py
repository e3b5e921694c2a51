"""Reviews from any source (`sentiment_core.sources`) behind one interface."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets.base import TEST, TRAIN, VALIDATION, RawReviews, Reviews, Spans
from sentiment_core.datasets.copies import text_hashes
from sentiment_core.datasets.known import read_once
from sentiment_core.datasets.split import LIMIT_SEED, assign_parts, drawn_test, stratified_sample
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES

__all__ = [
    "TEST",
    "TRAIN",
    "VALIDATION",
    "RawReviews",
    "Reviews",
    "Spans",
    "check_here",
    "load_reviews",
]


def load_reviews(config: DataConfig, progress: Progress = silent) -> Reviews:
    """Load `config.source`, apply its limit and split it; the test part does not depend on `validation_fraction`.

    Raise `DataError` for reviews that cannot be used and `DownloadError` for ones that cannot be fetched.
    """
    corpus = read_once(SOURCES[config.source], config, progress)
    if config.limit is not None and config.limit < len(corpus.texts):
        kinds = corpus.labels if corpus.parts is None else corpus.labels + 2 * corpus.parts
        corpus = corpus.take(stratified_sample(kinds, config.limit, LIMIT_SEED))
    parts = corpus.parts
    hashes = corpus.known_hashes
    if hashes is None and config.split == "grouped":
        hashes = text_hashes(corpus.texts)
    groups = np.arange(len(corpus.texts)) if hashes is None or config.split != "grouped" else hashes
    if parts is None or config.split in {"grouped", "notebook"}:
        parts = np.where(drawn_test(groups), TEST, TRAIN)
    parts = assign_parts(corpus.labels, parts, config.validation_fraction, groups)
    return Reviews(corpus.texts, corpus.labels, parts, corpus.evidence, corpus.warnings, hashes, corpus.known_contents)


def check_here(config: DataConfig) -> None:
    """Raise `DataError` when loading these reviews would first have to fetch them, or when they are gone."""
    SOURCES[config.source].check_here(config)
