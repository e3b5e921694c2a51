"""The whole network: parameter counts, no leak of padding, no talk between reviews, batches of one and of nothing."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import torch

from sentiment_core.architecture import POOLINGS as REGISTERED
from sentiment_core.config import build
from sentiment_core.models import FrozenEmbedding, SentimentModel, build_model, parameter_count
from sentiment_core.presets import NOTEBOOK_DIM, PRESETS
from sentiment_core.settings import ModelConfig
from sentiment_core.training.task import task_named

CPU = torch.device("cpu")
DIMENSIONS = {"glove-50": 50, "glove-100": 100}
ATTENTIONS = [name for name, pooling in REGISTERED.items() if pooling.attends]
POOLINGS = [name for name in REGISTERED if name != "padded_last"]
CELLS = ["rnn", "gru", "lstm"]
LENGTHS = torch.tensor([5, 1, 3, 0])


def make(**fields: object) -> SentimentModel:
    matrix = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    matrix[0] = 0
    settings = {"hidden_size": 4, "num_layers": 2, "pooling": ("last",), **fields}
    return build_model(build(ModelConfig, settings), matrix, 1, CPU)


def token_ids(lengths: torch.Tensor, steps: int) -> torch.Tensor:
    ids = torch.randint(1, 20, (len(lengths), steps), generator=torch.Generator().manual_seed(1))
    return ids * (torch.arange(steps) < lengths[:, None])


def padded(ids: torch.Tensor, extra: int) -> torch.Tensor:
    return torch.cat([ids, torch.zeros(len(ids), extra, dtype=ids.dtype)], dim=1)


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.parameters is not None])
def test_presets_have_the_parameters_they_tell(name: str) -> None:
    preset = PRESETS[name]
    if preset.config.task != "sentiment":
        task = task_named(preset.config.task)
        data = task.prepare(preset.config, CPU, Path(), lambda *told: None)
        models = task.models([preset.config.resolve(run) for run in preset.config.runs], data, CPU)
        assert {parameter_count(model) for model in models} == {preset.parameters}
        return
    on_ladder = preset.config.data.tokenizer == "whitespace"
    data = preset.config.data
    matrix = torch.zeros(3, NOTEBOOK_DIM if on_ladder else DIMENSIONS.get(data.embeddings, data.embedding_dim))
    models = [build_model(preset.config.resolve(run).model, matrix, 1, CPU) for run in preset.config.runs]
    counts = {
        parameter_count(model) - sum(weight.numel() for weight in model.embedding.parameters()) for model in models
    }
    assert counts == {preset.parameters}


def test_the_ladder_has_the_three_counts_of_the_notebook() -> None:
    assert PRESETS["padded-last-state"].parameters == 42_441
    assert PRESETS["last-state"].parameters == PRESETS["clip-norm"].parameters == 29_569
    assert PRESETS["deep-head"].parameters == PRESETS["attention"].parameters == 37_761


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_more_padding_never_changes_a_logit(pooling: str, norm: str, train: bool) -> None:
    for cell, bidirectional, layers in product(CELLS, [False, True], [1, 2]):
        model = make(
            cell=cell,
            bidirectional=bidirectional,
            num_layers=layers,
            pooling=(pooling,),
            input_norm=norm,
            state_norm=norm,
            head_sizes=(3,),
            head_activation="relu",
        ).train(train)
        ids = token_ids(LENGTHS, 5)
        tight, loose = model(ids, LENGTHS), model(padded(ids, 7), LENGTHS)
        torch.testing.assert_close(loose.logits, tight.logits, rtol=1e-5, atol=1e-6)
        if tight.attention_weights is not None:
            torch.testing.assert_close(loose.attention_weights[:, :5], tight.attention_weights)


@pytest.mark.parametrize("cell", CELLS)
def test_padded_last_state_is_changed_by_padding(cell: str) -> None:
    model = make(cell=cell, pooling=("padded_last",)).eval()
    ids, lengths = token_ids(LENGTHS, 5)[:1], LENGTHS[:1]
    tight, loose = model(ids, lengths).logits, model(padded(ids, 7), lengths).logits
    assert (tight - loose).abs() > 1e-4
    true_last = make(cell=cell, pooling=("last",)).eval()
    assert torch.equal(tight, true_last(ids, lengths).logits), "without padding both read the same state"


@pytest.mark.parametrize("pooling", ATTENTIONS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_attention_is_exactly_zero_on_padding_and_sums_to_one(pooling: str, bidirectional: bool) -> None:
    model = make(pooling=(pooling,), bidirectional=bidirectional).eval()
    weights = model(padded(token_ids(LENGTHS, 5), 4), LENGTHS).attention_weights
    assert weights is not None and weights.shape == (4, 9)
    mask = torch.arange(9) < LENGTHS[:, None]
    assert torch.all(weights[~mask] == 0.0)
    assert torch.all(weights[mask] > 0.0), "the last real token gets weight, too"
    torch.testing.assert_close(weights.sum(dim=1), torch.tensor([1.0, 1.0, 1.0, 0.0]))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_reviews_never_attend_to_each_other(pooling: str, bidirectional: bool) -> None:
    model = make(pooling=(pooling,), bidirectional=bidirectional, input_norm="layer").eval()
    lengths = torch.tensor([4, 6])
    ids = token_ids(lengths, 6)
    before = model(ids, lengths).logits
    ids[1] = (ids[1] + 7) % 19 + 1
    after = model(ids, lengths).logits
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_batch_of_one_and_an_empty_review(length: int, norm: str, train: bool) -> None:
    for pooling, bidirectional in product([*POOLINGS, "padded_last"], [False, True]):
        model = make(
            pooling=(pooling,), bidirectional=bidirectional, input_norm=norm, state_norm=norm, head_activation="tanh"
        ).train(train)
        lengths = torch.tensor([length])
        output = model(token_ids(lengths, max(length, 1)), lengths)
        assert output.logits.shape == (1,) and output.logits.isfinite().all()
        output.logits.sum().backward()
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_an_empty_review_pools_to_zeros() -> None:
    model = make(pooling=("last", "mean", "max", "attention_dot")).eval()
    output = model(token_ids(LENGTHS, 5), LENGTHS)
    (head,) = model.head
    assert torch.equal(output.logits[3], head.bias[0])


def test_several_poolings_are_concatenated_in_order() -> None:
    model = make(pooling=("max", "last", "mean"), bidirectional=True)
    assert model.pool.output_size == 3 * 8
    assert model.head[0].in_features == 24


def test_head_layers_in_order() -> None:
    head = make(head_sizes=(6, 3), head_activation="relu", head_dropout=0.5).head
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == ["ReLU", "Dropout", "Linear"] * 3
    assert [layer.out_features for layer in head if isinstance(layer, torch.nn.Linear)] == [6, 3, 1]


def test_weights_depend_on_configuration_and_seed_alone() -> None:
    matrix = torch.zeros(3, 5)
    first, again, other = (build_model(ModelConfig(hidden_size=3), matrix, seed, CPU) for seed in (1, 1, 2))
    torch.rand(3)
    state = torch.random.get_rng_state()
    later = build_model(ModelConfig(hidden_size=3), matrix, 1, CPU)
    assert torch.equal(torch.random.get_rng_state(), state), "building a model leaves the global generator alone"
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]) and torch.equal(value, later.state_dict()[name])
    assert not torch.equal(first.head[0].weight, other.head[0].weight)


def test_frozen_vectors_are_shared_and_neither_trained_nor_saved() -> None:
    matrix = torch.randn(6, 5)
    model = build_model(ModelConfig(hidden_size=3), matrix, 1, CPU)
    assert isinstance(model.embedding, FrozenEmbedding)
    assert model.embedding.weight.data_ptr() == matrix.data_ptr()
    assert not any(name.startswith("embedding") for name in [*model.state_dict(), *dict(model.named_parameters())])


def test_fine_tuned_vectors_are_a_copy_whose_padding_row_stays_zero() -> None:
    matrix = torch.randn(6, 5)
    matrix[0] = 0
    model = build_model(ModelConfig(hidden_size=3, freeze_embeddings=False), matrix, 1, CPU)
    weight = model.embedding.weight
    assert isinstance(weight, torch.nn.Parameter) and weight.data_ptr() != matrix.data_ptr()
    model(torch.tensor([[1, 2, 0, 0]]), torch.tensor([2])).logits.sum().backward()
    assert weight.grad is not None
    assert not weight.grad[0].any() and weight.grad[1].any() and not weight.grad[3].any()
