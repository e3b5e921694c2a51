"""The bench's numbers against networks that PyTorch computes itself, and against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError
from sentiment_core.inside import words
from sentiment_core.inside.batch import WordBatch, word_batch
from sentiment_core.inside.deep import GAIN, LAYERS, PUBLISHED_SATURATED, DeepNet, push_deep, spread
from sentiment_core.inside.measures import histograms, norms, saturated_share
from sentiment_core.inside.starts import SCHEMES, Start, build, push
from sentiment_core.inside.symmetry import UNITS, count_different, train_symmetric
from sentiment_core.inside.titles import END, characters
from sentiment_core.text import TextEncoder


@pytest.fixture
def batch() -> WordBatch:
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([0.0, 1.0, 1.0, 0.0])
    return WordBatch(torch.randn(4, 9, 5, generator=generator), labels, (("word",) * 9,) * 4)


def test_shares_by_hand():
    assert saturated_share(np.array([0.98, -0.99, 0.97, 0.0])) == 0.5
    assert math.isnan(saturated_share(np.array([])))
    assert norms(np.array([[3.0, 4.0], [3e-30, 4e-30]], dtype=np.float32)) == pytest.approx([5.0, 5e-30])
    counted = histograms(np.array([[0.1, 0.9, 5.0, math.nan, -math.inf]]), np.array([0.0, 0.5, 1.0]))
    assert counted.tolist() == [[0.2, 0.4]]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("layers", [1, 2])
def test_states_and_gradients_are_those_of_pytorchs_own_network(batch, activation, layers):
    starts = [Start(scheme, activation, 1.3, layers, 7, seed) for scheme in SCHEMES for seed in (1, 2)]
    for start, found in zip(starts, push(batch, starts), strict=True):
        network = build(5, start)
        states = batch.vectors
        for depth, layer in enumerate(network.layers):
            states, _ = layer(states)
            np.testing.assert_allclose(found.activations[depth], states.detach().transpose(0, 1), rtol=1e-4, atol=1e-6)
        loss = F.binary_cross_entropy_with_logits(network.head(states[:, -1]).squeeze(-1), batch.labels)
        assert found.loss == pytest.approx(float(loss.detach()), rel=1e-5)
        # One extra step of the recurrence, from a state that is a leaf: the gradient at every word, one by one.
        for step in range(batch.steps):
            assert_gradient_at(found, network, batch, depth=layers - 1, step=step)


def assert_gradient_at(found, network, batch, depth, step):
    """The gradient of the loss with respect to one state, by restarting the last layer from it."""
    inputs = batch.vectors
    for layer in network.layers[:-1]:
        inputs, _ = layer(inputs)
    last = network.layers[-1]
    state = torch.from_numpy(found.activations[depth, step].copy()).requires_grad_()
    end = state
    if step + 1 < batch.steps:
        outputs, _ = last(inputs[:, step + 1 :].detach(), state[None])
        end = outputs[:, -1]
    loss = F.binary_cross_entropy_with_logits(network.head(end).squeeze(-1), batch.labels)
    (expected,) = torch.autograd.grad(loss, state)
    np.testing.assert_allclose(
        found.gradients[depth, step], expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max())
    )


def test_gain_and_identity_are_in_the_recurrent_matrix(batch):
    found = push(batch, [Start("identity", gain=0.5, hidden_size=6), Start("orthogonal", gain=2.0, hidden_size=6)])
    assert found[0].radius == pytest.approx([0.5]) and found[0].stretch == pytest.approx([0.5])
    assert found[1].radius == pytest.approx([2.0], rel=1e-5) and found[1].stretch == pytest.approx([2.0], rel=1e-5)


def test_a_larger_gain_lengthens_what_comes_back(batch):
    small, large = push(batch, [Start("orthogonal", gain=0.5, seed=1), Start("orthogonal", gain=1.0, seed=1)])
    ratio = [norms(one.gradients[0]).mean(axis=1) for one in (small, large)]
    assert ratio[0][0] / ratio[0][-1] < ratio[1][0] / ratio[1][-1] < 1


def test_the_same_start_again_is_the_same(batch):
    once, again = push(batch, [Start(seed=3)]), push(batch, [Start(seed=3)])
    np.testing.assert_array_equal(once[0].gradients, again[0].gradients)


def test_a_batch_of_reviews_has_no_padding_and_both_classes(make_reviews):
    reviews = make_reviews(90)
    known = [f"word{number}" for number in range(40)]
    vectors = WordVectors("made-up", known, np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), "made-up")
    batch = word_batch(reviews, vectors, TextEncoder(known, "whitespace"), count=8, steps=6)
    assert batch.vectors.shape == (8, 6, 3) and float(batch.labels.mean()) == 0.5
    assert bool(batch.vectors.any(dim=-1).all())
    assert batch.first(2, 3).vectors.shape == (3, 2, 3)
    # More steps than any review has: as many as eight of them have.
    assert 6 < word_batch(reviews, vectors, TextEncoder(known, "whitespace"), 8, 500).steps < 25
    with pytest.raises(DataError, match="choose other reviews"):
        word_batch(reviews, vectors, TextEncoder(["nothing"], "whitespace"))


def test_equal_units_stay_equal_and_noise_parts_them(batch):
    equal = train_symmetric(batch, 0.1, 0.0, updates=8)
    assert equal.different.tolist() == [1] * 9 and equal.rank == 1
    assert equal.losses[-1] != equal.losses[0]
    nothing = train_symmetric(batch, 0.0, 0.0, updates=8)
    assert nothing.rank == 0 and not nothing.states.any()
    assert train_symmetric(batch, 0.1, 1e-3, updates=2).different[-1] == UNITS
    assert count_different(np.array([[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]])) == 2


def test_examples_are_a_characters_context_and_the_next_one():
    data = characters()
    assert data.alphabet[0] == END and len(set(data.alphabet)) == len(data.alphabet)
    first = data.titles[0]
    assert data.contexts[0].tolist() == [0, 0, 0]
    spelled = [data.alphabet[place] for place in data.targets[: len(first) + 1]]
    assert "".join(spelled) == first + END
    assert data.contexts[3].tolist() == data.targets[:3].tolist()
    assert len(data.targets) == sum(len(title) + 1 for title in data.titles)


@pytest.mark.parametrize("norm", [False, True])
def test_the_deep_network_saturates_as_the_lecture_printed(norm):
    data = characters()
    found = spread(data, GAIN, norm)
    assert np.abs(found.saturated.mean(axis=0) - PUBLISHED_SATURATED[norm]).max() < 0.02
    assert found.losses.mean() == pytest.approx(math.log(len(data.alphabet)), rel=0.2)
    assert "within" in words.saturated(found.saturated, PUBLISHED_SATURATED[norm])


def test_batch_norm_takes_the_gain_out():
    data = characters()
    small, large = (push_deep(data, gain, True, seed=1) for gain in (0.5, 3.0))
    np.testing.assert_allclose(small.activations, large.activations, atol=1e-2)
    plain = [push_deep(data, gain, False, seed=1) for gain in (0.5, 3.0)]
    assert saturated_share(plain[0].activations) < 0.01 < 0.3 < saturated_share(plain[1].activations)


def test_the_deep_networks_gradients_are_autograds():
    data = characters()
    network = DeepNet(len(data.alphabet), 1.0, False)
    logits, outputs = network(data.contexts[:32])
    assert len(outputs) == LAYERS and logits.shape == (32, len(data.alphabet))
    x = outputs[-1].detach().requires_grad_()
    F.cross_entropy(network.linears[-1](x), data.targets[:32]).backward()
    (expected,) = torch.autograd.grad(F.cross_entropy(logits, data.targets[:32]), outputs[-1:])
    np.testing.assert_allclose(x.grad, expected, atol=1e-7)


def test_sentences_say_what_the_numbers_say_and_nothing_else():
    assert words.fate([1e-5, 1e-9]) == "vanishes"
    assert words.fate([0.5, 2.0]) == "arrives"
    assert words.fate([1e4, math.inf]) == "explodes"
    assert words.fate([1e-5, 0.5]) == words.fate([math.nan, math.nan]) == "unclear"
    said = words.through_time([1e-5, 1e-9], 50)
    assert "1.0e-09 to 1.0e-05" in said and "vanishes" in said
    assert "vanishes" not in words.through_time([1e-5, 0.5], 50)
    assert "explodes" not in words.through_time([0.9, 1.1], 50)
    assert "draws disagree" in words.through_time([1e-5, 0.5], 50)
    assert "no gradient left" in words.through_time([math.nan, 1.0], 50)
    assert "units are one" in words.symmetric(1, 16, (0.69, 0.68), 1)
    parted = words.symmetric(16, 16, (0.69, 0.70), 16)
    assert "units are one" not in parted and "no lower" in parted
    far = np.array([[0.2, 0.5], [0.22, 0.6]])
    assert "Layer 2 is 35.0 points" in words.saturated(far, (0.2, 0.2)) and "outside" in words.saturated(
        far, (0.2, 0.2)
    )
    assert "as good as guessing" in words.initial_loss(np.array([3.36]), 29)
    assert "sure and wrong" in words.initial_loss(np.array([20.0]), 29)
    assert "as good as" not in words.initial_loss(np.array([20.0]), 29)
    assert words.recurrent_share(0.0, "tanh").startswith("Hardly") and "12.0%" in words.recurrent_share(0.12, "tanh")
