"""Titles of films that were never made, from the demo corpus's generator, cut into characters to predict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import torch

from sentiment_core.datasets.demo_writer import Writer

# Characters that the network sees before it predicts the next one (makemore's block_size).
CONTEXT = 3
END = "."
TITLES = 2000  # that are invented; some are the same


@dataclass(frozen=True, eq=False)
class Characters:
    """N examples: `contexts (N, 3)` and `targets (N,)`, int64 places in `alphabet`, whose first is the end sign."""

    contexts: torch.Tensor
    targets: torch.Tensor
    alphabet: tuple[str, ...]
    titles: tuple[str, ...]


@lru_cache(maxsize=1)
def characters() -> Characters:
    """Return every character of the titles, in lower case, with the three before it; before the first: end signs."""
    invented = (Writer(Random(f"title/{number}"), 0).film["title"] for number in range(TITLES))
    names = tuple(dict.fromkeys(title.strip('"').lower() for title in invented))
    alphabet = (END, *sorted({letter for name in names for letter in name}))
    place = {letter: number for number, letter in enumerate(alphabet)}
    contexts, targets = [], []
    for name in names:
        seen = [0] * CONTEXT
        for letter in (*name, END):
            contexts.append(tuple(seen))
            targets.append(place[letter])
            seen = [*seen[1:], place[letter]]
    return Characters(torch.tensor(contexts), torch.tensor(targets), alphabet, names)
