"""How a text file with separators is written: what is between the fields, and how quotes are escaped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sentiment_core.datasets.file.columns import knows, label_places
from sentiment_core.datasets.file.labels import is_label
from sentiment_core.datasets.file.names import is_of_texts
from sentiment_core.settings import DataConfig

HEAD_ROWS = 100
# Titles and comments above the names of the columns: so many lines at most.
MAX_TITLES = 20
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "caret": "^", "none": "\x1f"}
SIGNS = tuple(sign for name, sign in SEPARATORS.items() if name != "none")
DOUBLED, BACKSLASH, PLAIN = "doubled", "backslash", "none"
# No sign, but labels in the line, as fastText writes them: `__label__2 A fine film.`
FASTTEXT = "fasttext"
FASTTEXT_COLUMNS = ["label", "text"]

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_FASTTEXT_LABEL = re.compile(r"(?:^|(?<= ))__label__([^\s,;|]+)(?:[ ,]+|\s*$)|^__label__([^\s,;|]+)\t")
# What is left where files are put together, or where one ends.
_MARK, _END = "\ufeff", "\x1a"


@dataclass(frozen=True)
class Dialect:
    """`separator`: in `SEPARATORS`, or `FASTTEXT`; `quotes`: how one in a quoted field is written, or that none quotes.

    `skipped`: so many lines stand before the first row; `titles` of them are titles or comments. `spaced`: spaces after
    a separator are no part of a field.
    """

    separator: str
    quotes: str = DOUBLED
    skipped: int = 0
    titles: int = 0
    spaced: bool = False

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Return the rows of `lines`; raises `csv.Error` where they are malformed."""
        if self.separator == FASTTEXT:
            return map(_fasttext_row, lines)
        return csv.reader(
            lines,
            strict=True,
            delimiter=SEPARATORS[self.separator],
            skipinitialspace=self.spaced,
            escapechar="\\" if self.quotes == BACKSLASH else None,
            quoting=csv.QUOTE_NONE if self.quotes == PLAIN else csv.QUOTE_MINIMAL,
        )


def dialects(head: str, data: DataConfig, is_prose: bool) -> list[Dialect]:
    """Return the ways to read a file that begins with `head`, the likeliest first; never none.

    `is_prose`: its name says that a line may as well be a review as a row of fields.
    """
    skipped, wanted = 0, str(data.separator)
    lines = [line for line in islice(_lines(head), HEAD_ROWS) if line.strip()]
    if wanted == "detect" and lines and all(map(_FASTTEXT_LABEL.search, lines)):
        return [Dialect(FASTTEXT, PLAIN)]
    if (line := _SEPARATOR_LINE.match(head)) and head[: line.end()].endswith(("\n", "\r")):
        skipped = 1
        named = {sign: name for name, sign in SEPARATORS.items()}.get(line[1].replace("\\t", "\t"))
        wanted = named if named and wanted == "detect" else wanted
        head = head[line.end() :]
    titles = _titles(head, data)
    skipped += titles
    head = "".join(islice(_lines(head), titles, None))
    names = list(SEPARATORS) if wanted == "detect" else [wanted]
    ranked = []
    for separator in names:
        following = next(_lines(head), "").split(SEPARATORS[separator])[1:]
        spaced = bool(following) and all(field.startswith(" ") for field in following)
        for quotes in _quotes(separator):
            dialect = Dialect(separator, quotes, skipped, titles, spaced)
            fit = _fit(dialect, *_sample(dialect, head, HEAD_ROWS), data, is_prose)
            if fit is not None or wanted != "detect":
                ranked.append((fit or (), dialect))
    ranked.sort(key=lambda found: found[0], reverse=True)
    return [dialect for _, dialect in ranked] or [Dialect("comma", DOUBLED, skipped, titles)]


def without_marks(line: str) -> str:
    """Return a line without what is no part of a file's text; nothing where it held only that."""
    if line[0] not in (_MARK, _END):
        return line
    line = line.lstrip(_MARK)
    return line if line.strip("\x1a\r\n") else ""


