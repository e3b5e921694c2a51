"""The first line of a verdict: said where the measurements carry it, and not where they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentiment_core.clipping import RULES
from sentiment_core.findings.twins import Parting
from sentiment_core.findings.verdict import Comparison, Interval, RunVerdict
from sentiment_core.findings.verdict.summary import summary
from sentiment_core.metrics import Balance

RUN = RunVerdict(
    "a-1", "plain", 200, 0.60, None, Interval(0.5, 0.7), True, None, RULES["none"], False, 1.0, None, None, None, None,
    0.1, 100, 0, None, None,
)  # fmt: skip
OTHER = replace(RUN, run_id="a-2", name="clipped", accuracy=0.70)


def said(first: RunVerdict, second: RunVerdict, low: float, high: float) -> str:
    item = Comparison(
        first.name, second.name, Parting(first.name, second.name, 9, ("loss",), ()), low, Interval(low, high)
    )
    return " ".join(finding.text for finding in summary((first, second), (item,)))


def test_better_is_said_only_where_the_interval_says_so():
    assert said(RUN, OTHER, 0.02, 0.2) == "clipped ends better than plain (70% against 60% of the validation reviews)."
    assert "worse" in said(OTHER, RUN, -0.2, -0.02)
    alike = "plain and clipped end alike (60% and 70% of the validation reviews)."
    assert said(RUN, OTHER, -0.1, 0.2) == alike, "names and shares stand in the same order"
    assert "alike" in said(RUN, OTHER, -0.1, 0.2) and "better" not in said(RUN, OTHER, -0.1, 0.2)


@pytest.mark.parametrize(("first", "behind"), [((0.7, 0.7, 0.6), True), ((0.5, 0.5, 0.6), False)])
def test_the_course_of_training_is_heard_beside_its_end(first, behind):
    text = said(replace(RUN, course=first), replace(OTHER, course=(0.5, 0.6, 0.7)), 0.02, 0.2)
    assert ("behind on average over training" in text) is behind


@pytest.mark.parametrize(("spread", "steps", "named"), [(0.35, 100, True), (0.25, 100, False), (0.35, 20, False)])
def test_a_swing_is_named_where_it_is_large_and_long_enough(spread, steps, named):
    text = said(replace(RUN, spread=spread, spread_steps=steps), OTHER, -0.1, 0.1)
    assert ("the loss of plain swings" in text) is named


def test_of_several_runs_the_highest_is_named_and_whether_the_next_is_behind():
    def alone(*runs: RunVerdict) -> str:
        return " ".join(finding.text for finding in summary(runs, ()))

    judged = replace(RUN, name="low", balance=Balance(640, 320))
    best, near = replace(judged, name="best", accuracy=0.75), replace(judged, name="near", accuracy=0.74)
    ahead = "best ends highest: 75% of the validation reviews right, clearly ahead of low (60%)."
    assert alone(judged, best, replace(judged, name="lower", accuracy=0.5)) == ahead
    assert "not clearly ahead of near (74%)" in alone(judged, best, near)
    broken = replace(judged, name="wild", accuracy=0.9, first_non_finite=3)
    assert alone(judged, broken, best) == f"{ahead} 1 of 3 runs broke down."
    assert alone(judged, broken, broken) == ""
    mute = replace(judged, name="mute", accuracy=float("nan"), interval=None, learned=None)
    assert alone(mute, judged, best) == alone(best, mute, judged) == ahead, "one that gives no answers has no share"
    same = replace(best, name="same")
    assert alone(judged, best, same, replace(best, name="third")) == (
        "best, same and third end highest, each with 75% of the validation reviews right."
    )


def test_a_run_that_broke_is_named_first_and_what_cannot_be_told_is_not():
    assert said(replace(RUN, first_non_finite=7), OTHER, 0.1, 0.2) == "plain broke down at step 7, clipped did not."
    assert summary((replace(RUN, learned=None),), ()) == [] and summary((RUN, OTHER, OTHER), ()) == []
    assert "has not shown" in summary((replace(RUN, learned=False),), ())[0].text
