"""What seeds can tell: a difference is named only where their paired interval leaves out 0."""

from __future__ import annotations

import pytest
from scipy.stats import ttest_rel

from sentiment_core.recorded import RunSpread, SeedResult, compared, in_words, paired, sentences

WITHOUT = (0.65, 0.61, 0.68, 0.66, 0.63)


def spread(name: str, *tests: float | None) -> RunSpread:
    return RunSpread(name, tuple(SeedResult(seed, 0.5, test) for seed, test in enumerate(tests, start=1)))


def test_the_interval_is_students_over_paired_differences():
    better = (0.70, 0.69, 0.71, 0.73, 0.68)
    found = paired(spread("a", *WITHOUT), spread("b", *better))
    expected = ttest_rel(better, WITHOUT).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.seeds, found.better) == (5, 5) and found.mean == pytest.approx(0.056)


def test_a_clear_difference_is_said_with_its_figures():
    said = compared(spread("no clipping", *WITHOUT), spread("clipping", 0.70, 0.69, 0.71, 0.73, 0.68))
    assert said.startswith("Over 5 seeds: test accuracy 0.702 ± 0.019 with clipping, 0.646 ± 0.027 with no clipping")
    assert "better in 5 of 5, difference +0.056 (95 % interval +0.032 to +0.080): clearly more accurate." in said
    assert "clearly less accurate" in compared(spread("b", 0.70, 0.69, 0.71, 0.73, 0.68), spread("a", *WITHOUT))


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ((0.70, 0.60, 0.72, 0.64, 0.66), "no clear difference"),
        (WITHOUT, "no clear difference"),
        ((0.70, 0.69, 0.71, 0.73), "too few seeds to tell"),
        ((0.70,), "too few seeds to tell"),
        ((0.70, 0.69, 0.71, 0.73, None), "too few seeds to tell"),
        ((None,) * 5, "too few seeds to tell"),
    ],
)
def test_no_claim_where_seeds_cannot_tell(tests, said):
    found = compared(spread("a", *WITHOUT), spread("b", *tests))
    assert said in found and "clearly" not in found and "accurate" not in found


def test_means_are_those_of_the_seeds_that_are_compared():
    said = compared(spread("a", 0.6, 0.6, 0.6), spread("b", 0.7, 0.7, 0.7, 0.1, 0.1))
    assert said.startswith("Over 3 seeds: test accuracy 0.700 ± 0.000 with b, 0.600 ± 0.000 with a")


def test_one_seed_says_that_it_is_one_run():
    (said,) = sentences([spread("a", 0.642), spread("b", 0.712)])
    assert said == ("Test accuracy in one run: 0.642 with a, 0.712 with b. One run cannot tell a cause from chance.")
    assert "– with b. b diverged with 1 seed." in sentences([spread("a", 0.642), spread("b", None)])[0]


def test_each_run_is_compared_with_the_first():
    said = sentences([spread("first", *WITHOUT), spread("second", *WITHOUT), spread("third", *WITHOUT)])
    assert ["second is better" in said[0], "third is better" in said[1]] == [True, True]
    assert "not reviews" in said[2] and len(said) == 3
    assert sentences([]) == ()


def test_a_single_run_and_its_lost_seeds():
    assert sentences([spread("a", 0.5, 0.6, None)]) == (
        "a: test accuracy 0.550 ± 0.071 over 2 seeds (0.500 to 0.600). a diverged with 1 seed.",
    )
    assert "no seed reached" in sentences([spread("a", None, float("nan"))])[0]


def test_what_computed_a_run_in_words():
    made = {"torch": "2.13.0", "device": "CPU", "threads": 1, "cpu": "AVX2"}
    assert in_words(made) == "PyTorch 2.13.0, CPU, 1 thread, AVX2"
    assert "2 threads" in in_words({**made, "threads": 2})
    assert in_words({}) == ""
