"""What may be counted of a model's answers to reviews, whoever holds their texts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sentiment_core.calibration import brier_score, expected_calibration_error
from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.metrics import Balance
from sentiment_core.remarks import WordsRead, about_answers, rare_class
from sentiment_core.steps.rules import correct, positive


@dataclass(frozen=True)
class Judged:
    """What is known of N reviews that a model was asked about.

    `blank` (N,) bool: those without a text; `labels` (N,) or None, `NO_LABEL` where a row has none; `seen` (N,) bool:
    those that the model has learned from, None where nobody can tell; `read`: what the model could read of each, None
    before it was asked.
    """

    blank: np.ndarray
    labels: np.ndarray | None
    seen: np.ndarray | None
    read: WordsRead | None

    @cached_property
    def counted(self) -> np.ndarray:
        """Which rows `(N,)` bool an accuracy is over: those with a label and with words that the model knows."""
        if self.labels is None:
            return np.zeros(len(self.blank), dtype=bool)
        labelled: np.ndarray = ~self.blank & (self.labels != NO_LABEL)
        return labelled if self.read is None else labelled & (self.read.words > 0)

    def remarks(self) -> tuple[str, ...]:
        """Return what the model could not read of the reviews, and what their labels make of an accuracy."""
        read = () if self.read is None else about_answers(self.read, self.blank)
        return read if self.labels is None else (*read, *rare_class(self.labels[self.counted]))


def measures(probabilities: np.ndarray, labels: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
    """Return `accuracy` at a threshold, `ece` (expected calibration error) and `brier` of at least one answer.

    All three are NaN where an answer is not a number. `chance` is the accuracy of always naming the larger class.
    """
    found: dict[str, float] = dict.fromkeys(("accuracy", "ece", "brier"), math.nan)
    if np.isfinite(probabilities).all():
        found["accuracy"] = float(correct(probabilities, labels, threshold).mean())
        found["ece"] = expected_calibration_error(probabilities, labels)
        found["brier"] = brier_score(probabilities, labels)
    return {**found, "chance": Balance(len(labels), int(positive(labels).sum())).chance}


def seen_sentence(about: Judged, probabilities: np.ndarray, threshold: float = 0.5) -> str | None:
    """Return what the answers are worth as a test of the model, None where all reviews are new to it."""
    count = len(about.blank)
    if about.seen is None:
        return (
            "Whether the model has learned from some of these reviews cannot be told: it was trained before that was "
            "kept, and its reviews are gone."
        )
    seen, fresh = int(about.seen.sum()), ~about.seen
    if not seen:
        return None
    if not fresh.any():
        return (
            "The model was trained or validated on every one of these reviews: its answers say what it remembers, not "
            "how good it is."
        )
    sentence = f"The model was trained or validated on the text of {seen:,} of these {count:,} reviews."
    if about.labels is None:
        return sentence
    fresh &= about.counted
    if not fresh.any():
        return sentence
    new = measures(probabilities[fresh], about.labels[fresh], threshold)
    others = "the other one" if fresh.sum() == 1 else f"the {int(fresh.sum()):,} others"
    return f"{sentence} Over {others}: accuracy {new['accuracy']:.3f}, calibration error {new['ece']:.3f}."
