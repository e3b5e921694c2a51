"""What pre-training was worth to a classifier of real reviews: measured once by `benchmarks.finetuning`, over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_core.excerpt import part_read
from sentiment_core.findings.documents import Document
from sentiment_core.findings.masked_words import Reached
from sentiment_core.findings.verdict.measure import wilson
from sentiment_core.intervals import CONFIDENCE, LEAST_SEEDS, mean_of
from sentiment_core.number_words import by_number
from sentiment_core.settings import Keep


@dataclass(frozen=True)
class Recipe:
    """How a network learned: which `pieces` it read of longer reviews, for how many epochs, at which rates.

    `vector_rate` is that of the pieces' own vectors, as a multiple of `rate`; `best`: it is kept as it was after the
    epoch with the least validation loss, not after the last.
    """

    pieces: int
    keep: Keep
    epochs: int
    rate: float
    vector_rate: float
    best: bool

    @property
    def in_words(self) -> str:
        """What a sentence says of it."""
        times = f", pieces' vectors {self.vector_rate:g} times as fast" if self.vector_rate != 1 else ""
        kept = ", of which the best by validation loss is kept" if self.best else ""
        epochs = by_number(self.epochs, "one epoch", f"{self.epochs} epochs")
        return f"{part_read(self.pieces, self.keep)} pieces, {epochs} at a rate of {self.rate:g}{times}{kept}"


@dataclass(frozen=True)
class Whole:
    """One fine-tuning on every labelled review: test `accuracy` on `tested` others, and the processor time it took.

    `before_seconds` is that of the pre-training.
    """

    labelled: int
    tested: int
    recipe: Recipe
    accuracy: float
    cpu_seconds: float
    before_seconds: float

    @property
    def sentence(self) -> str:
        """What it reached, with the interval for other reviews."""
        likely = wilson(self.accuracy, self.tested, CONFIDENCE)
        return (
            f"On all {self.labelled:,} labelled reviews ({self.recipe.in_words}), one seed: {self.accuracy:.3f} of "
            f"{self.tested:,} others (95 % interval {likely.low:.3f} to {likely.high:.3f}), in "
            f"{self.cpu_seconds / 60:.1f} minutes of processor time, "
            f"{(self.cpu_seconds + self.before_seconds) / 60:.1f} with pre-training."
        )


@dataclass(frozen=True)
class Probe:
    """What pre-training alone left: test accuracies of linear classifiers on the labelled reviews, weights fixed.

    From the state of [CLS], from the mean of the pieces' last states, and, without any network, from `words` by tf-idf.
    `nearest`: words, and the piece whose vector is nearest to each (cosine).
    """

    cls: float
    mean: float
    words: float
    nearest: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """All of it."""
        near = ", ".join(f"to {word} {other}" for word, other in self.nearest)
        return (
            f"Linear classifiers that learned from the same labelled reviews, weights fixed as pre-training left them: "
            f"{self.cls:.3f} from [CLS], {self.mean:.3f} from the mean of the other states; without a network, from "
            f"tf-idf of the words, {self.words:.3f}. Of its pieces' vectors the nearest {near}."
        )


@dataclass(frozen=True)
class FineTunings:
    """Test accuracies of twins, a pair a seed: `scratch` and `tuned (S,)`; they differ in their first weights alone.

    They learned from `labelled` reviews, validation counted, and answered `tested` others. The pre-training had read
    `read` pieces in `updates`, none of these reviews, and `reached` what it did on its own test pairs. `whole` learned
    from the labels of all that the pre-training had read.
    """

    labelled: int
    tested: int
    recipe: Recipe
    scratch: tuple[float, ...]
    tuned: tuple[float, ...]
    updates: int
    read: int
    reached: Reached
    probe: Probe
    whole: Whole | None = None

    @property
    def sentences(self) -> list[str]:
        """What was measured, with its interval; which is better is said of as many seeds as that takes."""
        gained = mean_of([100 * (ours - theirs) for ours, theirs in zip(self.tuned, self.scratch, strict=True)])
        if gained is None or gained.half is None:
            return []
        measured = (
            f"On {self.labelled:,} labelled real reviews ({self.recipe.in_words}; tested on {self.tested:,} "
            f"others), {gained.count} seeds: from scratch {_listed(self.scratch)}; "
            f"fine-tuned {_listed(self.tuned)}; a mean difference of {gained.mean:+.1f} ± {gained.half:.1f} points."
        ).replace(" -", " −")
        told = "Pre-training helped." if gained.low > 0 else "Pre-training did harm." if gained.high < 0 else ""
        if not told:
            told = "Whether pre-training helped cannot be told."
        elif gained.count < LEAST_SEEDS:
            told = f"Fewer than {LEAST_SEEDS} seeds are shown, but nothing is claimed of them."
        before = f"Pre-training had read {self.read / 1e6:.1f} million other pieces in {self.updates:,} updates:"
        all_of_them = [self.whole.sentence] if self.whole else []
        return [measured, told, *all_of_them, " ".join([before, *self.reached.sentences]), self.probe.sentence]


TUNINGS = Document("fine-tuning.json", FineTunings, "fine-tuning of real reviews", format=2)


def _listed(accuracies: Sequence[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in accuracies)
