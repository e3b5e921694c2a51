"""The course notebook as lessons: what each rung teaches, the experiment that shows it, the code behind it."""

from sentiment_core.lessons.answer import measured_choice
from sentiment_core.lessons.setting import changed_fields, experiment_for, full_experiment_for, validation_reviews
from sentiment_core.lessons.source import Excerpt, excerpt
from sentiment_core.lessons.syllabus import LESSONS, Lesson, lesson

__all__ = [
    "LESSONS",
    "Excerpt",
    "Lesson",
    "changed_fields",
    "excerpt",
    "experiment_for",
    "full_experiment_for",
    "lesson",
    "measured_choice",
    "validation_reviews",
]
