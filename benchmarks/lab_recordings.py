"""Trains what labs show before anybody has started anything, at the settings that they open with, and records it.

    python -m benchmarks.lab_recordings [--out FOLDER]

One thread, demo reviews: about five minutes of one core. The home it trains in is `$SENTIMENT_HOME`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.clipping_over_seeds import RATES, clipping_experiment
from sentiment_core.findings.sweep import parse_rates, sweep_experiment
from sentiment_core.recorded import LABS, record_runs
from sentiment_core.recorded.reader import FOLDER
from sentiment_core.store import Store
from sentiment_core.training.device import circumstances
from sentiment_core.work.training import train_here


def wanted() -> dict[str, ExperimentConfig]:
    """Return what to record by the name of its recording."""
    rates = parse_rates("1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1")
    sweep = sweep_experiment("learning-rates", rates, 100, {"training.optimizer": "adam"})
    changes = {"training.optimizer": "sgd", "training.learning_rate": RATES["sgd"]}
    seeds = {f"lab-clipping-{seed}": clipping_experiment(seed, changes) for seed in (1, 2, 3)}
    return {"lab-learning-rates": sweep, **seeds}


def main() -> None:
    """Train and record all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(FOLDER / LABS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    with Store() as store:
        for name, config in wanted().items():
            ended = train_here(store, config, ProgressLine())
            made = [circumstances(torch.device("cpu"), 1) for _ in ended.runs]
            record_runs(store, ended.config, ended.runs, Path(options.out) / f"{name}.npz", made=made)


if __name__ == "__main__":
    main()
