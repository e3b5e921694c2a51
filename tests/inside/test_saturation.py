"""Flat places: functions against autograd, a chain worked out by hand, dead units, and what is said about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sentiment_core.inside import words
from sentiment_core.inside.saturation import FLAT, FUNCTIONS, SLOPES, STEEPEST, build_stack, flat_share

TORCH = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_and_slopes_are_pytorchs(function):
    z = torch.linspace(-30, 30, 97, dtype=torch.float64, requires_grad=True)
    out = TORCH[function](z)
    (slope,) = torch.autograd.grad(out.sum(), z)
    np.testing.assert_allclose(FUNCTIONS[function](z.detach().numpy()), out.detach(), atol=1e-12)
    np.testing.assert_allclose(SLOPES[function](z.detach().numpy()), slope, atol=1e-12)
    assert SLOPES[function](np.array([1e-9])).max() == pytest.approx(STEEPEST[function])


def test_flat_is_where_tanh_is_beyond_its_threshold():
    z = np.arctanh(np.array([0.96, -0.96, 0.98, -0.98]))
    assert flat_share(z, "tanh") == 0.5
    assert flat_share(np.array([-1.0, -1e-9, 1e-9, 5.0]), "relu") == 0.5
    # σ' = FLAT / 4 at the edge.
    edge = np.log((1 + np.sqrt(1 - FLAT)) / (1 - np.sqrt(1 - FLAT)))
    assert flat_share(np.array([edge - 0.01, edge + 0.01]), "sigmoid") == 0.5


def test_a_chain_of_single_units_by_hand():
    stack = build_stack(np.array([[1.0], [-1.0]]), "tanh", 0.5, 0.0, depth=3, width=1)
    (first, second, third) = (weight.item() for weight in stack.weights)
    a = np.tanh(first)
    z = (first, second * a, third * np.tanh(second * a))
    # Both inputs mirror each other, so each layer has one slope and the product is exact.
    slopes = [1 - np.tanh(value) ** 2 for value in z]
    assert stack.slopes == pytest.approx([1, slopes[2], slopes[2] * slopes[1], np.prod(slopes)])
    back = [1.0, abs(third) * slopes[2], abs(third * second) * slopes[2] * slopes[1]]
    assert stack.lengths == pytest.approx([*back, back[2] * abs(first) * slopes[0]])
    assert np.abs(z) == pytest.approx([0.5, 0.5, 0.5])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lengths_through_many_layers_are_autograds(function):
    inputs = np.random.default_rng(3).normal(size=(6, 5))
    stack = build_stack(inputs, function, 1.4, 0.2, depth=7, width=9, seed=2)
    states = [torch.tensor(inputs, requires_grad=True)]
    for weight in stack.weights:
        states.append(TORCH[function](states[-1] @ torch.tensor(weight).T + 0.2))
    np.testing.assert_allclose(stack.outputs[-1], states[-1].detach(), atol=1e-12)
    # The gradient that was drawn at the last output is the first draw after the weights.
    generator = np.random.default_rng(2)
    for weight in stack.weights:
        generator.normal(size=weight.shape)
    drawn = torch.tensor(generator.normal(size=states[-1].shape))
    gradients = torch.autograd.grad((states[-1] * drawn).sum(), states)
    expected = [float(gradient.norm()) for gradient in reversed(gradients)]
    assert stack.lengths == pytest.approx(np.array(expected) / expected[0], rel=1e-5)


def test_pre_activations_have_the_size_that_was_asked_for():
    inputs = np.random.default_rng(0).normal(size=(40, 8))
    for function in FUNCTIONS:
        pre = build_stack(inputs, function, 2.5, -1.0, depth=4).pre
        assert [layer.std() for layer in pre] == pytest.approx([2.5] * 4)


def test_a_large_size_saturates_and_the_slopes_leave_less():
    inputs = np.random.default_rng(0).normal(size=(40, 8))
    small, large = (build_stack(inputs, "tanh", scale, 0.0, depth=10) for scale in (0.3, 4.0))
    assert flat_share(small.pre[0], "tanh") == 0 < 0.4 < flat_share(large.pre[0], "tanh")
    assert large.slopes[-1] < 1e-2 * small.slopes[-1]
    sigmoid = build_stack(inputs, "sigmoid", 0.3, 0.0, depth=10)
    assert sigmoid.slopes[-1] <= 0.25**10


def test_dead_units_get_no_gradient():
    inputs = np.random.default_rng(0).normal(size=(40, 8))
    stack = build_stack(inputs, "relu", 1.0, -2.5, depth=1)
    assert 0 < stack.dead.sum() < len(stack.dead)
    assert not stack.weight_gradient[stack.dead].any() and stack.weight_gradient[~stack.dead].all()
    gone = build_stack(inputs, "relu", 1.0, -50.0, depth=3)
    assert gone.dead.all() and not gone.outputs.any() and gone.lengths[-1] == 0


def test_sentences_follow_from_the_numbers():
    assert "flat" in words.flat([0.0], "tanh") and "%" not in words.flat([0.0], "tanh")
    assert "47.0% of the pre-activations lie below 0" in words.flat([0.47, 0.47], "ReLU")
    assert "20.0% to 30.0%" in words.flat([0.3, 0.2], "tanh")
    assert "dead: zero for all" not in words.dead(0, 64, 128, 0.0)
    assert "exactly 0" in words.dead(3, 64, 128, 0.0) and "exactly 0" not in words.dead(3, 64, 128, 1e-3)
    said = words.survives([1e-7, 2e-7], [0.1, 0.1], 10)
    assert "10 layers" in said and "1e-07 to 2e-07" in said and "it is 0.1." in said
    assert "1 layer the" in words.survives([0.5], [0.5], 1)
