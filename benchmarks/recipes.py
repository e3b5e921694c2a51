"""Train a recipe on real reviews with several seeds and say how well it does: one line of the README's table.

    python -m benchmarks.recipes --data FILE.csv.gz --preset best --seeds 1,2,3

`FILE.csv.gz` holds IMDb reviews in columns `text,label`. Everything was chosen on the validation part; the test part of
the notebook's split is measured once per seed, at the end of its training. The runs stay in the store, so
`benchmarks.pretrained` can make the model that ships out of one of them.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from sentiment_core.cli import ProgressLine
from sentiment_core.config import from_fields
from sentiment_core.metrics import Status
from sentiment_core.presets import preset
from sentiment_core.store import Run, Store
from sentiment_core.worker import train_here


def main() -> None:
    """Train each seed in turn and print the table's line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--preset", default="best")
    parser.add_argument("--seeds", default="1,2,3")
    options = parser.parse_args()
    chosen = preset(options.preset)
    path = str(Path(options.data).resolve())
    runs = []
    with Store() as store:
        for seed in map(int, options.seeds.split(",")):
            fields = {"name": f"{chosen.title}, seed {seed}", "data.source": "csv", "data.path": path, "seed": seed}
            experiment = train_here(store, from_fields(fields, chosen.config), ProgressLine())
            if experiment.status is not Status.FINISHED:
                raise SystemExit(f"seed {seed}: {experiment.status}, {experiment.error}")
            run = experiment.runs[0]
            print(f"seed {seed}: run {run.id}, validation {run.validation_accuracy:.4f}, test {run.test_accuracy:.4f}")
            runs.append(run)
    minutes = statistics.mean(run.seconds for run in runs) / 60
    validation, test = (_spread(runs, part) for part in ("validation_accuracy", "test_accuracy"))
    print(f"| {options.preset} | {runs[0].parameters:,} | {validation} | {test} | {minutes:.0f} min |")


def _spread(runs: list[Run], part: str) -> str:
    values = [getattr(run, part) for run in runs]
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.4f}"


if __name__ == "__main__":
    main()
