"""What takes long about one review, as a job: attributions, faithfulness, reading along, the padding probe.

Results are JSON: an attribution is told at the tokens that the model used, all others have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

import numpy as np

from sentiment_core.explain.catalogue import load_predictor, run_of, weights_of
from sentiment_core.explain.cost import along_tokens, attribution_tokens, faithfulness_tokens, padding_tokens
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
class ToldAttribution:
    """An `Attribution` as JSON: its `scores` are those of the used tokens only."""

    method: str
    title: str
    signed: bool
    target: int
    scores: tuple[float, ...]
    passes: int
    seconds: float
    baseline: str | None
    window: int
    completeness: Completeness | None
    parts: int

    @classmethod
    def of(cls, item: Attribution, used: np.ndarray) -> ToldAttribution:
        """Return what is told of `item`; `used (M,)` are the places of the used tokens."""
        return cls(**{**vars(item), "scores": tuple(item.scores[used].tolist())})

    def over(self, used: np.ndarray) -> Attribution:
        """Return the attribution again, for a review whose used tokens are marked in `used (N,)` bool."""
        scores = np.zeros(len(used))
        scores[used] = self.scores
        return Attribution(**{**vars(self), "scores": scores})


@dataclass(frozen=True)
class ToldFaithfulness:
    """A `Faithfulness` as JSON."""

    method: str
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    comprehensiveness: float
    sufficiency: float
    deletion_area: float
    insertion_area: float

    @classmethod
    def of(cls, item: Faithfulness) -> ToldFaithfulness:
        """Return what is told of `item`."""
        curves = {"deletion": tuple(item.deletion.tolist()), "insertion": tuple(item.insertion.tolist())}
        return cls(**{**vars(item), **curves})

    def measured(self) -> Faithfulness:
        """Return the measures again."""
        return Faithfulness(
            **{**vars(self), "deletion": np.array(self.deletion), "insertion": np.array(self.insertion)}
        )


@dataclass(frozen=True)
class Told:
    """The answer to what was asked, as JSON; `attributions_of`, `faithfulness_of` and `along_of` read it."""

    attributions: tuple[ToldAttribution, ...] = ()
    faithfulness: dict[str, ToldFaithfulness] = field(default_factory=dict)
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
        loaded = load_predictor(question.model, store)
    text, methods = question.text, question.methods
    tokens = int(loaded.read(text)[1].sum())
    share = _Share(progress)
    predictor = loaded.telling(share.read)
    if question.what == ALONG:
        share.expect({"Reading along": along_tokens(tokens)})
        share.begin("Reading along")
        found = predictor.reading_along(text)
        return Told(after=tuple(found.after.tolist()), probabilities=tuple(found.probabilities.tolist()))
    if question.what == PADDING:
        from sentiment_core.explain.padding_probe import AMOUNTS, padding_probe

        share.expect({"Appending padding": padding_tokens(tokens, AMOUNTS)})
        share.begin("Appending padding")
        return Told(probabilities=tuple(padding_probe(predictor, text, AMOUNTS).tolist()))
    taking_away = {"Taking words away": faithfulness_tokens(len(methods), tokens)}
    share.expect(
        {METHODS[name].title: attribution_tokens(name, tokens) for name in methods}
        | (taking_away if question.what == FAITHFULNESS else {})
    )
    scored: list[Attribution] = []
    for name in methods:
        share.begin(METHODS[name].title)
        scored += attribute(predictor, text, [name], question.target, question.baseline)
    if question.what == ATTRIBUTIONS:
        used = np.flatnonzero(predictor.read(text)[1])
        return Told(attributions=tuple(ToldAttribution.of(item, used) for item in scored))
    share.begin("Taking words away")
    measured = of_review(predictor, text, scored)
    return Told(faithfulness={name: ToldFaithfulness.of(item) for name, item in measured.items()})


class _Share:
    """Which share of all that a network is expected to read it has read, part by part."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()
        self._parts: dict[str, float] = {}
        self._message = ""
        self._before = self._done = 0.0

    def expect(self, parts: dict[str, float]) -> None:
        """Say how many tokens each part will read, about; its name is what is said meanwhile."""
        self._parts = parts

    def begin(self, message: str) -> None:
        """Go on to the next part, however much the one before has read."""
        self._before += self._parts.get(self._message, 0.0)
        self._message, self._done = message, 0.0
        self.read(0)

    def read(self, tokens: int) -> None:
        """Count so many more tokens; any thread may."""
        with self._lock:
            self._done += tokens
            own = self._parts.get(self._message, 0.0)
            whole = sum(self._parts.values())
            self._progress(self._message, (self._before + min(self._done, own)) / whole if whole else None)


def attributions_of(told: Told, used: np.ndarray) -> list[Attribution]:
    """Return the attributions of a result for a review whose used tokens are marked in `used (N,)` bool."""
    return [item.over(used) for item in told.attributions]


def faithfulness_of(told: Told) -> dict[str, Faithfulness]:
    """Return the measures of a result by method, random order included."""
    return {name: item.measured() for name, item in told.faithfulness.items()}


def along_of(told: Told) -> ReadingAlong:
    """Return the answers while reading of a result."""
    return ReadingAlong(np.array(told.after, dtype=np.int64), np.array(told.probabilities))
