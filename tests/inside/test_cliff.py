"""The cliff: its slope against autograd, clipping by hand, and what three ways of clipping do at the wall."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sentiment_core.clipping import RULES
from sentiment_core.inside import words
from sentiment_core.inside.cliff import STEPS, TARGET, WAYS, clip, descend, error_and_slope, length, many_starts, turn
from sentiment_core.training.gradients import measure_and_clip


@pytest.mark.parametrize(("w", "b"), [(5.5, -1.0), (4.2, -2.1), (5.0, -2.6), (-3.0, 8.0), (60.0, -40.0)])
def test_the_slope_is_autograds(w, b):
    weights = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    x = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(STEPS):
        x = weights[0] * torch.sigmoid(x) + weights[1]
    expected = (torch.sigmoid(x) - TARGET) ** 2
    expected.backward()
    error, slope = error_and_slope(np.array(w), np.array(b))
    assert float(error) == pytest.approx(float(expected.detach()))
    np.testing.assert_allclose(slope, weights.grad, rtol=1e-6, atol=1e-12)


def test_clipping_by_hand():
    gradient = np.array([3.0, 4.0])
    assert clip(gradient, "none", 1.0).tolist() == [3.0, 4.0]
    assert clip(gradient, "norm", 1.0) == pytest.approx([0.6, 0.8])
    assert clip(gradient, "norm", 5.0) == pytest.approx([3.0, 4.0])
    assert clip(gradient, "value", 1.0).tolist() == [1.0, 1.0]
    assert clip(np.zeros(2), "norm", 1.0).tolist() == [0.0, 0.0]
    assert turn(gradient, clip(gradient, "norm", 1.0)) == pytest.approx(0.0, abs=1e-5)
    assert turn(gradient, clip(gradient, "value", 1.0)) == pytest.approx(math.degrees(math.atan(4 / 3)) - 45)
    assert math.isnan(turn(np.zeros(2), np.zeros(2)))


@pytest.mark.parametrize("way", WAYS)
def test_the_lab_clips_as_training_does(way):
    gradient = np.array([1.5, -0.2])
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor(gradient, dtype=torch.float32)
    measure_and_clip([parameter], RULES[way], 0.5)
    np.testing.assert_allclose(clip(gradient, way, 0.5), parameter.grad, rtol=1e-5)


def test_the_first_updates_are_plain_descent():
    path = descend(np.array([5.5, -1.0]), "norm", 2.0, 0.01, updates=3)
    error, slope = error_and_slope(np.array(5.5), np.array(-1.0))
    assert path.points.shape == (4, 2) and path.errors[0] == pytest.approx(float(error))
    assert path.points[1] == pytest.approx(np.array([5.5, -1.0]) - 2.0 * slope * 0.01 / np.hypot(*slope))
    np.testing.assert_allclose(np.hypot(*np.diff(path.points, axis=0).T), 0.02)
    assert path.lengths == pytest.approx(length(path.gradients.T))


def test_starts_are_walked_side_by_side():
    starts = many_starts(3)
    together = descend(starts, "value", 5.0, 0.1, updates=10)
    alone = descend(starts[:, 4], "value", 5.0, 0.1, updates=10)
    np.testing.assert_allclose(together.points[:, :, 4], alone.points)


def test_the_wall_throws_the_unclipped_path_away():
    paths = {way: descend(np.array([5.5, -1.0]), way, 5.0, 0.1) for way in WAYS}
    steps = {way: length(np.diff(path.points, axis=0).T).max() for way, path in paths.items()}
    assert steps["none"] > 10 * steps["norm"]
    assert steps["norm"] <= 0.5 + 1e-12 and steps["value"] <= 0.5 * math.sqrt(2) + 1e-12


def test_sentences_follow_from_the_numbers():
    small = words.at_the_wall(0.05, 0.1, {"norm": 0.0, "value": 0.0})
    assert "leaves it alone" in small and "turns" not in small
    long = words.at_the_wall(2.0, 0.1, {"norm": 0.0, "value": 24.6})
    assert "20 times the threshold" in long and "turns it by 25°" in long
    assert "turns" not in words.at_the_wall(2.0, 0.1, {"norm": 0.0, "value": 0.1})
    said = words.descents({"none": np.array([0.5, 0.001]), "norm": np.zeros(2), "value": np.ones(2)}, 0.01)
    assert "2 starts" in said and "1 without clipping, 2 by norm, 0 by value" in said
