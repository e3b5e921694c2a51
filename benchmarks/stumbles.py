"""Ask a model about short reviews of the kinds that the examples of the Explain page are of, in other words.

    python -m benchmarks.stumbles [--model FOLDER] [--half choosing|reporting] [--wrong]

A line of `stumbles.txt`, our own prose, has a sign for its label, its kind and the review; of a kind's words of blame
there is praise as well, so that no word alone decides. Of four lines the first two are for choosing among models and
the others for reporting alone. None of them is to be learned from.
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.edited_pairs import HALVES
from sentiment_core.explain.catalogue import PRETRAINED_FOLDER
from sentiment_core.explain.predictor import Predictor, load

STUMBLES = Path(__file__).with_suffix(".txt")


class Stumble(NamedTuple):
    """A short review, its kind, its label."""

    label: int
    kind: str
    text: str


def read_stumbles(half: str) -> list[Stumble]:
    """Return the short reviews for `choosing` or `reporting`."""
    lines = [line.split(" ", 2) for line in STUMBLES.read_text(encoding="utf-8").strip().splitlines()]
    return [
        Stumble(int(sign == "+"), kind, text)
        for place, (sign, kind, text) in enumerate(lines)
        if HALVES[place // 2 % 2] == half
    ]


def judge(predictor: Predictor, stumbles: list[Stumble]) -> np.ndarray:
    """Return which `(N,)` short reviews `predictor` is right about."""
    answers = predictor.predict([stumble.text for stumble in stumbles])
    return (answers > 0.5) == np.array([stumble.label for stumble in stumbles])


def main() -> None:
    """Print how many of each kind are answered rightly, and on request those for choosing that are not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=PRETRAINED_FOLDER)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--wrong", action="store_true", help="show those for choosing that are answered wrongly")
    options = parser.parse_args()
    predictor = load("asked", options.model)
    for half in [options.half] if options.half else HALVES:
        stumbles = read_stumbles(half)
        right = judge(predictor, stumbles)
        kinds = {
            kind: [bool(right[place]) for place, _ in found]
            for kind, found in groupby(enumerate(stumbles), lambda item: item[1].kind)
        }
        by_kind = ", ".join(f"{kind} {sum(found)} of {len(found)}" for kind, found in kinds.items())
        print(f"{half}: {right.sum()} of {len(right)} right: {by_kind}")
    if options.wrong:
        stumbles = read_stumbles(HALVES[0])
        for stumble, right in zip(stumbles, judge(predictor, stumbles), strict=True):
            if not right:
                print(f"\nlabel {stumble.label}, {stumble.kind}\n{stumble.text}")


if __name__ == "__main__":
    main()
