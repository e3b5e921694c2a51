"""Copies stay in one part; without copies the split is the notebook's, validation is cut from training only."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, base, load_reviews
from sentiment_core.datasets.copies import text_hashes
from sentiment_core.datasets.split import assign_parts, drawn_test, stratified_sample
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig
from tests.datasets import cases


def notebook_test(count):
    return drawn_test(np.arange(count))


def parts_of(labels, groups, fraction=0.1):
    return assign_parts(labels, np.where(drawn_test(groups), TEST, TRAIN), fraction, groups)


@pytest.mark.parametrize("count", [20, 33, 1001, 40_000])
def test_without_copies_the_test_part_is_the_one_of_the_notebooks_call(count):
    _, expected = train_test_split(np.arange(count), test_size=0.2, random_state=54321)
    assert np.array_equal(np.flatnonzero(notebook_test(count)), np.sort(expected))
    # What a group is called makes no difference.
    assert np.array_equal(drawn_test(np.random.default_rng(1).permutation(count)), notebook_test(count))


@given(st.lists(st.integers(0, 30), min_size=40, max_size=200))
def test_groups_are_never_parted_and_the_shares_are_kept(numbers):
    groups = np.array(numbers)
    labels = (np.arange(len(groups)) % 2).astype(np.int8)
    sizes = np.bincount(groups)
    if not np.any((sizes > 0) & (sizes <= len(groups) // 5)):
        return
    with suppress(DataError):  # of few groups, none with a label may be left to train on
        check_groups(parts_of(labels, groups), groups)


def check_groups(parts, groups):
    for group in np.unique(groups):
        assert len(np.unique(parts[groups == group])) == 1
    assert 0 < np.sum(parts == TEST) <= -(-len(groups) // 5)
    assert np.any(parts == VALIDATION)


def test_copies_of_too_few_texts_are_refused():
    with pytest.raises(DataError, match="40 reviews are copies of 4 texts"):
        drawn_test(np.arange(40) % 4)


def test_new_experiments_keep_copies_together_and_those_that_say_so_the_notebooks_split(tmp_path):
    rows = [(text.upper() if copy else text, n % 2) for copy in range(2) for n, text in enumerate(cases.TEXTS)]
    (tmp_path / "twice.csv").write_bytes(cases.table(("text", "label"), rows))
    data = DataConfig(source="csv", path=str(tmp_path / "twice.csv"))
    parts = load_reviews(data).parts
    assert np.array_equal(parts[:60], parts[60:])
    assert [int(np.sum(parts == part)) for part in (TRAIN, VALIDATION, TEST)] == [86, 10, 24]
    old = load_reviews(data.model_copy(update={"split": "notebook"})).parts
    assert np.array_equal(old == TEST, notebook_test(120)) and not np.array_equal(old[:60], old[60:])


def test_letters_with_marks_are_copies_however_they_are_written():
    one, other, bare = text_hashes(["caf\u00e9", "cafe\u0301", "cafe"])
    assert one == other != bare
    # In another order, more of them than are ever written: told apart or not, but at once.
    assert len(text_hashes(["a" + "\u0301\u0323" * 100_000])) == 1


def test_reviews_without_copies_are_split_alike():
    grouped, notebook = (load_reviews(DataConfig(split=split)) for split in ("grouped", "notebook"))
    assert grouped.fingerprint() == notebook.fingerprint()


def test_validation_is_cut_from_training_and_leaves_the_test_part_alone():
    labels = np.tile(np.array([0, 1, 1, 1], dtype=np.int8), 250)
    test = notebook_test(1000)
    small, large = (parts_of(labels, np.arange(1000), fraction) for fraction in (0.1, 0.4))
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
    parts = parts_of(labels, np.arange(100), 0.01)
    assert sorted(labels[parts == VALIDATION]) == [0, 1]


def test_training_without_one_label_is_refused():
    labels = np.zeros(20, dtype=np.int8)
    labels[np.flatnonzero(~notebook_test(20))[0]] = 1
    with pytest.raises(DataError, match="too few positive reviews"):
        parts_of(labels, np.arange(20))


def test_sample_keeps_shares_order_and_every_kind():
    kinds = np.repeat([0, 1, 2], [700, 299, 1])
    small, large = stratified_sample(kinds, 30, seed=1), stratified_sample(kinds, 200, seed=1)
    assert np.all(np.diff(small) > 0)
    assert len(small) == 30 and len(large) == 200
    assert np.bincount(kinds[large], minlength=3) == pytest.approx([140, 59, 1], abs=1)
    assert np.bincount(kinds[small], minlength=3)[2] == 1
    assert set(small) <= set(large)
    assert not np.array_equal(small, stratified_sample(kinds, 30, seed=2))


def test_reviews_are_hashed_once(monkeypatch):
    """It takes a second for 40,000 of them: what the split has worked out is what remarks and `seen` read."""

    def refuse(texts):
        raise AssertionError("hashed again")

    monkeypatch.setattr(base, "text_hashes", refuse)
    reviews = load_reviews(DataConfig(split="grouped", limit=60))
    assert np.array_equal(reviews.hashes, text_hashes(reviews.texts))
