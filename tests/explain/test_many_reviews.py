"""Counting and ordering the answers to many reviews."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from sentiment_core.config import ExperimentConfig
from sentiment_core.explain import many_reviews
from sentiment_core.explain.answers_table import as_csv
from sentiment_core.explain.many_reviews import Asked, answers_in_test, counts_at, ranking
from sentiment_core.store import Store
from sentiment_core.work.training import train_here

PROBABILITIES = np.array([0.9, 0.2, 0.6, 0.55, 0.01])
LABELS = np.array([1, 1, 0, 1, 0])


@given(
    st.lists(st.tuples(st.floats(0, 1, allow_subnormal=False), st.integers(0, 1)), min_size=1, max_size=40),
    st.floats(0, 1, allow_subnormal=False),
)
def test_counts_agree_with_scikit_learn(pairs: list[tuple[float, int]], threshold: float) -> None:
    probabilities, labels = (np.array(column) for column in zip(*pairs, strict=True))
    said = (probabilities >= threshold).astype(int)
    counts = counts_at(probabilities, labels, threshold)
    assert counts.accuracy == pytest.approx(accuracy_score(labels, said))
    for value, reference in (
        (counts.precision, precision_score),
        (counts.recall, recall_score),
        (counts.f1, f1_score),
    ):
        assert (value or 0.0) == pytest.approx(reference(labels, said, zero_division=0.0))


def test_the_most_confident_mistakes_come_first() -> None:
    assert ranking(PROBABILITIES, LABELS, 0.5).tolist() == [1, 2, 4, 0, 3]
    assert ranking(PROBABILITIES, None, 0.5).tolist() == [4, 0, 1, 2, 3]
    # From 0.7 on, two positives are missed: the threshold decides what a mistake is.
    assert ranking(PROBABILITIES, LABELS, 0.7)[:2].tolist() == [1, 3]


def test_csv_keeps_every_review_and_no_formula() -> None:
    asked = Asked(['=1+1, "quoted"', "two\nlines"], np.array([1, 0]))
    rows = list(csv.reader(io.StringIO(as_csv(asked, [0.75, 0.25], 0.5).decode())))
    assert rows == [
        ["probability", "predicted", "label", "text"],
        ["0.750000", "1", "1", '\'=1+1, "quoted"'],
        ["0.250000", "0", "0", "two\nlines"],
    ]
    assert b"label" not in as_csv(Asked(["a"], None), [0.5], 0.5)
    numbers = ["-1", "+4,5", "-1+1", "-", "@5"]
    written = csv.reader(io.StringIO(as_csv(Asked(numbers, None), [0.5] * 5, 0.5).decode()))
    assert [row[-1] for row in written][1:] == ["-1", "+4,5", "'-1+1", "'-", "'@5"]


def test_answers_of_the_test_are_those_the_model_would_give(home: Path, tiny: Callable[..., ExperimentConfig]) -> None:
    with Store() as store:
        experiment = train_here(store, tiny({"model.cell": "gru", "training.epochs": 1}), lambda progress: None)
        arguments = many_reviews.arguments_for(experiment.runs[0].id, "own", store)
        asked = many_reviews.reviews_of(arguments, store)
        kept = answers_in_test(arguments, asked, store)
        assert kept is not None and asked.labels is not None
        assert np.allclose(kept, many_reviews.run(arguments, lambda text, share: None).probabilities, atol=1e-6)
        assert answers_in_test(replace(arguments, data="demo"), asked, store) is None
        assert answers_in_test(arguments, replace(asked, labels=1 - asked.labels), store) is None
