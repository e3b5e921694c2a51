"""In which encoding a text file is written: found from its marks, its bytes and its letters, or chosen."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sentiment_core.datasets.file.container import Opened

HEAD_BYTES = 1 << 18
CHUNK = 1 << 20
# Lines with characters outside ASCII: so many bytes of them are enough to guess from.
GUESSED_FROM = 1 << 16
# Of the bytes outside ASCII, the share that stands in a row of three or more. In the samples of the tests it is at most
# 0.21 in Latin scripts and at least 0.8 in others.
FOREIGN = 0.5
# What is Japanese may be anything in Korean's wider encoding; these letters are nothing there that anybody uses.
_KANA = re.compile("[む-ん]")
KANA = 0.01

# As browsers do, the wider encoding of the same name; UTF-8 with its mark or without.
_CODECS = {"utf-8": "utf-8-sig", "shift-jis": "cp932", "euc-kr": "cp949"}
_MARKS = {
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),  # first: one of them begins like UTF-16's
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
_UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Among all encodings that there ever were, chance finds one that fits better than the right one.
_FOREIGN = ("cp1251", "koi8-r", "cp1253", "cp1255", "cp1256", "cp874", "cp932", "euc-jp", "cp949", "gb18030", "big5")
_WESTERN = ("äöüß", "àâæçèéêëîïôœùûüÿ", "áéíñóúü¿¡", "àáâãçéêíóôõúü", "àèéìîòù", "åäöé", "åæøéó", "áðéíóúýþæö", "éëïóö")
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ")
# The letters outside ASCII of a language each; where two fit equally well, the first.
_ALPHABETS = {"cp1252": _WESTERN, "cp1250": _CENTRAL, "iso8859-2": _CENTRAL, "cp1254": ("çğıöşüâîû",)}
_QUOTES = "“”‘’"
_IN_WORDS = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f]|[^\x00-\x7f](?=[^\W\d_])")


@dataclass(frozen=True)
class Encoding:
    """An encoding by its name in the settings; `damaged`: so many characters are not in it and are read as U+FFFD."""

    name: str
    damaged: int = 0

    @property
    def codec(self) -> str:
        """Python's name of it."""
        return _CODECS.get(self.name, self.name)

    @property
    def errors(self) -> str:
        """What a decoder does with characters that are not in it."""
        return "replace" if self.damaged else "strict"


Again = Callable[[], AbstractContextManager[Opened]]


def encodings(head: bytes, chosen: str, again: Again) -> Iterator[Encoding]:
    """Yield the encodings to try for a file that begins with `head`, the likeliest first; `chosen` unless `detect`.

    `again` opens the file at its beginning.
    """
    marked = next((name for name, marks in _MARKS.items() if head.startswith(marks)), None)
    found = marked or _unmarked(head)
    if chosen == "detect":
        first = found or "utf-8"
    else:
        first = found if found and not marked and found.startswith(chosen) else chosen
    yield from _whole_or_damaged(first, again)
    if chosen == "detect" and first == "utf-8":
        # UTF-8 refuses nearly every text in another encoding, and Latin-1 fits every file.
        yield from _whole_or_damaged(_guess(again, old_mac=b"\r" in head and b"\n" not in head), again)
        yield Encoding("latin-1")


def is_guess(encoding: str, chosen: str) -> bool:
    """Return whether an encoding is one that only seemed to fit."""
    return chosen == "detect" and encoding not in {"utf-8", *_MARKS}


def text_of(head: bytes, encoding: Encoding) -> str:
    """Return the whole lines of a file's beginning; raises `UnicodeError`."""
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    text = decoder.decode(head, final=len(head) < HEAD_BYTES)
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text if len(head) < HEAD_BYTES or not end else text[:end]


def _unmarked(head: bytes) -> str | None:
    """Return which encoding of two or four bytes a text without a mark has, None for others."""
    # A tail of zeros is of a damaged file.
    if 0 not in head.rstrip(b"\0"):
        return None
    lines = {name: head.decode(name, "ignore").count("\n") for name in _UNMARKED}
    name = max(lines, key=lambda name: lines[name])
    return name if lines[name] else None


def _whole_or_damaged(name: str, again: Again) -> Iterator[Encoding]:
    """Yield an encoding as it is, and then as one of a damaged file if most characters outside ASCII are in it."""
    encoding = Encoding(name)
    yield encoding
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    damaged = others = 0
    with again() as found:
        while chunk := found.stream.read(CHUNK):
            text = decoder.decode(chunk)
            damaged += text.count("\ufffd")
            others += len(text) - len(text.encode("ascii", "ignore"))
    # At its end it may be cut within a character.
    damaged += decoder.decode(b"", final=True).count("\ufffd")
    if 0 < 2 * damaged < others:
        yield Encoding(name, damaged)


def _guess(again: Again, old_mac: bool) -> str:
    """Return in which encoding a text seems to be that is not in UTF-8; `old_mac`: its lines end as they did there."""
    sample = _odd_lines(again)
    rows = sum(map(len, re.findall(rb"[\x80-\xff]{3,}", sample)))
    if rows >= FOREIGN * sum(byte >= 0x80 for byte in sample):
        if japanese := next((name for name in ("shift-jis", "euc-jp") if _has_kana(sample, name)), None):
            return japanese
        # Imported late: few files need it.
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_isolation=list(_FOREIGN)).best()
        if best is not None:
            codec = codecs.lookup(best.encoding).name
            return next(name for name in (*_CODECS, *_FOREIGN) if codecs.lookup(Encoding(name).codec).name == codec)
    alphabets = {"mac-roman": _WESTERN, **_ALPHABETS} if old_mac else _ALPHABETS
    return max(alphabets, key=lambda name: _fit(sample.decode(name, "replace"), alphabets[name]))


def _has_kana(sample: bytes, name: str) -> bool:
    try:
        text = sample.decode(Encoding(name).codec)
    except UnicodeDecodeError:
        return False
    return len(_KANA.findall(text)) >= KANA * sum(not sign.isascii() for sign in text)


def _odd_lines(again: Again) -> bytes:
    """Return the first lines of a text that are not ASCII, as many as are needed."""
    sample = b""
    with again() as found:
        while len(sample) < GUESSED_FROM and (line := found.stream.readline(CHUNK)):
            if not line.isascii():
                sample += line
    return sample


def _fit(text: str, alphabets: tuple[str, ...]) -> float:
    """Return what share of a text's characters outside ASCII, in words, one of the alphabets has."""
    odd = [letter for letter in _IN_WORDS.findall(text.lower()) if letter not in _QUOTES]
    return max(sum(letter in alphabet for letter in odd) for alphabet in alphabets) / max(1, len(odd))
