"""What a class's own trainings of a lesson came to: which of its choices each of them bore out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.seed_groups import UNLIKE_IN_SEEDS
from sentiment_core.findings.verdict import Verdict
from sentiment_core.lessons.answer import measured_choice
from sentiment_core.lessons.setting import experiment_for
from sentiment_core.lessons.syllabus import Lesson
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment


def trained_of(lesson: Lesson, experiments: Iterable[Experiment]) -> list[Experiment]:
    """Return those of `experiments` that are the lesson's as it stands, whatever their seed."""
    if lesson.preset is None:
        return []
    wanted = _setting(experiment_for(lesson))
    return [each for each in experiments if _setting(each.config) == wanted]


def outcomes(
    lesson: Lesson, experiments: Iterable[Experiment], judged: Callable[[Experiment], Verdict]
) -> Counter[str]:
    """Return how many trainings of the lesson bore out which of its choices.

    `judged` returns an experiment's verdict; a training that cannot tell counts nowhere.
    """
    finished = (each for each in experiments if each.status is Status.FINISHED)
    found = [measured_choice(lesson, judged(each)) for each in trained_of(lesson, finished)]
    return Counter(choice for choice in found if choice is not None)


def _setting(config: ExperimentConfig) -> list[str]:
    return [config.resolve(run).model_dump_json(exclude={*UNLIKE_IN_SEEDS, "runs"}) for run in config.runs]
