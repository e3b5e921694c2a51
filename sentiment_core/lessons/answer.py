"""Which of a lesson's choices the measurements bear out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentiment_core.findings.verdict import RunVerdict, Verdict
from sentiment_core.lessons.syllabus import Lesson

LITTLE, MUCH = 3.0, 10.0
STRAIGHT, BENT = 0.99, 0.9


def measured_choice(lesson: Lesson, verdict: Verdict) -> int | None:
    """Return the place of the choice that came true; None when the runs did not get far enough to tell."""
    last = verdict.runs[-1]
    if lesson.measure == "learned":
        return None if last.learned is None else int(last.learned)
    if lesson.measure == "better":
        if not verdict.comparisons or verdict.comparisons[-1].interval is None:
            return None
        return {True: 0, None: 1, False: 2}[verdict.comparisons[-1].better]
    if lesson.measure == "spike":
        return _band(last.spike.times_median if last.spike else None, (LITTLE, MUCH))
    if lesson.measure == "turned":
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
