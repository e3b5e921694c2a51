"""The experiment of a lesson: its rung beside the rung it builds on, on the demo reviews or as in the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sentiment_core.config import FIELDS, SHARED_FIELDS, ExperimentConfig, RunConfig, Scalar, from_fields, with_runs
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.lessons.mistakes import MistakeLesson
from sentiment_core.lessons.syllabus import Lesson
from sentiment_core.presets import preset

# Small enough for a classroom's laptops; large enough for 640 validation reviews.
DEMO_SETTING: dict[str, Any] = {
    "data.source": "demo",
    "data.embeddings": "glove-50",
    "data.tokenizer": "unified",
    "data.validation_fraction": 0.2,
    "training.batch_size": 32,
    "training.epochs": 6,
}
# Random batches are four fifths padding, so they cost several times as much.
RANDOM_BATCHES: dict[str, Any] = {"training.batch_size": 64, "training.epochs": 3}
NOTEBOOK_SETTING: dict[str, Any] = {
    "data.source": "imdb",
    "data.split": "notebook",
    "data.embeddings": "glove-100",
    "data.limit": 40_000,
}
# The padding bug shows in random batches only: bucketed ones hold next to no padding.
LAST_RANDOM_RUNG = 2


def experiment_for(
    lesson: Lesson, changes: Mapping[str, Any] | None = None, mistake: MistakeLesson | None = None
) -> ExperimentConfig:
    """Return the lesson's experiment on the demo reviews, with dotted fields of all its runs replaced by `changes`.

    With one of its mistakes, the experiment is the lesson's own rung with and without it.
    Raises `NotFoundError` for the reference, which has nothing to train, and `ConfigError` for bad changes.
    """
    setting = dict(DEMO_SETTING)
    if lesson.rung is not None and lesson.rung <= LAST_RANDOM_RUNG:
        setting |= RANDOM_BATCHES
    elif lesson.epochs is not None:
        setting["training.epochs"] = lesson.epochs
    setting |= lesson.demo
    return _experiment(lesson, setting, changes or {}, mistake)


def full_experiment_for(lesson: Lesson) -> ExperimentConfig:
    """Return the lesson's experiment as the notebook ran it: real reviews, 100 components, batches of 128."""
    return _experiment(lesson, NOTEBOOK_SETTING, {})


def changed_fields(query: Mapping[str, str]) -> dict[str, str]:
    """Return those parameters of a link that change settings; raise `ConfigError` for ones a lesson does not have.

    What the runs differ in is the lesson; files belong to Train.
    """
    for name in query:
        if name not in FIELDS or name in {"name", "data.path", "data.source"}:
            raise ConfigError(f"{name[:60]}: a lesson's link cannot change this; here is the lesson as it stands.")
    return dict(query)


def _experiment(
    lesson: Lesson, setting: Mapping[str, Any], changes: Mapping[str, Any], mistake: MistakeLesson | None = None
) -> ExperimentConfig:
    if lesson.preset is None:
        raise NotFoundError(f"the lesson {lesson.title!r} has nothing to train")
    own = preset(lesson.preset)
    first = preset(lesson.compared_with) if lesson.compared_with and not mistake else own
    batching = "random" if lesson.rung is not None and lesson.rung <= LAST_RANDOM_RUNG else "bucketed"
    shared = {name: _lookup(own.config, name) for name in SHARED_FIELDS}
    fields = {**shared, "data.batching": batching, **setting, **(mistake.base if mistake else {})}
    base = from_fields(changes, from_fields(fields, first.config))
    if mistake:
        twins = [RunConfig(name=name, overrides=overrides) for name, overrides in mistake.runs]
        return _named(base, f"Lesson {lesson.rung}: {mistake.title}", twins)
    runs: list[RunConfig] = []
    if lesson.compared_with:
        runs.append(RunConfig(name=first.title))
    difference = _difference(first.config, own.config)
    if len(own.config.runs) > 1:
        runs = [RunConfig(name=f"rate {first.config.training.learning_rate:g}")]
        runs += [RunConfig(name=run.name, overrides={**difference, **run.overrides}) for run in own.config.runs]
    else:
        runs.append(RunConfig(name=own.title, overrides=difference))
    return _named(base, f"Lesson {lesson.rung}: {lesson.title}", runs)


def _difference(first: ExperimentConfig, second: ExperimentConfig) -> dict[str, Scalar]:
    names = [name for name in FIELDS if name.startswith(("model.", "training.")) and name not in SHARED_FIELDS]
    return {name: _lookup(second, name) for name in names if _lookup(first, name) != _lookup(second, name)}


def _lookup(config: ExperimentConfig, name: str) -> Any:
    section, _, field = name.rpartition(".")
    return getattr(getattr(config, section), field)


def _named(base: ExperimentConfig, name: str, runs: list[RunConfig]) -> ExperimentConfig:
    return with_runs(base.model_copy(update={"name": name}), runs)
