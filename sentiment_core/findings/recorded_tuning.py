"""What pre-training was worth to a classifier of real reviews: measured once by `benchmarks.finetuning`, over seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment_core.artifacts import written
from sentiment_core.errors import StoreError
from sentiment_core.findings.masked_words import Reached, Share
from sentiment_core.findings.verdict.measure import wilson
from sentiment_core.intervals import CONFIDENCE, LEAST_SEEDS, mean_of

SHIPPED = Path(__file__).parents[1] / "recorded" / "fine-tuning.json"
FORMAT = 1


@dataclass(frozen=True)
class Whole:
    """One fine-tuning on every labelled review: test `accuracy` on `tested` others, and the processor time it took."""

    labelled: int
    tested: int
    pieces: int
    epochs: int
    rate: float
    accuracy: float
    cpu_seconds: float

    @property
    def sentence(self) -> str:
        """What it reached, with the interval for other reviews."""
        likely = wilson(self.accuracy, self.tested, CONFIDENCE)
        return (
            f"On all {self.labelled:,} labelled reviews (first {self.pieces} pieces, {self.epochs} epochs at a rate of "
            f"{self.rate:g}), one seed: {self.accuracy:.3f} of {self.tested:,} others (95 % interval {likely.low:.3f} "
            f"to {likely.high:.3f}), in {self.cpu_seconds / 60:.1f} minutes of processor time."
        )


@dataclass(frozen=True)
class FineTunings:
    """Test accuracies of twins, a pair a seed: `scratch` and `tuned (S,)`; they differ in their first weights alone.

    They learned from `labelled` reviews, validation counted, of at most `pieces` pieces, and answered `tested` others.
    The pre-training had read `read` pieces in `updates`, none of these reviews, and `reached` what it did on its own
    test pairs. `whole` learned from the labels of all that the pre-training had read.
    """

    labelled: int
    tested: int
    pieces: int
    epochs: int
    rate: float
    scratch: tuple[float, ...]
    tuned: tuple[float, ...]
    updates: int
    read: int
    reached: Reached
    whole: Whole | None = None

    @property
    def sentences(self) -> list[str]:
        """What was measured, with its interval; which is better is said of as many seeds as that takes."""
        gained = mean_of([100 * (ours - theirs) for ours, theirs in zip(self.tuned, self.scratch, strict=True)])
        if gained is None or gained.half is None:
            return []
        measured = (
            f"On {self.labelled:,} labelled real reviews (their first {self.pieces} pieces, {self.epochs} epochs at a "
            f"rate of {self.rate:g}, tested on {self.tested:,} others), {gained.count} seeds: from scratch "
            f"{_listed(self.scratch)}; fine-tuned {_listed(self.tuned)}; a mean difference of {gained.mean:+.1f} ± "
            f"{gained.half:.1f} points."
        ).replace(" -", " −")
        told = "Pre-training helped." if gained.low > 0 else "Pre-training did harm." if gained.high < 0 else ""
        if not told:
            told = "Whether pre-training helped cannot be told."
        elif gained.count < LEAST_SEEDS:
            told = f"Fewer than {LEAST_SEEDS} seeds are shown, but nothing is claimed of them."
        before = f"Pre-training had read {self.read / 1e6:.1f} million other pieces in {self.updates:,} updates:"
        all_of_them = [self.whole.sentence] if self.whole else []
        return [measured, told, *all_of_them, " ".join([before, *self.reached.sentences])]


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
        whole = document.pop("whole", None)
        found = Whole(**whole) if whole else None
        return FineTunings(**document, scratch=scratch, tuned=tuned, reached=reached, whole=found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError("the recorded fine-tunings cannot be read; install the program again") from error
