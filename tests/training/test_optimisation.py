"""Learning rates against PyTorch's schedulers, and what weight decay touches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from sentiment_core.batches import collate
from sentiment_core.config import from_fields
from sentiment_core.models import build_model
from sentiment_core.models.masked import build_masked_model
from sentiment_core.settings import ModelConfig, TrainingConfig
from sentiment_core.training.optimisation import END_DIVISOR, START_DIVISOR, build_optimizer, learning_rate_at
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.sentiment import SentimentTask
from sentiment_core.training.stepper import Stepper

PEAK = 0.01
STEPS = 1000


def rates_of(scheduler: LRScheduler) -> list[float]:
    rates = []
    for _ in range(STEPS):
        rates.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step() if len(rates) < STEPS else None
    return rates


def rates(schedule: str, total: int = STEPS) -> list[float]:
    config = TrainingConfig(learning_rate=PEAK, schedule=schedule)
    return [learning_rate_at(config, step, total) for step in range(1, total + 1)]


@pytest.fixture
def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)


def test_cosine_is_pytorchs(optimizer: torch.optim.Optimizer) -> None:
    assert rates("cosine") == pytest.approx(rates_of(CosineAnnealingLR(optimizer, T_max=STEPS - 1)), abs=1e-12)


def test_one_cycle_is_pytorchs(optimizer: torch.optim.Optimizer) -> None:
    theirs = rates_of(OneCycleLR(optimizer, PEAK, total_steps=STEPS))
    ours = rates("one_cycle")
    # PyTorch rounds the end of the warm-up to another fraction of a step.
    assert ours == pytest.approx(theirs, abs=0.005 * PEAK)
    assert (ours[0], ours[-1]) == pytest.approx((theirs[0], theirs[-1]), rel=1e-6)
    assert ours[0] == pytest.approx(PEAK / START_DIVISOR) and ours[-1] == pytest.approx(
        PEAK / START_DIVISOR / END_DIVISOR
    )
    assert max(ours) == pytest.approx(PEAK, rel=1e-4)


@given(st.integers(1, 50), st.sampled_from(["constant", "one_cycle", "cosine"]))
def test_rates_stay_between_zero_and_the_peak(total: int, schedule: str) -> None:
    assert all(0 <= rate <= PEAK * (1 + 1e-12) for rate in rates(schedule, total))
    if total == 1 or schedule == "constant":
        assert rates(schedule, total) == [PEAK] * total


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_weight_decay_leaves_vectors_biases_and_norms_alone(name: str) -> None:
    model_config = ModelConfig(hidden_size=3, freeze_embeddings=False, input_norm="layer")
    model = build_model(model_config, torch.zeros(4, 5), 1, torch.device("cpu"))
    config = TrainingConfig(optimizer=name, weight_decay=0.1, momentum=0.5, learning_rate=PEAK)
    optimizer = build_optimizer(model, config)
    names = {id(parameter): label for label, parameter in model.named_parameters()}
    groups = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    decayed, kept = groups[0], [*groups[1], *groups[2]]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0, 0.0]
    assert all("weight" in label and "norm" not in label for label in decayed)
    assert {"embedding.weight", "input_norm.norm.weight", "head.0.bias"} <= set(kept)
    assert len(decayed) + len(kept) == len(names)
    assert type(optimizer).__name__.lower() == name
    if name == "sgd":
        assert optimizer.defaults["momentum"] == 0.5


def test_the_words_of_a_transformer_are_no_matrix_to_decay() -> None:
    model = build_masked_model(ModelConfig(hidden_size=8, heads=2), 20, 16, 1, torch.device("cpu"))
    groups = build_optimizer(model, TrainingConfig(optimizer="adamw", weight_decay=0.1)).param_groups
    (owner,) = [group for group in groups if any(own is model.transformer.embedding.weight for own in group["params"])]
    assert owner["weight_decay"] == 0.0 and len(owner["params"]) == 1


def test_frozen_vectors_are_not_optimised() -> None:
    model = build_model(ModelConfig(hidden_size=3), torch.zeros(4, 5), 1, torch.device("cpu"))
    groups = build_optimizer(model, TrainingConfig()).param_groups
    assert sum(p.numel() for group in groups for p in group["params"]) == sum(p.numel() for p in model.parameters())


def test_word_vectors_can_learn_slower(make_corpus: Any) -> None:
    corpus = make_corpus()
    fields: dict[str, Any] = {
        "model.freeze_embeddings": False,
        "training.optimizer": "sgd",
        "training.learning_rate": 10.0,
    }
    moved = {}
    for rate in (1.0, 0.1):
        config = from_fields({**fields, "training.embedding_rate": rate})
        cpu = torch.device("cpu")
        run = TrainingRun("run", config, build_model(config.model, torch.from_numpy(corpus.matrix), 1, cpu), cpu, 10)
        before = {name: value.detach().clone() for name, value in run.model.named_parameters()}
        Stepper(SentimentTask()).update([run], {run.id: collate(corpus, np.arange(32))}, 1, 1)
        moved[rate] = {name: (value - before[name]).norm().item() for name, value in run.model.named_parameters()}
    for name, distance in moved[1.0].items():
        share = 0.1 if name.startswith("embedding.") else 1.0
        assert moved[0.1][name] == pytest.approx(share * distance, rel=1e-3), name
