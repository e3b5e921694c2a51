"""Norms that never see padding, initialisations with the promised spread, dropout that can be repeated."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from sentiment_core.config import build
from sentiment_core.models import build_model
from sentiment_core.models.dropout import Dropout
from sentiment_core.models.initialisation import initialise
from sentiment_core.models.norms import MaskedBatchNorm, MaskedLayerNorm, NoNorm, build_norm
from sentiment_core.settings import ModelConfig

LENGTHS = torch.tensor([4, 1, 3])
MASK = torch.arange(6) < LENGTHS[:, None]
X = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0)) * 3 + 2


@pytest.mark.parametrize("affine", [False, True])
def test_batch_norm_equals_the_norm_of_the_concatenated_real_tokens(affine: bool) -> None:
    norm, reference = MaskedBatchNorm(5, affine), nn.BatchNorm1d(5, affine=affine)
    for _ in range(3):
        result, expected = norm(X, MASK), reference(X[MASK])
        torch.testing.assert_close(result[MASK], expected)
        assert not result[~MASK].any()
    torch.testing.assert_close(norm.norm.running_mean, reference.running_mean)
    torch.testing.assert_close(norm.norm.running_var, reference.running_var)
    norm.eval(), reference.eval()
    torch.testing.assert_close(norm(X, MASK)[MASK], reference(X[MASK]))


def test_running_statistics_move_in_training_only() -> None:
    norm = MaskedBatchNorm(5, False)
    norm.eval()(X, MASK)
    assert not norm.norm.running_mean.any()
    norm.train()(X, MASK)
    moved = norm.norm.running_mean.clone()
    assert moved.any()
    norm(X[:, :1], torch.tensor([[True], [False], [False]]))
    norm(X, torch.zeros_like(MASK))
    assert torch.equal(norm.norm.running_mean, moved), "one row has no spread, none has nothing at all"


def test_a_single_row_uses_the_running_estimates() -> None:
    norm = MaskedBatchNorm(5, False)
    norm(X, MASK)
    one = torch.ones(1, dtype=torch.bool)
    in_training = norm(X[:1, 0], one)
    torch.testing.assert_close(in_training, norm.eval()(X[:1, 0], one))


@pytest.mark.parametrize("affine", [False, True])
def test_layer_norm_per_token_with_zero_padding(affine: bool) -> None:
    norm = MaskedLayerNorm(5, affine)
    if affine:
        nn.init.ones_(norm.norm.bias)
    result = norm(X, MASK)
    torch.testing.assert_close(result[MASK], norm.norm(X[MASK]))
    assert not result[~MASK].any()


def test_norms_by_name() -> None:
    assert isinstance(build_norm("none", 5, True), NoNorm)
    assert build_norm("none", 5, True)(X, MASK) is X
    for kind in ("batch", "layer"):
        assert sum(p.numel() for p in build_norm(kind, 5, True).parameters()) == 10
        assert not list(build_norm(kind, 5, False).parameters())


def gates(scheme: str, cell: str) -> list[torch.Tensor]:
    """Every weight matrix of a big model, recurrent ones cut into their gates; asserts zero biases on the way."""
    torch.manual_seed(0)
    config = build(
        ModelConfig,
        {
            "cell": cell,
            "hidden_size": 64,
            "num_layers": 2,
            "bidirectional": True,
            "head_sizes": (48,),
            "pooling": ("attention_additive",),
            "initialisation": scheme,
            "input_norm": "layer",
        },
    )
    model = build_model(config, torch.zeros(2, 80), 1, torch.device("cpu"))
    matrices = []
    for name, parameter in model.named_parameters():
        if name.startswith("input_norm"):
            assert torch.equal(parameter, torch.full_like(parameter, float(name.endswith("weight"))))
        elif parameter.dim() == 1:
            assert not parameter.any(), name
        else:
            matrices += parameter.detach().split(64 if "layers" in name else len(parameter))
    return [matrix for matrix in matrices if len(matrix) > 1]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_xavier_is_uniform_with_its_variance_per_gate(cell: str) -> None:
    for gate in gates("xavier", cell):
        limit = math.sqrt(6 / sum(gate.shape))
        assert gate.abs().max() <= limit
        assert gate.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)


def test_the_notebooks_xavier_draws_matrices_only() -> None:
    network = {"hidden_size": 16, "head_sizes": (8,), "pooling": ("last",)}
    models = {
        scheme: build_model(
            build(ModelConfig, {**network, "initialisation": scheme}), torch.zeros(2, 5), 1, torch.device("cpu")
        )
        for scheme in ("default", "xavier", "xavier_matrices")
    }
    drawn, zeroed, notebook = (dict(model.named_parameters()) for model in models.values())
    for name, parameter in notebook.items():
        assert torch.equal(parameter, drawn[name] if parameter.dim() < 2 else zeroed[name]), name
        assert parameter.any(), name


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_he_is_normal_with_variance_two_over_fan_in_per_gate(cell: str) -> None:
    for gate in gates("he", cell):
        assert gate.std().item() == pytest.approx(math.sqrt(2 / gate.shape[1]), rel=0.1)
        assert gate.abs().max() > 2.5 * gate.std(), "normal, not uniform"


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_orthogonal_per_gate(cell: str) -> None:
    for gate in gates("orthogonal", cell):
        small = gate if gate.shape[0] <= gate.shape[1] else gate.T
        torch.testing.assert_close(small @ small.T, torch.eye(len(small)), atol=1e-4, rtol=0)


def test_default_is_pytorchs_own() -> None:
    layer = nn.Linear(3, 2)
    before = layer.weight.clone()
    initialise(layer, "default")
    assert torch.equal(layer.weight, before)


def test_dropout_is_repeatable_and_scaled() -> None:
    x = torch.ones(200, 50)
    first, again, other = (Dropout(0.3, torch.Generator().manual_seed(seed)).train()(x) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert (first == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert first.mean().item() == pytest.approx(1.0, abs=0.02)


def test_dropout_draws_nothing_from_the_global_generator() -> None:
    state = torch.random.get_rng_state()
    Dropout(0.5, torch.Generator()).train()(X)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_word_dropout_takes_whole_vectors() -> None:
    dropped = Dropout(0.5, torch.Generator().manual_seed(0), whole_vectors=True).train()(torch.ones(20, 30, 7))
    per_token = dropped.sum(dim=-1)
    assert set(per_token.unique().tolist()) == {0.0, 14.0}


@pytest.mark.parametrize("rate", [0.0, 0.6])
def test_dropout_is_off_in_evaluation_and_at_rate_zero(rate: float) -> None:
    assert Dropout(rate, torch.Generator()).eval()(X) is X
    assert Dropout(0.0, torch.Generator()).train()(X) is X
    assert f"rate={rate}" in repr(Dropout(rate, torch.Generator()))
