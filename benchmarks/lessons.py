"""Does each lesson's default show what the lesson teaches? Trained on demo reviews over seeds, written as a table.

    SENTIMENT_HOME=/tmp/lessons python -m benchmarks.lessons [--seeds 1,2,3] [--lessons clip-norm,attention] [--stored]

Each different run is trained once per seed, in an experiment of its own and on one thread: beside others it would come
to the same numbers, bit for bit. Runs stay in the store and are not trained again, so what was interrupted goes on;
`--stored` trains nothing. Then `docs/lessons.md` is written, of all lessons and of what there is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from benchmarks import ladder
from docs.lessons import PAGE, Told, as_markdown, experiment_of, measured_lessons
from sentiment_core.config import ExperimentConfig
from sentiment_core.lessons import AnyLesson, happened
from sentiment_core.store import Experiment, Run, Store


class SideBySide:
    """A store in which runs that were trained alone stand together as the `experiment` that they are of."""

    def __init__(self, store: Store, config: ExperimentConfig, runs: Sequence[Run]) -> None:
        self._store = store
        named = tuple(replace(run, name=spec.name) for spec, run in zip(config.runs, runs, strict=True))
        self.together: Experiment = replace(
            store.experiment(runs[0].experiment_id), name=config.name, config=config, runs=named
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def experiment(self, experiment_id: str) -> Experiment:
        """Return the runs as one experiment, whichever of theirs is asked for."""
        return self.together


def told(store: Store, item: AnyLesson, seed: int, known: Mapping[str, Run]) -> Told | None:
    """Return what a lesson's runs with one seed came to; None where not all of them have been trained."""
    config = experiment_of(item, seed)
    runs = [run for run in ladder.found_runs(config, dict(known)) if run is not None]
    if len(runs) < len(config.runs):
        return None
    source = SideBySide(store, config, runs)
    return Told(happened(item, source, source.together), [run.validation_accuracy for run in runs])  # type: ignore[arg-type]


def main() -> None:
    """Train what the store lacks, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--lessons", default="")
    parser.add_argument("--stored", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    wanted = set(filter(None, options.lessons.split(",")))
    lessons = [item for item in measured_lessons() if not wanted or item.name in wanted]
    with Store() as store:
        known = ladder.finished(store)
        for seed in seeds:
            for item in lessons:
                began = time.process_time()
                if not options.stored:
                    ladder.train(store, [experiment_of(item, seed)], known)
                said = told(store, item, seed, known)
                print(f"{item.name}, seed {seed}: {said}, {time.process_time() - began:.0f} CPU seconds", flush=True)
        if not wanted:
            PAGE.write_text(as_markdown(seeds, lambda item, seed: told(store, item, seed, known)), encoding="utf-8")


if __name__ == "__main__":
    main()
