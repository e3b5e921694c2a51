"""Which column holds the review, which its label, and whether the first line names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.utils import parsedate

from sentiment_core.datasets.base import TEST, TRAIN, VALIDATION
from sentiment_core.datasets.file.labels import (
    BLANK,
    FEW,
    are_among_others,
    are_labels,
    are_ratings,
    is_label,
    normal,
    rating,
)
from sentiment_core.datasets.file.names import (
    BESIDE_NOTE,
    FOREIGN_LABEL_NAMES,
    FOREIGN_TEXT_NAMES,
    LABEL_NAMES,
    NOTE,
    TEXT_NAMES,
    has_word,
    is_called,
    is_usual,
)
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig

SPLIT_NAMES = frozenset({"split", "part", "partition", "subset"})
PARTS = {"train": TRAIN, "training": TRAIN, "test": TEST, "testing": TEST}
PARTS |= dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION)

# From so many words a field is prose: values of other columns are shorter.
WORDS_OF_A_TEXT = 3
WORDS_OF_DATA = 6
SHOWN = 20
_DATE = re.compile(r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}\b.{0,30}")
SHOWN_ROWS = 10


class Undecided(DataError):
    """More than one column could be meant, or none: `columns` are all there are, `rows` the first of them."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Chosen:
    """Places of the columns; `None` where there is none. `label_by_values`: no name says that those are labels."""

    text: int
    label: int | None
    split: int | None
    label_by_values: bool = False


def names_columns(first: Sequence[str], below: Sequence[Sequence[str]], data: DataConfig) -> bool:
    """Return whether a file's first row names its columns: by well-known names, or because it does not look like data.

    `below`: the rows after it. `data.header` decides where the user has.
    """
    if data.header != "detect":
        return data.header == "yes"
    if any(knows(name, data) for name in first):
        return True
    if not any(map(rating, first)):
        # A question over a column of ratings: `How many stars would you give the film you have seen?`
        named = [_values(below, place) for place, name in enumerate(first) if normal(name) not in BLANK]
        if any(len(values) > 1 and are_ratings(values) for values in named):
            return True
    return not any(is_label(value) or len(value.split()) >= WORDS_OF_DATA for value in first)


def knows(name: str, data: DataConfig) -> bool:
    """Return whether this is the name of a column of reviews or labels, or one that the user gave."""
    return name.strip() in {data.text_column, data.label_column} or is_usual(name)


def numbered(count: int) -> list[str]:
    """Return the names of columns that have none: `column 1` and so on."""
    return [f"column {place}" for place in range(1, count + 1)]


def choose(
    columns: Sequence[str], sample: Sequence[Sequence[str]], data: DataConfig, name: str, labels_required: bool
) -> Chosen:
    """Return which columns hold review, label and part, from their names and the first rows.

    `data.text_column` and `data.label_column` are taken as they are where a column is called so. Their usual values
    also stand for the only column that can be meant. Raise `DataError` where there is none, or more than one.
    """
    usual = DataConfig.model_fields
    by_values = False
    text = _named(columns, data.text_column, name)
    label = _named(columns, data.label_column, name)
    if text is not None and text == label:
        raise DataError(f"{name}: text and label are both read from column {columns[text]!r}. Name two columns.")
    if text is None:
        if data.text_column != usual["text_column"].default:
            raise _absent(columns, data.text_column, name, "text_column")
        candidates = _by_name(columns, TEXT_NAMES, {label}) or _texts(columns, sample, label)
        if len(candidates) != 1:
            raise _undecided(columns, sample, candidates, data.text_column, name, "text_column", "the review")
        text = candidates[0]
    if label is None:
        if data.label_column != usual["label_column"].default:
            raise _absent(columns, data.label_column, name, "label_column")
        candidates = _by_name(columns, LABEL_NAMES, {text})
        if not any(_may_be_classes(_values(sample, place)) for place in candidates):
            others, by_values = _labels(columns, sample, {text, *candidates})
            candidates = candidates + others
        if not candidates and list(columns) == numbered(len(columns)):
            # A file that is sorted by its labels begins with many rows of one class.
            candidates = label_places(len(columns), sample, {text})
            by_values = True
        if len(candidates) == 1:
            label = candidates[0]
        elif labels_required:
            raise _undecided(columns, sample, candidates, data.label_column, name, "label_column", "the label")
    split = None
    if data.split == "column":
        candidates = _by_name(columns, SPLIT_NAMES, {text, label})
        if len(candidates) != 1:
            raise DataError(
                f"{name}: data.split is column, but no column is called split; its columns are {_listed(columns)}. "
                "Name one so, with train, validation or test in each row, or set data.split to grouped."
            )
        split = candidates[0]
    return Chosen(text, label, split, by_values and label is not None)


def label_places(
    width: int, sample: Sequence[Sequence[str]], taken: Collection[int | None] = (), least: int = 1
) -> list[int]:
    """Return which of `width` columns hold only values that say by themselves what class they mean, `least` of them."""
    found = []
    for place in range(width):
        values = set() if place in taken else _values(sample, place)
        if len(values) >= least and are_labels(values):
            found.append(place)
    return found


