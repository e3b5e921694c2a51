"""Counts over a data set: classes, lengths, what a limit cuts off, what a vocabulary knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment_core.data_view.tokenized import TokenizedReviews
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews
from sentiment_core.metrics import Balance

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True)
class Truncation:
    """What a limit of so many tokens takes away: shares of reviews cut and of tokens lost, 0..1."""

    reviews_cut: float
    tokens_lost: float


@dataclass(frozen=True)
class Coverage:
    """How much of the text a vocabulary knows: shares of all tokens and of all different tokens, 0..1."""

    tokens: int
    known_share: float
    words: int
    known_words_share: float


def balances(reviews: Reviews) -> dict[str, Balance]:
    """Return `{part: balance}`, training first."""
    labels = {name: reviews.labels[reviews.select(part)] for name, part in PARTS.items()}
    return {name: Balance(len(members), int(members.sum())) for name, members in labels.items()}


def length_histogram(lengths: np.ndarray, longest: int, bins: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges `(b + 1,)`, b ≤ `bins`, of whole-numbered, equally wide bins from 0 on, and two counts `(b,)`.

    The first counts reviews of at most `longest` tokens, the second those that are cut: the limit may lie within a bin.
    """
    most = int(lengths.max(initial=0))
    width = max(1, -(-(most + 1) // bins))
    edges = np.arange(0, most + width + 1, width)
    cut = lengths > longest
    return edges, np.histogram(lengths[~cut], edges)[0], np.histogram(lengths[cut], edges)[0]


def truncation(lengths: np.ndarray, longest: int) -> Truncation:
    """Return what cutting reviews of `lengths (N,)` tokens to `longest` takes away."""
    total = int(lengths.sum())
    lost = int(np.maximum(lengths - longest, 0).sum())
    return Truncation(float((lengths > longest).mean()) if len(lengths) else 0.0, lost / total if total else 0.0)


def coverage(tokenized: TokenizedReviews, known: np.ndarray) -> Coverage:
    """Return how much of `tokenized` the words marked in `known (W,)` make up."""
    tokens = int(tokenized.counts.sum())
    return Coverage(
        tokens,
        float(tokenized.counts[known].sum()) / tokens,
        len(tokenized.words),
        float(known.mean()) if tokens else 0.0,
    )


def learnable(tokenized: TokenizedReviews, reviews: Reviews) -> np.ndarray:
    """Return which words `(W,)` occur twice in the training reviews: those that word2vec and random vectors have."""
    in_training = np.repeat(reviews.parts == TRAIN, tokenized.lengths)
    counts = np.bincount(tokenized.token_ids[in_training], minlength=len(tokenized.words))
    return np.asarray(counts >= 2)


def frequent_unknown(tokenized: TokenizedReviews, known: np.ndarray, count: int = 100) -> list[tuple[str, int]]:
    """Return the most frequent words that are not `known (W,)`, with how often they occur."""
    counts = np.where(known, 0, tokenized.counts)
    order = np.argsort(-counts, kind="stable")[:count]
    return [(tokenized.words[place], int(counts[place])) for place in order if counts[place]]
