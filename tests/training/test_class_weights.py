"""Class weights: off they change no bit; on, a rare class counts as much as the other in what is minimised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sentiment_core.batches import collate
from sentiment_core.config import ExperimentConfig, RunConfig, with_runs
from sentiment_core.corpus import Corpus
from sentiment_core.training.build import build_trainer
from sentiment_core.training.sentiment import SentimentTask, class_weights


def test_weights_are_those_of_balanced_classes() -> None:
    labels = np.array([1] * 5 + [0] * 95)
    negative, positive = class_weights(labels)
    assert positive * 5 == pytest.approx(negative * 95)
    assert np.where(labels == 1, positive, negative).mean() == pytest.approx(1)
    assert class_weights(np.ones(3)) == (1.0, 1.0)


@pytest.fixture
def lopsided(make_corpus: Callable[..., Corpus]) -> Corpus:
    """Encoded reviews of which one in eight is positive."""
    corpus = make_corpus(192)
    return replace(corpus, labels=(np.arange(192) % 8 == 0).astype(np.int8))


def test_the_loss_that_is_minimised_weighs_the_classes_the_same(
    lopsided: Corpus, tiny: Callable[..., ExperimentConfig]
) -> None:
    task, members = SentimentTask(), np.arange(192)
    batch, answers = collate(lopsided, members), torch.linspace(-2, 2, 192)
    weighted = task.training_loss(tiny({"training.class_weights": "balanced"}), lopsided, members)
    each = F.binary_cross_entropy_with_logits(answers, batch.labels, reduction="none")
    halves = (each[batch.labels == 1].mean() + each[batch.labels == 0].mean()) / 2
    assert weighted(answers, batch).item() == pytest.approx(halves.item(), rel=1e-5)


def test_twins_differ_in_their_updates_and_are_evaluated_alike(
    lopsided: Corpus, tiny: Callable[..., ExperimentConfig]
) -> None:
    def losses(config: ExperimentConfig) -> list[list[float]]:
        trainer = build_trainer(
            config, [f"r-{n}" for n, _ in enumerate(config.runs)], [lopsided] * len(config.runs), torch.device("cpu")
        )
        trainer.fit()
        return [[step.loss for step in run.drain().steps] for run in trainer.runs]

    config = tiny({"training.max_steps": 4})
    plain, weighted = losses(
        with_runs(
            config, [RunConfig(name="off"), RunConfig(name="on", overrides={"training.class_weights": "balanced"})]
        )
    )
    assert losses(config) == [plain]
    assert plain[0] != weighted[0]
