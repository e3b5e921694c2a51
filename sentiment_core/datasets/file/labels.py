"""What the values of a label column mean: which reviews are positive, which negative, which neither."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sentiment_core.datasets.base import NEGATIVE, NO_LABEL, POSITIVE
from sentiment_core.errors import DataError

# What files write where a label is missing.
BLANK = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>"})

# In English, German, French, Spanish, Italian, Portuguese, Russian, Chinese and Japanese.
_NEGATIVE = """
    neg negative negativ négatif négative negatif negativo negativa отрицательный негативный 负面 消极 ネガティブ
    false no bad rotten dislike disliked 👎
    falsch nein schlecht faux non mauvais falso malo cattivo ruim não
"""
_POSITIVE = """
    pos positive positiv positif positivo positiva положительный позитивный 正面 积极 ポジティブ
    true yes good fresh like liked 👍
    wahr ja gut vrai oui bon verdadero sí si bueno vero sì buono verdadeiro sim bom
"""
NEGATIVE_WORDS = frozenset({*_NEGATIVE.split(), "thumbs down", "not recommended"})
POSITIVE_WORDS = frozenset({*_POSITIVE.split(), "thumbs up", "recommended"})
_DEGREES = ("very", "extremely", "highly", "strongly", "mostly", "somewhat", "slightly")
NEGATIVE_WORDS |= {f"{degree} negative" for degree in _DEGREES}
POSITIVE_WORDS |= {f"{degree} positive" for degree in _DEGREES}
NEUTRAL_WORDS = frozenset({"neutral", "mixed"})

# Up to this share of a scale a rating is negative, from that on positive: of five stars 2 and 3.5, of four 1.5 and 3
# (Pang, Lee and Vaithyanathan 2002), of ten 4 and 7 (Maas et al. 2011).
BELOW, ABOVE = 0.4, 0.7
_SCALES = frozenset({4.0, 5.0, 6.0, 10.0, 20.0, 100.0})
_NUMBER = r"([0-9]{1,3}(?:[.,][0-9]{1,2})?)"
_OF_SCALE = re.compile(rf"(?:rated )?{_NUMBER} ?(?:/|of|out of) ?{_NUMBER}(?: stars?)?")
_STARS = re.compile(rf"{_NUMBER}[ -]?(?:stars?|sterne?|étoiles?|estrellas?|estrelas?|stell[ae])")
_GLYPHS = re.compile(r"([★⭐✭]+)(½?)([☆✩]*)")
_PERCENT = re.compile(rf"{_NUMBER} ?%")
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_AROUND = f"{string.whitespace}\u00a0\u200b\ufe0f\ufeff\"'{_SKIN_TONES}"
# A list of a single value, as tools for annotation write a label; what stands before it in fastText and Transformers.
_ONLY = re.compile(r"\[([^][,]*)]")
_BEFORE = re.compile(r"\A(?:__label__|label_)")
_BETWEEN = re.compile(r"(?<=\w)[_-]+(?=\w)")
_DECIMAL_COMMA = re.compile(r"\A([+-]?\d{1,3}),(\d{1,2})\Z")
# How many different values an error lists.
SHOWN = 8
# From so many different values on, a column is of something else than classes.
FEW = 8


@dataclass(frozen=True)
class LabelValue:
    """A value of the label column, as it stands: in how many rows, first in which, and its class or `NO_LABEL`.

    `name`: what the file itself calls it, empty for what means nothing.
    """

    value: str
    count: int
    first_row: int
    label: int
    name: str | None = None

    @property
    def meant(self) -> str:
        """What it stands for, written in one way."""
        return normal(self.value if self.name is None else self.name)

    @property
    def shown(self) -> str:
        """How a sentence names it."""
        return f"{self.value} ({self.name})" if self.name else self.value


def normal(value: str) -> str:
    """Return a value without case, what surrounds it and ways to write a number: `1.0`, `1,0` and `[" +1"]` are `1`."""
    value = value.strip(_AROUND).lower().replace("\u2212", "-")
    if only := _ONLY.fullmatch(value):
        value = only[1].strip(_AROUND)
    value = _BEFORE.sub("", value)
    number = _number(_DECIMAL_COMMA.sub(r"\1.\2", value))
    return f"{number:g}" if number is not None else value


def rating(value: str) -> tuple[float, float | None] | None:
    """Return a label's number and the scale it is on, None where a bare number leaves that open; None for no rating.

    `4/5` is 4 of 5, `★★★★☆` too, `80%` is 80 of 100, a word of praise 1 of 1, one of blame 0 of 1.
    """
    return _rating(normal(value))


def _rating(value: str) -> tuple[float, float | None] | None:
    if (number := _number(value)) is not None:
        return number, None
    word = _BETWEEN.sub(" ", value)
    for words, points in ((NEGATIVE_WORDS, 0.0), (NEUTRAL_WORDS, 0.5), (POSITIVE_WORDS, 1.0)):
        if word in words:
            return points, 1.0
    if found := _GLYPHS.fullmatch(value):
        points = len(found[1]) + len(found[2]) / 2
        return _on_scale(points, len(found[1] + found[2] + found[3]) if found[3] else 5.0)
    if found := _OF_SCALE.fullmatch(value):
        return _on_scale(_points(found[1]), _points(found[2]))
    for form, scale in ((_STARS, 5.0), (_PERCENT, 100.0)):
        if found := form.fullmatch(value):
            return _on_scale(_points(found[1]), scale)
    return None


def is_label(value: str) -> bool:
    """Return whether a value says by itself which class is meant: a word, a rating on a scale, 0, 1 or -1."""
    found = rating(value)
    return found is not None and (found[1] is not None or found[0] in {0.0, 1.0, -1.0})


def are_labels(values: Collection[str]) -> bool:
    """Return whether the values of a column say so: each by itself, or numbers that are only used for polarity."""
    return all(map(is_label, values)) or {"0", "4"} <= {*values} <= {"0", "2", "4"}


def are_ratings(values: Collection[str]) -> bool:
    """Return whether the values of a column are all labels or numbers: of what, something else has to say."""
    return bool(values) and all(_rating(value) is not None for value in values)


def are_among_others(values: Collection[str]) -> bool:
    """Return whether a few values are labels of both classes and what is neither: `positive, negative, irrelevant`."""
    scales = [found for value in values if (found := _rating(value)) is not None and found[1] is not None]
    points = {number / (scale or 1.0) for number, scale in scales}
    return len(values) < FEW and bool(points) and min(points) <= BELOW and max(points) >= ABOVE


def classes(
    counts: Mapping[str, tuple[int, int]],
    positive: Sequence[str],
    negative: Sequence[str],
    name: str,
    column: str,
    names: Mapping[str, str] | None = None,
    scored: bool = False,
) -> tuple[LabelValue, ...]:
    """Return what each value of `counts` (value → rows, first row) means; blank ones have no label.

    `positive`, `negative`: the user's own choice; with only one of them given, all other values are the other class.
    `names`: what the file itself says that its values are; `scored`: its column is called as ratings are.
    Raise `DataError` where the values do not say which are positive.
    """
    names = names or {}
    values = {value: normal(names.get(value, value)) for value in counts}
    if wanted := {normal(value) for value in (*positive, *negative)}:
        plain = {value: normal(value) for value in counts}
        if wanted <= {*plain.values()}:
            values = {value: said if said in BLANK else plain[value] for value, said in values.items()}
    seen = [value for value in dict.fromkeys(values.values()) if value not in BLANK]
    if positive or negative:
        meaning: Callable[[str], int] | None = _chosen(seen, positive, negative, name)
    else:
        meaning = _found(seen, scored)
    if meaning is None:
        raise DataError(_question(counts, values, names, name, column))
    return tuple(
        LabelValue(value, count, row, NO_LABEL if values[value] in BLANK else meaning(values[value]), names.get(value))
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


def _found(seen: Sequence[str], scored: bool) -> Callable[[str], int] | None:
    """Return the meaning of values that say it themselves, None where they do not."""
    ratings = {value: found for value in seen if (found := _rating(value)) is not None}
    bare = {number for number, scale in ratings.values() if scale is None}
    scales = {scale for _, scale in ratings.values() if scale is not None}
    ends = _ends(bare, scored) if not scales else None
    if bare and len(scales) == 1 and min(bare) >= 0 and max(bare) <= max(scales):
        # Numbers without their scale beside values that have one.
        ends = 0.0, max(scales)
    if bare and ends is None:
        return None
    meanings = {}
    for value, (number, scale) in ratings.items():
        low, high = (0.0, scale) if scale is not None else ends or (0.0, 1.0)
        share = (number - low) / (high - low)
        meanings[value] = NEGATIVE if share <= BELOW else POSITIVE if share >= ABOVE else NO_LABEL
    # Beside both classes a third one is neither, whatever it is called; beside one class nobody knows.
    if len(meanings) < len(seen) and len({*meanings.values()} - {NO_LABEL}) < 2:
        return None
    return lambda value: meanings.get(value, NO_LABEL)


def _ends(numbers: set[float], scored: bool) -> tuple[float, float] | None:
    """Return between which numbers labels lie that have no scale of their own; None where that is open."""
    if not numbers:
        return None
    low, high = min(numbers), max(numbers)
    for ends in ((0.0, 1.0), (-1.0, 1.0), (1.0, 2.0)):
        if numbers <= {*ends} and (len(numbers) == 2 or ends == (0.0, 1.0)):
            return ends
    if {0.0, 4.0} <= numbers <= {0.0, 1.0, 2.0, 3.0, 4.0}:
        return 0.0, 4.0
    if low > 0 and high <= 5 and low < 3 < high:
        return 0.0, 5.0
    # Ten stars, as of the Internet Movie Database.
    if (low >= 1 or high == 10) and 5 < high <= 10 and low <= 4 and high >= 7:
        return 0.0, 10.0
    # Scores that people give, of a hundred points: neither votes nor numbers of classes.
    if scored and 0 <= low <= 40 and 70 <= high <= 100 and (high == 100 or all(number % 5 == 0 for number in numbers)):
        return 0.0, 100.0
    return None


def _on_scale(points: float, scale: float) -> tuple[float, float] | None:
    return (points, float(scale)) if scale in _SCALES and points <= scale else None


def _points(value: str) -> float:
    return float(value.replace(",", "."))


def _question(
    counts: Mapping[str, tuple[int, int]],
    values: Mapping[str, str],
    names: Mapping[str, str],
    name: str,
    column: str,
) -> str:
    often = sorted((item for item in counts.items() if values[item[0]] not in BLANK), key=lambda item: -item[1][0])
    shown = often[:SHOWN] if len(often) <= SHOWN else [*often[: SHOWN - 1], often[-1]]
    listed = ", ".join(
        f"{names.get(value, value)[:40]!r} ({count:,}, first in row {row:,})" for value, (count, row) in shown
    )
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
