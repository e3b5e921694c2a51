"""Norms in training and testing: who moves with its company, what running statistics come to, γ and β."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sentiment_core.embeddings import WordVectors
from sentiment_core.errors import DataError
from sentiment_core.inside import words
from sentiment_core.inside.normed import (
    NORMS,
    SIZES,
    PaddedReviews,
    in_company,
    normalised,
    padded_reviews,
    settling,
    statistics,
    train_reader,
)
from sentiment_core.text import TextEncoder


@pytest.fixture(scope="module")
def data() -> PaddedReviews:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(2, 13, (140,), generator=generator)
    mask = torch.arange(12) < lengths[:, None]
    vectors = (torch.randn(140, 12, 3, generator=generator) * torch.tensor([0.5, 1.0, 3.0]) + 1) * mask.unsqueeze(-1)
    return PaddedReviews(vectors, mask, (torch.arange(140) % 2).float(), ("text",) * 140)


@pytest.mark.parametrize("norm", NORMS)
def test_who_moves_with_its_company(data, norm):
    trained = train_reader(data, norm, updates=15)
    before = {name: value.clone() for name, value in trained.reader.state_dict().items()}
    modes = [{size: in_company(trained, data, 3, size, mode, draws=4) for size in SIZES} for mode in (True, False)]
    training, evaluation = (np.concatenate(list(values.values())) for values in modes)
    moves = {"masked": (True, False), "counted": (True, False), "layer": (False, False), "per_call": (True, True)}
    assert (np.ptp(training) > 1e-4, np.ptp(evaluation) > 1e-4) == moves[norm]
    if norm != "per_call":
        assert np.ptp(evaluation) < words.ROUNDING
    # Looking changes nothing, running statistics included.
    assert all(torch.equal(value, before[name]) for name, value in trained.reader.state_dict().items())


def test_alone_in_a_batch_it_is_the_same_each_time(data):
    trained = train_reader(data, "masked", updates=5)
    assert np.ptp(in_company(trained, data, 0, 1, training=True, draws=3)) == 0


def test_running_statistics_by_hand(data):
    trained = train_reader(data, "masked", updates=2, seed=4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        type(trained.reader)(3, "masked")
        first = torch.randint(len(data), (32,))
    rows = data.vectors[first][data.mask[first]]
    np.testing.assert_allclose(trained.mean[0], 0)
    np.testing.assert_allclose(trained.mean[1], 0.1 * rows.mean(dim=0), rtol=1e-4)
    np.testing.assert_allclose(trained.variance[1], 0.9 + 0.1 * rows.var(dim=0), rtol=1e-4)


def test_running_statistics_settle_where_they_are_counted(data):
    masked, counted = (train_reader(data, norm, updates=80) for norm in ("masked", "counted"))
    away, variance = settling(masked, data)
    assert away[-1] < 0.1 * away[0] and variance[-1] == pytest.approx(1.0, abs=0.05)
    real, every = statistics(data, False), statistics(data, True)
    assert settling(counted, data)[1][-1] == pytest.approx(float((every[1] / real[1]).mean()), rel=0.1)
    with pytest.raises(ValueError, match="no running statistics"):
        settling(train_reader(data, "layer", updates=1), data)


def test_a_component_is_normalised_then_stretched_and_moved(data):
    raw, after, moved = normalised(data, False, component=2, gamma=2.0, beta=-1.0)
    assert len(raw) == int(data.mask[: max(SIZES)].sum())
    assert after.mean() == pytest.approx(0, abs=1e-4) and after.std() == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(moved, 2 * after - 1, rtol=1e-5)
    # Zeros that count as words pull the mean down: real words are no longer at mean 0.
    assert abs(normalised(data, True, 2, 1.0, 0.0)[1].mean()) > 0.05


def test_training_is_repeatable_and_learns_gamma_and_beta(data):
    once, again = (train_reader(data, "masked", updates=6) for _ in range(2))
    assert once.losses.tolist() == again.losses.tolist()
    gamma, beta = once.affine
    assert (gamma != 1).any() and (beta != 0).any()
    assert train_reader(data, "per_call", updates=1).affine is None


def test_reviews_keep_their_padding(make_reviews):
    reviews = make_reviews(330)
    known = [f"word{number}" for number in range(40)]
    vectors = WordVectors("made-up", known, np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), "made-up")
    data = padded_reviews(reviews, vectors, TextEncoder(known, "whitespace"), count=150, longest=20)
    assert data.vectors.shape == (150, 20, 3) and 0.1 < data.padding < 0.8
    assert not data.vectors[~data.mask].any() and bool(data.vectors[data.mask].any(dim=-1).all())
    assert len(data.texts) == 150 and len(data.texts[0].split()) >= int(data.mask[0].sum())
    with pytest.raises(DataError, match="the lab needs 128"):
        padded_reviews(make_reviews(60), vectors, TextEncoder(known, "whitespace"))


def test_sentences_follow_from_the_numbers():
    still, moving = {1: np.array([0.4, 0.4])}, {1: np.array([0.4, 0.6])}
    said = words.company(moving, still)
    assert "In training mode it lies between 0.4000 and 0.6000" in said
    assert "In evaluation mode it is 0.4000 and moves by exactly 0" in said
    both = words.company(moving, moving)
    assert "exactly" not in both and "rounding" not in both
    assert "rounding alone" in words.company(still, {1: np.array([0.4, 0.4 + 1e-8])})
    assert "17% of all positions, 0.88 times" in words.settled({"masked": 1.0, "counted": 0.88}, 0.17, 150)
    assert "to mean 0.00, deviation 1.00" in words.rescaled(np.array([2.0, 4.0]), np.array([-1.0, 1.0]) - 1e-6, False)
    assert "with padding counted" in words.rescaled(np.array([2.0, 4.0]), np.array([-1.0, 1.0]), True)
