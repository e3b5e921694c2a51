"""The split is the notebook's, validation is cut from training only, and a limit keeps the balance."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from sentiment_core.datasets import TEST, TRAIN, VALIDATION
from sentiment_core.datasets.split import assign_parts, notebook_test, stratified_sample
from sentiment_core.errors import DataError


@pytest.mark.parametrize("count", [20, 33, 1001, 40_000])
def test_test_part_is_the_one_of_the_notebooks_call(count):
    _, expected = train_test_split(np.arange(count), test_size=0.2, random_state=54321)
    assert np.array_equal(np.flatnonzero(notebook_test(count)), np.sort(expected))


def test_validation_is_cut_from_training_and_leaves_the_test_part_alone():
    labels = np.tile(np.array([0, 1, 1, 1], dtype=np.int8), 250)
    test = notebook_test(1000)
    small, large = (assign_parts(labels, np.where(test, TEST, TRAIN), fraction) for fraction in (0.1, 0.4))
    for parts, share in ((small, 0.1), (large, 0.4)):
        assert np.array_equal(parts == TEST, test)
        assert (parts == VALIDATION).sum() == round(800 * share)
        train_share = labels[~test].mean()
        assert labels[parts == VALIDATION].mean() == pytest.approx(train_share, abs=0.02)
        assert labels[parts == TRAIN].mean() == pytest.approx(train_share, abs=0.02)
    assert np.all(large[small == VALIDATION] == VALIDATION)
    assert small.dtype == np.int8


def test_tiny_validation_share_still_holds_both_labels():
    labels = np.tile(np.array([0, 1], dtype=np.int8), 50)
    parts = assign_parts(labels, np.where(notebook_test(100), TEST, TRAIN), 0.01)
    assert sorted(labels[parts == VALIDATION]) == [0, 1]


def test_training_without_one_label_is_refused():
    labels = np.zeros(20, dtype=np.int8)
    labels[np.flatnonzero(~notebook_test(20))[0]] = 1
    with pytest.raises(DataError, match="too few positive reviews"):
        assign_parts(labels, np.where(notebook_test(20), TEST, TRAIN), 0.1)


def test_sample_keeps_shares_order_and_every_group():
    groups = np.repeat([0, 1, 2], [700, 299, 1])
    small, large = stratified_sample(groups, 30, seed=1), stratified_sample(groups, 200, seed=1)
    assert np.all(np.diff(small) > 0)
    assert len(small) == 30 and len(large) == 200
    assert np.bincount(groups[large], minlength=3) == pytest.approx([140, 59, 1], abs=1)
    assert np.bincount(groups[small], minlength=3)[2] == 1
    assert set(small) <= set(large)
    assert not np.array_equal(small, stratified_sample(groups, 30, seed=2))
