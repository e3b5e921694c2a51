"""One run: what a step measures, divergence, averaged and best weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core.batches import Batch, collate
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import Corpus
from sentiment_core.models import build_model
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.sentiment import SentimentTask
from sentiment_core.training.stepper import Stepper
from sentiment_core.training.trainer import Trainer

CPU = torch.device("cpu")
STEPPER = Stepper(SentimentTask())


@pytest.fixture
def corpus(make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus()


def make_run(config: ExperimentConfig, corpus: Corpus) -> TrainingRun:
    model = build_model(config.model, torch.from_numpy(corpus.matrix), config.seed, CPU)
    return TrainingRun("run-0", config, model, CPU, 100)


def update(run: TrainingRun, batch: Batch, step: int) -> None:
    """Make update `step` of the first epoch."""
    STEPPER.update([run], {run.id: batch}, step, 1)


def test_a_step_measures_what_a_plain_loop_would(tiny: Any, corpus: Corpus) -> None:
    config = tiny({"training.optimizer": "sgd", "training.clipping": "norm", "training.max_norm": 0.05})
    run, plain = make_run(config, corpus), make_run(config, corpus).model.train()
    batch = collate(corpus, np.arange(20))
    update(run, batch, 1)
    run.add_seconds(0.5)
    (step,) = run.drain().steps

    logits = plain(batch.token_ids, batch.lengths).logits
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, batch.labels)
    loss.backward()
    gradient = torch.cat([parameter.grad.flatten() for parameter in plain.parameters()])
    assert step.loss == loss.item()
    assert step.accuracy == ((logits > 0) == (batch.labels > 0.5)).float().mean().item()
    assert step.grad_norm == pytest.approx(gradient.norm().item(), rel=1e-5)
    assert step.grad_max == gradient.abs().max().item()
    assert step.grad_norm_clipped == pytest.approx(0.05, rel=1e-4) and step.grad_norm_clipped <= 0.05
    assert (step.step, step.epoch, step.tokens, step.seconds) == (1, 1, batch.tokens, 0.5)
    rate = config.training.learning_rate * 0.05 / gradient.norm()
    for new, old in zip(run.model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(new, old - rate * old.grad, rtol=1e-4, atol=1e-6)
    assert run.drain() == ([], [])


def test_seconds_and_tokens_add_up(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny(), corpus)
    for number in (1, 2, 3):
        update(run, collate(corpus, np.arange(5 * number)), number)
        run.add_seconds(0.25)
    assert [step.seconds for step in run.drain().steps] == [0.25, 0.5, 0.75]
    assert run.seconds == 0.75
    assert run.tokens == sum(int(corpus.lengths[: 5 * number].sum()) for number in (1, 2, 3))


def test_live_learning_rate_and_threshold(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny({"training.clipping": "value", "training.schedule": "cosine"}), corpus)
    assert run.threshold == 0.1
    run.learning_rate, run.threshold = 0.25, 1e-5
    before = [parameter.clone() for parameter in run.model.parameters()]
    update(run, collate(corpus, np.arange(9)), 50)
    run.add_seconds(0)
    (step,) = run.drain().steps
    assert (step.learning_rate, step.threshold) == (0.25, 1e-5)
    assert step.grad_norm_clipped < step.grad_norm and step.clip_cosine < 1.0
    assert any(not torch.equal(old, new) for old, new in zip(before, run.model.parameters(), strict=True))


def test_values_that_are_not_finite_are_recorded_as_they_are(train: Any, experiment: Any) -> None:
    record = train(experiment({}, poisoned={}, calm={}), Poison(after=3))
    steps = record.steps["poisoned"]
    assert all(math.isfinite(step.loss) for step in steps[:3])
    assert all(math.isnan(step.loss) and math.isnan(step.grad_norm) for step in steps[3:])
    assert len(steps) == len(record.steps["calm"]) == 8
    assert all(math.isfinite(step.loss) for step in record.steps["calm"])
    assert math.isnan(record.evaluations["poisoned"][-1].loss)


class Poison(Callback):
    """Make the first run's weights not-a-number after update `after`."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == self.after:
            with torch.no_grad():
                next(trainer.runs[0].model.head.parameters()).fill_(math.nan)


