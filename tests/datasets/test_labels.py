"""What the values of a label column mean, in whatever form they stand."""

from __future__ import annotations

import pytest

from sentiment_core.datasets.base import NEGATIVE, NO_LABEL, POSITIVE
from sentiment_core.datasets.file.labels import classes, is_label, rating
from sentiment_core.errors import DataError


def meanings(*values: str) -> list[int]:
    counts = {value: (1, row) for row, value in enumerate(values, start=1)}
    return [item.label for item in classes(counts, (), (), "reviews.csv", "label")]


@pytest.mark.parametrize(
    ("value", "points", "scale"),
    [
        ("4/5", 4, 5), (" 8 / 10 ", 8, 10), ("3.5 out of 5", 3.5, 5), ("3,5/5", 3.5, 5), ("4.0 out of 5 stars", 4, 5),
        ("Rated 2 out of 5", 2, 5), ("3 of 4", 3, 4), ("5 stars", 5, 5), ("1 Star", 1, 5), ("4-star", 4, 5),
        ("2 Sterne", 2, 5), ("★★★★☆", 4, 5), ("★★½", 2.5, 5), ("⭐⭐", 2, 5), ("★★★☆", 3, 4), ("80%", 80, 100),
        ("12.5 %", 12.5, 100), ("👍", 1, 1), ("👎\ufe0f", 0, 1), ("Thumbs up", 1, 1), ("POSITIVO", 1, 1),
        ("négatif", 0, 1), ("neutral", 0.5, 1), ("__label__fresh", 1, 1), ("LABEL_1", 1, None),
        ("\u22121", -1, None), ("👍🏼", 1, 1), ('["pos"]', 1, 1), ("[0]", 0, None), ("'neg'", 0, 1),
        ("Thumbs-Down", 0, 1), ("not_recommended", 0, 1), ("WAHR", 1, 1), ("non", 0, 1), ("Sí", 1, 1),
        ("schlecht", 0, 1), ("3", 3, None), ("-1", -1, None),
    ],
)  # fmt: skip
def test_a_rating_has_a_number_and_a_scale(value: str, points: float, scale: float | None) -> None:
    assert rating(value) == (points, scale)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "6/5",
        "3/7",
        "12/25",
        "1/2/2020",
        "★" * 6,
        "5 stars, great",
        "101%",
        "４/5",
        "stars",
        "good film",
        "[0, 1]",
        "[]",
        "-",
        "pos-neg",
    ],
)
def test_what_is_no_rating_is_none(value: str) -> None:
    assert rating(value) is None and not is_label(value)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (("1/5", "2/5", "3/5", "3.5/5", "5/5"), (0, 0, -1, 1, 1)),
        (("4/10", "5/10", "6/10", "7/10"), (0, -1, -1, 1)),
        (("1.5 of 4", "2 of 4", "3 of 4"), (0, -1, 1)),
        (("★☆☆☆☆", "★★★☆☆", "★★★★★"), (0, -1, 1)),
        (("40%", "55%", "70%"), (0, -1, 1)),
        (("1/5", "9/10", "20%"), (0, 1, 0)),
        (("dislike", "mixed", "like", ""), (0, -1, 1, -1)),
        (("негативный", "позитивный"), (0, 1)),
        (("0.5", "2.5", "3", "4.5"), (0, -1, -1, 1)),
        (("0", "2", "8", "10"), (0, 0, 1, 1)),
        (("0", "2", "4"), (0, -1, 1)),
        (("4/5", "1", "3"), (1, 0, -1)),
        (("1", "5", "not rated"), (0, 1, -1)),
    ],
)
def test_ratings_are_cut_by_their_share_of_the_scale(values: tuple[str, ...], wanted: tuple[int, ...]) -> None:
    assert {NEGATIVE, POSITIVE, NO_LABEL} >= {*wanted} and meanings(*values) == [*wanted]


@pytest.mark.parametrize(
    "values", [("4/5", "7"), ("positive", "2"), ("5 stars", "ham"), ("1/5", "9/10", "3"), ("excellent", "poor")]
)
def test_what_leaves_the_scale_open_is_asked_for(values: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="does not say what is positive"):
        meanings(*values)


def test_a_file_says_what_its_numbers_mean() -> None:
    counts = {"0": (5, 1), "1": (4, 2), "2": (3, 3), "-1": (2, 4)}
    names = {"0": "positive", "1": "neutral", "2": "negative", "-1": ""}
    found = classes(counts, (), (), "reviews.parquet", "label", names)
    assert [item.label for item in found] == [POSITIVE, NO_LABEL, NEGATIVE, NO_LABEL]
    assert found[0].shown == "0 (positive)" and found[3].meant == ""
    # Who chooses may say the number or the name.
    for positive in ("1", "neutral"):
        found = classes(counts, (positive,), (), "reviews.parquet", "label", names)
        assert [item.label for item in found] == [NEGATIVE, POSITIVE, NEGATIVE, NO_LABEL]
    with pytest.raises(DataError, match=r"'joy' .*'anger'"):
        classes({"0": (5, 1), "1": (4, 2)}, (), (), "reviews.parquet", "label", {"0": "joy", "1": "anger"})
