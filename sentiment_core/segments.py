"""Reviews cut into segments: whole sentences as word pieces, as many as fit. What pairs are made of."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sentiment_core.artifacts import folder, written
from sentiment_core.datasets import Reviews
from sentiment_core.errors import StoreError
from sentiment_core.progress import Progress
from sentiment_core.wordpiece import WordPieces, sentences

logger = logging.getLogger(__name__)


class Segments(NamedTuple):
    """S segments, one behind the other: where each ends, its review, ascending, and its opening, `(S,)` each.

    The opening counts the pieces of the sentence that a segment begins with, below 0 where that is the rest of one that
    was cut.
    """

    ends: np.ndarray
    of_review: np.ndarray
    openings: np.ndarray


def segmented(
    pieces: WordPieces, reviews: Reviews, content: str, longest: int, show: Progress
) -> tuple[np.ndarray, Segments]:
    """Return the piece ids of `reviews`, flat int32, and their segments of at most `longest` pieces.

    `content` identifies reviews and pieces; what is known of it comes from the cache.
    """
    path = folder("corpora") / f"{hashlib.blake2b(content.encode(), digest_size=12).hexdigest()}.pieces.npz"
    encoded = _read_cache(path, len(reviews))
    if encoded is None:
        encoded = _encode(pieces, reviews, show)
        _write_cache(path, encoded)
    return encoded.token_ids, _segments(encoded, longest)


class Encoded(NamedTuple):
    """Reviews as pieces: flat `token_ids` int32, the `sizes (S,)` of sentences, and the `counts (N,)` of these."""

    token_ids: np.ndarray
    sizes: np.ndarray
    counts: np.ndarray


def _encode(pieces: WordPieces, reviews: Reviews, show: Progress) -> Encoded:
    split = [sentences(text) for text in reviews.texts]
    flat = [sentence for found in split for sentence in found]
    rows: list[np.ndarray] = []
    for chunk in pieces.encode(flat):
        rows += chunk
        show("Splitting reviews into word pieces", len(rows) / len(flat))
    return Encoded(
        np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32),
        np.array([len(row) for row in rows], dtype=np.int64),
        np.array([len(found) for found in split], dtype=np.int64),
    )


def _segments(encoded: Encoded, longest: int) -> Segments:
    """Return segments of at most `longest` pieces: whole sentences as far as they fit; a longer one is cut."""
    sizes: list[int] = []
    of_review: list[int] = []
    openings: list[int] = []
    sentence = iter(encoded.sizes.tolist())
    for review, count in enumerate(encoded.counts.tolist()):
        begun = opening = 0
        before = len(sizes)
        for size in islice(sentence, count):
            if begun and begun + size > longest:
                sizes.append(begun)
                openings.append(opening)
                begun = 0
            sign = 1
            while size > longest:
                sizes.append(longest)
                openings.append(sign * longest)
                size -= longest
                sign = -1
            opening = opening if begun else sign * size
            begun += size
        if begun:
            sizes.append(begun)
            openings.append(opening)
        of_review += [review] * (len(sizes) - before)
    columns = (np.cumsum(sizes), of_review, openings)
    return Segments(*(np.array(column, dtype=np.int64) for column in columns))


def _read_cache(path: Path, count: int) -> Encoded | None:
    """Return what `_write_cache` wrote of `count` reviews, or None when it is absent or damaged."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            found = Encoded(*(archive[name] for name in Encoded._fields))
        whole = len(found.counts) == count and found.counts.sum() == len(found.sizes)
        whole = whole and found.sizes.sum() == len(found.token_ids)
    except Exception:  # a damaged archive fails in zipfile, zlib or numpy, each in its own way
        whole = False
    if not whole:
        logger.warning("the reviews in word pieces in %s are damaged; they are made again", path)
        return None
    return found


def _write_cache(path: Path, encoded: Encoded) -> None:
    """A full disk costs the cache, not the experiment."""
    with suppress(StoreError), written(path) as temporary:
        np.savez(temporary, **encoded._asdict())
