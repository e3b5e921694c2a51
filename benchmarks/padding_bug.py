"""The padding bug on real reviews: padded last state against true last state, on the same random batches.

python -m benchmarks.padding_bug --data FILE.csv.gz [--embeddings glove-100] [--max-steps 450]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.presets import preset
from sentiment_core.store import Store
from sentiment_core.work.training import train_here


def main() -> None:
    """Train both rungs in lockstep and print their accuracies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--embeddings", default="glove-100")
    parser.add_argument("--max-steps", type=int)
    options = parser.parse_args()
    fields = {"data.source": "csv", "data.path": str(Path(options.data).resolve())}
    fields |= {"data.embeddings": options.embeddings, "training.max_steps": options.max_steps}
    tree = from_fields(fields, preset("last-state").config).model_dump()
    padded = {"model.pooling": ("padded_last",), "model.head_sizes": (100,)}
    tree["runs"] = [RunConfig(name="padded last state", overrides=padded), RunConfig(name="true last state")]
    config = build(ExperimentConfig, tree)
    with tempfile.TemporaryDirectory() as folder, Store(f"sqlite:///{folder}/store.sqlite3") as store:
        experiment = train_here(store, config, ProgressLine())
        for run in experiment.runs:
            seen = [f"{item.part} {item.accuracy:.4f} (step {item.step})" for item in store.evaluations(run.id)]
            print(f"{run.name}: {run.parameters} parameters, {', '.join(seen)}")


if __name__ == "__main__":
    main()
