"""How a file was understood: what a page shows beside it, and what every entrance says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_core.datasets.base import MEANINGS, NEGATIVE, NO_LABEL, POSITIVE
from sentiment_core.datasets.file.labels import BLANK, LabelValue
from sentiment_core.number_words import by_number, counted

PREVIEW_ROWS = 10
PREVIEW_CHARACTERS = 200
# Values that need no words: everybody writes them.
PLAIN_LABELS = frozenset({"0", "1", "neg", "pos", "negative", "positive", "false", "true"}) | BLANK
SEPARATOR_WORDS = {
    "comma": "commas",
    "semicolon": "semicolons",
    "tab": "tabs",
    "pipe": "vertical bars",
    "caret": "carets",
}
SHOWN_LABELS = 6


@dataclass(frozen=True)
class PreviewRow:
    """One of the first rows as understood: the start of its review, its label in words, None without one."""

    text: str
    label: str | None


@dataclass(frozen=True)
class Understood:
    """What a file was taken for.

    `packing`: `gzip`, `zip` or None; `separator`, `quotes`, `encoding` are None where the format has none; `damaged`:
    characters that are not in the encoding; `titles`: lines left out above the table; `header`: whether the first row
    names the columns. `blank_texts`, `blank_labels`, `other_labels`: rows without a text, and of
    the others those without a label and those with a label that is neither class. `label_by_values`: the label column
    was found by its values, not by its name. `unused_labels`: why a column that
    looks like labels is not used.
    """

    name: str
    format: str
    packing: str | None
    encoding: str | None
    encoding_guessed: bool
    damaged: int
    separator: str | None
    quotes: str | None
    titles: int
    header: bool
    columns: tuple[str, ...]
    text_column: str
    label_column: str | None
    label_by_values: bool
    labels: tuple[LabelValue, ...]
    rows: int
    blank_texts: int
    blank_labels: int
    other_labels: int
    preview: tuple[PreviewRow, ...]
    unused_labels: str | None = None

    def described(self) -> str:
        """Return in one sentence what the file was read as."""
        packed = f" in {self.packing}" if self.packing else ""
        between = SEPARATOR_WORDS.get(self.separator or "")
        details = [f"fields between {between}"] if between else []
        details += ["quotes escaped by backslashes"] if self.quotes == "backslash" else []
        details += [self.encoding] if self.encoding else []
        details += [] if self.header else ["no names of columns"]
        where = f"the review in {self.text_column!r}"
        if self.label_column is not None:
            where += f", its label in {self.label_column!r}"
        return f"{self.name} was read as {self.format}{packed} ({', '.join((*details, where))})."

    def sentences(self, trained: bool) -> tuple[str, ...]:
        """Return what the user should know, a sentence each, counted; `trained`: rows without a label are left out."""
        said = []
        if self.encoding_guessed:
            said.append(
                f"{self.name} is not UTF-8; it was read as {self.encoding}. Check that accents look right, or set "
                "data.encoding."
            )
        if self.damaged and self.encoding:
            characters = counted(self.damaged, "character is", "characters are")
            said.append(
                f"{self.name}: {characters} not {self.encoding.upper()} and {by_number(self.damaged, 'is', 'are')} "
                "shown as \ufffd. Export the file again if that matters."
            )
        if self.titles:
            lines = by_number(self.titles, "line stands", f"{self.titles} lines stand")
            were = by_number(self.titles, "was", "were")
            said.append(f"{self.name}: the first {lines} above the names of the columns and {were} left out.")
        if self.unused_labels:
            said.append(self.unused_labels)
        if self.blank_texts:
            has = by_number(self.blank_texts, "has", "have")
            then = (
                _left_out(self.blank_texts)
                if trained
                else by_number(self.blank_texts, "does not count", "do not count")
            )
            said.append(f"{self.name}: {self.blank_texts:,} of {self.rows:,} rows {has} no text and {then}.")
        if self.label_by_values:
            said.append(
                f"{self.name}: the labels were taken from {self.label_column!r}, whose name says nothing, because its "
                "values look like labels. Set data.label_column for another choice."
            )
        some = any(value.label != NO_LABEL for value in self.labels)
        if some and self.blank_labels:
            said.append(
                f"{self.name}: {self.blank_labels:,} of {self.rows:,} rows "
                f"{by_number(self.blank_labels, 'has', 'have')} no label and {_then(self.blank_labels, trained)}."
            )
        if some and not {value.meant for value in self.labels} <= PLAIN_LABELS:
            said.append(self._mapping(trained))
        return tuple(said)

    def _mapping(self, trained: bool) -> str:
        full = [value for value in self.labels if value.meant not in BLANK]
        named = {label: [value.shown for value in full if value.label == label] for label in MEANINGS}
        sentence = (
            f"{self.name}: the labels {_listed(named[NEGATIVE])} count as negative, "
            f"{_listed(named[POSITIVE])} as positive"
        )
        if self.other_labels:
            rows, then = counted(self.other_labels, "row"), _then(self.other_labels, trained)
            sentence += f"; {rows} with {_listed(named[NO_LABEL])} {then}"
        return f"{sentence}. Set data.positive and data.negative for another choice."


def preview(texts: Sequence[str], labels: np.ndarray | None) -> tuple[PreviewRow, ...]:
    """Return the first rows as they were understood."""
    words: Mapping[int, str | None] = {**MEANINGS, NO_LABEL: None}
    return tuple(
        PreviewRow(text[:PREVIEW_CHARACTERS], None if labels is None else words[int(labels[place])])
        for place, text in enumerate(texts[:PREVIEW_ROWS])
    )


def _then(count: int, trained: bool) -> str:
    """Return what becomes of so many rows without a label."""
    return _left_out(count) if trained else f"{by_number(count, 'counts', 'count')} for no accuracy"


def _left_out(count: int) -> str:
    return f"{by_number(count, 'was', 'were')} left out"


def _listed(values: Sequence[str]) -> str:
    shown = sorted(value.strip()[:40] for value in values)
    more = f" and {len(shown) - SHOWN_LABELS} others" if len(shown) > SHOWN_LABELS else ""
    return (", ".join(shown[:SHOWN_LABELS]) or "none") + more
