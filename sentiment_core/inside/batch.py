"""A batch of real reviews without padding: as many words of each, so that every time step counts the same reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError
from sentiment_core.text import TextEncoder

# Reviews that are looked through for long ones.
_SEARCHED = 1000


@dataclass(frozen=True, eq=False)
class WordBatch:
    """B reviews by their first T known words: `vectors (B, T, E)` float32, `labels (B,)` float32, 1 = positive."""

    vectors: torch.Tensor
    labels: torch.Tensor
    words: tuple[tuple[str, ...], ...]

    @property
    def steps(self) -> int:
        """Words of each review, T."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, steps: int, count: int | None = None) -> WordBatch:
        """Return the first `steps` words of the first `count` reviews."""
        return WordBatch(
            self.vectors[:count, :steps], self.labels[:count], tuple(words[:steps] for words in self.words[:count])
        )


def word_batch(
    reviews: Reviews, vectors: WordVectors, encoder: TextEncoder, count: int = 32, steps: int = 60
) -> WordBatch:
    """Return `count` training reviews, half of them positive where there are as many, cut to `steps` known words.

    Where fewer are that long, T is the most that `count` of them have; where there are fewer, B is what there is.
    Raises `DataError` when not two reviews have two known words.
    """
    members = reviews.select(TRAIN)[:_SEARCHED]
    rows = [row for chunk in encoder.encode_known([reviews.texts[index] for index in members]) for row in chunk]
    lengths = np.array([len(row) for row in rows])
    usable = np.flatnonzero(lengths >= 2)
    if len(usable) < 2:
        raise DataError("fewer than two of these reviews have two words that the vectors know; choose other reviews")
    longest = min(steps, int(np.sort(lengths[usable])[::-1][min(count, len(usable)) - 1]))
    chosen = _balanced(np.flatnonzero(lengths >= longest), reviews.labels[members], count)
    ids = np.stack([rows[place][:longest] for place in chosen])
    return WordBatch(
        torch.from_numpy(vectors.rows(ids)),
        torch.from_numpy(reviews.labels[members[chosen]].astype(np.float32)),
        tuple(tuple(vectors.words[token - 1] for token in row) for row in ids),
    )


def _balanced(places: np.ndarray, labels: np.ndarray, count: int) -> Sequence[int]:
    """Return up to `count` of `places`, positive and negative by turns as long as there are both."""
    order = np.arange(len(places), dtype=np.float64)
    for label in (0, 1):
        members = labels[places] == label
        order[members] = np.arange(members.sum()) + 0.5 * label
    return [int(place) for place in places[np.argsort(order, kind="stable")][:count]]
