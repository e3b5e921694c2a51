"""Poolings against their formulas, written out review by review."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.models.pooling import (
    AdditiveAttention,
    Attention,
    DotAttention,
    Pool,
    ScaledDotAttention,
    masked_softmax,
)

LENGTHS = torch.tensor([4, 1, 3])
MASK = torch.arange(6) < LENGTHS[:, None]
STATES = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0))
LAST = STATES[torch.arange(3), LENGTHS - 1]
PADDED_LAST = STATES[:, -1]


def by_hand(scores_of: Any) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Σ a_i h_i with a = softmax(score(h_i, q)) over the real tokens of each review."""
    pooled, weights = [], []
    for states, length, query in zip(STATES, LENGTHS.tolist(), LAST, strict=True):
        scores = [scores_of(states[index], query) for index in range(length)]
        powers = [math.exp(score - max(scores)) for score in scores]
        row = torch.tensor([power / sum(powers) for power in powers])
        weights.append(row)
        pooled.append(sum(weight * states[index] for index, weight in enumerate(row)))
    return pooled, weights


def check(attention: Attention, scores_of: Any) -> None:
    pooled, weights = attention(STATES, LAST, MASK)
    expected_pooled, expected_weights = by_hand(scores_of)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(weights[row, :length], expected_weights[row])
        torch.testing.assert_close(pooled[row], expected_pooled[row])


def test_dot_attention_is_the_notebooks_formula() -> None:
    check(DotAttention(5, 4), lambda state, query: float(state @ query))


def test_scaled_dot_attention_divides_by_the_root_of_the_size() -> None:
    check(ScaledDotAttention(5, 4), lambda state, query: float(state @ query) / math.sqrt(5))


@torch.no_grad()
def test_additive_attention_is_bahdanaus_formula() -> None:
    torch.manual_seed(0)
    attention = AdditiveAttention(5, 4)
    keys, query_weight, bias = attention.keys.weight, attention.query.weight, attention.query.bias
    assert keys.shape == query_weight.shape == (4, 5) and attention.keys.bias is None

    def score(state: torch.Tensor, query: torch.Tensor) -> float:
        return float(attention.score.weight[0] @ torch.tanh(keys @ state + query_weight @ query + bias))

    check(attention, score)


@pytest.mark.parametrize("kind", ["padded_last", "last", "mean", "max"])
def test_plain_poolings(kind: Any) -> None:
    pooled, weights = Pool((kind,), 5, 4)(STATES, MASK, LAST, PADDED_LAST)
    real = [STATES[row, :length] for row, length in enumerate(LENGTHS.tolist())]
    expected = {
        "padded_last": PADDED_LAST,
        "last": LAST,
        "mean": torch.stack([rows.mean(dim=0) for rows in real]),
        "max": torch.stack([rows.amax(dim=0) for rows in real]),
    }
    torch.testing.assert_close(pooled, expected[kind])
    assert weights is None


def test_max_of_negative_states_is_not_the_paddings_zero() -> None:
    pooled, _ = Pool(("max",), 5, 4)(-STATES.abs() - 1, MASK, LAST, PADDED_LAST)
    assert (pooled < 0).all()


@given(
    st.lists(st.lists(st.floats(-1e30, 1e30, allow_subnormal=False), min_size=5, max_size=5), min_size=1, max_size=4),
    st.data(),
)
def test_masked_softmax_is_a_distribution_over_real_tokens(rows: list[list[float]], data: st.DataObject) -> None:
    scores = torch.tensor(rows)
    lengths = torch.tensor(data.draw(st.lists(st.integers(0, 5), min_size=len(rows), max_size=len(rows))))
    mask = torch.arange(5) < lengths[:, None]
    weights = masked_softmax(scores, mask)
    assert weights.isfinite().all() and (weights >= 0).all() and not weights[~mask].any()
    torch.testing.assert_close(weights.sum(dim=1), (lengths > 0).float())


def test_masked_softmax_computes_in_full_precision() -> None:
    weights = masked_softmax(STATES[..., 0].to(torch.bfloat16), MASK)
    assert weights.dtype is torch.float32
