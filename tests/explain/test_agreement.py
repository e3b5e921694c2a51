"""Agreement of rankings worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_core.explain import METHODS, Attribution
from sentiment_core.explain.agreement import Agreement, agreement, agreements, chance, chance_shared


def made(name: str, scores: list[float], signed: bool = True) -> Attribution:
    return Attribution(name, name, signed, 1, np.array(scores), 1, 0.0)


@pytest.mark.parametrize(
    ("first", "second", "tau", "overlap"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 1.0, 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0, 0.0),
        # 5 of 6 pairs in the same order: (5 − 1) / 6.
        ([1, 2, 3, 4], [1, 2, 4, 3], 4 / 6, 1.0),
        # One pair in the other order, and the second of the top two differs.
        ([1, 2, 3, 4], [1, 3, 2, 4], 4 / 6, 0.5),
        # τ-b with one tie: (5 − 0) / √(6 · 5).
        ([1, 2, 3, 4], [1, 2, 3, 3], 5 / 30**0.5, 1.0),
    ],
)
def test_hand_made_ranks(first: list[float], second: list[float], tau: float, overlap: float) -> None:
    found = agreement("a", np.array(first), "b", np.array(second), k=2)
    assert (found.first, found.second, found.k) == ("a", "b", 2)
    assert found.tau == pytest.approx(tau) and found.overlap == overlap


def test_signed_methods_are_ranked_by_sign_and_beside_an_unsigned_one_by_size() -> None:
    scores, sizes = np.array([-5.0, 1.0, 3.0]), np.array([5.0, 1.0, 3.0])
    signed = agreement("a", scores, "b", sizes, k=1)
    # Only the pair of the second and third token is in the same order.
    assert signed.tau == pytest.approx(-1 / 3) and signed.overlap == 0.0
    for options in ({"second_signed": False}, {"first_signed": False}):
        assert agreement("a", scores, "b", sizes, k=1, **options) == Agreement("a", "b", 1.0, 1.0, 1)


def test_a_constant_ranks_nothing() -> None:
    rising = np.arange(5.0)
    assert agreement("a", np.full(5, 0.2), "b", rising) == Agreement("a", "b", None, None, 5)
    assert agreement("a", rising, "b", np.zeros(5)) == Agreement("a", "b", None, None, 5)
    assert agreement("a", np.array([1.0]), "b", np.array([1.0])) == Agreement("a", "b", None, None, 1)
    assert agreement("a", np.zeros(0), "b", np.zeros(0)) == Agreement("a", "b", None, None, 0)
    # Opposite signs of one size are two values, but one size.
    flipped = np.array([1.0, -1.0, 1.0])
    assert agreement("a", flipped, "b", flipped).tau == pytest.approx(1.0)
    assert agreement("a", flipped, "b", rising[:3], second_signed=False).tau is None


def test_every_pair_is_compared_over_the_used_tokens() -> None:
    used = np.array([True, False, True, True])
    found = agreements(
        [
            made("attention", [0.2, 9, 0.5, 0.3], signed=False),
            made("ig", [1, -9, -3, 2]),
            made("occlusion", [1, 9, 2, 3]),
        ],
        used,
        k=1,
    )
    assert [(item.first, item.second) for item in found] == [
        ("attention", "ig"),
        ("attention", "occlusion"),
        ("ig", "occlusion"),
    ]
    assert [item.tau for item in found] == pytest.approx([1.0, 1 / 3, 1 / 3])
    assert [item.overlap for item in found] == [1.0, 0.0, 1.0]


def test_only_attention_and_random_are_sizes() -> None:
    assert [name for name, item in METHODS.items() if not item.signed] == ["attention", "random"]


def test_few_words_rank_alike_by_chance() -> None:
    # Kendall's normal approximation: 1.96 √(2 · 25 / (9 · 10 · 9)) for ten words.
    assert chance(10) == pytest.approx(0.487, abs=0.001) and chance(2) == 1.0 and chance(400) < 0.07


def test_random_rankings_share_no_more_of_their_top_than_is_said() -> None:
    rng = np.random.default_rng(5)
    shared = [len(set(rng.permutation(36)[:10]) & set(range(10))) for _ in range(2000)]
    most = chance_shared(36, 10)
    assert np.mean(np.array(shared) <= most) >= 0.95 > np.mean(np.array(shared) <= most - 1)
    assert chance_shared(8, 8) == 8
