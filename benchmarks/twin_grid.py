"""Record the twins that Home plays: a training for each learning rate and clipping threshold, on demo reviews.

    SENTIMENT_HOME=/tmp/twins python -m benchmarks.twin_grid [--out FILE.npz]

Each rate is an experiment of one unclipped run and one for each threshold, on one thread. Experiments stay in the store
and are not trained again: what was interrupted goes on. About nine minutes of processor time.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.ladder import made_by
from sentiment_core.findings import twin_grid
from sentiment_core.findings.twin_grid import TwinGrid
from sentiment_core.findings.twins import clipped_steps
from sentiment_core.metrics import Status
from sentiment_core.steps.rules import clipped_share
from sentiment_core.store import Experiment, Store
from sentiment_core.work.training import train_here

EVERY_EXPERIMENT = 1000


def main() -> None:
    """Train what the store lacks, then write the grid that ships."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=twin_grid.SHIPPED)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with Store() as store:
        ended = (found for found in store.experiments(EVERY_EXPERIMENT) if found.status is Status.FINISHED)
        known = {found.config.model_dump_json(): found for found in ended}
        rows: list[Experiment] = []
        for rate in twin_grid.RATES:
            config = twin_grid.row(rate)
            began = time.process_time()
            found = known.get(config.model_dump_json()) or train_here(store, config, lambda progress: None)
            if found.status is not Status.FINISHED:
                raise SystemExit(f"Rate {rate:g} is {found.status}; the same command goes on from here.")
            print(f"rate {rate:g}: {time.process_time() - began:.0f} s of processor time", flush=True)
            rows.append(found)
        twin_grid.write(grid_of(store, rows), options.out)


def grid_of(store: Store, rows: Sequence[Experiment]) -> TwinGrid:
    """Return what ended experiments, one a rate, measured, as a grid."""
    runs = [[store.experiment(row.id).runs[place] for place in range(len(row.runs))] for row in rows]
    updates = max(run.steps for row in runs for run in row)
    validations = [
        [[each for each in store.evaluations(run.id) if each.part == "validation"] for run in row] for row in runs
    ]
    validated = max((found for row in validations for found in row), key=len)

    def curves(name: str) -> np.ndarray:
        found = np.full((len(runs), len(runs[0]), updates), math.nan, dtype=np.float32)
        for i, row in enumerate(runs):
            for j, run in enumerate(row):
                values = store.steps(run.id)[name]
                found[i, j, : len(values)] = values
        return found

    accuracies = np.full((len(runs), len(runs[0]), len(validated)), math.nan)
    for i, row in enumerate(validations):
        for j, found in enumerate(row):
            accuracies[i, j, : len(found)] = [each.accuracy for each in found]
    return TwinGrid(
        losses=curves("loss"),
        norms=curves("grad_norm"),
        clipped=np.array(
            [[clipped_share(clipped_steps(run, store.steps(run.id))) or 0.0 for run in row] for row in runs]
        ),
        validated=np.array([each.step for each in validated]),
        validation=accuracies,
        test=np.array([[math.nan if run.test_accuracy is None else run.test_accuracy for run in row] for row in runs]),
        balance=store.balances(runs[0][0].id)["validation"],
        made=made_by(store, runs[0][0]),
    )


if __name__ == "__main__":
    main()
