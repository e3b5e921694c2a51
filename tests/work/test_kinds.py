"""The kinds of work there are, and how long what they do will take."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from sentiment_core.cli.progress import ProgressLine
from sentiment_core.errors import StoreError
from sentiment_core.explain.many_reviews import PREDICTIONS, ManyAnswers, ManyReviewsQuestion
from sentiment_core.explain.study_question import FAITHFULNESS, StudyQuestion
from sentiment_core.store import TRAINING
from sentiment_core.work import pace
from sentiment_core.work.kinds import KINDS, TRAIN, TrainingOrder, kind, name_of
from sentiment_core.work.pace import Pace

STUDY = StudyQuestion("pretrained", "0a", None, "demo", 100, 0, ("attention",))


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_found_by_its_name_and_its_function_is_there(name: str) -> None:
    found = kind(name)
    module, _, function = found.function.partition(":")
    assert found.name == name and found.title
    assert callable(getattr(import_module(module), function))


def test_equal_questions_are_the_same_work() -> None:
    work_id = FAITHFULNESS.id_of(STUDY)
    assert work_id == FAITHFULNESS.id_of(replace(STUDY)) != FAITHFULNESS.id_of(replace(STUDY, seed=1))
    assert name_of(work_id) == "faithfulness" and name_of("0a1b2c3d") == TRAINING
    assert FAITHFULNESS.read(FAITHFULNESS.written(STUDY)) == STUDY
    assert TRAIN.read('{"experiment": "0a1b2c3d"}') == TrainingOrder("0a1b2c3d")


def test_what_another_version_wrote_is_told_from_ours() -> None:
    with pytest.raises(StoreError, match="another version"):
        FAITHFULNESS.read('{"model": "pretrained"}')
    written = PREDICTIONS.written_result(ManyAnswers((0.5, 0.25), (3, 0), (2, 0), (1, 4), 400))
    assert PREDICTIONS.read_result(json.loads(json.dumps(written))) == ManyAnswers(
        (0.5, 0.25), (3, 0), (2, 0), (1, 4), 400
    )
    assert PREDICTIONS.read_result({"answers": []}) is None and PREDICTIONS.read_result(None) is None


def test_only_what_takes_hours_is_long_and_the_pretrained_model_has_no_run() -> None:
    assert not FAITHFULNESS.is_long(STUDY) and FAITHFULNESS.is_long(replace(STUDY, sample=5000))
    assert TRAIN.is_long(TrainingOrder("0a")) and not PREDICTIONS.is_long(ManyReviewsQuestion("0a-1", "0b", "demo"))
    assert FAITHFULNESS.run_of(STUDY) is None and FAITHFULNESS.run_of(replace(STUDY, model="0a-1")) == "0a-1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def test_the_time_that_is_left_follows_the_pace(clock: list[float]) -> None:
    watched = Pace()
    told: list[Any] = []
    for seconds, fraction in ((0, 0.2), (0.5, 0.3), (1.5, 0.4), (2, None), (0, 0.5), (10, 0.75), (5, 0.1), (9, 0.4)):
        clock[0] += seconds
        told.append(watched.left(fraction))
    # Too soon; 0.2 in 2 s, 0.6 to go; unknown, anew; 0.25 in 10 s; a new part from 0.1; 0.3 in 9 s.
    assert told == [None, None, pytest.approx(6.0), None, None, pytest.approx(10.0), None, pytest.approx(18.0)]
    watched.restart()
    assert watched.left(0.9) is None


def test_the_command_line_says_what_is_left_of_any_long_work(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    line = ProgressLine()
    for seconds, fraction in ((0, None), (0, None), (0, 0.0), (100, 0.5)):
        clock[0] += seconds
        line.say("Review 5 of 10", fraction)
    assert capsys.readouterr().err.splitlines() == [
        "Review 5 of 10 …",
        "Review 5 of 10 0% …",
        "Review 5 of 10 50% …, 2 min left",
    ]
