"""Words among words: the nearest ones by cosine, and a flat picture of a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError


@dataclass(frozen=True, eq=False)
class WordSpace:
    """Word vectors ready to be searched: `ids` gives each word's id from 1 on, `norms (V,)` the vectors' lengths."""

    vectors: WordVectors
    ids: Mapping[str, int]
    norms: np.ndarray

    def id_of(self, word: str) -> int:
        """Return the id of `word`, in lower case; raise `DataError` for a word without a vector."""
        wanted = word.strip().lower()
        if not wanted:
            raise DataError("write a word")
        if wanted not in self.ids:
            raise DataError(
                f"{wanted[:60]!r} is not among the {len(self.ids):,} words of {self.vectors.key}; try another spelling"
            )
        return self.ids[wanted]


def word_space(vectors: WordVectors) -> WordSpace:
    """Return `vectors` with what a search needs; reads all of them once."""
    ids = {word: place for place, word in enumerate(vectors.words, start=1)}
    norms = np.linalg.norm(np.asarray(vectors.matrix, dtype=np.float32), axis=1)
    return WordSpace(vectors, ids, np.maximum(norms, 1e-12))


def nearest(space: WordSpace, word: str, count: int = 15) -> list[tuple[str, float]]:
    """Return the `count` words nearest to `word` with their cosine, nearest first; raise `DataError` if unknown."""
    place = space.id_of(word)
    return nearest_to(space, np.asarray(space.vectors.matrix[place - 1], dtype=np.float32), count, without=place)


def nearest_to(space: WordSpace, vector: np.ndarray, count: int, without: int) -> list[tuple[str, float]]:
    """Return the `count` words nearest to a `vector (E,)` with their cosine, nearest first; not the id `without`."""
    cosines = np.asarray(space.vectors.matrix, dtype=np.float32) @ vector
    cosines /= space.norms * max(float(np.linalg.norm(vector)), 1e-12)
    cosines[without - 1] = -np.inf
    count = min(count, len(cosines) - 1)
    found = np.argpartition(-cosines, count - 1)[:count] if count > 0 else np.array([], dtype=np.int64)
    order = found[np.argsort(-cosines[found], kind="stable")]
    return [(space.vectors.words[index], float(cosines[index])) for index in order]


def project(space: WordSpace, words: Sequence[str]) -> tuple[np.ndarray, float]:
    """Return places `(n, 2)` of n ≥ 3 words on the plane of most spread (PCA), and its share of their variance.

    Raises `DataError` for fewer words and for unknown ones, naming them all.
    """
    if len(words) < 3:
        raise DataError("choose at least three words: two always lie on a line")
    unknown = [word for word in words if word.strip().lower() not in space.ids]
    if unknown:
        raise DataError(f"no vector in {space.vectors.key} for: {', '.join(word[:40] for word in unknown[:20])}")
    from sklearn.decomposition import PCA

    rows = space.vectors.rows(np.array([space.id_of(word) for word in words]))
    found = PCA(2, svd_solver="full").fit(rows.astype(np.float64))
    return np.asarray(found.transform(rows.astype(np.float64))), float(found.explained_variance_ratio_.sum())
