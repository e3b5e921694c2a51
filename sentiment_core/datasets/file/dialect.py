"""How a text file with separators is written: its encoding, what is between the fields, and how quotes are escaped."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sentiment_core.datasets.file.columns import TEXT_NAMES, knows, label_places
from sentiment_core.datasets.file.labels import is_label
from sentiment_core.settings import DataConfig

HEAD_BYTES = 1 << 18
HEAD_ROWS = 100
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "none": "\x1f"}
SIGNS = tuple(sign for name, sign in SEPARATORS.items() if name != "none")
DOUBLED, BACKSLASH, PLAIN = "doubled", "backslash", "none"

# UTF-8 refuses nearly every text in another encoding, so the first that fits is right; Latin-1 fits every file.
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
# With more bytes outside ASCII than this share, a text is not in a language that Windows' Western encoding is for.
FOREIGN = 0.25
GUESSED_FROM = 1 << 16

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """`separator`: a name in `SEPARATORS`; `quotes`: how one within a quoted field is written, or that none quotes.

    `skipped`: so many lines stand before the first row.
    """

    separator: str
    quotes: str = DOUBLED
    skipped: int = 0

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Return the rows of `lines`; raises `csv.Error` where they are malformed."""
        return csv.reader(
            lines,
            strict=True,
            delimiter=SEPARATORS[self.separator],
            escapechar="\\" if self.quotes == BACKSLASH else None,
            quoting=csv.QUOTE_NONE if self.quotes == PLAIN else csv.QUOTE_MINIMAL,
        )


def encodings(head: bytes, chosen: str) -> Iterator[str]:
    """Yield the encodings to try for a file that begins with `head`, the likeliest first; `chosen` unless `detect`."""
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if chosen != "detect":
        unmarked = (_utf16(head) or "utf-16-le") if chosen == "utf-16" and not marked else chosen
        yield "utf-8-sig" if chosen == "utf-8" else unmarked
    elif marked:
        # What spreadsheet programs call "Unicode text".
        yield "utf-16"
    elif found := _utf16(head):
        yield found
    else:
        yield ENCODINGS[0]
        if guess := _guess(head):
            yield guess
        yield from ENCODINGS[1:]


def is_guess(encoding: str, chosen: str) -> bool:
    """Return whether an encoding is one that only seemed to fit."""
    return chosen == "detect" and encoding not in {"utf-8-sig", "utf-16"}


def text_of(head: bytes, encoding: str) -> str:
    """Return the whole lines of a file's beginning; raises `UnicodeError`."""
    text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text if len(head) < HEAD_BYTES or not end else text[:end]


def dialects(head: str, data: DataConfig, is_prose: bool) -> list[Dialect]:
    """Return the ways to read a file that begins with `head`, the likeliest first; never none.

    `is_prose`: its name says that a line may as well be a review as a row of fields.
    """
    skipped, wanted = 0, str(data.separator)
    if (line := _SEPARATOR_LINE.match(head)) and head[: line.end()].endswith(("\n", "\r")):
        skipped = 1
        named = {sign: name for name, sign in SEPARATORS.items()}.get(line[1].replace("\\t", "\t"))
        wanted = named if named and wanted == "detect" else wanted
        head = head[line.end() :]
    names = list(SEPARATORS) if wanted == "detect" else [wanted]
    ranked = []
    for separator in names:
        for quotes in (DOUBLED, BACKSLASH, PLAIN):
            if quotes == PLAIN and separator in {"comma", "semicolon"}:
                continue  # with these, every exporter quotes texts: an odd quote is a fault
            dialect = Dialect(separator, quotes, skipped)
            fit = _fit(dialect, first_rows(dialect, head, HEAD_ROWS), data, is_prose)
            if fit is not None or wanted != "detect":
                ranked.append((fit or (), dialect))
    ranked.sort(key=lambda found: found[0], reverse=True)
    return [dialect for _, dialect in ranked] or [Dialect("comma", skipped=skipped)]


def first_rows(dialect: Dialect, head: str, count: int) -> list[list[str]]:
    """Return the first rows of a text as far as they are well-formed, blank ones left out."""
    found: list[list[str]] = []
    try:
        for row in dialect.reader(io.StringIO(head, newline="")):
            if row:
                found.append(row)
            if len(found) >= count:
                break
    except csv.Error:
        pass
    return found


def _fit(
    dialect: Dialect, sample: Sequence[Sequence[str]], data: DataConfig, is_prose: bool
) -> tuple[bool | int, ...] | None:
    """Return how well a dialect fits the first rows, to compare; None when it does not.

    The name that the user gave, or the usual one, comes before everything: such a file has always been read so.
    """
    if not sample:
        return None
    first = [name.strip() for name in sample[0]]
    given = first.count(data.text_column) == 1
    known = sum(knows(name, data) for name in first)
    even = all(len(row) >= len(first) and not any(row[len(first) :]) for row in sample)
    columns = even and len(first) > 1
    # With a header or without; two labels say more than the one that any word of praise may be.
    values = [least for least in (1, 2) for rows in (sample, sample[1:]) if label_places(len(first), rows, least=least)]
    labelled = max(values, default=0) if columns else 0
    # A sign at the start of a field, as in `good,;0`, is what really stands between the fields.
    spilt = sum(any(cell.startswith(SIGNS) for cell in row) for row in sample)
    single = dialect.separator == "none"
    if single:
        header = len(first) == 1 and re.sub(r"[\W_]+", "", first[0].casefold()) in TEXT_NAMES | {data.text_column}
        if not header and not is_prose:
            return None
    elif not known and (len(first) < 2 or not even):
        return None
    if is_prose and not known and not single and not any(map(is_label, first)):
        return None  # signs that happen to stand in every line of prose
    quoted = {DOUBLED: 2, BACKSLASH: 1, PLAIN: 0}[dialect.quotes]
    return (given and not single, known, labelled, columns, even, not single, len(sample), quoted, -spilt)


def _utf16(head: bytes) -> str | None:
    """Return the byte order of a text in UTF-16 without a mark: the one in which it has lines; None for others."""
    if 0 not in head:
        return None
    whole = head[: len(head) // 2 * 2]
    lines = {order: whole.decode(order, "replace").count("\n") for order in ("utf-16-le", "utf-16-be")}
    order = max(lines, key=lambda name: lines[name])
    return order if lines[order] else None


def _guess(head: bytes) -> str | None:
    """Return what charset-normalizer makes of a text that is not in a Western European language, else None."""
    sample = head[:GUESSED_FROM]
    if sum(byte >= 0x80 for byte in sample) < FOREIGN * len(sample):
        return None
    try:
        sample.decode("utf-8")
        return None
    except UnicodeDecodeError as error:
        if error.start >= len(sample) - 4:
            return None
    # Imported late: few files need it.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return None if best is None or best.encoding in {"ascii", "utf_8"} else best.encoding
