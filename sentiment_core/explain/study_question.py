"""What a study asks, checked before it starts. Needs neither torch nor SciPy: a page asks at every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Literal, NotRequired  # pydantic reads no other on Python 3.11

import numpy as np
from typing_extensions import TypedDict

from sentiment_core.errors import ConfigError
from sentiment_core.explain.catalogue import run_of, weights_of
from sentiment_core.explain.methods import METHODS, method
from sentiment_core.explain.unseen import experiment_folder
from sentiment_core.seen import read_seen
from sentiment_core.store import Store
from sentiment_core.work.kinds import Kind

LEAST_REVIEWS, MOST_REVIEWS = 10, 5000
MOST_SEED = 2**31 - 1
CONTROL = "random"


# From so many reviews on a study may take the better part of an hour.
LONG_REVIEWS = 500


@dataclass(frozen=True)
class StudyQuestion:
    """What to measure: `weights` and `learned_from` are digests, `data` is `own`, `demo` or the path of a file.

    `reading`: settings of `data` that say how the file is read, where it does not say so itself.
    """

    model: str
    weights: str
    learned_from: str | None
    data: str
    sample: int
    seed: int
    methods: tuple[str, ...]
    reading: dict[str, str] = field(default_factory=dict)


Measure = Literal["comprehensiveness", "sufficiency", "deletion_area", "insertion_area"]
Gain = Literal["comprehensiveness_gain", "sufficiency_gain"]
Curve = Literal["deletion", "insertion"]


class MeanInterval(TypedDict):
    """A mean over reviews with its bootstrap interval."""

    mean: float
    low: float
    high: float


class CurveInterval(TypedDict):
    """The same along `Study.fractions`."""

    mean: list[float]
    low: list[float]
    high: list[float]


class MethodMeasured(TypedDict):
    """What one method showed.

    `…_gain` is how much better it is than random order on the same reviews: above 0 is better for comprehensiveness and
    for sufficiency alike; random order has none. `precision` by the number of top tokens, None where no truth is known.
    `passes` through the network and `seconds` are those of a review.
    """

    method: str
    title: str
    signed: bool
    comprehensiveness: MeanInterval
    sufficiency: MeanInterval
    deletion_area: MeanInterval
    insertion_area: MeanInterval
    deletion: CurveInterval
    insertion: CurveInterval
    comprehensiveness_gain: NotRequired[MeanInterval]
    sufficiency_gain: NotRequired[MeanInterval]
    precision: dict[str, MeanInterval] | None
    passes: float
    seconds: float


class AgreementMeasured(TypedDict):
    """Kendall's τ of two methods' ranks of the tokens, None where too few reviews have one."""

    first: str
    second: str
    tau: MeanInterval | None


class Study(TypedDict):
    """What a study found, as it is downloaded: `methods`, random order last, and `agreement` of each pair.

    `seen` reviews of the `offered` were left out because the model has learned from their text, None where nobody can
    tell. `remarks` are about all that were offered.
    """

    model: str
    data: str
    sample: int
    offered: int
    seen: int | None
    seed: int
    reviews: int
    left_out: int
    accuracy: float
    tokens: float
    fractions: list[float]
    confidence: float
    methods: list[MethodMeasured]
    agreement: list[AgreementMeasured]
    precision_reviews: int
    seconds: float
    remarks: NotRequired[list[str]]


FAITHFULNESS = Kind(
    "faithfulness",
    "Faithfulness study",
    StudyQuestion,
    Study,
    "sentiment_core.explain.study:run",
    is_long=lambda question: question.sample >= LONG_REVIEWS,
    run_of=lambda question: run_of(question.model),
)


def study_arguments(
    model: str,
    data: str,
    sample: int,
    seed: int,
    methods: Sequence[str],
    store: Store,
    reading: Mapping[str, str] | None = None,
) -> StudyQuestion:
    """Return the arguments of `run`, checked; equal for equal questions about equal weights.

    `data`: `own` (the test part of the reviews the model was trained with), `demo` (which no model has seen) or the
    path of a file, read as the settings in `reading` say, less the reviews that the model has learned from. Raises
    `ConfigError` for impossible ones, `NotFoundError` for a model that is not there.
    """
    if not LEAST_REVIEWS <= sample <= MOST_REVIEWS:
        raise ConfigError(f"sample: from {LEAST_REVIEWS} to {MOST_REVIEWS:,} reviews (got {sample})")
    if not 0 <= seed <= MOST_SEED:
        raise ConfigError(f"seed: a whole number from 0 to {MOST_SEED:,} (got {seed})")
    chosen = {method(name).name for name in methods} - {CONTROL}
    if not chosen:
        raise ConfigError(f"methods: choose at least one of {', '.join(name for name in METHODS if name != CONTROL)}")
    return StudyQuestion(
        model=model,
        weights=weights_of(model, store),
        learned_from=_digest(read_seen(experiment_folder(model, store))),
        data=data if data in {"own", "demo"} else str(Path(data).expanduser().absolute()),
        sample=sample,
        seed=seed,
        methods=tuple(name for name in METHODS if name in chosen),
        reading=dict(reading or {}),
    )


def _digest(seen: np.ndarray | None) -> str | None:
    return None if seen is None else blake2b(seen.tobytes(), digest_size=8).hexdigest()
