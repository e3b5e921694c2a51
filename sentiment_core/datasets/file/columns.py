"""Which column holds the review, which its label, and whether the first line names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.utils import parsedate

from sentiment_core.datasets.base import TEST, TRAIN, VALIDATION
from sentiment_core.datasets.file.labels import BLANK, are_labels, is_label, normal
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig

# What people call them, without case and without what is no letter or digit.
_TEXT_NAMES = """
    text texts review reviews sentence sentences comment comments content body message tweet document phrase
    reviewtext reviewbody reviewcontent textreview reviewstext commenttext commentbody
"""
_LABEL_NAMES = """
    label labels sentiment sentiments stars star rating ratings score scores overall polarity class target
    starrating reviewrating reviewscore reviewsrating sentimentlabel labeltext
"""
TEXT_NAMES, LABEL_NAMES = frozenset(_TEXT_NAMES.split()), frozenset(_LABEL_NAMES.split())
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
    """Places of the columns; `None` where there is none."""

    text: int
    label: int | None
    split: int | None


def names_columns(first: Sequence[str], data: DataConfig) -> bool:
    """Return whether a file's first row names its columns: by well-known names, or because it does not look like data.

    `data.header` decides where the user has.
    """
    if data.header != "detect":
        return data.header == "yes"
    if any(knows(name, data) for name in first):
        return True
    return not any(is_label(value) or len(value.split()) >= WORDS_OF_DATA for value in first)


def knows(name: str, data: DataConfig) -> bool:
    """Return whether this is the name of a column of reviews or labels, or one that the user gave."""
    return name.strip() in {data.text_column, data.label_column} or is_usual(name)


def is_usual(name: str) -> bool:
    """Return whether columns of reviews or labels are often called so."""
    return _is_called(name, TEXT_NAMES | LABEL_NAMES)


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
    text = _named(columns, data.text_column, name)
    label = _named(columns, data.label_column, name)
    if text is not None and text == label:
        raise DataError(f"{name}: text and label are both read from column {columns[text]!r}. Name two columns.")
    if text is None:
        if data.text_column != usual["text_column"].default:
            raise _absent(columns, data.text_column, name, "text_column")
        candidates = _by_name(columns, TEXT_NAMES, {label}) or _prose(columns, sample, label)
        if len(candidates) != 1:
            raise _undecided(columns, sample, candidates, data.text_column, name, "text_column", "the review")
        text = candidates[0]
    if label is None:
        if data.label_column != usual["label_column"].default:
            raise _absent(columns, data.label_column, name, "label_column")
        candidates = _by_name(columns, LABEL_NAMES, {text}) or label_places(len(columns), sample, {text}, least=2)
        if not candidates and list(columns) == numbered(len(columns)):
            # A file that is sorted by its labels begins with many rows of one class.
            candidates = label_places(len(columns), sample, {text})
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
    return Chosen(text, label, split)


def label_places(
    width: int, sample: Sequence[Sequence[str]], taken: Collection[int | None] = (), least: int = 1
) -> list[int]:
    """Return which of `width` columns hold only values that say by themselves what class they mean, `least` of them."""
    found = []
    for place in range(width):
        values = {normal(row[place]) for row in sample if place < len(row)} - BLANK
        if place not in taken and len(values) >= least and are_labels(values):
            found.append(place)
    return found


def part_of(value: str, number: int, name: str) -> int:
    """Return the part that a row says it belongs to; raise `DataError` for any other word."""
    part = PARTS.get(value.strip().lower())
    if part is None:
        raise DataError(
            f"{name}: row {number} has {value[:40]!r} in its column split. Parts are train, validation and test."
        )
    return part


def _is_called(name: str, names: Collection[str]) -> bool:
    """Return whether a column has one of the names, or a field of a record in a record: `rating.stars`."""
    return any(re.sub(r"[\W_]+", "", part.casefold()) in names for part in (name, name.rpartition(".")[2]))


def _named(columns: Sequence[str], wanted: str, name: str) -> int | None:
    for same in (lambda column: column == wanted, lambda column: column.casefold() == wanted.casefold()):
        places = [place for place, column in enumerate(columns) if same(column)]
        if len(places) > 1:
            raise DataError(f"{name}: two columns are called {columns[places[0]]!r}. Rename one of them.")
        if places:
            return places[0]
    return None


def _by_name(columns: Sequence[str], names: Collection[str], taken: Collection[int | None]) -> list[int]:
    return [place for place, column in enumerate(columns) if place not in taken and _is_called(column, names)]


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
