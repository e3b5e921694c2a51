"""Trains and computes what pages show before anybody has started anything, at the settings that they open with.

    python -m benchmarks.lab_recordings [--out FOLDER] [--answers]

One thread, demo reviews: about eight minutes of one core. `--answers` computes the answers of calculations alone, as
after a change of the model that ships. The home it trains in is `$SENTIMENT_HOME`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from sentiment_core import baselines
from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import ExperimentConfig
from sentiment_core.explain import METHODS
from sentiment_core.explain import study as faithfulness
from sentiment_core.explain.study_question import CONTROL, FAITHFULNESS, study_arguments
from sentiment_core.findings.clipping_over_seeds import RATES, clipping_experiment
from sentiment_core.findings.sweep import parse_rates, sweep_experiment
from sentiment_core.recorded import LABS, record_answer, record_runs
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


def answer(store: Store) -> None:
    """Compute and record what is asked by the study of methods and by the baselines as they open."""
    made = circumstances(torch.device("cpu"), 1)
    methods = [name for name in METHODS if name != CONTROL]
    study = study_arguments("pretrained", "demo", 100, 0, methods, store)
    record_answer(FAITHFULNESS, study, faithfulness.run(study, ProgressLine().say), made)
    linear = baselines.arguments_for(ExperimentConfig().data)
    record_answer(baselines.BASELINES, linear, baselines.run(linear, ProgressLine().say), made)


def main() -> None:
    """Record all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(FOLDER / LABS))
    parser.add_argument("--answers", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with Store() as store:
        answer(store)
        for name, config in ({} if options.answers else wanted()).items():
            ended = train_here(store, config, ProgressLine())
            made = [circumstances(torch.device("cpu"), 1) for _ in ended.runs]
            record_runs(store, ended.config, ended.runs, Path(options.out) / f"{name}.npz", made=made)


if __name__ == "__main__":
    main()
