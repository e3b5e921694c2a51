"""Is it real? Two settings compared over twins: the same seeds, and so the same batches and the same test reviews.

One seed can tell two trained models apart (McNemar's exact test on what they said about the same reviews), never two
settings: another seed makes other models. Over several seeds the paired differences are judged by Student's t, with a
standard error for other seeds and, where every run's answers were kept, for other reviews too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import numpy as np

from sentiment_core.config import VARIABLE_DATA_FIELDS
from sentiment_core.findings.seed_groups import SeedGroup
from sentiment_core.intervals import CONFIDENCE, LEAST_SEEDS, crossed, mcnemar, student, tail
from sentiment_core.number_words import counted, equals, signed
from sentiment_core.predictions import Predictions, read_predictions
from sentiment_core.settings import DataConfig
from sentiment_core.steps.rules import positive
from sentiment_core.store import Run

# Settings of data that decide what is tested, not how it is read and what is learned beside it.
TESTED_ON = {
    name
    for name in DataConfig.model_fields
    if f"data.{name}" not in VARIABLE_DATA_FIELDS and name not in {"batching", "validation_fraction"}
}


@dataclass(frozen=True)
class Twins:
    """One seed's pair: accuracies (0..1) and, where both runs' answers were kept, which reviews each reads right.

    `right` is `(2, R)` bool over the same R test reviews, the first setting's run first.
    """

    seed: int
    first: float
    second: float
    right: np.ndarray | None

    @property
    def difference(self) -> float:
        """The second's accuracy minus the first's."""
        return self.second - self.first


@dataclass(frozen=True)
class Reality:
    """What twins say about two settings. `mean` is the second's test accuracy minus the first's, over the seeds.

    `low` and `high` bound it with `confidence`, None for fewer than two seeds; `reviews` says that they hold for other
    reviews as well as for other seeds. `real`: the settings differ; None where there are too few seeds to tell.
    `only_first` and `only_second` count the reviews that only one of two models reads right, for a single seed.
    """

    first: str
    second: str
    seeds: tuple[int, ...]
    lost: int  # seeds that both have, without a test accuracy of both
    better: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    confidence: float
    reviews: int | None
    only_first: int | None
    only_second: int | None
    real: bool | None

    @property
    def models_differ(self) -> bool | None:
        """Whether one seed's two models differ in accuracy on reviews of the kind; None where that was not asked."""
        if self.only_first is None or self.p is None:
            return None
        return self.p <= 1 - self.confidence

    def document(self) -> dict[str, Any]:
        """Return it as the command line's JSON has it."""
        return {**asdict(self), "models_differ": self.models_differ, "words": in_words(self)}


def is_it_real(first: SeedGroup, second: SeedGroup, comparisons: int = 1) -> Reality:
    """Compare two settings over the seeds that both were trained with; raise `CheckpointError` for damaged answers.

    With several `comparisons` made at once each is judged more strictly (Bonferroni): one in twenty would look real.
    """
    one, other = first.by_seed, second.by_seed
    shared = sorted(one.keys() & other.keys())
    twins = [pair for seed in shared if (pair := twins_of(one[seed], other[seed])) is not None]
    return judge_twins(first.name, second.name, twins, len(shared) - len(twins), comparisons)


def twins_of(first: Run, second: Run) -> Twins | None:
    """Return two runs with one seed as a pair; None unless both were tested, on reviews that they have in common."""
    one, other = first.test_accuracy, second.test_accuracy
    if one is None or other is None or not (math.isfinite(one) and math.isfinite(other)):
        return None
    ours, theirs = read_predictions(first), read_predictions(second)
    right = None
    if ours is not None and theirs is not None:
        if not same_reviews(ours, theirs):
            return None
        right = np.stack([_right(ours), _right(theirs)])
    elif _tested_on(first) != _tested_on(second):
        return None
    return Twins(first.config.seed, one, other, right)


def same_reviews(one: Predictions, other: Predictions) -> bool:
    """Whether two runs were tested on the same reviews."""
    if one.contents is not None and other.contents is not None and not np.array_equal(one.contents, other.contents):
        return False
    return np.array_equal(one.indices, other.indices) and np.array_equal(one.labels, other.labels)