def is_filled(row: Sequence[str], width: int) -> bool:
    """Return whether a row is no blank line, nor one of spaces in a table of so many columns."""
    return len(row) > 1 or (len(row) == 1 and (width < 2 or bool(row[0].strip())))


def first_rows(dialect: Dialect, head: str, count: int) -> list[list[str]]:
    """Return the first rows of a text as far as they are well-formed, blank ones left out."""
    return _sample(dialect, head, count)[0]


def _sample(dialect: Dialect, head: str, count: int) -> tuple[list[list[str]], bool]:
    """Return the first rows and whether no fault ended them."""
    found: list[list[str]] = []
    try:
        for row in dialect.reader(filter(None, map(without_marks, _lines(head)))):
            if is_filled(row, len(found[0]) if found else 1):
                found.append(row)
            if len(found) >= count:
                break
    except csv.Error:
        return found, False
    return found, True


def _fit(
    dialect: Dialect, sample: Sequence[Sequence[str]], whole: bool, data: DataConfig, is_prose: bool
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
    # Two labels say more than the one that any word of praise may be, and more from the first row on than below it.
    values = [
        2 * least - below
        for least in (1, 2)
        for below in (0, 1)
        if label_places(len(first), sample[below:], least=least)
    ]
    labelled = max(values, default=0) if columns else 0
    # A sign at the start of a field, as in `good,;0`, is what really stands between the fields.
    spilt = sum(any(cell.startswith(SIGNS) for cell in row) for row in sample)
    single = dialect.separator == "none"
    if single:
        header = len(first) == 1 and (first[0] == data.text_column or is_of_texts(first[0]))
        if not header and not is_prose:
            return None
    elif not known and (len(first) < 2 or not even):
        return None
    if is_prose and not known and not single and not any(map(is_label, first)):
        return None  # signs that happen to stand in every line of prose
    quoted = {DOUBLED: 2, BACKSLASH: 1, PLAIN: 0}[dialect.quotes]
    return (given and not single, known, labelled, columns, even, not single, whole, quoted, len(sample), -spilt)


def _lines(head: str) -> Iterator[str]:
    return iter(io.StringIO(head, newline=""))


def _titles(head: str, data: DataConfig) -> int:
    """Return how many lines stand above the names of the columns: comments, and lines of fewer fields."""
    if data.header == "no":
        return 0
    lines = list(islice(_lines(head), MAX_TITLES + 1))
    for number, line in enumerate(lines):
        for separator, sign in SEPARATORS.items():
            names = _fields(line, sign)
            if len(names) < 2 or not any(knows(name, data) for name in names):
                continue
            if not all(above.startswith("#") or len(_fields(above, sign)) < len(names) for above in lines[:number]):
                return 0
            below = "".join(islice(_lines(head), number, None)) if number else ""
            found = [first_rows(Dialect(separator, quotes), below, HEAD_ROWS) for quotes in _quotes(separator)]
            even = any(len(rows) > 1 and len({*map(len, rows)}) == 1 for rows in found)
            return number if even else 0
    return 0


def _quotes(separator: str) -> tuple[str, ...]:
    # With commas and semicolons, every exporter quotes texts: an odd quote is a fault.
    return (DOUBLED, BACKSLASH) if separator in {"comma", "semicolon"} else (DOUBLED, BACKSLASH, PLAIN)


def _fields(line: str, sign: str) -> list[str]:
    """Return what stands between the signs of a line, blank fields left out."""
    return [field for field in (found.strip().strip('"') for found in line.split(sign)) if field]


def _fasttext_row(line: str) -> list[str]:
    if not line.strip():
        return []
    labels = [found[1] or found[2] for found in _FASTTEXT_LABEL.finditer(line)]
    return [" ".join(labels), _FASTTEXT_LABEL.sub("", line).strip()]
