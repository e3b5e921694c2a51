"""One model's answers to a whole file of reviews, as a job, and what a threshold makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_core.datasets.file import reader, settings
from sentiment_core.datasets.file.table import Table
from sentiment_core.errors import CheckpointError, ConfigError, DataError
from sentiment_core.explain.catalogue import PRETRAINED, load_predictor, run_of, weights_of
from sentiment_core.explain.judged import Judged
from sentiment_core.explain.truth import UNSEEN_SEED, demo_with_evidence
from sentiment_core.explain.unseen import own_test, seen_among
from sentiment_core.metrics import Status
from sentiment_core.predictions import is_about, read_predictions
from sentiment_core.progress import Progress
from sentiment_core.remarks import WordsRead
from sentiment_core.settings import DataConfig, Keep
from sentiment_core.steps.rules import correct, positive
from sentiment_core.store import Store
from sentiment_core.work.kinds import Kind

MOST_REVIEWS = 10_000
DEMO_REVIEWS = 1_000
CHUNK = 256


@dataclass(frozen=True)
class Asked:
    """The reviews that are asked about: texts (N), labels (N,) or None, and what to tell the user about them.

    A label is `NO_LABEL` where a row has none. `seen` (N,) bool: those that the model has learned from, None where
    nobody can tell. `read`: what the model could read of each, None before it was asked. `columns`: the
    other columns of their file, as they stand there, beside the `text_column`.
    """

    texts: list[str]
    labels: np.ndarray | None
    warnings: tuple[str, ...] = ()
    seen: np.ndarray | None = None
    read: WordsRead | None = None
    text_column: str = "text"
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def about(self) -> Judged:
        """What may be counted of the answers to them."""
        blank = np.fromiter((not text.strip() for text in self.texts), dtype=bool, count=len(self.texts))
        return Judged(blank, self.labels, self.seen, self.read)


@dataclass(frozen=True)
class ManyReviewsQuestion:
    """Which model, by its run id and the digest of its weights, and which reviews: `own`, `demo` or a file.

    `reading`: settings of `data` that say how the file is read, where it does not say so itself.
    """

    model: str
    weights: str
    data: str
    reading: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ManyAnswers:
    """P(positive) of each review, in the order of `reviews_of`, and the columns of `WordsRead`."""

    probabilities: tuple[float, ...]
    known: tuple[int, ...]
    words: tuple[int, ...]
    unknown: tuple[int, ...]
    longest: int
    keep: Keep = "head"

    def read(self) -> WordsRead:
        """Return what the model could read of each review."""
        known, words, unknown = (np.array(column, dtype=np.int64) for column in (self.known, self.words, self.unknown))
        return WordsRead(known, words, unknown, self.longest, self.keep)


PREDICTIONS = Kind(
    "predictions",
    "Answers to many reviews",
    ManyReviewsQuestion,
    ManyAnswers,
    "sentiment_core.explain.many_reviews:run",
    run_of=lambda question: run_of(question.model),
)


@dataclass(frozen=True)
class Counts:
    """Reviews by truth and answer at one threshold; shares are None where nothing is counted."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int

    @property
    def accuracy(self) -> float | None:
        """Share of right answers."""
        total = self.true_positive + self.false_positive + self.true_negative + self.false_negative
        return _share(self.true_positive + self.true_negative, total)

    @property
    def precision(self) -> float | None:
        """Share of the reviews called positive that are."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """Share of the positive reviews that are called so."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)


def arguments_for(model: str, data: str, store: Store, reading: Mapping[str, Any] | None = None) -> ManyReviewsQuestion:
    """Return the arguments of `run`; equal for equal weights and reviews.

    `data`: `own` (the test part of what the model was trained on), `demo` (which no model has seen) or the path of a
    file, which is read as the settings in `reading` say. Raises `ConfigError` for impossible ones, `NotFoundError` for
    a model that is not there.
    """
    if data == "own" and model == PRETRAINED:
        raise ConfigError("data: the pretrained model's own reviews do not come with it; choose demo or a file")
    where = data if data in {"own", "demo"} else str(Path(data).expanduser().absolute())
    return ManyReviewsQuestion(model, weights_of(model, store), where, dict(reading or {}))


