"""Which words praise and which blame: listed ones, and those that the training reviews use like them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.opposites import KINDS

_NO_OPINION = frozenset(("total", "pile", "celluloid", "ensemble", "frankly", "fortunate", "complex", "tragic"))


class Word(NamedTuple):
    """What is known of a word: 1 for praise or 0 for blame, its kind, how much it tells (log-odds), how many use it."""

    side: int
    kind: str
    weight: float
    count: float


def learn_lexicon(
    words: Sequence[str], vectors: np.ndarray, log_odds: np.ndarray, counts: np.ndarray
) -> dict[str, Word]:
    """Return the listed words, and those of the training reviews that are used like them.

    `words (V,)` have `vectors (V, E)`, `log_odds (V,)` of standing in a positive review and document `counts (V,)`. One
    is taken in when it tells (|log-odds| ≥ 0.6 in 40 reviews or more) and four of its ten nearest neighbours are listed
    words of its side; its kind is theirs. So names and genres, which tell as well, stay out.
    """
    place = {word: index for index, word in enumerate(words)}
    lexicon: dict[str, Word] = {}
    for kind, sides in KINDS.items():
        for side, listed_words in zip((1, 0), sides, strict=True):
            for word in listed_words:
                if word in place:
                    weight = float(np.clip(abs(log_odds[place[word]]), 0.3, 3.0))
                    lexicon.setdefault(word, Word(side, kind, weight, float(counts[place[word]])))
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    listed = dict(lexicon)
    for index in np.flatnonzero((np.abs(log_odds) >= 0.6) & (counts >= 40)):
        word, side = words[index], int(log_odds[index] > 0)
        if word in listed or not word.isalpha() or word in _NO_OPINION:
            continue
        nearest = np.argsort(-(unit @ unit[index]))[1:11]
        alike = [listed[words[other]] for other in nearest if words[other] in listed]
        alike = [known for known in alike if known.side == side]
        if len(alike) >= 4:
            kind = Counter(known.kind for known in alike).most_common(1)[0][0]
            lexicon[word] = Word(side, kind, float(min(abs(log_odds[index]), 3.0)), float(counts[index]))
    return lexicon
