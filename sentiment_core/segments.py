"""Reviews cut into segments: whole sentences as word pieces, as many as fit. What pairs are made of."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import numpy as np

from sentiment_core.array_files import Arrays, cache_path, read_cache, write_cache
from sentiment_core.datasets import Reviews
from sentiment_core.progress import Progress
from sentiment_core.wordpiece import WordPieces, sentences


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
    path = cache_path("corpora", content, ".pieces.npz")
    encoded = read_cache(path, lambda found: _whole(found, len(reviews)))
    if encoded is None:
        encoded = _encode(pieces, reviews, show)
        write_cache(path, **encoded._asdict())
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


def _whole(found: Arrays, count: int) -> Encoded:
    encoded = Encoded(*(found[name] for name in Encoded._fields))
    of_reviews, of_sentences = encoded.counts.sum(), encoded.sizes.sum()
    if len(encoded.counts) != count or of_reviews != len(encoded.sizes) or of_sentences != len(encoded.token_ids):
        raise ValueError("the counts do not fit the pieces")
    return encoded
