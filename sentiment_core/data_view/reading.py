"""All tokens of all reviews, known to the vectors or not, as one flat array over the reviews' own words."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_core.artifacts import folder, written
from sentiment_core.datasets import Reviews
from sentiment_core.errors import DataError, StoreError
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import Tokenizer
from sentiment_core.text import TOKENIZER_VERSION, TextEncoder, learn_vocabulary

# More different tokens than a million reviews have; it bounds memory against a hostile file.
MOST_WORDS = 5_000_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Reading:
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


def read_tokens(reviews: Reviews, tokenizer: Tokenizer, progress: Progress = silent) -> Reading:
    """Split `reviews` into tokens, from the cache on disk when their content is known.

    Raises `DataError` when the reviews hold nothing but white space.
    """
    recipe = f"{reviews.fingerprint()}|{tokenizer}|{TOKENIZER_VERSION}|reading"
    path = folder("readings") / f"{hashlib.blake2b(recipe.encode(), digest_size=12).hexdigest()}.npz"
    found = _read_cache(path, len(reviews))
    if found is None:
        found = _read(reviews, tokenizer, progress)
        _write_cache(path, found)
    return found


def _read(reviews: Reviews, tokenizer: Tokenizer, progress: Progress) -> Reading:
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
    return Reading(words, np.bincount(token_ids, minlength=len(words)), token_ids, offsets)


def _read_cache(path: Path, count: int) -> Reading | None:
    """Return what was read before, None when it is absent or damaged: the archive carries checksums."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            words = archive["words"].tobytes().decode("utf-8").split("\n")
            found = Reading(words, archive["counts"], archive["token_ids"], archive["offsets"])
        whole = found.offsets.shape == (count + 1,) and found.offsets[-1] == len(found.token_ids)
        whole = whole and len(words) == len(found.counts)
    except Exception:  # a damaged archive fails in zipfile, zlib or numpy, each in its own way
        whole = False
    if not whole:
        logger.warning("the reading in %s is damaged; it is made again", path)
        return None
    return found


def _write_cache(path: Path, reading: Reading) -> None:
    """A full disk costs only the cache."""
    # No token holds white space, so line breaks keep the words apart.
    words = np.frombuffer("\n".join(reading.words).encode("utf-8"), dtype=np.uint8)
    with suppress(StoreError), written(path) as temporary:
        np.savez(temporary, words=words, counts=reading.counts, token_ids=reading.token_ids, offsets=reading.offsets)
