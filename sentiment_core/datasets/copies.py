"""Which texts are copies of one another: the same but for case, white space and `<br />`.

Texts that differ by a word are different reviews.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

import numpy as np

from sentiment_core.plain_text import LONGEST_PILE

# 64 bits: among 8,000 texts and 32,000 hashes, one false match in 10¹¹.
HASH_BYTES = 8


def text_hashes(texts: Sequence[str]) -> np.ndarray:
    """Return a hash of each text `(N,)` uint64: equal for copies."""
    return np.fromiter((_hash(text) for text in texts), dtype=np.uint64, count=len(texts))


def exact_hashes(texts: Sequence[str]) -> np.ndarray:
    """Return a hash of each text `(N,)` uint64: equal for equal texts only, to the last character."""
    return np.fromiter((_digest(text) for text in texts), dtype=np.uint64, count=len(texts))


def _hash(text: str) -> int:
    # Few texts have such marks at all, and looking for piles takes twenty times as long as looking for one.
    if not text.isascii() and any(map(unicodedata.combining, set(text))):
        text = _piled_marks().sub(lambda found: found[0][:LONGEST_PILE], text)
    words = unicodedata.normalize("NFC", text).replace("<br />", " ").casefold().split()
    return _digest(" ".join(words))


def _digest(text: str) -> int:
    content = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(content, digest_size=HASH_BYTES).digest(), "little")


@cache
def _piled_marks() -> re.Pattern[str]:
    """Return what finds more marks on one letter than are ever written, which would take ages to put in order."""
    marks = "".join(sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(sign))
    return re.compile(f"[{marks}]{{{LONGEST_PILE + 1},}}")
