"""The validation accuracy that is shown belongs to the weights that are kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sentiment_core.datasets import VALIDATION, load_reviews
from sentiment_core.explain import load_predictor
from sentiment_core.metrics import Status
from sentiment_core.predictions import read_predictions
from sentiment_core.steps.rules import correct, selected
from sentiment_core.store import Store, Worker
from sentiment_core.work.training import run_experiment, train_here
from sentiment_core.work.worker import StopSignal

# So high a rate that the loss does not fall for long.
PATIENT = {"training.early_stopping": 2, "training.epochs": 30, "training.learning_rate": 0.3}


class StopAfter(StopSignal):
    """Received after so many updates: it is asked once for each."""

    def __init__(self, updates: int) -> None:
        self.updates, self.calls = updates, 0
        super().__init__()

    @property
    def received(self) -> bool:
        self.calls += 1
        return self.calls >= self.updates

    @received.setter
    def received(self, value: bool) -> None:
        pass


def accuracy_of_the_model(store, run) -> float:
    """Return the accuracy on the validation reviews of the model that was kept on disk."""
    reviews = load_reviews(run.config.data)
    members = reviews.select(VALIDATION)
    answers = load_predictor(run.id, store).predict([reviews.texts[index] for index in members])
    return float(correct(answers, np.asarray(reviews.labels)[members]).mean())


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_after_early_stopping(home, tiny, averaging):
    with Store() as store:
        experiment = train_here(store, tiny({**PATIENT, "training.weight_averaging": averaging}), lambda progress: None)
        run = experiment.runs[0]
        evaluations = store.evaluations(run.id)
        best = selected(evaluations, 2)
        assert best is not None and best.step < run.steps, "it stopped after epochs that were not better"
        assert run.validation_accuracy == best.accuracy
        assert accuracy_of_the_model(store, run) == pytest.approx(best.accuracy)


@pytest.mark.parametrize("patience", [{}, {"training.early_stopping": 2}])
def test_when_it_is_stopped_between_two_validations(home, tiny, patience):
    with Store() as store:
        experiment = store.create_experiment(tiny({"training.epochs": 30, **patience}))
        assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
        stopped = run_experiment(store, experiment.id, StopAfter(8), Worker.of())
        run = stopped.runs[0]
        assert stopped.status is Status.STOPPED and run.steps == 8
        assert store.evaluations(run.id)[-1].step < 8
        assert accuracy_of_the_model(store, run) == pytest.approx(run.validation_accuracy)


def test_a_network_without_answers_has_no_accuracy_anywhere(home, tiny):
    wild = {"training.optimizer": "sgd", "training.learning_rate": 1000.0, "training.momentum": 0.9}
    config = tiny({**wild, "model.head_sizes": (16, 16), "training.epochs": 4})
    with Store() as store:
        (run,) = train_here(store, config, lambda progress: None).runs
        steps = store.steps(run.id)
        assert math.isnan(steps["loss"][-1]) and math.isnan(steps["accuracy"][-1])
        assert math.isnan(store.evaluations(run.id)[-1].accuracy)
        assert run.validation_accuracy is None and run.test_accuracy is None
        found = read_predictions(run)
        assert found is None or not np.isfinite(found.probabilities).any()
