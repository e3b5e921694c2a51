"""What the values of a label column mean: which reviews are positive, which negative, which neither."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sentiment_core.errors import DataError

POSITIVE, NEGATIVE, NO_LABEL = 1, 0, -1
MEANINGS = {POSITIVE: "positive", NEGATIVE: "negative", NO_LABEL: "left out"}
# What files write where a label is missing.
BLANK = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>"})

NEGATIVE_WORDS = frozenset({"neg", "negative", "false", "no", "bad", "rotten"})
POSITIVE_WORDS = frozenset({"pos", "positive", "true", "yes", "good", "fresh"})
_DEGREES = ("very", "extremely", "highly", "strongly", "mostly", "somewhat", "slightly")
NEGATIVE_WORDS |= {f"{degree} negative" for degree in _DEGREES}
POSITIVE_WORDS |= {f"{degree} positive" for degree in _DEGREES}
_UNSEEN = f"{string.whitespace}\u00a0\u200b\ufeff"
_DECIMAL_COMMA = re.compile(r"\A([+-]?\d{1,3}),(\d{1,2})\Z")
# How many different values an error lists.
SHOWN = 8


@dataclass(frozen=True)
class LabelValue:
    """A value of the label column, as it stands: in how many rows, first in which, and its class or `NO_LABEL`."""

    value: str
    count: int
    first_row: int
    label: int


def normal(value: str) -> str:
    """Return a value without case, unseen margins and ways to write a number: `1.0`, `1,0` and ` +1` are `1`."""
    value = value.strip(_UNSEEN).lower().removeprefix("__label__")
    number = _number(_DECIMAL_COMMA.sub(r"\1.\2", value))
    return f"{number:g}" if number is not None else value


def is_label(value: str) -> bool:
    """Return whether a value says by itself which class is meant: a word, 0, 1 or -1."""
    value = normal(value)
    return value in NEGATIVE_WORDS or value in POSITIVE_WORDS or value in {"0", "1", "-1"}


def classes(
    counts: Mapping[str, tuple[int, int]],
    positive: Sequence[str],
    negative: Sequence[str],
    name: str,
    column: str,
) -> tuple[LabelValue, ...]:
    """Return what each value of `counts` (value → rows, first row) means; blank ones have no label.

    `positive`, `negative`: the user's own choice; with only one of them given, all other values are the other class.
    Raise `DataError` where the values do not say which are positive.
    """
    values = {value: normal(value) for value in counts}
    seen = [value for value in dict.fromkeys(values.values()) if value not in BLANK]
    if positive or negative:
        meaning: Callable[[str], int] | None = _chosen(seen, positive, negative, name)
    else:
        meaning = _found(seen)
    if meaning is None:
        raise DataError(_question(counts, values, name, column))
    return tuple(
        LabelValue(value, count, row, meaning(values[value]) if values[value] not in BLANK else NO_LABEL)
        for value, (count, row) in counts.items()
    )


def _chosen(seen: Sequence[str], positive: Sequence[str], negative: Sequence[str], name: str) -> Callable[[str], int]:
    wanted = {normal(value): NEGATIVE for value in negative} | {normal(value): POSITIVE for value in positive}
    others = NO_LABEL if positive and negative else NEGATIVE if positive else POSITIVE
    for value in wanted:
        if value not in seen:
            field = "data.positive" if wanted[value] == POSITIVE else "data.negative"
            there = ", ".join(repr(other[:40]) for other in seen[:SHOWN]) or "none"
            raise DataError(f"{name}: no label is {value[:40]!r}; the labels are {there}. Set {field} to some of them.")
    return lambda value: wanted.get(value, others)


def _found(seen: Sequence[str]) -> Callable[[str], int] | None:
    """Return the meaning of values that say it themselves, None where they do not."""
    numbers = [_number(value) for value in seen]
    if seen and all(number is not None for number in numbers):
        scale = _scale({number for number in numbers if number is not None})
        if scale is None:
            return None
        below, above = scale
        return lambda value: _side(float(value), below, above)
    words = {"0": NEGATIVE, "1": POSITIVE}
    words |= dict.fromkeys(NEGATIVE_WORDS, NEGATIVE) | dict.fromkeys(POSITIVE_WORDS, POSITIVE)
    strange = [value for value in seen if value not in words]
    if any(_number(value) is not None for value in strange):
        return None
    known = {words[value] for value in seen if value in words}
    # Beside both classes a third one is neither, whatever it is called; beside one class nobody knows.
    return None if strange and len(known) < 2 else lambda value: words.get(value, NO_LABEL)


def _scale(numbers: set[float]) -> tuple[float, float] | None:
    """Return up to which number a label is negative and from which it is positive; None where that is open."""
    low, high = min(numbers), max(numbers)
    whole = all(number == int(number) for number in numbers)
    if numbers <= {0.0, 1.0}:
        return 0.0, 1.0
    if numbers == {-1.0, 1.0}:
        return -1.0, 1.0
    if numbers == {1.0, 2.0}:
        return 1.0, 2.0
    if numbers == {0.0, 4.0} or (whole and low == 0 and high == 4 and len(numbers) == 5):
        return 1.0, 3.0
    if low >= 1 and high <= 5 and low < 3 < high:
        return 2.5, 3.5
    # The Internet Movie Database's ten stars, cut as its data set cuts them (Maas et al. 2011).
    if low >= 1 and 5 < high <= 10 and low <= 4 and high >= 7:
        return 4.0, 7.0
    return None


def _side(number: float, below: float, above: float) -> int:
    return NEGATIVE if number <= below else POSITIVE if number >= above else NO_LABEL


def _question(counts: Mapping[str, tuple[int, int]], values: Mapping[str, str], name: str, column: str) -> str:
    often = sorted((item for item in counts.items() if values[item[0]] not in BLANK), key=lambda item: -item[1][0])
    shown = often[:SHOWN] if len(often) <= SHOWN else [*often[: SHOWN - 1], often[-1]]
    listed = ", ".join(f"{value[:40]!r} ({count:,}, first in row {row:,})" for value, (count, row) in shown)
    more = f" and {len(often) - len(shown):,} others" if len(often) > len(shown) else ""
    return (
        f"{name}: the labels in column {column!r} are {listed}{more}, which does not say what is positive, as 0 and 1 "
        "or neg and pos would. Set data.positive to the labels that are; the others are negative then, or left out "
        "where data.negative names those."
    )


def _number(value: str) -> float | None:
    # `float` reads digits of every script, which would make a label of what is none.
    if not value.isascii() or len(value) > 20:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in value else None
