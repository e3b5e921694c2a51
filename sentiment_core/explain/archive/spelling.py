"""How word pieces write each character, as a table: who reads it needs neither `tokenizers` nor its Unicode."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from sentiment_core.wordpiece import CONTINUES, SPECIAL

# No letter of any vocabulary: a word with it is unknown.
UNKNOWN = "\0"
_BETWEEN = "0"  # only this character is written so
_HALF_CHARACTERS = range(0xD800, 0xE000)


def spelling(vocabulary: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return characters from and to, by number, and how each of them is written; all others are `UNKNOWN`.

    A space parts words; what stands alone, such as a full stop, is written between two.
    """
    letters = {letter for piece in vocabulary[len(SPECIAL) :] for letter in piece.removeprefix(CONTINUES)}
    table: list[tuple[int, int, str]] = []
    for number, form in _forms():
        known = "".join(letter if letter in letters or letter == " " else UNKNOWN for letter in form)
        if known == UNKNOWN:
            continue
        if table and table[-1][1:] == (number - 1, known):
            table[-1] = (table[-1][0], number, known)
        else:
            table.append((number, number, known))
    return table


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[int, str], ...]:
    """Return the normalised form of each character, spaces around what the library lets stand alone."""
    numbers = [n for n in range(sys.maxunicode + 1) if n not in _HALF_CHARACTERS and chr(n) != _BETWEEN]
    # One call for all of them: one each takes twice as long.
    written = BertNormalizer(lowercase=True).normalize_str(_BETWEEN.join(map(chr, numbers))).split(_BETWEEN)
    forms = [(number, _parted(form)) for number, form in zip(numbers, written, strict=True)]
    return tuple(sorted([*forms, (ord(_BETWEEN), _BETWEEN)]))


def _parted(form: str) -> str:
    return "".join(f" {letter} " if _stands_alone(letter) else letter for letter in form)


@cache
def _stands_alone(letter: str) -> bool:
    # Letters and what nobody has assigned never do; only the rest is worth a question to the library.
    return unicodedata.category(letter)[0] in "PS" and len(BertPreTokenizer().pre_tokenize_str(f"a{letter}a")) > 1
