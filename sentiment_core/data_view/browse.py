"""Single reviews: find them, and see their tokens as the vectors do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sentiment_core.data_view.statistics import PARTS
from sentiment_core.datasets import Reviews
from sentiment_core.datasets.base import MEANINGS, NEGATIVE, POSITIVE
from sentiment_core.errors import DataError
from sentiment_core.excerpt import is_read
from sentiment_core.settings import Keep, Tokenizer
from sentiment_core.text import TextEncoder, token_strings

LABELS = {MEANINGS[label]: label for label in (NEGATIVE, POSITIVE)}


@dataclass(frozen=True)
class TokenView:
    """One token: characters `start` to `end` of the text, the `word` it is looked up as, and its `id`, 0 if unknown.

    `used`: known, and in the part that is read of a longer review.
    """

    start: int
    end: int
    word: str
    id: int
    used: bool


def search(reviews: Reviews, needle: str = "", label: str = "all", part: str = "all") -> np.ndarray:
    """Return the places `(M,)` of the reviews that hold `needle` (case does not matter) and fit `label` and `part`.

    Raises `DataError` for a label or a part there is none of.
    """
    chosen = np.ones(len(reviews), dtype=bool)
    for name, value, values, column in (
        ("label", label, LABELS, reviews.labels),
        ("part", part, PARTS, reviews.parts),
    ):
        if value != "all":
            if value not in values:
                raise DataError(f"{name}: choose all, {', '.join(values)} (got {value[:40]!r})")
            chosen &= column == values[value]
    found = np.flatnonzero(chosen)
    wanted = needle.strip().lower()
    if not wanted:
        return found
    return np.array([place for place in found.tolist() if wanted in reviews.texts[place].lower()], dtype=np.int64)


def tokens_of(
    text: str, tokenizer: Tokenizer, ids: Mapping[str, int], longest: int, keep: Keep = "head"
) -> list[TokenView]:
    """Return the tokens of `text`; `ids` gives the id of every word that the vectors know, from 1 on."""
    words = list(dict.fromkeys(token_strings(text, tokenizer)))
    # An encoder that knows exactly these words finds every token's characters, unknown ones included.
    found = TextEncoder(words, tokenizer).encode(text)
    spelled = [words[place - 1] for place in found.token_ids.tolist()]
    identifiers = [ids.get(word, 0) for word in spelled]
    used = is_read(np.array(identifiers, dtype=np.int64) != 0, longest, keep)
    columns = (found.starts.tolist(), found.ends.tolist(), spelled, identifiers, used.tolist())
    return [TokenView(*row) for row in zip(*columns, strict=True)]
