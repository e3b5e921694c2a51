"""Two masked language models held against each other: the same test pairs, masked alike, however each one learned.

The difference of a loss is judged over reviews, each of which counts as a whole: its pairs resemble one another. That
tells two models apart, never two settings: another seed makes other models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from sentiment_core.intervals import CONFIDENCE, student
from sentiment_core.pair_measures import PairMeasures, read_pair_measures
from sentiment_core.store import Run

NO_ONE = "None that can be told from the others"
# Fewer reviews than this make no interval worth saying.
LEAST_REVIEWS = 30


@dataclass(frozen=True)
class Share:
    """A sum over a count, over `reviews` test reviews, and the `half` width of its interval for other such reviews."""

    value: float
    half: float
    reviews: int

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + self.half

    @property
    def sign(self) -> int:
        """Whether it is above (1) or below (−1) nothing; 0 where it may be either."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True)
class Held:
    """Two runs on the same test pairs: nats of a masked word, and the share of pairs of which it is named whether the
    second segment follows.

    `words` is the second's loss minus the first's, the others are each one's own; `guess` the loss without reading.
    Intervals hold with `confidence` for other reviews.
    """

    first: str
    second: str
    guess: float
    confidence: float
    words: Share
    first_words: Share
    second_words: Share
    first_pairs: Share
    second_pairs: Share

    @property
    def readers(self) -> bool:
        """Whether one of them at least has learned more than how often words occur."""
        return min(self.first_words.high, self.second_words.high) < self.guess

    def document(self) -> dict[str, Any]:
        """Return it as the command line's JSON has it."""
        return {**asdict(self), "said": sentences(self)}


@dataclass(frozen=True)
class Alone:
    """One run on its test pairs: nats of a masked word beside `guess`, and the share of next sentences it names."""

    words: Share
    pairs: Share
    guess: float

    @property
    def said(self) -> list[str]:
        """What that is worth, in sentences."""
        ends = (
            f"{self.words.value:.3f} ± {self.words.half:.3f} nats a masked word, guessing by frequency {self.guess:.3f}"
        )
        able = "better than" if self.words.high < self.guess else "no better than"
        named = "clearly better than" if self.pairs.low > 0.5 else "no better than"
        pairs = f"{100 * self.pairs.value:.1f} % ± {100 * self.pairs.half:.1f}"
        return [
            f"It fills in words {able} by how often each occurs: {ends}, over {self.words.reviews:,} test reviews.",
            f"It names the next sentence {named} by chance: {pairs} of the pairs.",
        ]


def alone(run: Run) -> Alone | None:
    """Return what a run measured on its test pairs, None where that is too little; raise `CheckpointError`."""
    found = read_pair_measures(run)
    if found is None:
        return None
    counts = found.column("words")
    words = share_of(found.column("word_loss"), counts, found.reviews)
    pairs = share_of(found.column("pair_right"), np.ones(len(found.reviews)), found.reviews)
    return None if words is None or pairs is None else Alone(words, pairs, found.guess)


def share_of(sums: np.ndarray, counts: np.ndarray, reviews: np.ndarray, confidence: float = CONFIDENCE) -> Share | None:
    """Return Σ `sums` / Σ `counts` over N pairs `(N,)` of `reviews (N,)`, with its interval.

    A ratio estimate over clusters, the reviews (Cochran 1977, Sampling Techniques, section 9A). None for fewer reviews
    than `LEAST_REVIEWS`, for no count, and for what is not finite.
    """
    _, place = np.unique(reviews, return_inverse=True)
    clusters = int(place.max(initial=-1)) + 1
    total = counts.sum()
    if clusters < LEAST_REVIEWS or not total > 0 or not np.isfinite(sums).all():
        return None
    value = sums.sum() / total
    apart = np.bincount(place, sums) - value * np.bincount(place, counts)
    error = math.sqrt(float((apart**2).sum()) * clusters / (clusters - 1)) / total
    return Share(float(value), float(student(clusters, confidence) * error), clusters)


