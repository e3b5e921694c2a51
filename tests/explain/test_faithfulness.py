"""Curves, comprehensiveness and sufficiency, against a model whose answer can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from sentiment_core.explain.faithfulness import AOPC_FRACTIONS, FRACTIONS, faithfulness, of_review, top_counts
from sentiment_core.explain.records import Attribution


class Linear:
    """A bag of words: the log-odds are the sum of the weights of the tokens, `weights[id]`."""

    def __init__(self, weights: Sequence[float]) -> None:
        self.weights = np.array([0.0, *weights])
        self.calls = 0

    def logits(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        self.calls += 1
        return np.array([self.weights[row].sum() for row in rows])


ROW = np.arange(1, 21)
WEIGHTS = np.random.default_rng(5).normal(0.1, 1, 20)


@pytest.mark.parametrize("target", [0, 1])
def test_every_number_is_what_one_works_out_by_hand(target: int) -> None:
    model: Any = Linear(WEIGHTS)
    sign = 1 if target else -1
    scores = sign * WEIGHTS
    found = faithfulness(model, ROW, {"exact": scores}, target)["exact"]
    order = np.sort(scores)[::-1]
    deletion = [expit(order[count:].sum()) for count in top_counts(20)]
    insertion = [expit(order[:count].sum()) for count in top_counts(20)]
    np.testing.assert_allclose(found.deletion, deletion)
    np.testing.assert_allclose(found.insertion, insertion)
    p = expit(scores.sum())
    counts = [1, 1, 2, 4, 10]  # 1, 5, 10, 20, 50 % of 20 tokens, rounded up
    assert found.comprehensiveness == pytest.approx(np.mean([p - expit(order[k:].sum()) for k in counts]))
    assert found.sufficiency == pytest.approx(np.mean([p - expit(order[:k].sum()) for k in counts]))
    steps = np.diff(FRACTIONS)
    assert found.deletion_area == pytest.approx(float(steps @ (found.deletion[1:] + found.deletion[:-1]) / 2))
    assert model.calls == 1  # all rankings and places in one batch


def test_the_exact_ranking_is_best_its_reverse_worst_and_random_order_between() -> None:
    found = faithfulness(Linear(WEIGHTS), ROW, {"exact": WEIGHTS, "reverse": -WEIGHTS}, 1, random_orders=50)  # type: ignore[arg-type]
    best, chance, worst = (found[name] for name in ("exact", "random", "reverse"))
    assert best.comprehensiveness > chance.comprehensiveness > worst.comprehensiveness
    assert best.sufficiency < chance.sufficiency < worst.sufficiency
    assert best.deletion_area < chance.deletion_area < worst.deletion_area
    assert best.insertion_area > chance.insertion_area > worst.insertion_area


def test_curves_begin_and_end_where_all_rankings_agree_and_random_order_repeats() -> None:
    arguments: Any = (Linear(WEIGHTS), ROW, {"one": WEIGHTS, "two": WEIGHTS**2}, 1)
    found, again, other = faithfulness(*arguments), faithfulness(*arguments), faithfulness(*arguments, seed=1)
    for item in found.values():
        assert item.deletion[0] == item.insertion[-1] == pytest.approx(expit(WEIGHTS.sum()))
        assert item.deletion[-1] == item.insertion[0] == 0.5
    np.testing.assert_array_equal(found["random"].deletion, again["random"].deletion)
    assert not np.array_equal(found["random"].deletion, other["random"].deletion)


@pytest.mark.parametrize("tokens", [0, 1, 2, 3, 500])
def test_reviews_of_any_length(tokens: int) -> None:
    row = np.ones(tokens, dtype=np.int64)
    found = faithfulness(Linear([0.01]), row, {"same": np.zeros(tokens)}, 1)  # type: ignore[arg-type]
    np.testing.assert_allclose(found["same"].deletion, found["random"].deletion)  # equal tokens: no order matters
    counts = top_counts(tokens)
    assert (
        counts[0] == 0
        and counts[-1] == tokens
        and (counts[1:] >= min(1, tokens)).all()
        and (np.diff(counts) >= 0).all()
    )


def test_places_are_exact_shares() -> None:
    assert top_counts(20, AOPC_FRACTIONS).tolist() == [1, 1, 2, 4, 10]
    assert top_counts(100, AOPC_FRACTIONS).tolist() == [1, 5, 10, 20, 50]


def test_one_review_with_attributions(pretrained: Any) -> None:
    from sentiment_core.explain import attribute

    text = "A dull script, but the acting is superb, warm and moving; I loved it. Qwzzx!"
    attributions = attribute(pretrained, text, ["attention", "occlusion_delete"])
    found = of_review(pretrained, text, attributions)
    assert set(found) == {"attention", "occlusion_delete", "random"}
    assert found["occlusion_delete"].deletion[0] == pytest.approx(pretrained.explain(text).probability)
    assert found["occlusion_delete"].comprehensiveness > found["random"].comprehensiveness
    assert set(of_review(pretrained, text, [])) == {"random"}
    against = Attribution("x", "x", True, 0, np.zeros_like(attributions[0].scores), 0, 0.0)
    with pytest.raises(ValueError, match="targets"):
        of_review(pretrained, text, [*attributions, against])
