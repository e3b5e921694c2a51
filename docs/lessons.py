"""The table of what lessons' defaults show over seeds; `python -m benchmarks.lessons` measures and writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment_core.config import ExperimentConfig
from sentiment_core.lessons import (
    BERT_LESSONS,
    LESSONS,
    AnyLesson,
    BertLesson,
    bert_experiment,
    experiment_for,
)

PAGE = Path(__file__).with_suffix(".md")
ABOUT = (
    "Each lesson trained as its page trains it, on demo reviews, with several seeds. A cell is the choice that the "
    "verdict names on the page, with each run's validation accuracy. A row agrees where the verdict of every seed says "
    "what the lesson teaches. The last column changes with the lesson's settings. Written by `python -m "
    "benchmarks.lessons`."
)


@dataclass(frozen=True)
class Told:
    """What a lesson's runs with one seed came to: the choice that came true, and each run's validation accuracy."""

    choice: str | None
    accuracies: Sequence[float | None]


def experiment_of(item: AnyLesson, seed: int = 1) -> ExperimentConfig:
    """Return a lesson's default experiment with a seed; raises `NotFoundError` where there is nothing to train."""
    config = bert_experiment(item) if isinstance(item, BertLesson) else experiment_for(item)
    return config.model_copy(update={"seed": seed})


def measured_lessons() -> list[AnyLesson]:
    """Return the lessons that train something, in their order."""
    return [item for item in (*LESSONS, *BERT_LESSONS) if item.preset]


def digest_of(item: AnyLesson) -> str:
    """Return what changes with a lesson's settings, its choices and what it teaches: a row with another one is old."""
    settings = experiment_of(item).model_dump_json(exclude={"name", "seed", "device"})
    return hashlib.sha256("|".join((settings, item.teaches, *item.choices)).encode()).hexdigest()[:12]


def as_markdown(seeds: Sequence[int], told: Callable[[AnyLesson, int], Told | None]) -> str:
    """Return the document; `told` says what a lesson came to with a seed, None where it has not been trained."""
    head = ["lesson", "it teaches", *(f"seed {seed}" for seed in seeds), "agrees", "settings"]
    lines = [
        "# What lessons show at their default settings",
        "",
        ABOUT,
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    for item in measured_lessons():
        found = [told(item, seed) for seed in seeds]
        cells = [
            item.name,
            f"{item.question} {item.teaches}",
            *map(_cell, found),
            _agrees(item, found),
            digest_of(item),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(found: Told | None) -> str:
    if found is None:
        return "not measured"
    reached = ", ".join("none" if value is None else f"{value:.3f}" for value in found.accuracies)
    return f"{found.choice or 'cannot be told'} ({reached})"


def _agrees(item: AnyLesson, found: Sequence[Told | None]) -> str:
    choices = [one.choice for one in found if one is not None]
    if len(choices) < len(found):
        return "not measured"
    return "yes" if all(choice == item.teaches for choice in choices) else "no"