def _values(sample: Sequence[Sequence[str]], place: int) -> set[str]:
    return {normal(row[place]) for row in sample if place < len(row)} - BLANK


def part_of(value: str, number: int, name: str) -> int:
    """Return the part that a row says it belongs to; raise `DataError` for any other word."""
    part = PARTS.get(value.strip().lower())
    if part is None:
        raise DataError(
            f"{name}: row {number} has {value[:40]!r} in its column split. Parts are train, validation and test."
        )
    return part


def _named(columns: Sequence[str], wanted: str, name: str) -> int | None:
    for same in (lambda column: column == wanted, lambda column: column.casefold() == wanted.casefold()):
        places = [place for place, column in enumerate(columns) if same(column)]
        if len(places) > 1:
            raise DataError(f"{name}: two columns are called {columns[places[0]]!r}. Rename one of them.")
        if places:
            return places[0]
    return None


def _by_name(columns: Sequence[str], names: Collection[str], taken: Collection[int | None]) -> list[int]:
    return [place for place, column in enumerate(columns) if place not in taken and is_called(column, names)]


def _texts(columns: Sequence[str], sample: Sequence[Sequence[str]], label: int | None) -> list[int]:
    """Return which columns of prose can be meant: one called so, in whole or in part, before all others."""
    prose = _prose(columns, sample, label)
    for names in (
        [place for place in prose if is_called(columns[place], FOREIGN_TEXT_NAMES)],
        [place for place in prose if has_word(columns[place], TEXT_NAMES | FOREIGN_TEXT_NAMES)],
    ):
        if names:
            return names
    return prose


def _may_be_classes(values: Collection[str]) -> bool:
    return len(values) < FEW or are_ratings(values)


def _labels(columns: Sequence[str], sample: Sequence[Sequence[str]], taken: Collection[int]) -> tuple[list[int], bool]:
    """Return which other columns can hold labels, by the first kind of sign that any has, and whether no name says so.

    A language of their names comes first, then what their values say, a part of their names, some of their values.
    """
    values = {place: _values(sample, place) for place in range(len(columns)) if place not in taken}
    rated = [place for place, found in values.items() if are_ratings(found)]
    note = {NOTE} if any(is_called(column, BESIDE_NOTE) for column in columns) else set()
    if called := [place for place in rated if is_called(columns[place], FOREIGN_LABEL_NAMES | note)]:
        return called, False
    speaking = [place for place, found in values.items() if len(found) > 1 and are_labels(found)]
    in_part = [place for place in rated if has_word(columns[place], LABEL_NAMES | FOREIGN_LABEL_NAMES | note)]
    found = speaking or [place for place in in_part if len(values[place]) > 1]
    found = found or [place for place, held in values.items() if are_among_others(held)]
    return found, not {*found} <= {*in_part}


def _prose(columns: Sequence[str], sample: Sequence[Sequence[str]], label: int | None) -> list[int]:
    """Return the columns whose fields have on average as many words as a text has, and are no dates."""
    found = []
    for place in range(len(columns)):
        fields = [row[place] for row in sample if place < len(row) and row[place].strip()]
        words = [len(field.split()) for field in fields]
        if place != label and words and sum(words) >= WORDS_OF_A_TEXT * len(words) and not all(map(_is_date, fields)):
            found.append(place)
    return found or [0] * (len(columns) == 1 and label is None and bool(sample) and columns[0] == numbered(1)[0])


def _is_date(field: str) -> bool:
    """Return whether a field is a date such as `2015-02-24 11:35:52 -0800` or `Mon Apr 06 22:19:45 PDT 2009`."""
    return _DATE.fullmatch(field) is not None or parsedate(field) is not None


def _absent(columns: Sequence[str], wanted: str, name: str, field: str) -> DataError:
    return DataError(
        f"{name}: there is no column {wanted!r}; its columns are {_listed(columns)}. Set data.{field} to one of them."
    )


def _undecided(
    columns: Sequence[str],
    sample: Sequence[Sequence[str]],
    candidates: Sequence[int],
    wanted: str,
    name: str,
    field: str,
    what: str,
) -> Undecided:
    if candidates:
        several = _listed([columns[place] for place in candidates])
        error = Undecided(f"{name}: {what} could be in any of the columns {several}. Set data.{field} to one of them.")
    elif len(columns) == 1 and field == "label_column":
        error = Undecided(
            f"{name}: there are no labels, only the column {columns[0][:40]!r} with the review. Give a column with the "
            "label of each review, or set data.separator to what is between them."
        )
    else:
        error = Undecided(
            f"{name}: there is no column {wanted!r} and none that can only be {what}; its columns are "
            f"{_listed(columns)}. Set data.{field} to one of them, or data.separator to what is between them."
        )
    error.columns, error.rows = tuple(columns), sample[:SHOWN_ROWS]
    return error


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    return (", ".join(repr(column[:40]) for column in columns[:SHOWN]) or "none") + more
