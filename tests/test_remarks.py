"""What is odd about reviews is counted and said, and nothing is said about ordinary ones."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews
from sentiment_core.datasets.base import NO_LABEL
from sentiment_core.remarks import (
    MEANS,
    MODEL,
    PIECES,
    STUDY,
    VECTORS,
    Reader,
    WordsRead,
    about_answer,
    about_answers,
    about_words,
    rare_class,
    remarks,
    unfamiliar,
)
from sentiment_core.settings import Keep


def reviews(texts: list[str], labels: list[int], parts: list[int]) -> Reviews:
    return Reviews(texts, np.array(labels, dtype=np.int8), np.array(parts, dtype=np.int8))


def test_ordinary_reviews_need_no_remark() -> None:
    assert remarks(reviews([f"film {n}" for n in range(20)], [0, 1] * 10, [TRAIN, TEST] * 10)) == ()


def test_copies_are_counted_across_the_parts_and_against_their_labels() -> None:
    texts = ["A film.", "a  FILM.<br />", "a film.", "b film", "b film", "c", "d", "e"]
    said = remarks(reviews(texts, [1, 1, 0, 0, 0, 1, 0, 1], [TRAIN, TEST, VALIDATION, TEST, TEST, TEST, TRAIN, TRAIN]))
    assert said[0].startswith("5 of the 8 reviews are copies of one another, 2 texts")
    assert "in one part" not in said[0]
    assert said[1].startswith("1 of the 4 test reviews has a copy in training or validation")
    assert said[2].startswith("1 text has both labels")
    assert len(said) == 3


def test_copies_within_one_part_leak_nothing() -> None:
    said = remarks(reviews(["a", "a", "b", "c"], [1, 1, 0, 0], [TRAIN, TRAIN, TEST, TEST]))
    assert len(said) == 1 and "2 of the 4" in said[0] and "all copies of a text are in one part" in said[0]


def test_without_labels_nothing_is_divided_and_no_class_is_rare() -> None:
    said = remarks(reviews(["a", "a", "b"], [NO_LABEL] * 3, [TRAIN] * 3))
    assert said == ("2 of the 3 reviews are copies of one another, 1 text in all.",)


def test_a_class_that_is_missing_is_said_and_of_no_labels_nothing() -> None:
    assert rare_class(np.ones(7, dtype=np.int8)) == (
        "All 7 labels are positive: an accuracy over them says nothing about the other class.",
    )
    assert rare_class(np.empty(0, dtype=np.int8)) == () == rare_class(np.array([0, 1]))


def read(*counts: tuple[int, int, int], longest: int = 100, keep: Keep = "head") -> WordsRead:
    return WordsRead(*np.array(counts, dtype=np.int64).reshape(-1, 3).T, longest, keep)


def test_what_a_model_could_not_read_is_counted_once_for_each_review() -> None:
    found = read((3, 0, 4), (0, 0, 0), (9, 8, 2), (4, 3, 9), (150, 120, 30), keep="tail")
    assert unfamiliar(found.words, found.unknown).tolist() == [False, False, False, True, False]
    said = about_answers(found, np.array([False, True, False, False, False]))
    assert [line.split(" reviews ")[0] for line in said] == ["1 of 5"] * 3
    assert "no word that the model knows" in said[0] and "another language" in said[1]
    assert said[2] == "1 of 5 reviews is longer than the model reads: of that it has read the last 100 tokens."
    several = about_answers(read((150, 120, 30), (150, 120, 30)), np.zeros(2, dtype=bool))
    assert several == ("2 of 2 reviews are longer than the model reads: of those it has read the first 100 tokens.",)
    assert about_answers(read((9, 8, 2), (3, 2, 1)), np.zeros(2, dtype=bool)) == ()


@pytest.mark.parametrize("reader", [MODEL, VECTORS, PIECES, STUDY, MEANS])
def test_words_that_are_missing_are_said_in_the_number_that_fits(reader: Reader) -> None:
    one = about_words(np.array([0, 9, 1]), np.array([4, 0, 8]), reader)
    assert one == (
        f"1 of 3 reviews has no word that {reader.knows}: {reader.without[0]}.",
        f"1 of 3 reviews is full of words that {reader.knows_not}, as in another language: {reader.with_few[0]}.",
    )
    two = about_words(np.array([0, 0, 1, 1]), np.array([4, 0, 8, 8]), reader, "the first 4 reviews")
    nothing, few = two
    assert nothing == f"2 of the first 4 reviews have no word that {reader.knows}: {reader.without[1]}."
    assert few.startswith(f"2 of the first 4 reviews are full of words that {reader.knows_not}, as in another language")
    assert few.endswith(f": {reader.with_few[1]}.")
    assert about_words(np.array([9, 9]), np.array([1, 2]), reader) == ()
    assert about_words(np.array([1, 1]), None, reader) == ()


def test_one_review_is_spoken_of_in_numbers() -> None:
    assert about_answer(read((9, 8, 2))) == ()
    assert about_answer(read((3, 2, 1))) == ()  # one name in a short sentence
    assert about_answer(read((2, 0, 3))) == (
        "No word of this review is one that the model knows: its answer means nothing.",
    )
    assert about_answer(read((4, 3, 9)))[0].startswith("The model does not know 9 of the 12 words of this review")
    assert about_answer(read((120, 90, 1), keep="head_tail")) == (
        "The model has read the first 25 and the last 75 of 120 tokens of this review.",
    )


def test_a_rare_class_is_named_with_what_guessing_reaches() -> None:
    said = remarks(reviews([f"film {n}" for n in range(20)], [0] + [1] * 19, [TRAIN, TEST] * 10))
    assert said == ("95.0% of the reviews are positive: always saying so reaches an accuracy of 0.950.",)
    assert remarks(reviews([f"film {n}" for n in range(20)], [0] * 2 + [1] * 18, [TRAIN, TEST] * 10)) == ()
    (said,) = rare_class(np.array([0] + [1] * 4_999))
    assert said == "> 99.9% of the reviews are positive: always saying so reaches an accuracy of > 0.999."
