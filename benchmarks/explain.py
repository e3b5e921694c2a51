"""How long attention for one review takes once the model is loaded.

python -m benchmarks.explain [--model pretrained] [--tokens 250]
"""

from __future__ import annotations

import argparse
import statistics

from sentiment_core.datasets import demo
from sentiment_core.explain import load_predictor
from sentiment_core.store import Store


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pretrained")
    parser.add_argument("--tokens", type=int, nargs="*", default=[250, 1000, 4000])
    options = parser.parse_args()
    with Store() as store:
        predictor = load_predictor(options.model, store)
    words = " ".join(demo.generate(100).texts).split()
    for count in options.tokens:
        text = " ".join(words[:count])
        predictor.explain(text)
        seconds = [predictor.explain(text).seconds for _ in range(20)]
        print(f"{count} words: median {1000 * statistics.median(seconds):.0f} ms, worst {1000 * max(seconds):.0f} ms")


if __name__ == "__main__":
    main()
