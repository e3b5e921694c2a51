"""The rows of a file as columns: the whole of it, or a piece."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sentiment_core.datasets.file.columns import Chosen, part_of
from sentiment_core.datasets.file.dialect import Dialect
from sentiment_core.datasets.file.encoding import Encoding
from sentiment_core.datasets.file.understood import Understood


@dataclass(frozen=True, eq=False)
class Table:
    """A file's rows as they stand, or a piece of them: `texts` (N), `labels` (N,) int8, `NO_LABEL` where one has none.

    `labels` is None where no row of the file has one, `parts` (N,) int8 unless `data.split` is `column`. `columns`:
    every column as it stands, where asked for. `understood` is about the whole file.
    """

    texts: list[str]
    labels: np.ndarray | None
    understood: Understood
    parts: np.ndarray | None = None
    columns: dict[str, list[str]] | None = None

    @property
    def full(self) -> np.ndarray:
        """Which rows `(N,)` bool have a text."""
        return np.fromiter((bool(text.strip()) for text in self.texts), dtype=bool, count=len(self.texts))


@dataclass(frozen=True)
class Way:
    """In which encoding and dialect a file is read, None where its format has none; `start`: how its text begins."""

    encoding: Encoding | None
    dialect: Dialect | None
    start: str = ""


@dataclass(frozen=True)
class Survey:
    """What all rows of a file say together: how it is read, and the class of each value of its label column.

    `labels`: by the value as it stands, in the order of their codes; None where no row has a label that can be used.
    """

    way: Way
    understood: Understood
    codes: dict[str, int]
    labels: np.ndarray | None


@dataclass
class Kept:
    """The rows that are held, column by column, and about how many bytes they take."""

    keep_columns: bool
    texts: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    held: int = 0

    def add(self, row: list[str], chosen: Chosen, code: int | None, number: int, name: str) -> None:
        self.texts.append(row[chosen.text])
        # One character outside Latin-1 makes a whole text two or four times as large.
        self.held += sys.getsizeof(row[chosen.text])
        if code is not None:
            self.codes.append(code)
        if chosen.split is not None:
            self.parts.append(part_of(row[chosen.split], number, name))
        if self.keep_columns:
            self.rows.append(row)
            self.held += sum(map(sys.getsizeof, row))

    def table(self, found: Survey) -> Table:
        """Return what is held as a table."""
        columns = found.understood.columns
        labels = None if found.labels is None else found.labels[np.array(self.codes, dtype=np.int64)]
        others = None
        if self.keep_columns:
            others = {name: [row[place] for row in self.rows] for place, name in enumerate(_each_once(columns))}
        parts = np.array(self.parts, dtype=np.int8) if self.parts else None
        return Table(self.texts, labels, found.understood, parts, others)


def _each_once(names: Sequence[str]) -> list[str]:
    """Return names of which none is there twice: the second is numbered."""
    found: dict[str, None] = {}
    for name in names:
        number, unused = 2, name
        while unused in found:
            number, unused = number + 1, f"{name} ({number})"
        found[unused] = None
    return list(found)
