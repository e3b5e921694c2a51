"""An experiment as the live plot wants it, written as strict JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from sentiment_core.baselines import trained
from sentiment_core.clipping import RULES
from sentiment_core.colours import colours_of
from sentiment_core.findings.live_changes import asked, changes
from sentiment_core.metrics import Status
from sentiment_core.steps.quantities import CORE, DIAGNOSTICS
from sentiment_core.store import Experiment, Run, RunSource
from sentiment_core.store.source import measured
from sentiment_core.tasks import TASKS
from sentiment_core.work.waiting import seconds_to_wait
from ui.server import backend
from ui.server.asked import KnownSteps
from ui.server.step_blocks import LONG, ROWS_PER_ANSWER, AnswerPiece, blocks_after, overview, steps_json

MOST_VALUES = 1000


def describe(
    source: RunSource, found: Experiment, known: dict[str, KnownSteps], look_over: bool = False
) -> dict[str, Any]:
    """Return one experiment as the live plot wants it; `more` says that further rows wait.

    With `look_over`, where a run is long, these are the rows that curves are recognised by, and all of them wait.
    Answers before the first step carry the titles of the axes and the lines to draw for chance, guessing and baselines;
    later ones do not, they are polled too often.
    """
    over = look_over and any(run.steps >= LONG for run in found.runs)
    runs = [
        {"colour": colour, **_describe_run(source, found, run, known.get(run.id, KnownSteps()), over)}
        for run, colour in zip(found.runs, colours_of(found.config), strict=True)
    ]
    begun = any(item.step for item in known.values())
    return {
        "id": found.id,
        "name": found.name,
        "status": str(found.status),
        "error": found.error,
        "queue_position": source.queue_position(found.id),
        "queue_seconds": seconds_to_wait(backend.shared_store(), found.id) if found.status is Status.QUEUED else None,
        "progress": asdict(found.progress) if found.progress else None,
        "asked": asked(source, found, backend.shared_store().requested(found.id)) if found.status.is_active else [],
        "finished": not found.status.is_active,
        "overview": over,
        "more": over or any(sum(block.count for block in run["steps"]) >= ROWS_PER_ANSWER for run in runs),
        **({"references": None, "guessing": None, "titles": None} if begun else axes(source, found)),
        "runs": runs,
    }


def axes(source: RunSource, found: Experiment) -> dict[str, Any]:
    """Return `titles` of the axes by quantity, and the lines to draw: `guessing` on the loss, `references` on accuracy.

    What a task's guesses reach may be known before its reviews are. Baselines' accuracies are on the experiment's test
    reviews, as far as somebody has trained them, and only beside a task that asks what they answer.
    """
    task, balances = TASKS[found.config.task], source.balances(found.runs[0].id)
    chance = task.chance(balances)
    lines = {} if chance is None else {"chance": chance}
    # Guessing costs something else where classes are weighed, and runs that weigh them differently share no line.
    weighed = any(run.config.training.class_weights != "none" for run in found.runs)
    if task.judges_reviews:
        lines |= source.references(found.id) or trained(found.config.data, backend.shared_store())
    return {
        "titles": {"loss": task.loss, "accuracy": task.accuracy},
        "references": [{"label": label, "value": value} for label, value in lines.items()],
        "guessing": None if weighed else task.guess(balances),
    }


def values_of(source: RunSource, found: Experiment, name: str, after: int) -> dict[str, Any]:
    """Return a quantity's declaration and, for each run, its steps and values; an array is a list, of lists if 2-D."""
    runs = []
    for run in found.runs:
        steps, values = measured(source, run.id, name, after, MOST_VALUES)
        plain = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
        runs.append({"id": run.id, "name": run.name, "step": steps, "value": plain})
    return {"quantity": asdict(CORE.get(name) or DIAGNOSTICS[name]), "runs": runs}


def undrawn(run: Run) -> list[str]:
    """Return which quantities that have a panel are not drawn for a run: what clipping did, where it did nothing.

    A threshold that is no length has no place beside the norm.
    """
    rule = RULES[run.config.training.clipping]
    hidden = {"dotted": rule.clip is None, "level": not rule.bounds_norm}
    return [name for name, quantity in CORE.items() if hidden.get(quantity.line)]


def _describe_run(source: RunSource, found: Experiment, run: Run, known: KnownSteps, over: bool) -> dict[str, Any]:
    evaluations = source.evaluations(run.id)
    return {
        "id": run.id,
        "name": run.name,
        "status": str(run.status),
        "error": run.error,
        "clipping": run.config.training.clipping,
        "undrawn": undrawn(run),
        "parameters": run.parameters,
        "changes": [{"step": each.step, "words": each.words} for each in changes(source, run)],
        "seconds": run.seconds,
        "validation_accuracy": run.validation_accuracy,
        "test_accuracy": run.test_accuracy,
        # None: the browser has them all.
        "evaluations": None
        if evaluations and len(evaluations) == known.evaluations
        else list(map(asdict, evaluations)),
        "steps": overview(source, found, run) if over else blocks_after(source, found, run, known.step),
    }


def written(description: dict[str, Any]) -> list[AnswerPiece]:
    """Write what `describe` returned as strict JSON."""
    pieces = [AnswerPiece.of(_opened(description, "runs") + "[")]
    for place, run in enumerate(description["runs"]):
        start = "," if place else ""
        pieces += [AnswerPiece.of(start + _opened(run, "steps")), *steps_json(run["steps"]), AnswerPiece.of("}")]
    return [*pieces, AnswerPiece.of("]}")]


def _opened(content: dict[str, Any], last: str) -> str:
    """Write an object up to the value of `last`, which is left to the caller."""
    others = {name: value for name, value in content.items() if name != last}
    return f'{strict_json(others).removesuffix("}")},"{last}":'


def strict_json(content: Any) -> str:
    """Strict JSON: browsers refuse bare NaN, so what is not finite travels as its name."""
    return json.dumps(_strict(content), allow_nan=False, separators=(",", ":"))


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else value
