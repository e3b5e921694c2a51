"""Measure a model on reviews beside the same ones with a few words edited so that the label flips.

    python -m benchmarks.edited_pairs [--model FOLDER] [--half choosing|reporting] [--wrong]
        [--pairs edited|longer|ordinary]

The pairs are our own prose: a sign for the label of the first version, then a review in which `{first|second}` marks
what differs. Of four pairs the first two are for choosing among models and the others for reporting alone; labels
alternate. The 72 of `edited_pairs.txt` are short and hard, the 32 of `longer_pairs.txt` about twice as long, with more
of each left alone, and the 64 of `ordinary_pairs.txt` edit what reads like a viewer's review of 100 to 180 words.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sentiment_core.calibration import expected_calibration_error
from sentiment_core.explain.catalogue import PRETRAINED_FOLDER
from sentiment_core.explain.predictor import Predictor, load

FILES = {name: Path(__file__).with_name(f"{name}_pairs.txt") for name in ("edited", "longer", "ordinary")}
HALVES = ("choosing", "reporting")
# Few texts: fewer bins than for thousands of reviews, or chance alone looks like a lack of calibration.
BINS = 5
_CHOICE = re.compile(r"\{([^|{}]*)\|([^|{}]*)\}")


class Pair(NamedTuple):
    """A review, the same one edited, and the first one's label."""

    original: str
    edited: str
    label: int


class PairFigures(NamedTuple):
    """Shares right, 0..1, of pairs (both texts), originals, edited texts; calibration error of the edited texts."""

    both: float
    originals: float
    edited: float
    edited_error: float
    count: int


def read_pairs(half: str | None = None, kind: str = "edited") -> list[Pair]:
    """Return the pairs of one of `FILES` for `choosing` or `reporting`, or all of them."""
    found = []
    for paragraph in FILES[kind].read_text(encoding="utf-8").strip().split("\n\n"):
        sign, text = paragraph.split(" ", 1)
        found.append(Pair(_CHOICE.sub(r"\1", text), _CHOICE.sub(r"\2", text), int(sign == "+")))
    return found if half is None else [pair for place, pair in enumerate(found) if HALVES[place // 2 % 2] == half]


def measure(predictor: Predictor, pairs: list[Pair]) -> PairFigures:
    """Return how often `predictor` is right about `pairs`."""
    labels = np.array([pair.label for pair in pairs])
    first, second = (predictor.predict([pair[side] for pair in pairs]) for side in (0, 1))
    right, right_edited = (first > 0.5) == labels, (second > 0.5) != labels
    error = expected_calibration_error(second, 1 - labels, BINS)
    both = right & right_edited
    return PairFigures(*(float(share.mean()) for share in (both, right, right_edited)), error, len(pairs))


def main() -> None:
    """Print the figures, and on request the pairs that are answered wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=PRETRAINED_FOLDER)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--wrong", action="store_true", help="show the pairs for choosing that are answered wrongly")
    parser.add_argument("--pairs", choices=FILES, default="edited")
    options = parser.parse_args()
    predictor = load("asked", options.model)
    for half in [options.half] if options.half else HALVES:
        found = measure(predictor, read_pairs(half, options.pairs))
        print(
            f"{half}, {found.count} pairs: both right {found.both:.3f}, originals {found.originals:.3f}, "
            f"edited {found.edited:.3f} with calibration error {found.edited_error:.3f}"
        )
    if options.wrong:
        for pair in read_pairs("choosing", options.pairs):
            answers = predictor.predict([pair.original, pair.edited])
            if (answers[0] > 0.5) != pair.label or (answers[1] > 0.5) == pair.label:
                print(f"\n{answers.round(3)} label {pair.label}\n{pair.original}\n{pair.edited}")


if __name__ == "__main__":
    main()
