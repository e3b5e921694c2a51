"""What a run said about each test review: kept to the last bit that matters, refused when damaged."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.artifacts import PREDICTIONS
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.datasets.copies import exact_hashes
from sentiment_core.errors import CheckpointError, DataError, StoreError
from sentiment_core.metrics import Status
from sentiment_core.predictions import (
    CELLS,
    Predictions,
    check_same_reviews,
    confusion,
    of_cell,
    read_predictions,
    write_predictions,
)
from sentiment_core.steps.rules import EVEN_LOG_ODDS, positive
from sentiment_core.store import Run, Store


@pytest.fixture
def run(home: Path, tiny) -> Run:
    run = Run("abc-1", "abc", 1, "r", tiny(), Status.FINISHED, None, 1, 1, 1.0, 1, None, None)
    (home / "experiments" / "abc" / "abc-1").mkdir(parents=True)
    return run


@pytest.fixture
def folder(home: Path, run: Run) -> Path:
    return home / "experiments" / "abc" / "abc-1"


def test_read_gives_what_was_written_in_the_order_of_the_reviews(run: Run, folder: Path) -> None:
    indices, logits = np.array([7, 2, 5]), np.array([0.0, 1000.0, -2.0], np.float32)
    write_predictions(folder, indices, logits, np.array([1, 1, 0]))
    found = read_predictions(run)
    assert found is not None
    assert found.indices.tolist() == [2, 5, 7]
    assert found.labels.tolist() == [1, 0, 1]
    assert found.probabilities == pytest.approx([1.0, 1 / (1 + np.exp(2)), 0.5])
    assert [path.name for path in folder.iterdir()] == [PREDICTIONS]


def test_there_are_none_before_the_end(run: Run) -> None:
    assert read_predictions(run) is None


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=False), min_size=1, max_size=30)
)
def test_positive_is_what_training_counts_as_positive(logits: list[float]) -> None:
    import tempfile

    raw = np.array(logits, np.float32)
    with tempfile.TemporaryDirectory() as name:
        write_predictions(Path(name), np.arange(len(raw)), raw, np.ones(len(raw)))
        with np.load(Path(name) / PREDICTIONS) as archive:
            probabilities = archive["probabilities"]
    sound = np.isfinite(probabilities)
    assert np.array_equal(sound, np.isfinite(raw))
    assert np.array_equal(positive(probabilities[sound]), positive(raw[sound], EVEN_LOG_ODDS))
    assert np.all((probabilities[sound] >= 0) & (probabilities[sound] <= 1))


def packed(**changed: np.ndarray) -> bytes:
    columns = {"indices": np.arange(3), "probabilities": np.full(3, 0.5, np.float32), "labels": np.array([0, 1, 1])}
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in (columns | changed).items() if value is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an archive",
        packed()[:-40],
        packed(labels=None),
        packed(labels=np.array([0, 1])),
        packed(labels=np.array([0, 1, 2])),
        packed(labels=np.array([[0, 1, 1]])),
        packed(indices=np.array([0, 2, 1])),
        packed(indices=np.array([0, 0, 1])),
        packed(indices=np.array([-1, 0, 1])),
        packed(contents=np.arange(2, dtype=np.uint64)),
        packed(contents=np.arange(3)),
        packed(indices=np.array([0.0, 1.0, 2.0])),
        packed(probabilities=np.array([0.5, 0.5, 1.5], np.float32)),
        packed(probabilities=np.array(["a", "b", "c"])),
        packed(labels=np.array([None, 1, 1], dtype=object)),
    ],
    ids=range(16),
)
def test_damaged_files_are_refused(run: Run, folder: Path, content: bytes) -> None:
    (folder / PREDICTIONS).write_bytes(content)
    with pytest.raises(CheckpointError, match="abc-1 are damaged; train it again"):
        read_predictions(run)


def test_too_large_a_file_is_not_read(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / PREDICTIONS).write_bytes(packed())
    assert read_predictions(run) is not None
    monkeypatch.setattr("sentiment_core.predictions.LARGEST_FILE", 100)
    with pytest.raises(CheckpointError):
        read_predictions(run)


def test_a_folder_that_is_gone_is_explained(home: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        write_predictions(home / "nowhere", np.arange(1), np.zeros(1), np.zeros(1))


FOUND = Predictions(
    np.array([3, 4, 6, 8, 9]),
    np.array([0.9, 0.2, 0.5, np.nan, 0.7], np.float32),
    np.array([1, 1, 0, 0, 0], np.int8),
)


def test_confusion_counts_by_label_and_answer() -> None:
    assert confusion(FOUND.probabilities, FOUND.labels).tolist() == [[0, 2], [1, 1]], "0.5 is positive"
    assert confusion(FOUND.probabilities, FOUND.labels, 0.51).tolist() == [[1, 1], [1, 1]]
    assert confusion(FOUND.probabilities, FOUND.labels, 0.1).tolist() == [[0, 2], [0, 2]]
    assert confusion(np.array([]), np.array([])).tolist() == [[0, 0], [0, 0]]


@given(
    st.lists(st.tuples(st.floats(0, 1, allow_subnormal=False), st.integers(0, 1)), max_size=40),
    st.floats(0.01, 0.99, allow_subnormal=False),
)
def test_cells_hold_every_review_once_as_often_as_the_matrix_says(pairs, threshold: float) -> None:
    probabilities = np.array([p for p, _ in pairs], np.float32)
    labels = np.array([label for _, label in pairs], np.int8)
    found = Predictions(np.arange(len(pairs)), probabilities, labels)
    matrix = confusion(probabilities, labels, threshold)
    places = {name: of_cell(found, cell, threshold) for name, cell in CELLS.items()}
    assert sorted(np.concatenate(list(places.values())).tolist()) == list(range(len(pairs)))
    assert all(len(places[name]) == matrix[cell.label, cell.predicted] for name, cell in CELLS.items())


def test_the_most_confident_come_first() -> None:
    found = Predictions(np.arange(4), np.array([0.6, 0.9, 0.1, 0.4], np.float32), np.array([0, 0, 1, 1]))
    assert of_cell(found, CELLS["fp"]).tolist() == [1, 0]
    assert of_cell(found, CELLS["fn"]).tolist() == [2, 3]
    assert of_cell(found, CELLS["tp"]).tolist() == []


def test_a_trained_run_keeps_predictions_that_add_up_to_its_accuracy(tiny) -> None:
    from sentiment_core.presets import vary_clipping
    from sentiment_core.work.training import train_here

    config = vary_clipping(tiny({"training.clipping": "norm"}))
    reviews = load_reviews(config.data)
    with Store() as store:
        runs = train_here(store, config, lambda progress: None).runs
    for run in runs:
        found = read_predictions(run)
        assert found is not None
        assert np.array_equal(found.indices, reviews.select(TEST))
        assert found.contents is not None
        check_same_reviews(found, reviews)
        counts = confusion(found.probabilities, found.labels)
        assert np.trace(counts) / counts.sum() == run.test_accuracy


def test_other_reviews_than_the_tested_ones_are_noticed(tiny) -> None:
    reviews = load_reviews(tiny().data)
    tested = reviews.select(TEST)
    found = Predictions(tested, np.full(len(tested), 0.5, np.float32), reviews.labels[tested])
    check_same_reviews(found, reviews)
    bound = replace(found, contents=exact_hashes([reviews.texts[place] for place in tested]))
    check_same_reviews(bound, reviews)
    place = int(tested[3])
    edited = replace(reviews, texts=[*reviews.texts[:place], reviews.texts[place] + ".", *reviews.texts[place + 1 :]])
    check_same_reviews(found, edited)  # kept before answers were bound to texts
    with pytest.raises(DataError, match="the reviews have changed since this run was tested"):
        check_same_reviews(bound, edited)
    for other in (replace(reviews, labels=1 - reviews.labels), replace(reviews, texts=[], labels=reviews.labels[:0])):
        with pytest.raises(DataError, match="have changed"):
            check_same_reviews(found, other)
