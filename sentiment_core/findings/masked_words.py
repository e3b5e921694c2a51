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
# The share of next sentences that guessing names.
EVEN = 0.5
# Nats of a masked word: models that are closer are alike, however surely they can be told apart.
LEAST_DIFFERENCE = 0.01


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

    @property
    def better(self) -> str | None:
        """Which of the two fills in words better; None where none clearly does, or by less than matters."""
        if not self.readers or abs(self.words.value) < LEAST_DIFFERENCE or not self.words.sign:
            return None
        return self.first if self.words.sign > 0 else self.second

    def document(self) -> dict[str, Any]:
        """Return it as the command line's JSON has it."""
        return {**asdict(self), "said": sentences(self)}


@dataclass(frozen=True)
class Reached:
    """What one run makes of its test pairs: nats of a masked word beside `guess`, and the share of next sentences."""

    guess: float
    words: Share
    pairs: Share

    @property
    def sentences(self) -> list[str]:
        """How far below guessing it came in words, and whether it names next sentences better than by chance."""
        words = f"{self.words.value:.2f} nats a masked word"
        if self.words.high < self.guess:
            below = f"{self.guess - self.words.value:.2f} ± {self.words.half:.2f}"
            said = f"{words}, {below} below answering by frequency ({self.guess:.2f})."
        else:
            said = f"{words}: no better than answering by frequency ({self.guess:.2f})."
        share = f"{100 * self.pairs.value:.1f} % ± {100 * self.pairs.half:.1f}"
        able = "where chance is 50 %" if self.pairs.low > EVEN else "not told from chance (50 %)"
        return [said, f"Next sentences: {share} of the test pairs named rightly, {able}."]

    def document(self) -> dict[str, Any]:
        """Return it as the command line's JSON has it."""
        return {**asdict(self), "said": self.sentences}


def reached(run: Run) -> Reached | None:
    """Return what a run reached; None where it did not read its test pairs, or too few of them.

    Raises `CheckpointError` for a damaged file.
    """
    found = read_pair_measures(run)
    if found is None:
        return None
    words = share_of(found.column("word_loss"), found.column("words"), found.reviews)
    pairs = share_of(found.column("pair_right"), np.ones(len(found.reviews)), found.reviews)
    return Reached(found.guess, words, pairs) if words and pairs else None


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
        if one.better:
            beaten[one.better].add(one.second if one.better == one.first else one.first)
    return next((name for name in names if beaten[name] == names - {name}), None)


def hold(run: Run, ours: PairMeasures, other: Run, theirs: PairMeasures, comparisons: int = 1) -> Held | None:
    """Return two runs held against each other; None unless they were asked for the same words of the same pairs."""
    # What is asked follows from the reviews and the seed, whichever experiment a run is of.
    same = run.config.data == other.config.data and run.config.seed == other.config.seed
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
    if held.better:
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
    if held.better:
        worse = held.second if held.better == held.first else held.first
        return f"{held.better} fills in words better than {worse}: {measured}"
    if held.words.sign:
        return f"{held.first} and {held.second} fill in words alike, to {LEAST_DIFFERENCE:g} nats: {measured}"
    return f"In filling in words the two models cannot be told apart: {measured}"


def _about_pairs(held: Held) -> str:
    own = [(held.first, held.first_pairs), (held.second, held.second_pairs)]
    able = [name for name, found in own if found.low > EVEN]
    listed = ", ".join(f"{name} {100 * found.value:.1f} % ± {100 * found.half:.1f}" for name, found in own)
    who = f"Only {able[0]} names" if len(able) == 1 else "Both name" if able else "Neither names"
    return f"{who} the next sentence clearly better than by chance: {listed} of the pairs."


def _interval(held: Held) -> str:
    found = held.words
    ends = f"{found.value:+.3f} ({100 * held.confidence:.3g} % interval {found.low:+.3f} to {found.high:+.3f})"
    return ends.replace("-", "−")
