"""Train the twins of the BERT lab's questions, each as its preset says, and record curves and verdicts.

    python -m benchmarks.bert_twins [--only bert-positions …]

Writes `sentiment_core/recorded/PRESET.npz` and, beside them, what the test pairs say. No text of a review is kept.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

from sentiment_core import recorded
from sentiment_core.artifacts import run_place
from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.masked_words import hold_runs, reached, sentences
from sentiment_core.findings.recorded_words import PRETRAININGS, TWINS, Pretrainings, Recorded
from sentiment_core.metrics import Status
from sentiment_core.presets import preset
from sentiment_core.recorded.reader import FOLDER
from sentiment_core.store import Experiment, Store, WorkProgress
from sentiment_core.training.checkpoints import load_model
from sentiment_core.work.training import train_here


class Cost:
    """Processor time since the first update: preparing reviews is no part of a training."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def watch(self, told: WorkProgress) -> None:
        """Hear how far a training is."""
        if told.phase == "training" and self._begun is None:
            self._begun = time.process_time()

    @property
    def seconds(self) -> float:
        """Processor time so far."""
        return 0.0 if self._begun is None else time.process_time() - self._begun


def machine() -> str:
    """Return what the processor calls itself."""
    with Path("/proc/cpuinfo").open() as file:
        named = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def train(store: Store, config: ExperimentConfig, name: str) -> Experiment:
    """Train, record curves and verdict as `name`, and say it."""
    cost = Cost()
    made = train_here(store, config, cost.watch)
    if made.status is not Status.FINISHED:
        raise SystemExit(f"{name}: {made.error or made.status}; nothing is recorded")
    seconds = cost.seconds
    how = [dict(load_model(run_place(run.experiment_id, run.id)).details["made"]) for run in made.runs]
    recorded.record_runs(store, made.config, made.runs, FOLDER / f"{name}.npz", made=how)
    alone = reached(made.runs[0]) if len(made.runs) == 1 else None
    found = Recorded(tuple(hold_runs(made.runs)), alone, machine(), int(how[0]["threads"]), seconds)
    PRETRAININGS.write(Pretrainings({**PRETRAININGS.read().recordings, name: found}))
    said = [*(alone.sentences if alone else ()), *(said for one in found.held for said in sentences(one))]
    print(name, found.cost, *said, sep="\n  ", flush=True)
    return made


def main() -> None:
    """Train and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=TWINS, default=list(TWINS))
    options = parser.parse_args()
    with Store() as store:
        for name in options.only:
            config = preset(name).config
            train(store, config.model_copy(update={"device": "cpu"}), name)


if __name__ == "__main__":
    main()
