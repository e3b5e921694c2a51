"""What every source of reviews delivers, and what the rest of the program receives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import overload

import numpy as np

from sentiment_core.datasets.copies import exact_hashes, text_hashes

TRAIN, VALIDATION, TEST = 0, 1, 2
POSITIVE, NEGATIVE, NO_LABEL = 1, 0, -1
MEANINGS = {POSITIVE: "positive", NEGATIVE: "negative", NO_LABEL: "left out"}

Spans = tuple[tuple[int, int], ...]
"""Character ranges (start, end) of one review."""


class UnreadTexts(Sequence[str]):
    """So many texts, which `read` returns: it is called once somebody looks at one, and may raise `DataError` then."""

    def __init__(self, count: int, read: Callable[[], Sequence[str]]) -> None:
        self._count, self._read = count, read

    @cached_property
    def _texts(self) -> Sequence[str]:
        return self._read()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return self._texts[place]

    def take(self, rows: np.ndarray) -> UnreadTexts:
        """Return the texts at `rows` (M,), as unread as these."""
        return UnreadTexts(len(rows), lambda: [self[row] for row in rows])


@dataclass(frozen=True, eq=False)
class RawReviews:
    """Reviews as a source has them: texts (N), labels (N,) int8 with 1 = positive, before limit and split."""

    texts: Sequence[str]
    labels: np.ndarray
    parts: np.ndarray | None = None  # (N,) int8: the source's own, where it has them and they are asked for
    evidence: tuple[Spans, ...] | None = None
    warnings: tuple[str, ...] = ()
    known_hashes: np.ndarray | None = None  # (N,) uint64: `text_hashes` and `exact_hashes` of the texts, where known
    known_contents: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> RawReviews:
        """Return the reviews at `rows` (M,), in that order."""
        return RawReviews(
            texts=self.texts.take(rows) if isinstance(self.texts, UnreadTexts) else [self.texts[row] for row in rows],
            labels=self.labels[rows],
            parts=None if self.parts is None else self.parts[rows],
            evidence=None if self.evidence is None else tuple(self.evidence[row] for row in rows),
            warnings=self.warnings,
            known_hashes=None if self.known_hashes is None else self.known_hashes[rows],
            known_contents=None if self.known_contents is None else self.known_contents[rows],
        )


@dataclass(frozen=True, eq=False)
class Reviews:
    """Reviews, each in one part; `evidence` is the demo's knowledge of which words carry the sentiment."""

    texts: Sequence[str]
    labels: np.ndarray  # (N,) int8, 1 = positive; all `NO_LABEL` of a file without labels, which is only looked at
    parts: np.ndarray  # (N,) int8: TRAIN, VALIDATION or TEST
    evidence: tuple[Spans, ...] | None = None
    warnings: tuple[str, ...] = ()  # sentences for the user: what was dropped, what was guessed
    known_hashes: np.ndarray | None = None  # (N,) uint64: `hashes` and `contents`, where somebody has asked for them
    known_contents: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def are_labelled(self) -> bool:
        """Whether somebody has said which of them are positive."""
        return bool(np.all(self.labels != NO_LABEL))

    def select(self, part: int) -> np.ndarray:
        """Return the indices (M,) of the reviews in `part`, ascending."""
        return np.flatnonzero(self.parts == part)

    @cached_property
    def hashes(self) -> np.ndarray:
        """A hash of each text `(N,)` uint64, equal for copies."""
        return text_hashes(self.texts) if self.known_hashes is None else self.known_hashes

    @property
    def contents(self) -> np.ndarray:
        """A hash of each text `(N,)` uint64, equal for equal texts only."""
        return exact_hashes(self.texts) if self.known_contents is None else self.known_contents

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
        return blake2b(self.contents.tobytes(), digest_size=16)
