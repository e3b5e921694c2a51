"""What is odd about reviews is counted and said, and nothing is said about ordinary ones."""

from __future__ import annotations

import numpy as np

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews
from sentiment_core.remarks import remarks


def reviews(texts: list[str], labels: list[int], parts: list[int]) -> Reviews:
    return Reviews(texts, np.array(labels, dtype=np.int8), np.array(parts, dtype=np.int8))


def test_ordinary_reviews_need_no_remark() -> None:
    assert remarks(reviews([f"film {n}" for n in range(20)], [0, 1] * 10, [TRAIN, TEST] * 10)) == ()


def test_copies_are_counted_across_the_parts_and_against_their_labels() -> None:
    texts = ["A film.", "a  FILM.<br />", "a film.", "b film", "b film", "c", "d", "e"]
    said = remarks(reviews(texts, [1, 1, 0, 0, 0, 1, 0, 1], [TRAIN, TEST, VALIDATION, TEST, TEST, TEST, TRAIN, TRAIN]))
    assert said[0].startswith("5 of the 8 reviews are copies of one another, 2 texts")
    assert said[1].startswith("1 of the 4 test reviews have a copy in training or validation")
    assert said[2].startswith("1 texts have both labels")
    assert len(said) == 3


def test_copies_within_one_part_leak_nothing() -> None:
    said = remarks(reviews(["a", "a", "b", "c"], [1, 1, 0, 0], [TRAIN, TRAIN, TEST, TEST]))
    assert len(said) == 1 and "2 of the 4" in said[0]


def test_a_rare_class_is_named_with_what_guessing_reaches() -> None:
    said = remarks(reviews([f"film {n}" for n in range(20)], [0] + [1] * 19, [TRAIN, TEST] * 10))
    assert said == ("95.0% of the reviews are positive: always saying so reaches an accuracy of 0.950.",)
    assert remarks(reviews([f"film {n}" for n in range(20)], [0] * 2 + [1] * 18, [TRAIN, TEST] * 10)) == ()
