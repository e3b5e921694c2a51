"""Which of a lesson's choices the measurements bear out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentiment_core.findings.masked_words import hold_runs, reached
from sentiment_core.findings.verdict import RunVerdict, Verdict, judge
from sentiment_core.lessons.bert import BertLesson, choice_of_answers, choice_of_tasks, choice_of_words
from sentiment_core.lessons.syllabus import Lesson
from sentiment_core.store import Experiment, RunSource

AnyLesson = Lesson | BertLesson

LITTLE, MUCH = 3.0, 10.0
STRAIGHT, BENT = 0.99, 0.9


def happened(item: AnyLesson, source: RunSource, experiment: Experiment) -> str | None:
    """Return the choice of a lesson that came true in an ended experiment of it; None where that cannot be told.

    Raises `CheckpointError` for damaged measurements of test pairs.
    """
    if isinstance(item, Lesson):
        return measured_choice(item, judge(source, experiment.id))
    if item.measure == "answer":
        return choice_of_answers(judge(source, experiment.id))
    if item.measure == "tasks":
        found = reached(experiment.runs[0])
        return None if found is None else choice_of_tasks(found)
    return choice_of_words(hold_runs(experiment.runs))


def measured_choice(item: Lesson, verdict: Verdict) -> str | None:
    """Return the choice that came true; None when the runs did not get far enough to tell, or are not the lesson's."""
    place = _place(item, verdict)
    return None if place is None or place >= len(item.choices) else item.choices[place]


def _place(item: Lesson, verdict: Verdict) -> int | None:
    last = verdict.runs[-1]
    if item.measure == "learned":
        return None if last.learned is None else int(last.learned)
    if item.measure == "better":
        if not verdict.comparisons or verdict.comparisons[-1].interval is None:
            return None
        return {True: 0, None: 1, False: 2}[verdict.comparisons[-1].better]
    if item.measure == "spike":
        return _band(last.spike.times_median if last.spike else None, (LITTLE, MUCH))
    if item.measure == "turned":
        return _band(None if last.cosine is None else -last.cosine, (-STRAIGHT, -BENT))
    return _best(verdict.runs)


def _band(value: float | None, limits: tuple[float, float]) -> int | None:
    return None if value is None else sum(value > limit for limit in limits)


def _best(runs: Sequence[RunVerdict]) -> int | None:
    measured = [
        (run.accuracy, -place)
        for place, run in enumerate(runs)
        if run.accuracy is not None and math.isfinite(run.accuracy)
    ]
    return -max(measured)[1] if measured else None
