"""Models trained with a mistake, or with a control of attention, are saved and explained as what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.explain.catalogue import load_predictor
from sentiment_core.metrics import Status
from sentiment_core.store import Store
from sentiment_core.work.training import train_here

TEXT = "The story is slow but the actors are wonderful."


def test_saved_mistakes_and_controls_are_explained_as_they_were_trained(tiny: Callable[..., ExperimentConfig]) -> None:
    overrides: dict[str, dict[str, Any]] = {
        "correct": {},
        "one short": {"model.mistakes": ("off_by_one_mask",)},
        "across": {"model.mistakes": ("cross_review_attention",)},
        "per call": {"model.mistakes": ("norm_per_call",), "model.input_norm": "batch"},
        "uniform": {"model.pooling": ("attention_uniform",)},
        "random": {"model.pooling": ("attention_random",)},
        "kept": {"model.pooling": ("attention_random",), "training.mistakes": ("kept_weights",)},
    }
    runs = [RunConfig(name=name, overrides=fields).model_dump() for name, fields in overrides.items()]
    config = build(ExperimentConfig, {**tiny().model_dump(exclude={"runs"}), "runs": runs})
    with Store() as store:
        experiment = train_here(store, config, lambda progress: None)
        assert experiment.status is Status.FINISHED and {run.status for run in experiment.runs} == {Status.FINISHED}
        found = {run.name: load_predictor(run.id, store).explain(TEXT) for run in experiment.runs}
    weights = {
        name: np.array([token.attention for token in explanation.tokens if token.used])
        for name, explanation in found.items()
    }
    count = len(weights["correct"])
    assert count > 5
    assert all(0 < explanation.probability < 1 for explanation in found.values())
    assert weights["correct"][-1] > 0 and weights["one short"][-1] == 0
    np.testing.assert_allclose(weights["uniform"], 1 / count, rtol=1e-6)
    for name, found_weights in weights.items():
        assert found_weights.sum() == pytest.approx(1.0, abs=1e-5), name
    assert not np.allclose(weights["random"], 1 / count, rtol=0.01)


def test_a_mistake_that_the_model_has_no_part_for_ends_the_experiment_with_the_reason(
    tiny: Callable[..., ExperimentConfig],
) -> None:
    with Store() as store:
        experiment = train_here(store, tiny({"model.mistakes": "norm_per_call"}), lambda progress: None)
    assert experiment.status is Status.FAILED
    assert "needs a norm" in str(experiment.error)
