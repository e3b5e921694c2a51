"""All tokens of all reviews, known to the vectors or not, as one flat array over the reviews' own words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sentiment_core.array_files import Arrays, cache_path, read_cache, write_cache
from sentiment_core.datasets import Reviews
from sentiment_core.errors import DataError
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import Tokenizer
from sentiment_core.text import TOKENIZER_VERSION, TextEncoder, learn_vocabulary

# More different tokens than a million reviews have; it bounds memory against a hostile file.
MOST_WORDS = 5_000_000


@dataclass(frozen=True, eq=False)
class TokenizedReviews:
    """N reviews split into tokens: review `i` is `token_ids[offsets[i]:offsets[i + 1]]`.

    `token_ids` is flat int32 and holds places in `words` (W), the different tokens, most frequent first; `counts (W,)`
    says how often each occurs.
    """

    words: list[str]
    counts: np.ndarray
    token_ids: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each review `(N,)`, unknown ones included."""
        return np.asarray(np.diff(self.offsets))

    def known(self, vocabulary: Collection[str]) -> np.ndarray:
        """Return which of the words `(W,)` bool are in `vocabulary` (best a set or a dict)."""
        return np.fromiter((word in vocabulary for word in self.words), dtype=bool, count=len(self.words))

    def known_lengths(self, known: np.ndarray) -> np.ndarray:
        """Return how many tokens of each review `(N,)` int64 are known; `known (W,)` says which words are."""
        running = np.zeros(len(self.token_ids) + 1, dtype=np.int64)
        np.cumsum(known[self.token_ids], out=running[1:])
        return np.asarray(running[self.offsets[1:]] - running[self.offsets[:-1]])


def read_tokens(reviews: Reviews, tokenizer: Tokenizer, progress: Progress = silent) -> TokenizedReviews:
    """Split `reviews` into tokens, from the cache on disk when their content is known.

    Raises `DataError` when the reviews hold nothing but white space.
    """
    recipe = f"{reviews.fingerprint()}|{tokenizer}|{TOKENIZER_VERSION}|reading"
    path = cache_path("readings", recipe)
    found = read_cache(path, lambda arrays: _whole(arrays, len(reviews)))
    if found is None:
        found = _read(reviews, tokenizer, progress)
        write_cache(path, **_arrays(found))
    return found


def _read(reviews: Reviews, tokenizer: Tokenizer, progress: Progress) -> TokenizedReviews:
    progress("Collecting the words", None)
    words = learn_vocabulary(reviews.texts, tokenizer, min_count=1, max_words=MOST_WORDS)
    if not words:
        raise DataError("the reviews hold no tokens; check the text column")
    encoder = TextEncoder(words, tokenizer)
    rows: list[np.ndarray] = []
    for chunk in encoder.encode_known(reviews.texts):
        rows += chunk
        progress("Splitting reviews into tokens", len(rows) / len(reviews))
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    token_ids = np.concatenate(rows) - 1
    return TokenizedReviews(words, np.bincount(token_ids, minlength=len(words)), token_ids, offsets)


def _whole(found: Arrays, count: int) -> TokenizedReviews:
    words = found["words"].tobytes().decode("utf-8").split("\n")
    tokenized = TokenizedReviews(words, found["counts"], found["token_ids"], found["offsets"])
    fits = tokenized.offsets.shape == (count + 1,) and tokenized.offsets[-1] == len(tokenized.token_ids)
    if not fits or len(words) != len(tokenized.counts):
        raise ValueError("the offsets do not fit the tokens")
    return tokenized


def _arrays(tokenized: TokenizedReviews) -> dict[str, np.ndarray]:
    # No token holds white space, so line breaks keep the words apart.
    words = np.frombuffer("\n".join(tokenized.words).encode("utf-8"), dtype=np.uint8)
    return {**vars(tokenized), "words": words}
