"""The student's examples and targets: no teacher is asked about a review that it learned from."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import distilled, variants
from benchmarks.distilled import FOLDS, LEAN, RICH, picker, soft_targets
from benchmarks.learner import LARGEST_BATCH, batches
from benchmarks.variants import Examples, Kind, Writer
from sentiment_core.datasets.demo import generate
from sentiment_core.explain.predictor import Predictor

WHOLE = 20


@pytest.fixture
def examples() -> Examples:
    """Twenty whole reviews, and of each what it said and the same edited."""
    kinds = [Kind.WHOLE] * WHOLE + [Kind.OWN, Kind.EDITED] * WHOLE
    reviews = [*range(WHOLE), *(place for place in range(WHOLE) for _ in range(2))]
    targets = np.array(
        [place % 2 if kind != Kind.EDITED else 1 - place % 2 for place, kind in zip(reviews, kinds, strict=True)]
    )
    starts = np.arange(len(kinds)) * 5
    ids = np.ones(5 * len(kinds), np.int32)
    return Examples(ids, starts, np.full(len(kinds), 5), targets.astype(np.float32), np.array(kinds), np.array(reviews))


@pytest.mark.parametrize("fold", range(FOLDS))
def test_a_teacher_meets_nothing_made_of_its_fold(examples: Examples, fold: int) -> None:
    epoch = {Kind.WHOLE: distilled.ALL, Kind.EDITED: 8}
    found = picker(examples, epoch, fold)(np.random.default_rng(0))
    assert len(found) and not np.any(examples.reviews[found] % FOLDS == fold)
    edited = found[examples.kinds[found] == Kind.EDITED]
    assert set(edited - 1) == set(found[examples.kinds[found] == Kind.OWN])


def test_a_review_is_judged_by_those_who_did_not_learn_it(examples: Examples) -> None:
    rng = np.random.default_rng(0)
    opinions = {number: rng.normal(size=len(examples.kinds)).astype(np.float32) for number in (*LEAN, *RICH)}
    before = soft_targets(examples, opinions)
    assert ((before > 0) & (before < 1)).all()
    # What those say who learned a review; the scale is fitted on what the others say.
    for number in LEAN:
        learned = (examples.reviews % FOLDS != number % FOLDS) & (examples.kinds == Kind.WHOLE)
        opinions[number] = np.where(learned, opinions[number] + 5, opinions[number])
    np.testing.assert_array_equal(soft_targets(examples, opinions), before)
    opinions[LEAN[0]][0] += 5
    assert soft_targets(examples, opinions)[0] != before[0]


def test_batches_hold_everything_once_within_their_limit() -> None:
    lengths = np.random.default_rng(0).integers(1, 400, 1_000)
    found = batches(np.arange(1_000), lengths, 4_000, np.random.default_rng(1))
    assert sorted(np.concatenate(found)) == list(range(1_000))
    assert all(len(batch) <= LARGEST_BATCH and lengths[batch].max() * len(batch) <= 4_000 for batch in found)


def test_what_is_written_of_reviews_says_what_its_target_says(
    pretrained: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Edits need the words of many reviews; `test_edits.py` has them.
    counts = {kind: 40 for kind in variants.COUNTS if kind not in {Kind.EDITED, Kind.EDITED_SPAN}}
    monkeypatch.setattr(variants, "COUNTS", counts)
    demo = generate(60)
    rows = [ids for chunk in pretrained.encoder.encode_known(demo.texts) for ids in chunk]
    labels = np.asarray(demo.labels).astype(int)
    first, again = (Writer(pretrained, rows, labels, seed=3).write() for _ in range(2))
    np.testing.assert_array_equal(first.ids, again.ids)
    assert {kind: int((first.kinds == kind).sum()) for kind in counts} == counts
    assert int(first.lengths.sum()) == len(first.ids)
    spliced, crops = (first.kinds == kind for kind in (Kind.SPLICED, Kind.CROP))
    telling = spliced & (first.targets != 0.5)
    assert telling.any() and ((first.targets > 0.5) != labels[first.reviews])[telling].all()
    assert ((first.targets > 0.5) == labels[first.reviews])[crops].all()
