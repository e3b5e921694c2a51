"""Reviews as numbers: one flat array of token ids with offsets, cached on disk by content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sentiment_core.array_files import Arrays, cache_path, read_cache, write_cache
from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.embeddings import WordVectors, load_vectors
from sentiment_core.errors import DataError
from sentiment_core.excerpt import excerpts
from sentiment_core.progress import Progress
from sentiment_core.settings import DataConfig, Tokenizer
from sentiment_core.text import TOKENIZER_VERSION, UNKNOWN_ID, TextEncoder, is_word
from sentiment_core.wordpiece import WORDPIECE_VERSION, PieceEncoder, WordPieces

# Part of the cache key: raise it when something else is kept of an encoding.
ENCODING_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class EncodedReviews:
    """N reviews as ids, 0 is padding.

    `token_ids` is flat int32; review `i` is `token_ids[offsets[i]:offsets[i] + lengths[i]]`.
    `readable (N,)` bool: those with a word that is known, punctuation not counted. The others teach nothing and count
    for no accuracy and no loss, in whichever part. `contents (N,)` uint64: a hash of each whole text, by which its
    answers are found again. Of each whole review, `words (N,)` int32 counts the words that are known, `unknown (N,)`
    int32 the tokens that are not; None where many such say nothing about a review (`tells_languages`).
    """

    token_ids: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    parts: np.ndarray
    readable: np.ndarray
    words: np.ndarray
    unknown: np.ndarray | None = None
    contents: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, kw_only=True)
class Corpus(EncodedReviews):
    """Reviews over the words that occur in them.

    Ids are local: id `j` is row `j` of `matrix` `(V + 1, E)` and word `vocabulary[j]` of the vectors (a source id).
    """

    matrix: np.ndarray
    vocabulary: np.ndarray
    vectors: WordVectors


@dataclass(frozen=True, kw_only=True)
class PieceCorpus(EncodedReviews):
    """Reviews as word pieces, by the ids of `pieces`. What the vocabulary has no piece for is left out."""

    pieces: WordPieces


def prepare(data: DataConfig, reviews: Reviews, seed: int, progress: Progress) -> Corpus:
    """Encode `reviews` with the tokenizer and vectors of `data`, from the cache when their content is known.

    Raises `EmbeddingsError`, and `DataError` when no review has a known word.
    """
    training = reviews.parts == TRAIN

    def training_texts() -> list[str]:
        return [text for text, used in zip(reviews.texts, training, strict=True) if used]

    vectors = load_vectors(data, training_texts, reviews.fingerprint(), seed, progress)
    # The texts alone: another split of the same reviews is encoded already.
    recipe = f"{reviews.texts_fingerprint()}|{vectors.fingerprint}|{data.tokenizer}|{TOKENIZER_VERSION}"
    encoded = _encoded(recipe, lambda: _over_own_words(vectors, data.tokenizer, reviews, progress), len(reviews))
    token_ids, offsets = encoded.token_ids, encoded.offsets
    if len(token_ids) == 0:
        raise DataError("no review has a word that the vectors know; check the text column and the language")
    if data.max_tokens is not None:
        token_ids, offsets = excerpts(token_ids, offsets, data.max_tokens, data.keep)
    return Corpus(
        token_ids=token_ids,
        offsets=offsets[:-1],
        lengths=np.diff(offsets),
        labels=reviews.labels,
        parts=reviews.parts,
        readable=encoded.words > 0,
        words=encoded.words,
        unknown=encoded.unknown if tells_languages(data.tokenizer, data.embeddings) else None,
        matrix=vectors.rows(encoded.vocabulary),
        vocabulary=encoded.vocabulary,
        vectors=vectors,
        contents=reviews.contents,
    )


def tells_languages(tokenizer: str, embeddings: str) -> bool:
    """Whether many unknown tokens are odd, as of another language: words learned from the reviews lack rare ones.

    Nor are they odd where signs stick to words: of 2,000 IMDb reviews split at white space, glove-50 would call 73 so.
    """
    return tokenizer != "whitespace" and embeddings not in {"word2vec", "random"}


def prepare_pieces(data: DataConfig, reviews: Reviews, pieces: WordPieces, progress: Progress) -> PieceCorpus:
    """Encode `reviews` as word pieces, from the cache when their content is known.

    Raises `DataError` when no review has a piece.
    """
    recipe = f"{reviews.texts_fingerprint()}|{pieces.text}|{WORDPIECE_VERSION}"

    def made() -> _Encoded:
        encoder = PieceEncoder(pieces)
        token_ids, offsets, unknown = _encode(encoder, reviews, progress)
        words = _word_counts(token_ids, offsets, encoder.is_word)
        return _Encoded(token_ids, offsets, words, unknown, np.empty(0, np.int32))

    token_ids, offsets, words, unknown, _ = _encoded(recipe, made, len(reviews))
    if len(token_ids) == 0:
        raise DataError("no review has a word that these word pieces can write; check the text column")
    if data.max_tokens is not None:
        token_ids, offsets = excerpts(token_ids, offsets, data.max_tokens, data.keep)
    return PieceCorpus(
        token_ids=token_ids,
        offsets=offsets[:-1],
        lengths=np.diff(offsets),
        labels=reviews.labels,
        parts=reviews.parts,
        readable=words > 0,
        words=words,
        unknown=unknown,
        contents=reviews.contents,
        pieces=pieces,
    )


class _Encoded(NamedTuple):
    """What is kept of N reviews: flat `token_ids` int32, `offsets (N + 1,)`; `words`, `unknown` as in `EncodedReviews`.

    Ids of words are places in `vocabulary (V + 1,)` int32, see `Corpus`; those of word pieces are the usual ones.
    """

    token_ids: np.ndarray
    offsets: np.ndarray
    words: np.ndarray
    unknown: np.ndarray
    vocabulary: np.ndarray


def _encoded(recipe: str, make: Callable[[], _Encoded], count: int) -> _Encoded:
    """Return the encoding of `count` reviews that `recipe` identifies, made only where none is cached."""
    path = cache_path("corpora", f"{recipe}|{ENCODING_VERSION}")
    encoded = read_cache(path, lambda found: _whole(found, count))
    if encoded is None:
        encoded = make()
        write_cache(path, **encoded._asdict())
    return encoded


def _over_own_words(vectors: WordVectors, tokenizer: Tokenizer, reviews: Reviews, progress: Progress) -> _Encoded:
    """Encode reviews over the words of `vectors` that occur in them."""
    source_ids, offsets, unknown = _encode(TextEncoder(vectors.words, tokenizer), reviews, progress)
    used = np.zeros(len(vectors.words) + 1, dtype=bool)
    used[source_ids] = True
    used[0] = True
    vocabulary = np.flatnonzero(used).astype(np.int32)
    local = np.zeros(len(used), dtype=np.int32)
    local[vocabulary] = np.arange(len(vocabulary), dtype=np.int32)
    token_ids = local[source_ids]
    spelled = (vectors.words[place - 1] for place in vocabulary[1:])
    words = _word_counts(token_ids, offsets, np.array([False, *map(is_word, spelled)]))
    return _Encoded(token_ids, offsets, words, unknown, vocabulary)


def _word_counts(token_ids: np.ndarray, offsets: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return how many ids of each review `(N,)` int32 are `words (V + 1,)` bool."""
    before = np.zeros(len(token_ids) + 1, dtype=np.int32)
    np.cumsum(words[token_ids], out=before[1:])
    return np.diff(before[offsets])


def _encode(
    encoder: TextEncoder | PieceEncoder, reviews: Reviews, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return flat known ids int32 with offsets `(N + 1,)`, and how many tokens of each review are not known `(N,)`."""
    rows: list[np.ndarray] = []
    tokens: list[int] = []
    for chunk in encoder.encode_ids(reviews.texts):
        tokens += map(len, chunk)
        rows += [row[row != UNKNOWN_ID] for row in chunk]
        progress("Splitting reviews into tokens", len(rows) / len(reviews.texts))
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return np.concatenate(rows), offsets, (np.array(tokens) - lengths).astype(np.int32)


def _whole(found: Arrays, count: int) -> _Encoded:
    encoded = _Encoded(**found)
    if encoded.offsets.shape != (count + 1,) or encoded.offsets[-1] != len(encoded.token_ids):
        raise ValueError("the offsets do not fit the tokens")
    if encoded.words.shape != (count,) or encoded.unknown.shape != (count,):
        raise ValueError("the words do not fit the reviews")
    return encoded