def judge_twins(first: str, second: str, twins: Sequence[Twins], lost: int = 0, comparisons: int = 1) -> Reality:
    """Return what pairs with different seeds say, see `is_it_real`."""
    confidence = 1 - (1 - CONFIDENCE) / comparisons
    differences = [pair.difference for pair in twins]
    mean = fmean(differences) if twins else None
    low = high = p = None
    only: tuple[int, int] | None = None
    rights = [pair.right for pair in twins if pair.right is not None]
    known = bool(twins) and len(rights) == len(twins) and len({right.shape for right in rights}) == 1
    if len(twins) == 1 and known:
        only = (int((rights[0][0] & ~rights[0][1]).sum()), int((rights[0][1] & ~rights[0][0]).sum()))
        p = mcnemar(*only)
    if len(twins) > 1 and mean is not None:
        error = crossed(differences, _review_variance(rights) if known else 0.0)
        half = student(len(twins), confidence) * error
        low, high = mean - half, mean + half
        p = tail(mean / error, len(twins)) if error else float(mean == 0)
    enough = len(twins) >= LEAST_SEEDS and low is not None and high is not None
    return Reality(
        first=first,
        second=second,
        seeds=tuple(pair.seed for pair in twins),
        lost=lost,
        better=sum(value > 0 for value in differences),
        mean=mean,
        low=low,
        high=high,
        p=p,
        confidence=confidence,
        reviews=rights[0].shape[1] if known else None,
        only_first=only[0] if only else None,
        only_second=only[1] if only else None,
        real=not low <= 0 <= high if enough and low is not None and high is not None else None,
    )


def in_words(found: Reality) -> str:
    """Say whether it is real, as far as twins can tell; the first sentence is the answer."""
    who = f"{found.second} against {found.first}"
    lost = f" {counted(found.lost, 'seed')} without a test accuracy of both, on the same reviews." if found.lost else ""
    if found.mean is None:
        return f"{who}: no seed has a test accuracy of both on the same reviews, so nothing can be said.{lost}"
    if len(found.seeds) == 1:
        return f"{_one_seed(found, who)}{lost}"
    mean, low, high = (signed(value) for value in (found.mean, found.low or 0.0, found.high or 0.0))
    scope = f"other seeds and other reviews than these {found.reviews:,}" if found.reviews else "other seeds"
    numbers = (
        f"Over {counted(len(found.seeds), 'seed')}: test accuracy {mean} ({100 * found.confidence:.3g} % "
        f"interval for {scope}: {low} to {high}); better with {found.better} of {len(found.seeds)}."
    )
    if found.real is None:
        return f"{who}: too few seeds to tell. {numbers} At least {LEAST_SEEDS} are needed.{lost}"
    if found.real:
        return f"{who}: real, {'more' if found.mean > 0 else 'less'} accurate. {numbers}{lost}"
    return f"{who}: no difference shown. {numbers} There may be none, or a smaller one than these seeds can show.{lost}"


def _one_seed(found: Reality, who: str) -> str:
    advice = f"Whether the setting did it, one seed cannot tell: train both with at least {LEAST_SEEDS}."
    if found.only_first is None or found.only_second is None or found.p is None:
        return f"{who}: {signed(found.mean or 0.0)} test accuracy with one seed. {advice}"
    counted = (
        f"On the same {found.reviews:,} test reviews {_only(found.only_second, found.second)} and "
        f"{_only(found.only_first, found.first)} (McNemar's exact test: p {equals(found.p)})."
    )
    if found.models_differ:
        more = found.second if found.only_second > found.only_first else found.first
        return f"{who}: of these two models {more} is the more accurate one. {counted} {advice}"
    return f"{who}: these two models cannot be told apart. {counted} {advice}"


def _only(count: int, name: str) -> str:
    return f"{counted(count, 'is', 'are')} read right only by {name}"


def _tested_on(run: Run) -> str:
    """Return what decides which examples a run is tested on, for one whose answers were not kept."""
    return run.config.model_dump_json(include={"task": True, "data": TESTED_ON})


def _right(found: Predictions) -> np.ndarray:
    answered = np.isfinite(found.probabilities)
    right: np.ndarray = answered & (positive(found.probabilities) == (found.labels == 1))
    return right


def _review_variance(rights: Sequence[np.ndarray]) -> float:
    """Return the variance of the mean difference that comes from which reviews were drawn."""
    differences = np.mean([right[1].astype(float) - right[0] for right in rights], axis=0)  # (R,)
    return float(np.var(differences, ddof=1) / len(differences)) if len(differences) > 1 else 0.0