class FailFirst(Callback):
    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == 5:
            trainer.fail(trainer.runs[0], "diverged")


def test_a_failed_run_ends_while_the_other_goes_on(train: Any, experiment: Any) -> None:
    record = train(experiment({}, bad={}, good={}), FailFirst())
    assert len(record.steps["bad"]) == 5 and len(record.steps["good"]) == 8
    assert record.ends == {"bad": "diverged", "good": None}
    assert [e.part for e in record.evaluations["bad"]] == ["validation"]
    assert [e.part for e in record.evaluations["good"]] == ["validation", "validation", "test"]


def test_when_every_run_failed_training_ends(train: Any, experiment: Any) -> None:
    record = train(experiment({"training.epochs": 9}), FailFirst())
    assert len(record.steps["run"]) == 5 and record.moments[-1] == "end"
    assert "test" not in [evaluation.part for evaluation in record.evaluations["run"]]


def test_early_stopping_keeps_the_best_weights(train: Any, experiment: Any) -> None:
    settings = {"training.early_stopping": 2, "training.epochs": 30, "training.learning_rate": 0.3}
    record = train(experiment(settings))
    validation = [e.loss for e in record.evaluations["run"] if e.part == "validation"]
    best = int(np.argmin(validation))
    assert len(validation) == best + 3 < 30, "two epochs without a better loss end the run"
    assert record.ends == {"run": None}
    run = record.trainer.runs[0]
    task, corpus = record.trainer.task, record.trainer.data[0]
    batches = [task.batch(corpus, examples) for examples in task.plan_evaluation(corpus, "validation")]
    corpus_loss, _ = STEPPER.evaluate(run, batches, "validation")
    assert corpus_loss == validation[best]


def test_a_loss_that_is_not_a_number_is_no_progress(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny({"training.early_stopping": 1}), corpus)
    run.note_validation(math.nan, math.nan)
    assert run.ended and run.best_weights is None
    unlimited = make_run(tiny(), corpus)
    unlimited.note_validation(math.nan, math.nan)
    assert not unlimited.ended


def test_averaged_weights_follow_their_formula_and_are_the_ones_kept(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny({"training.weight_averaging": 0.5, "training.optimizer": "sgd"}), corpus)
    average = [parameter.detach().clone().double() for parameter in run.model.parameters()]
    for step in range(1, 31):
        update(run, collate(corpus, np.arange(20)), step)
        decay = min(0.5, step / (step + 10))
        current = [parameter.detach().double() for parameter in run.model.parameters()]
        average = [decay * old + (1 - decay) * new for old, new in zip(average, current, strict=True)]
    with run.averaged_weights():
        inside = [parameter.detach().clone() for parameter in run.model.parameters()]
    for kept, expected, now, last in zip(inside, average, run.model.parameters(), current, strict=True):
        torch.testing.assert_close(kept.double(), expected, rtol=1e-4, atol=1e-6)
        assert torch.equal(now.detach().double(), last), "training goes on with its own weights"
    run.keep_best()
    assert all(torch.equal(now, kept) for now, kept in zip(run.model.parameters(), inside, strict=True))


def test_evaluating_nothing_gives_not_a_number(tiny: Any, corpus: Corpus) -> None:
    assert all(math.isnan(value) for value in STEPPER.evaluate(make_run(tiny(), corpus), [], "validation"))


def test_metrics_of_a_step_are_plain_numbers(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny(), corpus)
    update(run, collate(corpus, np.arange(5)), 1)
    run.add_seconds(0.0)
    (step,) = run.drain().steps
    for name in StepMetrics.__slots__:
        assert type(getattr(step, name)) in {int, float}, name


def test_a_run_ends_when_it_is_as_good_as_wanted_and_not_before(tiny: Any, corpus: Corpus) -> None:
    run = make_run(tiny({"training.target_accuracy": 0.9}), corpus)
    for accuracy in (0.89, math.nan):
        run.note_validation(0.5, accuracy)
        assert not run.ended
    run.note_validation(0.5, 0.9)
    assert run.ended
    endless = make_run(tiny(), corpus)
    endless.note_validation(0.0, 1.0)
    assert not endless.ended
