"""Models that fastText itself writes (`.bin`): the words, each with the mean of its own vector and its n-grams'.

The layout and the rule are fastText's (Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information",
section 3.2; version 12 of its file). gensim's reader takes the whole matrix into memory and allocates what a header
claims; here the matrix is mapped, so that a few gigabytes on disk stay there, and every claim is held against the
file's size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from sentiment_core.errors import EmbeddingsError

MAGIC = b"\xba\x16\x4f\x2f"
VERSION = 12
LONGEST_WORD = 1_000
LONGEST_NGRAM = 20
END_OF_SENTENCE = "</s>"

# dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
_ARGUMENTS = "<12id"
# size, words, labels, tokens, pruned
_DICTIONARY = "<3i2q"


@dataclass(frozen=True)
class FastTextFile:
    """An opened model: its first `words`, and the mapped `matrix` `(V + buckets, E)` float32 of words and n-grams."""

    words: list[str]
    matrix: np.ndarray
    buckets: int
    shortest: int
    longest: int

    @property
    def dim(self) -> int:
        """E, the number of components."""
        return int(self.matrix.shape[1])

    def rows(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each word with its vector `(E,)` float32."""
        # gensim has fastText's hash of n-grams as compiled code; importing it takes a second.
        from gensim.models.fasttext import ft_ngram_hashes

        first = len(self.matrix) - self.buckets
        for place, word in enumerate(self.words):
            ngrams: list[int] = []
            if self.buckets and self.longest and word != END_OF_SENTENCE:
                ngrams = ft_ngram_hashes(word, self.shortest, self.longest, self.buckets)
            yield word, self.matrix[[place, *(first + ngram for ngram in ngrams)]].mean(axis=0)


def is_model(head: bytes) -> bool:
    """Return whether a file that begins with `head` is one of fastText's own."""
    return head.startswith(MAGIC)


def open_model(path: Path, most_words: int) -> FastTextFile:
    """Return the first `most_words` words of a model and its matrix; raise `EmbeddingsError` for a damaged one."""
    try:
        with path.open("rb") as stream:
            return _read(stream, path, most_words)
    except (struct.error, ValueError) as error:
        raise EmbeddingsError(f"{path.name}: this fastText model is damaged or cut off. Copy it again.") from error


def _read(stream: IO[bytes], path: Path, most_words: int) -> FastTextFile:
    _, version = _unpack(stream, "<2i")
    if version != VERSION:
        raise EmbeddingsError(
            f"{path.name}: version {version} of fastText's files is not read, only {VERSION}. Take the .vec file that "
            "comes with it."
        )
    dim, *_, bucket, shortest, longest, _, _ = _unpack(stream, _ARGUMENTS)
    size, count, _, _, pruned = _unpack(stream, _DICTIONARY)
    if pruned > 0:
        raise _compressed(path)
    if not (0 < count <= size and bucket >= 0 and shortest >= 0 and 0 <= longest <= LONGEST_NGRAM):
        raise ValueError("what its head claims cannot be")
    words: list[str] = []
    for place, word in zip(range(size), _entries(stream), strict=False):
        if place < min(count, most_words):
            words.append(word)
    (quantised,) = _unpack(stream, "<?")
    if quantised:
        raise _compressed(path)
    height, width = _unpack(stream, "<2q")
    start = stream.tell()
    if (width, height) != (dim, count + bucket) or path.stat().st_size < start + 4 * height * width:
        raise ValueError("the matrix is not as large as its words need")
    matrix: Any = np.memmap(path, dtype="<f4", mode="r", offset=start, shape=(height, width))
    return FastTextFile(words, matrix, bucket, shortest, longest)


def _compressed(path: Path) -> EmbeddingsError:
    return EmbeddingsError(f"{path.name} is a compressed fastText model (.ftz). Take the .bin or .vec file.")


def _unpack(stream: IO[bytes], form: str) -> tuple[Any, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _entries(stream: IO[bytes]) -> Iterator[str]:
    """Yield the words of the dictionary and the labels behind them: each ends with 0, its count and type follow."""
    while True:
        word = bytearray()
        while (letter := stream.read(1)) != b"\0":
            if not letter or len(word) > LONGEST_WORD:
                raise ValueError("a word does not end")
            word += letter
        _unpack(stream, "<qb")
        yield word.decode("utf-8", "replace")
