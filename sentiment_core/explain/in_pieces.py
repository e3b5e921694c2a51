"""A model's answers to a file of any length: its rows are read, answered and handed on a piece at a time.

The file is read twice: once to learn what only all rows together say (that it is well-formed, what its labels mean,
what has to be said about it), then again in pieces. So it is understood as one that is read at once, and nothing is
answered, or written, of a file that turns out to be unreadable on its last page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sentiment_core.datasets.file import reader
from sentiment_core.explain.judged import Judged
from sentiment_core.explain.many_reviews import Asked, asked_of, no_reviews
from sentiment_core.explain.predictor import Predictor
from sentiment_core.progress import Progress, silent
from sentiment_core.remarks import WordsRead
from sentiment_core.seen import is_in
from sentiment_core.settings import DataConfig

# Enough for batches of reviews of like length; a piece of long ones is shorter.
ROWS = 1_024


class AnswersInPieces:
    """What a model says to each row of a file; iterate over it once, then ask for `about` and `probabilities`.

    Of a row that was handed on, only numbers are kept: about 35 bytes. `seen`: hashes of what the model has learned
    from, None where nobody can tell. Raises `DataError` for a file that cannot be read, or holds no rows.
    """

    def __init__(
        self,
        predictor: Predictor,
        data: DataConfig,
        seen: np.ndarray | None,
        *,
        keep_columns: bool = True,
        progress: Progress = silent,
    ) -> None:
        self._predictor, self._data, self._seen, self._keep_columns = predictor, data, seen, keep_columns
        self._survey = reader.survey(data, progress=progress)
        self._progress = progress
        self._probabilities: list[np.ndarray] = []
        self._about: list[Judged] = []
        if not self._survey.understood.rows:
            raise no_reviews(data)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be said about the file, a sentence each."""
        return self._survey.understood.sentences(trained=False)

    def __iter__(self) -> Iterator[tuple[Asked, np.ndarray]]:
        """Yield pieces of the file, in its order, each with P(positive) `(N,)` of its rows."""
        done, count = 0, self._survey.understood.rows
        for table in reader.pieces(self._data, self._survey, keep_columns=self._keep_columns, rows=ROWS):
            self._progress(f"Review {done:,} of {count:,}", done / count)
            seen = None if self._seen is None else is_in(table.texts, self._seen)
            probabilities, read = self._predictor.answers(table.texts)
            asked = replace(asked_of(table), seen=seen, read=read)
            self._about.append(asked.about)
            self._probabilities.append(probabilities)
            done += len(probabilities)
            yield asked, probabilities

    @property
    def probabilities(self) -> np.ndarray:
        """P(positive) `(N,)` float64 of all rows that were handed on."""
        return np.concatenate(self._probabilities)

    @property
    def about(self) -> Judged:
        """What may be counted of all rows that were handed on."""
        parts = self._about
        words = [part.read for part in parts if part.read is not None]
        known, read, unknown = (
            np.concatenate([getattr(part, name) for part in words]) for name in ("known", "words", "unknown")
        )
        labels = [part.labels for part in parts if part.labels is not None]
        seen = [part.seen for part in parts if part.seen is not None]
        return Judged(
            np.concatenate([part.blank for part in parts]),
            np.concatenate(labels) if labels else None,
            np.concatenate(seen) if seen else None,
            WordsRead(known, read, unknown, words[0].longest, words[0].keep),
        )