def hold_runs(runs: Sequence[Run]) -> list[Held]:
    """Hold each two of `runs` against each other, those that can be; raise `CheckpointError` for damaged files.

    The more are held, the more strictly each difference is judged (Bonferroni).
    """
    found = [(run, measures) for run in runs if (measures := read_pair_measures(run)) is not None]
    pairs = list(combinations(found, 2))
    held = [hold(*first, *second, comparisons=len(pairs)) for first, second in pairs]
    return [one for one in held if one is not None]


def best_of(held: Sequence[Held]) -> str | None:
    """Return which of all the runs fills in words better than each other one; None where none clearly does."""
    names = {name for one in held for name in (one.first, one.second)}
    beaten: dict[str, set[str]] = {name: set() for name in names}
    for one in held:
        if one.readers and one.words.sign:
            better, worse = (one.first, one.second) if one.words.sign > 0 else (one.second, one.first)
            beaten[better].add(worse)
    return next((name for name in names if beaten[name] == names - {name}), None)


def hold(run: Run, ours: PairMeasures, other: Run, theirs: PairMeasures, comparisons: int = 1) -> Held | None:
    """Return two runs held against each other; None unless they were asked for the same words of the same pairs."""
    same = run.experiment_id == other.experiment_id and run.config.data == other.config.data
    if not same or not np.array_equal(ours.examples, theirs.examples):
        return None
    words, pairs = ours.column("words"), np.ones(len(ours.reviews))
    if not np.array_equal(words, theirs.column("words")):
        return None
    confidence = 1 - (1 - CONFIDENCE) / comparisons

    def share(of: np.ndarray, counts: np.ndarray) -> Share | None:
        return share_of(of, counts, ours.reviews, confidence)

    loss, right = "word_loss", "pair_right"
    shares = (
        share(theirs.column(loss) - ours.column(loss), words),
        share(ours.column(loss), words),
        share(theirs.column(loss), words),
        share(ours.column(right), pairs),
        share(theirs.column(right), pairs),
    )
    known = [one for one in shares if one is not None]
    return Held(run.name, other.name, ours.guess, confidence, *known) if len(known) == len(shares) else None


def sentences(held: Held) -> list[str]:
    """Say what two models can and cannot be told apart by; the first sentence is about words."""
    said = [_about_words(held), _about_pairs(held)]
    if held.readers and held.words.sign:
        said.append("Whether the setting did it, one seed cannot tell: train both with several.")
    return said


def _about_words(held: Held) -> str:
    if not held.readers:
        return (
            f"Neither has learned more about masked words yet than how often each occurs ({held.guess:.2f} nats): "
            f"{held.first} {held.first_words.value:.2f}, {held.second} {held.second_words.value:.2f}. Train longer."
        )
    own = f"{held.first} {held.first_words.value:.3f}, {held.second} {held.second_words.value:.3f} nats a masked word"
    measured = f"{own}; difference {_interval(held)}, over {held.words.reviews:,} test reviews masked alike."
    if not held.words.sign:
        return f"In filling in words the two models cannot be told apart: {measured}"
    better, worse = (held.first, held.second) if held.words.sign > 0 else (held.second, held.first)
    return f"{better} fills in words better than {worse}: {measured}"


def _about_pairs(held: Held) -> str:
    own = [(held.first, held.first_pairs), (held.second, held.second_pairs)]
    able = [name for name, found in own if found.low > 0.5]
    listed = ", ".join(f"{name} {100 * found.value:.1f} % ± {100 * found.half:.1f}" for name, found in own)
    who = f"Only {able[0]} names" if len(able) == 1 else "Both name" if able else "Neither names"
    return f"{who} the next sentence clearly better than by chance: {listed} of the pairs."


def _interval(held: Held) -> str:
    found = held.words
    ends = f"{found.value:+.3f} ({100 * held.confidence:.3g} % interval {found.low:+.3f} to {found.high:+.3f})"
    return ends.replace("-", "−")
