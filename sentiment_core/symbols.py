"""Sequences for the temporal order task: two symbols that matter among many that do not. Imports no torch.

Hochreiter & Schmidhuber 1997 (experiment 6a), in the form of Pascanu, Mikolov & Bengio 2013: T symbols, four kinds of
distractors, one of A and B in [T/10, T/5) and one in [T/2, 3T/5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

# Symbols are tokens 1 to 6, because 0 is padding: A and B matter.
NAMES = "·ABcdef"
INFORMATIVE, DISTRACTORS = 2, 4
EVALUATED = {"validation": 1_000, "test": 2_000}
# An example is the place of a sequence within one draw: draws 0 and 1 are evaluated, draw e + 1 is of epoch e.
DRAW = 2**32


@dataclass(frozen=True)
class Sequences:
    """Sequences of `length` symbols, `count` an epoch; they follow from `seed` and are drawn when they are read."""

    length: int
    count: int
    seed: int

    def read(self, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return symbols `(B, T)` and orders `(B,)` of the examples `(B,)` of one draw."""
        draw = int(examples[0] // DRAW)
        sizes = [*EVALUATED.values()]
        symbols, orders = draw_sequences(self.length, sizes[draw] if draw < 2 else self.count, (self.seed, draw))
        rows = examples % DRAW
        return symbols[rows].astype(np.int64), orders[rows]


# The evaluated draws come again and again; between them an epoch is read batch by batch.
@lru_cache(maxsize=3)
def draw_sequences(length: int, count: int, seeds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` sequences: symbols `(N, T)` from 1 to 6 and orders `(N,)` from 0: AA, AB, BA, BB.

    Symbols are bytes: the longest sequences that may be asked for, the most of them, would take 400 MB a draw.
    """
    generator = np.random.default_rng([*seeds, length])
    symbols = generator.integers(1 + INFORMATIVE, 1 + INFORMATIVE + DISTRACTORS, (count, length))
    first, second = generator.integers(0, INFORMATIVE, (2, count))
    rows = np.arange(count)
    symbols[rows, generator.integers(length // 10, length // 5, count)] = 1 + first
    symbols[rows, generator.integers(length // 2, 3 * length // 5, count)] = 1 + second
    return symbols.astype(np.uint8), INFORMATIVE * first + second
