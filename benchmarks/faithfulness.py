"""How faithful every explanation method is on real reviews: the notebook split's test part of a file.

    python -m benchmarks.faithfulness --data reviews.csv.gz [--model pretrained] [--sample 500] [--seed 0]

Prints the table as Markdown, then what follows from it. One thread.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

from sentiment_core.explain.methods import METHODS
from sentiment_core.explain.study import run
from sentiment_core.explain.study_question import study_arguments
from sentiment_core.explain.study_words import findings, markdown
from sentiment_core.store import Store


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="demo, own, or FILE.csv or FILE.csv.gz")
    parser.add_argument("--model", default="pretrained")
    parser.add_argument("--sample", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    options = parser.parse_args()
    with Store() as store:
        arguments = study_arguments(options.model, options.data, options.sample, options.seed, options.methods, store)
    last = 0.0

    def progress(message: str, fraction: float | None) -> None:
        nonlocal last
        if time.monotonic() - last > 10:
            last = time.monotonic()
            print(message, file=sys.stderr)

    result = run(arguments, progress)
    print(markdown(result))
    print(f"{result['seconds']:.0f} s, {result['seconds'] / result['reviews']:.2f} s a review.")
    for sentence in findings(result):
        print(f"- {sentence}")


if __name__ == "__main__":
    main()
