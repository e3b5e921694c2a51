"""A source of reviews that only the tests register."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets import RawReviews
from sentiment_core.progress import Progress
from sentiment_core.settings import DataConfig

WORDS = ("dull grim", "warm funny")


def load(data: DataConfig, progress: Progress) -> RawReviews:
    """Return sixty reviews that two words decide."""
    progress("Writing letters", None)
    labels = (np.arange(60) % 2).astype(np.int8)
    return RawReviews([f"letter number {index} is {WORDS[label]}" for index, label in enumerate(labels)], labels)


def is_quick(data: DataConfig) -> bool:
    """Return that it is."""
    return True
