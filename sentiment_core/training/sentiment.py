"""Is a review positive? One answer a review, judged by binary cross-entropy; the sentiment task on word vectors."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F

from sentiment_core.batches import Batch, ResidentReviews, collate, plan_epoch, plan_evaluation
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus, EncodedReviews, prepare
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews, load_reviews
from sentiment_core.errors import DataError
from sentiment_core.metrics import Balance
from sentiment_core.models import Network, SentimentModel, build_model
from sentiment_core.models.reviews import ReviewTransformer
from sentiment_core.predictions import write_predictions
from sentiment_core.remarks import VECTORS, about_words, remarks
from sentiment_core.seen import write_seen
from sentiment_core.steps.rules import EVEN_LOG_ODDS, correct, positive
from sentiment_core.training.checkpoints import save_model
from sentiment_core.training.device import free_memory
from sentiment_core.training.memory import EVALUATION_BATCH_SIZE, check_loaded
from sentiment_core.training.task import Show, Task

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}

logger = logging.getLogger(__name__)

AnyReviews = TypeVar("AnyReviews", bound=EncodedReviews)


class ReviewTask(Task[AnyReviews, Batch]):
    """Learns from encoded reviews; a model's answers are log-odds of positive `(B,)`. How they are encoded is open."""

    keeps_answers = True
    reader_of_words = VECTORS

    @abstractmethod
    def encoded(self, config: ExperimentConfig, reviews: Reviews, show: Show) -> list[AnyReviews]:
        """Return `reviews` as each run reads them; runs that read the same share one object."""

    @abstractmethod
    def check_memory(self, config: ExperimentConfig, data: Sequence[AnyReviews], device: torch.device) -> None:
        """Raise `OutOfMemory` when `device` cannot hold the training."""

    def prepare(self, config: ExperimentConfig, device: torch.device, folder: Path, show: Show) -> list[AnyReviews]:
        reviews = load_reviews(config.data, show)
        for warning in (*reviews.warnings, *remarks(reviews)):
            logger.warning("%s", warning)
        write_seen(folder, reviews)
        found = self.encoded(config, reviews, show)
        # One set of reviews for all runs, so that what they say can be held against each other.
        readable = np.all([corpus.readable for corpus in found], axis=0)
        shared = {id(corpus): replace(corpus, readable=readable) for corpus in found}
        found = [shared[id(corpus)] for corpus in found]
        for part in PARTS:
            readable_in(found[0], part)  # said now rather than after the training
        for remark in self._about_words(found):
            logger.warning("%s", remark)
        self.check_memory(config, found, device)
        return found

    def _about_words(self, data: Sequence[AnyReviews]) -> tuple[str, ...]:
        """Return what is said of reviews that some run can read too little of."""
        words = np.min([each.words for each in data], axis=0)
        unknown = [each.unknown for each in data if each.unknown is not None]
        return about_words(words, np.max(unknown, axis=0) if unknown else None, self.reader_of_words)

    def members(self, data: Sequence[AnyReviews]) -> np.ndarray:
        return readable_in(data[0], "train")

    def plan_epoch(
        self, config: ExperimentConfig, data: AnyReviews, members: np.ndarray, epoch: int
    ) -> list[np.ndarray]:
        size, batching = config.training.batch_size, config.data.batching
        return plan_epoch(members, data.lengths, size, batching, config.seed, epoch)

    def plan_evaluation(self, data: AnyReviews, part: str) -> list[np.ndarray]:
        return plan_evaluation(readable_in(data, part), data.lengths, EVALUATION_BATCH_SIZE)

    def batch(self, data: AnyReviews, examples: np.ndarray) -> Batch:
        return collate(data, examples)

    def reader(self, data: AnyReviews, device: torch.device, multiple: int = 1) -> Callable[[np.ndarray], Batch]:
        if device.type == "cuda" or multiple > 1:
            return ResidentReviews(data, device, multiple).batch
        return super().reader(data, device)

    def answers(self, model: SentimentModel | ReviewTransformer, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = model(batch.token_ids, batch.lengths).logits
        return logits

    def loss(self, answers: torch.Tensor, batch: Batch) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(answers, batch.labels)

    def training_loss(
        self, config: ExperimentConfig, data: AnyReviews, members: np.ndarray
    ) -> Callable[[torch.Tensor, Batch], torch.Tensor]:
        if config.training.class_weights == "none":
            return self.loss
        negative, positive = class_weights(data.labels[members])

        def weighted(answers: torch.Tensor, batch: Batch) -> torch.Tensor:
            weights = negative + (positive - negative) * batch.labels
            return F.binary_cross_entropy_with_logits(answers, batch.labels, weights)

        return weighted

    def right(self, answers: torch.Tensor, batch: Batch) -> torch.Tensor:
        found: torch.Tensor = correct(answers, batch.labels, EVEN_LOG_ODDS)
        return found

    def balances(self, data: AnyReviews, members: np.ndarray) -> dict[str, Balance]:
        parts = {"train": members} | {part: readable_in(data, part) for part in PARTS if part != "train"}
        return {name: Balance(len(rows), int(positive(data.labels[rows]).sum())) for name, rows in parts.items()}

    def write_test(self, folder: Path, data: AnyReviews, examples: np.ndarray, answers: np.ndarray) -> None:
        contents = None if data.contents is None else data.contents[examples]
        write_predictions(folder, examples, answers, data.labels[examples], contents)


def readable_in(data: EncodedReviews, part: str) -> np.ndarray:
    """Return the places `(M,)` of the reviews of a part that have a known word: those that count.

    Raises `DataError` where none has.
    """
    members = np.flatnonzero((data.parts == PARTS[part]) & data.readable)
    if len(members) == 0:
        name = "training" if part == "train" else part
        raise DataError(f"no {name} review has a known word; check the text column and the language")
    return members


class SentimentTask(ReviewTask[Corpus]):
    """Learns from reviews as words with vectors."""

    divisible = repeatable = True

    def encoded(self, config: ExperimentConfig, reviews: Reviews, show: Show) -> list[Corpus]:
        return prepare_corpora(config, reviews, show)

    def check_memory(self, config: ExperimentConfig, data: Sequence[Corpus], device: torch.device) -> None:
        check_loaded(
            config.model_copy(update={"device": device.type}),
            longest=max(int(corpus.lengths.max()) for corpus in data),
            words=max(len(corpus.vocabulary) for corpus in data),
            free=free_memory(device),
        )

    def models(
        self, configs: Sequence[ExperimentConfig], data: Sequence[Corpus], device: torch.device
    ) -> list[Network]:
        # Runs that read the same reviews share their word vectors.
        matrices = {id(corpus): torch.from_numpy(corpus.matrix).to(device) for corpus in data}
        return [
            build_model(config.model, matrices[id(corpus)], config.seed, device)
            for config, corpus in zip(configs, data, strict=True)
        ]

    def save(
        self, folder: Path, model: Network, config: ExperimentConfig, data: Corpus, made: dict[str, str | int]
    ) -> None:
        save_model(folder, model, config, data, made=made)


def class_weights(labels: np.ndarray) -> tuple[float, float]:
    """Return what a negative and a positive review weigh where both classes shall weigh the same: N / (2 · N of class).

    Over all `labels (N,)` the weights have the mean 1. King & Zeng (2001). Where a class is missing nothing is weighed.
    """
    positives = int(labels.sum())
    counts = (len(labels) - positives, positives)
    return (len(labels) / (2 * counts[0]), len(labels) / (2 * counts[1])) if all(counts) else (1.0, 1.0)


def prepare_corpora(config: ExperimentConfig, reviews: Reviews, show: Show) -> list[Corpus]:
    """Return `reviews` encoded, one corpus per run; runs that read the same data share one object."""
    made: dict[str, Corpus] = {}
    corpora = []
    for run in config.runs:
        data = config.resolve(run).data
        key = data.model_dump_json()
        if key not in made:
            made[key] = prepare(data, reviews, config.seed, show)
        corpora.append(made[key])
    return corpora
