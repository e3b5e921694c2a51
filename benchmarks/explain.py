"""How long one review takes to explain once the model is loaded, method by method, and how long was expected.

python -m benchmarks.explain [--model pretrained] [--tokens 250 400] [--data movie.csv.gz] [--reviews 5]

Without --data, the words are the demo generator's. A review is cut so that the model reads exactly so many tokens.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

import numpy as np

from sentiment_core.datasets import demo
from sentiment_core.datasets.file import settings
from sentiment_core.datasets.file.reader import read
from sentiment_core.explain import attribute, load_predictor
from sentiment_core.explain.cost import attribution_seconds
from sentiment_core.explain.predictor import Predictor
from sentiment_core.store import Store

METHODS = ("attention", "integrated_gradients", "gradient_x_input", "occlusion_delete", "occlusion_mask")
# What a reader waits for who asks for attention and one method of each other kind.
FOUR = METHODS[:4]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pretrained")
    parser.add_argument("--tokens", type=int, nargs="*", default=[250, 400])
    parser.add_argument("--reviews", type=int, default=5)
    parser.add_argument("--data", help="a CSV file with real reviews")
    options = parser.parse_args()
    with Store() as store:
        predictor = load_predictor(options.model, store)
    texts = read(settings(options.data, {})).texts[:2000] if options.data else demo.generate(400).texts
    methods = [name for name in METHODS if predictor.has_attention or name != "attention"]
    attribute(predictor, texts[0], methods)
    for count in options.tokens:
        measure(predictor, reviews(predictor, texts, count, options.reviews), count, methods)


def reviews(predictor: Predictor, texts: Sequence[str], count: int, wanted: int) -> list[str]:
    """Return `wanted` texts of which the model uses `count` tokens, joining short reviews and cutting the last."""
    made: list[str] = []
    joined = ""
    for text in texts:
        joined += text + " "
        tokens, used = predictor.read(joined)
        places = np.flatnonzero(used)
        if len(places) >= count:
            made.append(joined[: tokens.ends[places[count - 1]]])
            joined = ""
        if len(made) == wanted:
            break
    return made


def measure(predictor: Predictor, texts: Sequence[str], count: int, methods: Sequence[str]) -> None:
    """Print the median and worst seconds of each method over `texts`, of four together, and of prediction alone."""
    explain = [predictor.explain(text).seconds for text in texts for _ in range(5)]
    print(f"{count} tokens, {len(texts)} reviews: prediction with attention {_spread(explain)}")
    found = [{item.method: item for item in attribute(predictor, text, methods)} for text in texts]
    for name in methods:
        passes = statistics.median(item[name].passes for item in found)
        seconds = [item[name].seconds for item in found]
        expected = attribution_seconds(predictor, name, count) / statistics.median(seconds)
        print(f"  {name:22} {_spread(seconds)}, {passes:.0f} passes; expected {expected:.2f} times that")
    together = [sum(item[name].seconds for name in FOUR if name in item) for item in found]
    print(f"  {'four together':22} {_spread(together)}")
    complete = [item["integrated_gradients"].completeness for item in found]
    errors = [item.relative_error for item in complete if item is not None]
    slow = sum(seconds > 1 for seconds in together)
    print(f"  {slow} of {len(texts)} reviews take the four together longer than 1 s")
    print(f"  integrated gradients: median {statistics.median(errors):.2%} off, worst {max(errors):.2%}", flush=True)


def _spread(seconds: Sequence[float]) -> str:
    return f"median {1000 * statistics.median(seconds):5.0f} ms, worst {1000 * max(seconds):5.0f} ms"


if __name__ == "__main__":
    main()
