"""What every source of reviews delivers, and what the rest of the program receives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from sentiment_core.datasets.copies import text_hashes

TRAIN, VALIDATION, TEST = 0, 1, 2

Spans = tuple[tuple[int, int], ...]
"""Character ranges (start, end) of one review."""


@dataclass(frozen=True, eq=False)
class RawReviews:
    """Reviews as a source has them: texts (N), labels (N,) int8 with 1 = positive, before limit and split."""

    texts: list[str]
    labels: np.ndarray
    parts: np.ndarray | None = None  # (N,) int8: the source's own, where it has them and they are asked for
    evidence: tuple[Spans, ...] | None = None
    warnings: tuple[str, ...] = ()

    def take(self, rows: np.ndarray) -> RawReviews:
        """Return the reviews at `rows` (M,), in that order."""
        return RawReviews(
            texts=[self.texts[row] for row in rows],
            labels=self.labels[rows],
            parts=None if self.parts is None else self.parts[rows],
            evidence=None if self.evidence is None else tuple(self.evidence[row] for row in rows),
            warnings=self.warnings,
        )


@dataclass(frozen=True, eq=False)
class Reviews:
    """Labelled reviews, each in one part; `evidence` is the demo's knowledge of which words carry the sentiment."""

    texts: list[str]
    labels: np.ndarray  # (N,) int8, 1 = positive
    parts: np.ndarray  # (N,) int8: TRAIN, VALIDATION or TEST
    evidence: tuple[Spans, ...] | None = None
    warnings: tuple[str, ...] = ()  # sentences for the user: what was dropped, what was guessed
    known_hashes: np.ndarray | None = None  # (N,) uint64: `hashes`, where the split has asked for them

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, part: int) -> np.ndarray:
        """Return the indices (M,) of the reviews in `part`, ascending."""
        return np.flatnonzero(self.parts == part)

    @cached_property
    def hashes(self) -> np.ndarray:
        """A hash of each text `(N,)` uint64, equal for copies."""
        return text_hashes(self.texts) if self.known_hashes is None else self.known_hashes

    def fingerprint(self) -> str:
        """Return a hex hash of texts, labels and parts: equal exactly when these are."""
        digest = self._digest()
        digest.update(self.labels.astype(np.int8).tobytes())
        digest.update(self.parts.astype(np.int8).tobytes())
        return digest.hexdigest()

    def texts_fingerprint(self) -> str:
        """Return a hex hash of the texts alone, in their order, whatever their labels and parts."""
        return self._digest().hexdigest()

    def _digest(self) -> blake2b:
        digest = blake2b(digest_size=16)
        for text in self.texts:
            encoded = text.encode("utf-8", "surrogatepass")
            # The length keeps ["ab", "c"] and ["a", "bc"] apart.
            digest.update(len(encoded).to_bytes(8, "little"))
            digest.update(encoded)
        return digest
