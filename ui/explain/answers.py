"""What models say about a review, kept so that drawing the page again costs nothing.

What takes no longer than a moment is answered at once, whatever asked; the rest waits for a click and is a job.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sentiment_core.explain import (
    DEFAULT_BASELINE,
    METHODS,
    Attribution,
    Explanation,
    ModelInfo,
    ReadingAlong,
    attribute,
)
from sentiment_core.explain import job as explanation
from sentiment_core.explain.unseen import has_seen
from sentiment_core.work.desk import look
from sentiment_core.work.pace import duration
from ui.kit.at_once import AT_ONCE_SECONDS
from ui.kit.job_panel import job_panel
from ui.kit.kept import kept
from ui.kit.predictor import predictor
from ui.server.backend import store


@dataclass(frozen=True)
class Answer:
    """One model's answer to the review, and its attributions by the chosen methods that the model allows.

    `seen`: whether the model has learned from the review, None where nobody can tell. `waiting`: those that take long
    and have not been computed yet; `seconds`: the estimate for those answered at once.
    """

    info: ModelInfo
    text: str
    explanation: Explanation
    attributions: tuple[Attribution, ...]
    seen: bool | None = None
    waiting: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether the answer is a number: a model whose training diverged has none."""
        return math.isfinite(self.explanation.probability)


# Kept as objects, not pickled: a review of 50,000 words has 50,000 records. Nothing changes them.
@kept(max_entries=12, show_spinner="Asking the model")
def _explanation(model_id: str, version: str, text: str) -> Explanation:
    answer: Explanation = predictor(model_id, version).explain(text)
    return answer


@kept(max_entries=48, show_spinner="Attributing the answer to the words")
def _attribution(
    model_id: str, version: str, text: str, method: str, target: int | None, baseline: str | None
) -> Attribution:
    return attribute(predictor(model_id, version), text, [method], target, baseline or DEFAULT_BASELINE)[0]


@kept(max_entries=24, show_spinner="Taking words away")
def _faithfulness(
    model_id: str, version: str, text: str, methods: tuple[str, ...], target: int | None, baseline: str
) -> Any:
    from sentiment_core.explain.faithfulness import of_review

    found = [
        _attribution(model_id, version, text, name, target, baseline if METHODS[name].uses_baseline else None)
        for name in methods
    ]
    return of_review(predictor(model_id, version), text, found)


@kept(max_entries=24, show_spinner="Reading along")
def _reading_along(model_id: str, version: str, text: str) -> ReadingAlong:
    found: ReadingAlong = predictor(model_id, version).reading_along(text)
    return found


def explain(info: ModelInfo, text: str) -> Explanation:
    """Return what one model says about `text`; raises `SentimentLabError`."""
    answer: Explanation = _explanation(info.id, info.version, text)
    return answer


def ask(
    info: ModelInfo, text: str, methods: Sequence[str], target: int | None, baseline: str, spent: float = 0.0
) -> Answer:
    """Return a model's answer with the chosen methods that suit it; raises `SentimentLabError`.

    `spent`: seconds that this page has already been estimated to take at once.
    """
    from sentiment_core.explain.cost import attribution_seconds

    explained = explain(info, text)
    seen = has_seen(text, info.id, store())
    if not math.isfinite(explained.probability):
        return Answer(info, text, explained, (), seen)
    names = [name for name in methods if info.has_attention or not METHODS[name].needs_attention]
    model = predictor(info.id, info.version)
    seconds = {name: attribution_seconds(model, name, explained.used_tokens) for name in names}
    quick: list[str] = []
    for name in sorted(names, key=seconds.__getitem__):
        if spent + sum(seconds[other] for other in quick) + seconds[name] <= AT_ONCE_SECONDS:
            quick.append(name)
    dear = [name for name in names if name not in quick]
    found = {
        name: _attribution(info.id, info.version, text, name, target, baseline if METHODS[name].uses_baseline else None)
        for name in quick
    }
    if dear:
        job = look(
            store(), explanation.EXPLANATION, _question(info, text, explanation.ATTRIBUTIONS, dear, target, baseline)
        )
        if job.result is not None:
            used = np.array([token.used for token in explained.tokens])
            found |= {item.method: item for item in explanation.attributions_of(job.result, used)}
    waiting = tuple(name for name in names if name not in found)
    ready = tuple(found[name] for name in names if name in found)
    return Answer(info, text, explained, ready, seen, waiting, sum(seconds[name] for name in quick))


def offer_waiting(answer: Answer, target: int | None, baseline: str) -> None:
    """Draw the button that computes what an answer is waiting for, and its progress; the page is drawn anew with it."""
    from sentiment_core.explain.cost import attribution_seconds

    if not answer.waiting:
        return
    model = predictor(answer.info.id, answer.info.version)
    tokens = answer.explanation.used_tokens
    seconds = sum(attribution_seconds(model, name, tokens) for name in answer.waiting)
    titles = ", ".join(METHODS[name].title for name in answer.waiting)
    question = _question(answer.info, answer.text, explanation.ATTRIBUTIONS, answer.waiting, target, baseline)
    hint = f"{titles}, for {answer.info.name}: about {duration(seconds)} for these {tokens:,} tokens."
    job_panel(explanation.EXPLANATION, question, start_label="Compute", time_hint=hint)


def faithful(answer: Answer, target: int | None, baseline: str) -> Any:
    """Return how faithful each of the answer's methods is to its model, random order included, by method.

    Where that takes long it is a job: its panel is drawn, and the answer is None until it is there.
    """
    from sentiment_core.explain.cost import attribution_seconds, faithfulness_seconds

    methods = tuple(item.method for item in answer.attributions)
    model = predictor(answer.info.id, answer.info.version)
    tokens = answer.explanation.used_tokens
    seconds = faithfulness_seconds(model, methods, tokens)
    dear = [name for name in methods if attribution_seconds(model, name, tokens) > AT_ONCE_SECONDS]
    if seconds <= AT_ONCE_SECONDS and not dear:
        return _faithfulness(answer.info.id, answer.info.version, answer.text, methods, target, baseline)
    seconds += sum(attribution_seconds(model, name, tokens) for name in methods)
    question = _question(answer.info, answer.text, explanation.FAITHFULNESS, methods, target, baseline)
    result = job_panel(
        explanation.EXPLANATION, question, start_label="Measure", time_hint=f"About {duration(seconds)}."
    )
    return None if result is None else explanation.faithfulness_of(result)


def along(answer: Answer) -> ReadingAlong | None:
    """Return P(positive) after each token; where that takes long, draw the panel of its job until it is there."""
    from sentiment_core.explain.cost import along_seconds

    seconds = along_seconds(predictor(answer.info.id, answer.info.version), answer.explanation.used_tokens)
    if seconds <= AT_ONCE_SECONDS:
        found: ReadingAlong = _reading_along(answer.info.id, answer.info.version, answer.text)
        return found
    question = _question(answer.info, answer.text, explanation.ALONG, (), None, DEFAULT_BASELINE)
    hint = f"About {duration(seconds)}."
    result = job_panel(explanation.EXPLANATION, question, start_label="Read along", time_hint=hint)
    return None if result is None else explanation.along_of(result)


def _question(
    info: ModelInfo, text: str, what: explanation.What, methods: Sequence[str], target: int | None, baseline: str
) -> explanation.ReviewQuestion:
    return explanation.arguments_for(what, info.id, text, methods, target, baseline, store())
