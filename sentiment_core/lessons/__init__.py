"""The course notebook as lessons: what each rung teaches, the experiment that shows it, the code behind it."""

from sentiment_core.lessons.answer import AnyLesson, happened, measured_choice
from sentiment_core.lessons.bert import BERT_LESSONS, BertLesson, bert_experiment, bert_lesson
from sentiment_core.lessons.evidence import measured, results, updates_per_epoch
from sentiment_core.lessons.hyperparameters import HYPERPARAMETERS, Hyperparameter
from sentiment_core.lessons.mistakes import MISTAKES, MistakeLesson, mistake, mistakes_of
from sentiment_core.lessons.outcomes import outcomes
from sentiment_core.lessons.places import Place
from sentiment_core.lessons.questions import QUESTIONS, Question, question
from sentiment_core.lessons.setting import changed_fields, experiment_for, full_experiment_for
from sentiment_core.lessons.source import Excerpt, excerpt
from sentiment_core.lessons.syllabus import LESSONS, Lesson, Variation, lesson

__all__ = [
    "BERT_LESSONS",
    "HYPERPARAMETERS",
    "LESSONS",
    "MISTAKES",
    "QUESTIONS",
    "AnyLesson",
    "BertLesson",
    "Excerpt",
    "Hyperparameter",
    "Lesson",
    "MistakeLesson",
    "Place",
    "Question",
    "Variation",
    "bert_experiment",
    "bert_lesson",
    "changed_fields",
    "excerpt",
    "experiment_for",
    "full_experiment_for",
    "happened",
    "lesson",
    "measured",
    "measured_choice",
    "mistake",
    "mistakes_of",
    "outcomes",
    "question",
    "results",
    "updates_per_epoch",
]
