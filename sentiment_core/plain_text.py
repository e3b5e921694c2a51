"""One way to write what can be written in several: entities, Unicode forms, typographic signs, characters unseen.

Word vectors know one spelling of a word. A text from a web page may say `caf&eacute;`, one from a Mac `e` with an
accent of its own, a word processor puts soft hyphens and ligatures into words; to a reader they are the same word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Windows' Western signs, which old pages and files carry as control characters; HTML reads them so too.
_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
# What becomes several signs stands between spaces: a token never begins or ends within a character of the original.
_SIGNS = {
    **dict.fromkeys("‘’‚‛′´ʼ", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–−", "-"),
    **dict.fromkeys("—―⸺", " -- "),
    "…": " ... ",
    **dict.fromkeys("\u00a0™℠", " "),
}
# Soft hyphen, zero-width signs, marks of direction, byte order mark: they have no width and no meaning to a word.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_TABLE = {ord(sign): plain for sign, plain in _SIGNS.items()} | {
    code: _SIGNS.get(sign, sign) for code, sign in _WINDOWS.items()
}
_FORM = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"
    rf"|[{_UNSEEN}]+|[{re.escape(''.join(map(chr, _TABLE)))}]"
)
_HIDDEN = re.compile(f"[{_UNSEEN}]+")
# So many marks on one letter are Unicode's own limit (UAX #15, Stream-Safe Text). Putting n in order takes n² steps.
LONGEST_PILE = 30
# Vowels and final consonants of Korean, which compose with what stands before them although they are no marks.
_JAMO = ("\u1160", "\u11ff")


@dataclass(frozen=True)
class PlainText:
    """A text written one way; its character `i` stands for the characters `starts[i]` to `ends[i]` of the original.

    `starts`, `ends` `(C,)` int64; None where the text is the original.
    """

    text: str
    starts: np.ndarray | None = None
    ends: np.ndarray | None = None


def plain(text: str) -> PlainText:
    """Return `text` with entities decoded, typographic signs as typed, nothing unseen, in the form NFKC.

    An entity is read once and only where it is whole: `&amp;lt;` is `&lt;`. Time grows with the length only.
    """
    if _is_plain(text):
        return PlainText(text)
    written = ((match, _written(match[0])) for match in _FORM.finditer(text))
    # What stays as it is stays several characters, each with a place of its own.
    changes = ((match.start(), match.end(), new) for match, new in written if new != match[0])
    found = _replaced(PlainText(text), changes)
    if not unicodedata.is_normalized("NFKC", found.text):
        found = _replaced(found, _composed(found.text))
    return found


def plain_string(text: str) -> str:
    """Return the text of `plain`, sooner."""
    if _is_plain(text):
        return text
    found = _FORM.sub(lambda match: _written(match[0]), text)
    if unicodedata.is_normalized("NFKC", found):
        return found
    at = 0
    pieces: list[str] = []
    for start, end, new in _composed(found):
        pieces += (found[at:start], new)
        at = end
    return "".join(pieces) + found[at:]


def _is_plain(text: str) -> bool:
    return text.isascii() and "&" not in text


def _written(form: str) -> str:
    """Return what stands for one match of `_FORM`."""
    if form[0] != "&":
        return form.translate(_TABLE) if ord(form[0]) in _TABLE else ""
    if form[1] != "#" and form[1:] not in html5:
        return form
    sign = unescape(form)
    return _HIDDEN.sub("", sign.translate(_TABLE)) if len(sign) == 1 or sign.isalpha() else form


def _composed(text: str) -> Iterable[tuple[int, int, str]]:
    """Yield the stretches of `text` that NFKC writes otherwise: from, to, and how.

    A stretch is a character and what composes with it. It stays where its form would be several tokens: fractions,
    numbers in brackets, accents that stand alone; and where it is longer than any that is written.
    """
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _continues(text[end]):
            continue
        stretch = text[start:end]
        if not stretch.isascii() and len(stretch) <= 1 + LONGEST_PILE:
            composed = unicodedata.normalize("NFKC", stretch)
            if composed != stretch and (len(composed) == 1 or _is_one_token(composed, text[end : end + 2])):
                yield start, end, composed
        start = end


def _is_one_token(composed: str, following: str) -> bool:
    letters = all(character.isalpha() or unicodedata.category(character)[0] == "M" for character in composed)
    contracted = composed[-1:].lower() == "n" and following.lower() == "'t"
    return (letters and not contracted) or composed.isdecimal()


def _continues(character: str) -> bool:
    return not character.isascii() and (unicodedata.category(character)[0] == "M" or _JAMO[0] <= character <= _JAMO[1])


def _replaced(found: PlainText, changes: Iterable[tuple[int, int, str]]) -> PlainText:
    """Return the text with each stretch replaced, its characters standing for the whole stretch."""
    # This module alone goes with a model to where there may be no numpy.
    import numpy as np

    changed = list(changes)
    if not changed:
        return found
    pieces: list[str] = []
    at = 0
    for start, end, new in changed:
        pieces += (found.text[at:start], new)
        at = end
    size = len(found.text)
    first = np.array([start for start, _, _ in changed])
    last = np.array([end for _, end, _ in changed])
    inside = np.zeros(size + 1, dtype=np.int64)
    np.add.at(inside, first, 1)
    np.add.at(inside, last, -1)
    # How many characters each one of the text becomes: those of a stretch none, but for its first.
    becomes = np.where(np.cumsum(inside)[:size] > 0, 0, 1)
    becomes[first] = [len(new) for _, _, new in changed]
    reaches = np.arange(1, size + 1)
    reaches[first] = last
    source = np.repeat(np.arange(size), becomes)
    starts, ends = source, reaches[source]
    if found.starts is not None and found.ends is not None:
        starts, ends = found.starts[starts], found.ends[ends - 1]
    return PlainText("".join(pieces) + found.text[at:], starts, ends)
