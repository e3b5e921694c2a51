"""Reviews read for the first time, as a job: whether they can be used, how many they are, and their tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sentiment_core.config import DataConfig, build
from sentiment_core.data_view.reading import read_tokens
from sentiment_core.datasets import load_reviews
from sentiment_core.datasets.file import reader
from sentiment_core.remarks import remarks
from sentiment_core.sources import SOURCES

KIND = "reviews"
TOKENIZERS = ("word", "whitespace")
FIELDS = ("source", "limit", "split", "validation_fraction")

Progress = Callable[[str, float | None], None]


def arguments_for(data: DataConfig, *, labelled: bool = True, tokens: bool = False) -> dict[str, Any]:
    """Return the arguments of `run`: what of `data` decides which reviews they are, and the file as it stands.

    Not `labelled`: any rows of a file will do. `tokens`: split them into tokens too, which fills that cache.
    """
    source = SOURCES[data.source]
    fields = data.model_dump(include=set(FIELDS)) | source.settings(data)
    return {"data": fields, "stamp": source.stamp(data), "labelled": labelled, "tokens": tokens}


def run(arguments: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Read what `arguments_for` describes; raises `DataError` or `DownloadError` for reviews that cannot be used.

    Returns the counts `reviews`, `positive` (None without labels) and `characters`, and `warnings` for the user.
    """
    data = build(DataConfig, arguments["data"])
    if not arguments["labelled"]:
        table = reader.read(data, progress=progress)
        return _counts(table.texts, table.labels, table.understood.sentences(trained=False))
    reviews = load_reviews(data, progress)
    for tokenizer in TOKENIZERS if arguments["tokens"] else ():
        read_tokens(reviews, tokenizer, progress)  # type: ignore[arg-type]
    return _counts(reviews.texts, reviews.labels, (*reviews.warnings, *remarks(reviews)))


def _counts(texts: list[str], labels: np.ndarray | None, warnings: tuple[str, ...]) -> dict[str, Any]:
    return {
        "reviews": len(texts),
        "positive": None if labels is None else int((labels == 1).sum()),
        "characters": sum(map(len, texts)),
        "warnings": list(warnings),
    }
