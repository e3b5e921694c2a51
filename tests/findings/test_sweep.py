"""The sweep: which rates are accepted, what makes them comparable, and what came out at each."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.findings.sweep import (
    RatePoint,
    best,
    log_range,
    parse_rates,
    summarise,
    sweep_experiment,
    with_rate,
)
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store


def step(number, loss, norm=0.5) -> StepMetrics:
    return StepMetrics(number, 1, loss, 0.5, 1e-3, norm, norm, 0.1, 1.0, math.nan, 100, 0.1 * number)


@pytest.mark.parametrize("text", ["1e-4, 3e-4, 1e-3", "1e-4 3e-4 1e-3", "1e-4;3e-4;0.001,"])
def test_a_list_of_rates_is_read(text):
    assert parse_rates(text) == (1e-4, 3e-4, 1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1 to 12"),
        ("1e-3, fast", "'fast' is not a number"),
        ("1e-3, -1", "learning_rate"),
        ("nan", "learning_rate"),
        ("inf", "learning_rate"),
        ("0", "learning_rate"),
        ("1e-3, 0.001", "once"),
        (" ".join(str(number) for number in range(1, 14)), "got 13"),
    ],
)
def test_bad_rates_are_named(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_rates(text)


@given(st.floats(1e-6, 1e-2, allow_subnormal=False), st.floats(2, 1e4, allow_subnormal=False), st.integers(2, 12))
def test_a_log_range_rises_by_equal_factors(low, factor, count):
    rates = log_range(low, low * factor, count)
    assert len(rates) == count
    ratio = factor ** (1 / (count - 1))
    assert rates[0] == pytest.approx(low, rel=0.006)
    assert all(b / a == pytest.approx(ratio, rel=0.02) for a, b in pairwise(rates))


@pytest.mark.parametrize(("low", "high", "count"), [(1e-2, 1e-4, 3), (1e-3, 1e-3, 3), (1e-4, 1, 1), (1e-4, 1, 13)])
def test_an_impossible_range_is_refused(low, high, count):
    with pytest.raises(ConfigError, match="rates"):
        log_range(low, high, count)


def test_runs_differ_in_their_rate_only():
    config = sweep_experiment("attention", (1e-4, 1e-2), 60, {"training.optimizer": "sgd"})
    assert [run.overrides for run in config.runs] == [
        {"training.learning_rate": 1e-4},
        {"training.learning_rate": 1e-2},
    ]
    assert config.training.max_steps == 60 and config.training.optimizer == "sgd"
    assert config.training.schedule == "constant"
    # 4,000 demo reviews, at least 70 % of them for training, batches of 32.
    assert config.training.epochs * 78 >= 60


def test_the_budget_and_the_preset_are_checked():
    for steps in (0, 10_001):
        with pytest.raises(ConfigError, match="steps"):
            sweep_experiment("attention", (1e-3,), steps)
    with pytest.raises(NotFoundError, match="preset"):
        sweep_experiment("nothing", (1e-3,), 10)


def test_the_chosen_rate_goes_to_train_as_one_whole_run():
    config = with_rate("bigru-attention", sweep_experiment("bigru-attention", (1e-3, 1e-2), 40), 1e-2)
    assert (config.training.learning_rate, config.training.max_steps) == (1e-2, None)
    assert (config.training.epochs, config.training.schedule) == (8, "one_cycle")
    assert config.runs == ExperimentConfig().runs


def test_what_came_out_is_read_from_the_measurements():
    with Store() as store:
        experiment = store.create_experiment(sweep_experiment("relu", (1e-2, 10.0, 1e-4, 1.0), 40))
        for run, losses in zip(
            experiment.runs,
            (
                [0.7] * 20 + [0.4] * 20,
                [0.7, math.inf, math.nan],
                [0.69] * 40,
                [],
            ),
            strict=True,
        ):
            store.write_steps({run.id: [step(number, loss) for number, loss in enumerate(losses, start=1)]})
        store.write_evaluations(experiment.runs[0].id, [Evaluation(40, 1, "validation", 0.45, 0.8)])
        store.write_evaluations(experiment.runs[1].id, [Evaluation(3, 1, "validation", math.nan, 0.5)])
        store.update_run(experiment.runs[1].id, status=Status.FAILED, error="diverged at step 2")
        points = summarise(store, experiment.id)
    assert [point.rate for point in points] == [1e-4, 1e-2, 1.0, 10.0]
    slow, good, waiting, blown = points
    assert good.loss == pytest.approx(0.4) and (good.validation_loss, good.validation_accuracy) == (0.45, 0.8)
    assert slow.loss == pytest.approx(0.69) and slow.validation_loss is None
    assert (blown.diverged_at, blown.loss, blown.validation_loss) == (2, None, None)
    assert (waiting.steps, waiting.loss, waiting.diverged) == (0, None, False)
    assert best(points) is good


def test_before_any_validation_the_batch_loss_decides_and_none_is_no_best():
    low = RatePoint("a", 1e-3, 5, 0.5, None, None, None)
    high = RatePoint("b", 1e-2, 5, 0.6, None, None, None)
    blown = RatePoint("c", 1e-1, 5, None, None, None, 3)
    assert best([high, low, blown]) is low
    assert best([blown]) is None
