"""How often the verdict says "better than chance" where there is nothing to learn: labels drawn by lot.

python -m benchmarks.noise [--files 200]

Each file holds 500 reviews of drawn words, of which 50 to 90 % have the same drawn label. A small network trains on it.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from pathlib import Path

import numpy as np

from sentiment_core.config import from_fields
from sentiment_core.findings.verdict import RunVerdict, judge
from sentiment_core.store import Store
from sentiment_core.work.training import train_here

REVIEWS = 500
WORDS = [f"word{number}" for number in range(60)]
SETTING = {
    "device": "cpu",
    "data.source": "csv",
    "data.embeddings": "random",
    "data.embedding_dim": 8,
    "data.validation_fraction": 0.3,
    "model.hidden_size": 8,
    "model.pooling": ("mean",),
    "training.batch_size": 32,
    "training.epochs": 4,
    "training.learning_rate": 0.02,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200)
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store:
        found = [judged(store, Path(home) / f"{number}.csv", number) for number in range(options.files)]
    better = sum(run.learned is True for run in found)
    accuracies = [run.accuracy - run.balance.chance for run in found if run.accuracy is not None and run.balance]
    print(f"{options.files} files of {REVIEWS} reviews with labels drawn by lot, 50 to 90 % of them alike")
    print(f"called better than chance: {better} ({better / options.files:.1%})")
    print(f"validation accuracy minus the larger class: {np.mean(accuracies):+.3f} (highest {max(accuracies):+.3f})")


def judged(store: Store, path: Path, seed: int) -> RunVerdict:
    """Return the verdict on a network trained on a file of noise, written to `path`."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.5, 0.9)
    frequent = int(rng.integers(2))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(REVIEWS):
            label = frequent if rng.random() < share else 1 - frequent
            writer.writerow([" ".join(rng.choice(WORDS, rng.integers(5, 15))), label])
    config = from_fields({**SETTING, "data.path": str(path), "seed": seed})
    return judge(store, train_here(store, config, lambda progress: None).id).runs[0]


if __name__ == "__main__":
    main()
