"""Numbers in sentences claim no more than was measured."""

from __future__ import annotations

import math

import pytest

from sentiment_core.number_words import by_number, counted, equals, percent, probability, signed

SHARES = [
    (0.0, "0%"),
    (1 / 240, "< 1%"),
    (0.005001, "1%"),
    (0.5, "50%"),
    (239 / 240, "> 99%"),
    (1.0, "100%"),
]
PROBABILITIES = [
    (0.0, "= 0.000"),
    (0.0004, "< 0.001"),
    (0.0006, "= 0.001"),
    (0.9994, "= 0.999"),
    (0.9996, "> 0.999"),
    (1.0, "= 1.000"),
]


@pytest.mark.parametrize(("value", "said"), SHARES)
def test_only_all_are_a_hundred_percent_and_only_none_are_zero(value, said):
    assert percent(value) == said


@pytest.mark.parametrize(("value", "said"), PROBABILITIES)
def test_a_probability_is_nought_or_one_only_where_it_is(value, said):
    assert equals(value) == said
    assert probability(value) == said.removeprefix("= ")


def test_digits_signs_and_what_is_no_number():
    assert percent(0.9999, 1) == "> 99.9%" and percent(0.0001, 1) == "< 0.1%" and percent(0.123, 1) == "12.3%"
    assert probability(0.999, 2) == "> 0.99" and probability(0.25, 2) == "0.25"
    assert signed(-0.0351) == "−0.035" and signed(0.5, "+.1f") == "+0.5"
    assert probability(math.nan) == "nan" and percent(None) == "–"


def test_one_is_singular_and_all_else_plural() -> None:
    assert [counted(count, "review") for count in (0, 1, 2, 4000)] == [
        "0 reviews",
        "1 review",
        "2 reviews",
        "4,000 reviews",
    ]
    assert counted(2, "axis", "axes") == "2 axes"
    assert [by_number(count, "has", "have") for count in (0, 1, 2)] == ["have", "has", "have"]
