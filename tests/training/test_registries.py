"""A pooling or a cell is two entries: what it is called, and what computes it. From there on it is there everywhere."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from sentiment_core import architecture
from sentiment_core.architecture import Cell, Pooling
from sentiment_core.config import build, choices, from_fields
from sentiment_core.errors import ConfigError
from sentiment_core.models import build_model, encoder, parameter_count, pooling
from sentiment_core.models.pooling import DotAttention
from sentiment_core.setting_words import say
from sentiment_core.settings import ModelConfig
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.memory import memory_need

CPU = torch.device("cpu")
MATRIX = torch.cat([torch.zeros(1, 5), torch.randn(20, 5, generator=torch.Generator().manual_seed(3))])
TOKENS, LENGTHS = torch.tensor([[3, 5, 7], [2, 4, 0]]), torch.tensor([3, 2])


def test_only_what_can_be_chosen_begins_with_a_capital() -> None:
    assert say("task", "sentiment") == "Sentiment of reviews" and say("data.separator", "comma") == "Comma"
    assert say("data.text_column", "review") == "review" and say("data.positive", ("good",)) == "good"


def test_both_halves_of_each_registry_name_the_same() -> None:
    assert set(architecture.CELLS) == set(encoder.CELLS)
    assert set(architecture.POOLINGS) == {*pooling.REDUCTIONS, *pooling.ATTENTIONS}
    assert {name for name, item in architecture.POOLINGS.items() if item.attends} == set(pooling.ATTENTIONS)


def test_a_new_pooling_is_built_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(architecture.POOLINGS, "first", Pooling("First state", 1.0))
    monkeypatch.setitem(pooling.REDUCTIONS, "first", lambda states: states.hidden_states[:, 0])
    config = from_fields({"model.pooling": "first,mean", "model.hidden_size": 4})
    assert (
        choices("model.pooling")[-1] == "first" and say("model.pooling", config.model.pooling) == "First state + Mean"
    )
    wide = {"model.hidden_size": 512, "training.batch_size": 1024}
    one, two = (from_fields({**wide, "model.pooling": names}) for names in ("mean", "first,mean"))
    assert memory_need(two).activations > memory_need(one).activations
    model = build_model(config.model, MATRIX, 1, CPU).eval()
    output = model(TOKENS, LENGTHS)
    pooled, _ = model.pool(output.hidden_states, TOKENS > 0, output.hidden_states[:, 0], output.hidden_states[:, -1])
    assert torch.equal(pooled[:, :4], output.hidden_states[:, 0]) and output.attention_weights is None


def test_a_new_attention_has_weights_and_excludes_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Negative(DotAttention):
        def scores(self, hidden_states: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
            return -super().scores(hidden_states, last)

    monkeypatch.setitem(architecture.POOLINGS, "attention_negative", Pooling("Negative", attends=True))
    monkeypatch.setitem(pooling.ATTENTIONS, "attention_negative", Negative)
    config = build(ModelConfig, {"pooling": ("attention_negative",), "hidden_size": 4})
    weights = build_model(config, MATRIX, 1, CPU).eval()(TOKENS, LENGTHS).attention_weights
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    assert config.attends and weights[1, 2] == 0
    with pytest.raises(ConfigError, match="choose one attention"):
        build(ModelConfig, {"pooling": ("attention_negative", "attention_dot")})


def test_a_new_cell_trains_and_shows_its_states(monkeypatch: pytest.MonkeyPatch, train: Any, experiment: Any) -> None:
    monkeypatch.setitem(architecture.CELLS, "relu", Cell("ReLU RNN", 1, 5.0, 1.3, 2.5))
    kinds = (partial(kind, nonlinearity="relu") for kind in (nn.RNN, nn.RNNCell))
    monkeypatch.setitem(encoder.CELLS, "relu", encoder.Recurrence(*kinds))
    found: list[torch.Tensor] = []

    class Watch(Callback):
        def wants_states(self, trainer: Any, run: Any) -> bool:
            return bool(trainer.step == 1)

        def on_states(self, trainer: Any, run: Any, states: torch.Tensor, batch: Any) -> None:
            found.append(states)

    record = train(experiment({"model.cell": "relu"}), Watch())
    (states,) = found
    assert (states >= 0).all() and (states > 0).any() and states.grad.any()
    assert say("model.cell", "relu") == "ReLU RNN"
    run = record.trainer.runs[0]
    assert run.parameters == parameter_count(run.model)
