"""Precision against words that are known to carry the sentiment."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_core.datasets import demo
from sentiment_core.explain.truth import demo_with_evidence, evidence_mask, precision, precisions
from sentiment_core.text import TextEncoder

TEXT = "a truly great film"
STARTS, ENDS = np.array([0, 2, 8, 14]), np.array([1, 7, 13, 18])
EVIDENCE = evidence_mask(STARTS, ENDS, ((2, 13),))


def test_precision_at_k_by_hand() -> None:
    scores = np.array([0.9, 0.5, 0.8, -1.0])  # a, great, truly, film
    at = [precision(scores, EVIDENCE, k) for k in (1, 2, 3, 4)]
    assert at == [0.0, 0.5, pytest.approx(2 / 3), 0.5]
    assert precision(scores, EVIDENCE) == 0.5  # two tokens are evidence
    assert precision(np.array([0.0, 2, 1, 0]), EVIDENCE) == 1.0


def test_ties_count_by_their_share_not_by_their_place() -> None:
    assert precision(np.zeros(4), EVIDENCE, 1) == 0.5
    assert precision(np.array([1.0, 0, 0, 0]), EVIDENCE, 2) == pytest.approx((0 + 2 / 3) / 2)


def test_nothing_to_find_and_more_asked_than_there_is() -> None:
    assert precision(np.zeros(4), evidence_mask(STARTS, ENDS, ())) is None
    assert precision(np.zeros(4), EVIDENCE, 5) is None
    assert precisions(np.arange(4.0), np.array([0, 0, 1, 1], dtype=bool)) == {"R": 1.0, "1": 1.0, "5": None, "10": None}


def test_a_token_across_the_edge_of_a_span_is_evidence_and_its_neighbour_is_not() -> None:
    mask = evidence_mask(STARTS, ENDS, ((4, 8), (18, 20)))
    assert mask.tolist() == [False, True, False, False]


def test_demo_reviews_come_with_spans_and_are_not_those_models_are_trained_on() -> None:
    reviews = demo_with_evidence(40)
    assert reviews.evidence is not None and len(reviews.evidence) == len(reviews.texts) == 40
    assert not set(reviews.texts) & set(demo.generate(400).texts)
    assert demo_with_evidence(40, seed=1).texts != reviews.texts
    encoder = TextEncoder(["great"], "word")
    for text, spans in zip(reviews.texts, reviews.evidence, strict=True):
        tokens = encoder.encode(text)
        share = evidence_mask(tokens.starts, tokens.ends, spans).mean()
        assert spans and 0 < share < 0.6
