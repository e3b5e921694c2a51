"""Where two runs part, and in which words it is said."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import StepMetrics
from sentiment_core.presets import vary_clipping
from sentiment_core.store import Store
from sentiment_core.twins import in_words, parting


def plain(step: int, **changed: float) -> StepMetrics:
    return replace(StepMetrics(step, 1, 0.5, 0.5, 1e-3, 2.0, 2.0, 0.3, 1.0, math.nan, 900, step * 0.1), **changed)


@pytest.fixture
def told(home):
    """`told(steps, steps)` writes the steps of a twin and returns where they part and the sentence about it."""

    def tell(ours: list[StepMetrics], theirs: list[StepMetrics]):
        with Store() as store:
            runs = store.create_experiment(vary_clipping(ExperimentConfig())).runs
            store.write_steps({runs[0].id: ours, runs[1].id: theirs})
            found = parting(store, *runs)
            return found, in_words(found, *runs)

    return tell


def test_the_first_clipped_step_is_named_as_the_cause(told):
    theirs = [plain(1), plain(2, grad_norm_clipped=1.0), plain(3, loss=0.25)]
    found, words = told([plain(1), plain(2), plain(3)], theirs)
    assert (found.loss_step, found.update_step, found.common_steps) == (3, 2, 3)
    assert "up to step 2 and part at step 3 (0.5 against 0.25)" in words
    assert "At step 2 clipping in clip by norm 1 shortened a gradient for the first time, from 2 to 1" in words


def test_one_bit_is_a_difference_and_enough_digits_are_shown(told):
    near = math.nextafter(0.5, 1)
    found, words = told([plain(1), plain(2)], [plain(1, clip_cosine=0.9), plain(2, loss=near)])
    assert found.loss_step == 2
    assert f"0.5 against {near!r}" in words
    assert "turned a gradient" in words


def test_learning_rates_and_optimizers_are_told_apart(told):
    _, words = told([plain(1), plain(2)], [plain(1, learning_rate=0.1), plain(2, loss=1.0)])
    assert "At step 1 they used different learning rates" in words
    _, words = told([plain(1), plain(2)], [plain(1), plain(2, loss=1.0, grad_norm_clipped=1.5)])
    assert "the optimizer itself" in words


def test_a_difference_from_the_start_is_one_of_the_start(told):
    found, words = told([plain(1)], [plain(1, loss=0.7)])
    assert found.loss_step == 1
    assert "differ from the first step (0.5 against 0.7)" in words


def test_twins_that_never_part_and_twins_without_steps(told):
    nan = plain(2, loss=math.nan)
    found, words = told([plain(1), nan, plain(3)], [plain(1), nan])
    assert (found.loss_step, found.common_steps) == (None, 2)
    assert "at each of their 2 common steps" in words
    _, words = told([], [plain(1)])
    assert "no step in common" in words


def test_a_huge_threshold_never_parts_real_twins(home, tiny):
    from sentiment_core.presets import vary_clipping
    from sentiment_core.worker import train_here

    with Store() as store:
        for threshold, parts in ((1e9, False), (0.05, True)):
            config = vary_clipping(tiny({"training.max_norm": threshold, "training.epochs": 1}))
            runs = train_here(store, config, lambda progress: None).runs
            found = parting(store, *runs)
            assert (found.loss_step is not None) is parts
    assert found.update_step == 1
    assert found.loss_step == 2
    assert found.clipped is not None and found.clipped[0].config.training.clipping == "norm"
