"""What can be learned, declared once: its name, what pages say of it, and where the code is. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sentiment_core.metrics import Balance

Parts = Mapping[str, Balance]

# What settings are about (`fields.About`): a task has a use for those about its topics, and for those about nothing.
REVIEWS, SEQUENCES = "reviews", "sequences"
WORD_VECTORS, PAIRS = "word vectors", "pairs of segments"
VECTORS = "vectors of words or pieces"
WORD_PIECES, WHOLE_REVIEWS, FINE_TUNING = "word pieces", "whole reviews", "fine-tuning"
RECURRENT, TRANSFORMER = "recurrent", "transformer"
TWO_CLASSES = "two classes"
ORDERS = 4
MASKED_WORDS = "masked-words"


@dataclass(frozen=True)
class TaskInfo:
    """One task. `code` names its `Task` as `module:class`.

    `loss` and `accuracy` title what a step measures. `chance` is the accuracy and `guess` the loss (nats) of answering
    without reading, from the balance of the parts `train`, `validation` and `test` as far as it is known; None where
    that does not say.

    `topics` are what it learns from and with: only settings about these are its own.

    `judges_reviews`: it answers whether a review is positive. Only then do the classical baselines answer the same
    question, and can its models be explained on the Explain page.
    """

    label: str
    code: str
    loss: str
    accuracy: str
    chance: Callable[[Parts], float | None]
    guess: Callable[[Parts], float | None]
    topics: frozenset[str]
    judges_reviews: bool = False

    @property
    def has_states(self) -> bool:
        """Whether a recurrent network reads reviews: what looks into its states, word by word, is about these alone."""
        return self.topics >= {REVIEWS, RECURRENT}


def larger_class(parts: Parts) -> float | None:
    """Return the accuracy of always naming the more frequent class of the validation reviews."""
    validation = parts.get("validation")
    return validation.chance if validation and validation.reviews else None


def training_share(parts: Parts) -> float | None:
    """Return the loss (nats) of answering always with the share of positive training reviews: ln 2 for even classes."""
    training = parts.get("train")
    return training.guessing if training and training.reviews else None


TASKS: dict[str, TaskInfo] = {
    "sentiment": TaskInfo(
        label="Sentiment of reviews",
        code="sentiment_core.training.sentiment:SentimentTask",
        loss="Loss",
        accuracy="Accuracy",
        chance=larger_class,
        guess=training_share,
        topics=frozenset({REVIEWS, WHOLE_REVIEWS, WORD_VECTORS, VECTORS, RECURRENT, TWO_CLASSES}),
        judges_reviews=True,
    ),
    # What guessing reaches depends on how often each piece occurs: it is measured, as levels of the curves.
    MASKED_WORDS: TaskInfo(
        label="Masked words and next sentence (BERT)",
        code="sentiment_core.training.pretraining:PretrainingTask",
        loss="Loss (masked words + next sentence)",
        accuracy="Masked words filled in",
        chance=lambda parts: None,
        guess=lambda parts: None,
        topics=frozenset({REVIEWS, PAIRS, WORD_PIECES, VECTORS, TRANSFORMER}),
    ),
    "reviews-in-pieces": TaskInfo(
        label="Sentiment of reviews, answered from [CLS] (BERT)",
        code="sentiment_core.training.fine_tuning:FineTuningTask",
        loss="Loss",
        accuracy="Accuracy",
        chance=larger_class,
        guess=training_share,
        topics=frozenset({REVIEWS, WHOLE_REVIEWS, WORD_PIECES, VECTORS, FINE_TUNING, TRANSFORMER, TWO_CLASSES}),
        judges_reviews=True,
    ),
    "temporal-order": TaskInfo(
        label="Temporal order of two symbols",
        code="sentiment_core.training.temporal_order:TemporalOrderTask",
        loss="Loss (4 orders)",
        accuracy="Orders right",
        chance=lambda parts: 1 / ORDERS,
        guess=lambda parts: math.log(ORDERS),
        topics=frozenset({SEQUENCES, RECURRENT}),
    ),
}
