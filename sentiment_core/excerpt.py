"""Which part of a review that is too long is read: its beginning, its end, or both."""

from __future__ import annotations

import numpy as np

from sentiment_core.settings import Keep


def from_the_head(longest: int, keep: Keep) -> int:
    """Return how many of `longest` known tokens are taken from the beginning; the others come from the end.

    For `head_tail` a quarter: Sun et al. 2019, *How to fine-tune BERT for text classification?*, found 128 of 510 best
    on film reviews.
    """
    return {"head": longest, "tail": 0, "head_tail": longest // 4}[keep]


def read_of(row: np.ndarray, longest: int | None, keep: Keep) -> np.ndarray:
    """Return what is read of the known tokens `row (T,)` of a review: all, or `longest` of them."""
    if longest is None or len(row) <= longest:
        return row
    head = from_the_head(longest, keep)
    return np.concatenate([row[:head], row[len(row) - longest + head :]])


def is_read(known: np.ndarray, longest: int, keep: Keep) -> np.ndarray:
    """Return which tokens `(T,)` bool of a review are read, of those that are `known` (T,) bool."""
    used = np.zeros(len(known), dtype=bool)
    used[read_of(np.flatnonzero(known), longest, keep)] = True
    return used


def excerpts(token_ids: np.ndarray, offsets: np.ndarray, longest: int, keep: Keep) -> tuple[np.ndarray, np.ndarray]:
    """Return what is read of flat `token_ids` with `offsets (N + 1,)`, as flat ids and offsets again."""
    lengths = np.diff(offsets)
    head = from_the_head(longest, keep)
    taken = np.ones(len(token_ids), dtype=bool)
    # Review by review: places of all tokens at once would take many times what the tokens themselves do.
    for row in np.flatnonzero(lengths > longest).tolist():
        taken[offsets[row] + head : offsets[row + 1] - (longest - head)] = False
    return token_ids[taken], np.concatenate([offsets[:1], np.cumsum(np.minimum(lengths, longest))])


def part_read(longest: int, keep: Keep) -> str:
    """Return which tokens of a longer review are read, such as `the first 400` or `the first 100 and the last 300`."""
    head = from_the_head(longest, keep)
    parts = [f"the first {head:,}"] * (head > 0) + [f"the last {longest - head:,}"] * (longest > head)
    return " and ".join(parts)


def in_words(used: int, known: int, keep: Keep) -> str:
    """Return what was read of a review, such as `the first 400 of 812 tokens`."""
    return f"{part_read(used, keep)} of {known:,} tokens" if used < known else f"all {known:,} tokens"
