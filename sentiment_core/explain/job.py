"""What takes long about one review, as a job: attributions, faithfulness, reading along, the padding probe.

Results are JSON: an attribution is told at the tokens that the model used, all others have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from sentiment_core.explain.catalogue import load_predictor, run_of, weights_of
from sentiment_core.explain.faithfulness import Faithfulness, of_review
from sentiment_core.explain.methods import METHODS, attribute
from sentiment_core.explain.records import Attribution, Completeness, ReadingAlong
from sentiment_core.progress import Progress
from sentiment_core.store import Store
from sentiment_core.work.kinds import Kind

What = Literal["attributions", "faithfulness", "along", "padding"]
ATTRIBUTIONS: What = "attributions"
FAITHFULNESS: What = "faithfulness"
ALONG: What = "along"
PADDING: What = "padding"


@dataclass(frozen=True)
class ReviewQuestion:
    """What is asked about one review: `weights` is a digest, `target` the class that is spoken for, None: predicted."""

    what: What
    model: str
    weights: str
    text: str
    methods: tuple[str, ...]
    target: int | None
    baseline: str


@dataclass(frozen=True)
class Told:
    """The answer to what was asked, as JSON; `attributions_of`, `faithfulness_of` and `along_of` read it."""

    attributions: tuple[dict[str, Any], ...] = ()
    faithfulness: dict[str, dict[str, Any]] = field(default_factory=dict)
    after: tuple[int, ...] = ()
    probabilities: tuple[float, ...] = ()


EXPLANATION = Kind(
    "explanation",
    "Explaining a review",
    ReviewQuestion,
    Told,
    "sentiment_core.explain.job:run",
    run_of=lambda question: run_of(question.model),
)


def arguments_for(
    what: What, model: str, text: str, methods: Sequence[str], target: int | None, baseline: str, store: Store
) -> ReviewQuestion:
    """Return the arguments of `run` for what is asked; equal for equal questions.

    Raises `NotFoundError` for a model that is not there and `CheckpointError` for one without weights.
    """
    return ReviewQuestion(what, model, weights_of(model, store), text, tuple(methods), target, baseline)


def run(question: ReviewQuestion, progress: Progress) -> Told:
    """Compute what `arguments_for` describes; raises any `SentimentLabError`."""
    progress("Loading the model", None)
    with Store() as store:
        predictor = load_predictor(question.model, store)
    text = question.text
    if question.what == ALONG:
        progress("Reading along", None)
        found = predictor.reading_along(text)
        return Told(after=tuple(found.after.tolist()), probabilities=tuple(found.probabilities.tolist()))
    if question.what == PADDING:
        from sentiment_core.explain.padding_probe import AMOUNTS, padding_probe

        progress("Appending padding", None)
        return Told(probabilities=tuple(padding_probe(predictor, text, AMOUNTS).tolist()))
    scored: list[Attribution] = []
    for place, name in enumerate(question.methods):
        progress(METHODS[name].title, place / len(question.methods))
        scored += attribute(predictor, text, [name], question.target, question.baseline)
    if question.what == ATTRIBUTIONS:
        used = np.flatnonzero(predictor.read(text)[1])
        return Told(attributions=tuple(_packed(item, used) for item in scored))
    progress("Taking words away", None)
    measured = {
        name: {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in asdict(item).items()}
        for name, item in of_review(predictor, text, scored).items()
    }
    return Told(faithfulness=measured)


def attributions_of(told: Told, used: np.ndarray) -> list[Attribution]:
    """Return the attributions of a result for a review whose used tokens are marked in `used (N,)` bool."""
    return [_unpacked(item, used) for item in told.attributions]


def faithfulness_of(told: Told) -> dict[str, Faithfulness]:
    """Return the measures of a result by method, random order included."""
    return {
        name: Faithfulness(**{**item, "deletion": np.array(item["deletion"]), "insertion": np.array(item["insertion"])})
        for name, item in told.faithfulness.items()
    }


def along_of(told: Told) -> ReadingAlong:
    """Return the answers while reading of a result."""
    return ReadingAlong(np.array(told.after, dtype=np.int64), np.array(told.probabilities))


def _packed(item: Attribution, used: np.ndarray) -> dict[str, Any]:
    fields = {name: value for name, value in vars(item).items() if name not in {"scores", "completeness"}}
    sums = None if item.completeness is None else asdict(item.completeness)
    return {**fields, "scores": item.scores[used].tolist(), "completeness": sums}


def _unpacked(fields: Mapping[str, Any], used: np.ndarray) -> Attribution:
    scores = np.zeros(len(used))
    scores[used] = fields["scores"]
    sums = fields["completeness"]
    return Attribution(**{**fields, "scores": scores, "completeness": None if sums is None else Completeness(**sums)})