def reviews_of(question: ManyReviewsQuestion, store: Store) -> Asked:
    """Return the reviews that `run` asks about, in its order; raises `DataError` where there are none."""
    asked = _cut(_asked(question, store))
    return replace(asked, seen=seen_among(asked.texts, question.model, store))


def _asked(question: ManyReviewsQuestion, store: Store) -> Asked:
    if question.data in {"demo", "own"}:
        reviews = (
            demo_with_evidence(DEMO_REVIEWS, seed=UNSEEN_SEED)
            if question.data == "demo"
            else own_test(question.model, store)
        )
        return Asked(list(reviews.texts), np.asarray(reviews.labels))
    data = settings(question.data, question.reading)
    table = reader.read(data, keep_columns=True)
    if not table.texts:
        raise no_reviews(data)
    return asked_of(table)


def asked_of(table: Table) -> Asked:
    """Return the rows of a file as reviews to ask about."""
    found = table.understood
    others = {name: values for name, values in (table.columns or {}).items() if name != found.text_column}
    return Asked(
        table.texts, table.labels, found.sentences(trained=False), text_column=found.text_column, columns=others
    )


def no_reviews(data: DataConfig) -> DataError:
    """Return the error for a file without any row."""
    return DataError(f"{Path(data.path or '').name} holds no reviews; give it one row per review")


def answers_in_test(question: ManyReviewsQuestion, asked: Asked, store: Store) -> np.ndarray | None:
    """Return P(positive) `(N,)` of `asked` as it was when the run was tested; None where the model must be asked."""
    if question.data != "own" or asked.labels is None:
        return None
    trained = store.run(question.model)
    if trained.status is not Status.FINISHED:
        # Its weights may be later ones than those that were tested.
        return None
    with suppress(CheckpointError):
        found = read_predictions(trained)
        # Both go through the test part in its order.
        if found is not None and is_about(found, asked.texts, asked.labels):
            answers = found.probabilities[: len(asked.texts)].astype(np.float64)
            return answers if np.isfinite(answers).all() else None
    return None


def run(question: ManyReviewsQuestion, progress: Progress) -> ManyAnswers:
    """Answer every review that `arguments_for` describes.

    Raises any `SentimentLabError`: a model or file that is gone, reviews that cannot be read.
    """
    progress("Loading model and reviews", None)
    with Store() as store:
        predictor = load_predictor(question.model, store)
        texts = reviews_of(question, store).texts
    found: list[float] = []
    read: list[WordsRead] = []
    for start in range(0, len(texts), CHUNK):
        progress(f"Review {start:,} of {len(texts):,}", start / len(texts))
        probabilities, part = predictor.answers(texts[start : start + CHUNK])
        found += probabilities.tolist()
        read.append(part)
    known, words, unknown = (
        tuple(count for part in read for count in getattr(part, name).tolist())
        for name in ("known", "words", "unknown")
    )
    return ManyAnswers(tuple(found), known, words, unknown, predictor.max_tokens, predictor.keep)


def counts_at(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> Counts:
    """Count P(positive) `(N,)` against labels `(N,)`, positive from `threshold` on."""
    said, truth = positive(probabilities, threshold), np.asarray(labels) == 1
    return Counts(
        int((said & truth).sum()), int((said & ~truth).sum()), int((~said & ~truth).sum()), int((~said & truth).sum())
    )


def ranking(probabilities: np.ndarray, labels: np.ndarray | None, threshold: float) -> np.ndarray:
    """Return the order `(N,)` to read in: mistakes before right answers, then the most confident first.

    Confidence is the distance from the threshold. Without labels, only the confidence counts.
    """
    confidence = np.abs(probabilities - threshold)
    if labels is None:
        return np.argsort(-confidence, kind="stable")
    right = correct(probabilities, labels, threshold)
    return np.lexsort((-confidence, right))


def _cut(asked: Asked) -> Asked:
    if len(asked.texts) <= MOST_REVIEWS:
        return asked
    note = (
        f"These are the first {MOST_REVIEWS:,} of {len(asked.texts):,} reviews; "
        "the command `python -m sentiment_core predict` answers all of them."
    )
    labels = None if asked.labels is None else asked.labels[:MOST_REVIEWS]
    columns = {name: values[:MOST_REVIEWS] for name, values in asked.columns.items()}
    return replace(
        asked, texts=asked.texts[:MOST_REVIEWS], labels=labels, warnings=(*asked.warnings, note), columns=columns
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
