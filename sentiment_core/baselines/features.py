"""What the linear models see of a review: its mean word vector, or counts of its words and pairs of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from sentiment_core.corpus import Corpus
from sentiment_core.errors import DataError

# A word pair seen in one review only teaches nothing about others, and nine of ten pairs are such.
FEWEST_REVIEWS = 2


def mean_vectors(corpus: Corpus) -> np.ndarray:
    """Return the mean vector of each review's known words, (N, E) float32; zeros for a review without any.

    Reviews must be read to their end: `data.max_tokens` is None.
    """
    ends = np.append(corpus.offsets, len(corpus.token_ids))
    words = csr_matrix(
        (np.ones(len(corpus.token_ids), np.float32), corpus.token_ids, ends), (len(corpus), len(corpus.matrix))
    )
    sums = np.asarray(words @ corpus.matrix)
    means: np.ndarray = np.divide(sums, np.maximum(corpus.lengths, 1)[:, None], dtype=np.float32)
    return means


def count_ngrams(parts: Sequence[Sequence[str]], progress: Callable[[str, float | None], None]) -> list[Any]:
    """Return counts of words and word pairs, one sparse (N, F) float32 matrix a part; the words are the first part's.

    Raises `DataError` when no word occurs in two reviews of the first part.
    """
    counter = CountVectorizer(ngram_range=(1, 2), min_df=FEWEST_REVIEWS, dtype=np.float32)
    try:
        counted = [counter.fit_transform(parts[0])]
    except ValueError as error:
        raise DataError("no word occurs in two training reviews; use more reviews") from error
    progress("Counting words and pairs of words", 0.65)
    return counted + [counter.transform(part) for part in parts[1:]]
