"""Every review once per epoch, the same plan for the same seed, hardly any padding, and nothing lost in padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.batches import collate, plan_epoch, plan_evaluation
from sentiment_core.corpus import Corpus, EncodedReviews
from sentiment_core.datasets import demo
from sentiment_core.settings import DataConfig, TrainingConfig

lengths_of = st.lists(st.integers(0, 300), min_size=1, max_size=400).map(np.array)
batchings = st.sampled_from(["bucketed", "random"])
Batching = Literal["bucketed", "random"]


@given(lengths_of, st.integers(1, 50), batchings, st.integers(0, 2**31 - 1), st.integers(1, 200))
def test_every_member_exactly_once_and_repeatable(
    lengths: np.ndarray, batch_size: int, batching: Batching, seed: int, epoch: int
) -> None:
    members = np.flatnonzero(lengths > 0)
    plan = plan_epoch(members, lengths, batch_size, batching, seed, epoch)
    assert sorted(np.concatenate([*plan, members[:0]]).tolist()) == members.tolist()
    assert len(plan) == -(-len(members) // batch_size)
    assert all(0 < len(batch) <= batch_size for batch in plan)
    again = plan_epoch(members, lengths, batch_size, batching, seed, epoch)
    assert all(np.array_equal(one, other) for one, other in zip(plan, again, strict=True))


@pytest.mark.parametrize("batching", ["bucketed", "random"])
def test_epochs_and_seeds_differ(batching: Batching) -> None:
    lengths = np.arange(1, 501)
    plans = [
        np.concatenate(plan_epoch(np.arange(500), lengths, 16, batching, seed, epoch)).tolist()
        for seed, epoch in [(1, 1), (1, 2), (2, 1)]
    ]
    assert plans[0] != plans[1] != plans[2] != plans[0]


def test_bucketed_batches_of_demo_reviews_are_at_least_95_percent_real_tokens() -> None:
    words = np.array([len(text.split()) for text in demo.generate(800).texts])
    # As many reviews as the demo trains on, cut to the default length.
    lengths = np.tile(words, 4).clip(max=DataConfig().max_tokens)
    shares = {}
    for batching in ("bucketed", "random"):
        plan = plan_epoch(np.arange(len(lengths)), lengths, TrainingConfig().batch_size, batching, 1, 1)
        padded = sum(len(batch) * lengths[batch].max() for batch in plan)
        shares[batching] = lengths.sum() / padded
    assert shares["bucketed"] >= 0.95
    assert shares["random"] < 0.5


def test_evaluation_batches_depend_on_no_seed_and_are_sorted() -> None:
    lengths = np.array([5, 1, 9, 3, 3])
    plan = plan_evaluation(np.array([0, 1, 3, 4]), lengths, 3)
    assert [batch.tolist() for batch in plan] == [[1, 3, 4], [0]]


@given(st.data())
def test_collate_equals_padding_by_hand(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    lengths = np.array(data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=20)))
    cut = data.draw(st.integers(1, 12))
    offsets = np.cumsum(lengths) - lengths
    flat = rng.integers(1, 50, lengths.sum()).astype(np.int32)
    labels = rng.integers(0, 2, len(lengths)).astype(np.int8)
    corpus = EncodedReviews(
        token_ids=flat,
        offsets=offsets,
        lengths=np.minimum(lengths, cut),
        labels=labels,
        parts=labels,
        readable=lengths > 0,
        words=lengths,
    )
    indices = np.array(data.draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1, max_size=8)))

    batch = collate(corpus, indices)

    rows = [flat[offsets[index] :][: min(lengths[index], cut)].tolist() for index in indices]
    width = max(1, *map(len, rows)) if len(rows) > 1 else max(1, len(rows[0]))
    assert batch.token_ids.tolist() == [row + [0] * (width - len(row)) for row in rows]
    assert batch.lengths.tolist() == [len(row) for row in rows]
    assert batch.labels.tolist() == labels[indices].tolist()
    assert batch.tokens == sum(map(len, rows))
    assert (batch.token_ids.dtype, batch.lengths.dtype, batch.labels.dtype) == (torch.int64, torch.int64, torch.float32)


def test_a_batch_on_the_cpu_is_not_copied(make_corpus: Callable[..., Corpus]) -> None:
    batch = collate(make_corpus(), np.arange(3))
    assert batch.to(torch.device("cpu")) is batch
