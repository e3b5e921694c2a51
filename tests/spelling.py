"""The dictionary of 400,000 words that reviews are encoded with, made once a process and not for each training."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.settings import Tokenizer as TokenizerName
from sentiment_core.text import TextEncoder

MANY = 100_000
_made: list[tuple[Sequence[str], TokenizerName, TextEncoder]] = []


def encoder_of(words: Sequence[str], tokenizer: TokenizerName) -> TextEncoder:
    """Return `TextEncoder(words, tokenizer)`; of the same many words the one that was made before."""
    for known, name, encoder in _made:
        if known is words and name == tokenizer:
            return encoder
    encoder = TextEncoder(words, tokenizer)
    if len(words) > MANY:
        _made[:] = [*_made[-1:], (words, tokenizer, encoder)]
    return encoder
