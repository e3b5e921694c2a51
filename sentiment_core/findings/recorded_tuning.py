"""What pre-training was worth to a classifier of real reviews: measured once by `benchmarks.finetuning`, over seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment_core.artifacts import written
from sentiment_core.errors import StoreError
from sentiment_core.excerpt import part_read
from sentiment_core.findings.masked_words import Reached, Share
from sentiment_core.findings.verdict.measure import wilson
from sentiment_core.intervals import CONFIDENCE, LEAST_SEEDS, mean_of
from sentiment_core.settings import Keep

SHIPPED = Path(__file__).parents[1] / "recorded" / "fine-tuning.json"
FORMAT = 2


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
        epochs = "one epoch" if self.epochs == 1 else f"{self.epochs} epochs"
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


def _listed(accuracies: Sequence[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in accuracies)


def write(found: FineTunings, path: Path = SHIPPED) -> None:
    """Keep what was measured; raise `StoreError` where it cannot be written."""
    with written(path) as temporary:
        temporary.write_text(json.dumps({"format": FORMAT, **asdict(found)}, indent=0) + "\n")


def read(path: Path = SHIPPED) -> FineTunings | None:
    """Return what was measured; None where nothing was. Raises `StoreError` for a damaged file."""
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT:
            raise StoreError("the recorded fine-tunings are of another version of this program; install it again")
        told = document.pop("reached")
        reached = Reached(float(told["guess"]), Share(**told["words"]), Share(**told["pairs"]))
        scratch, tuned = (tuple(map(float, document.pop(name))) for name in ("scratch", "tuned"))
        recipe, probe = Recipe(**document.pop("recipe")), document.pop("probe")
        nearest = tuple((str(word), str(other)) for word, other in probe.pop("nearest"))
        whole = document.pop("whole", None)
        return FineTunings(
            **document,
            recipe=recipe,
            scratch=scratch,
            tuned=tuned,
            reached=reached,
            probe=Probe(**probe, nearest=nearest),
            whole=Whole(**{**whole, "recipe": Recipe(**whole["recipe"])}) if whole else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError("the recorded fine-tunings cannot be read; install the program again") from error
