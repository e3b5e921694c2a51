"""The ladder on real reviews: each lesson's experiment as the notebook set it, a table, and the recordings to replay.

    python -m benchmarks.ladder --data FILE.csv.gz [--lessons clip-norm,attention] [--record]

`FILE.csv.gz` holds the 40,000 IMDb reviews in columns `text,label`; the vectors are `glove-100`. Experiments stay in
the store and are not trained again, so a run that was interrupted goes on. `--record` writes what the app replays.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from sentiment_core import baselines, recorded
from sentiment_core.cli import ProgressLine
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.lessons import LESSONS, Lesson, full_experiment_for
from sentiment_core.metrics import Status
from sentiment_core.presets import preset
from sentiment_core.store import Experiment, Run, Store
from sentiment_core.worker import train_here

HEAD = "| rung | run | parameters | epochs | last loss | spread, last 100 steps | validation | test |"
LAST = 100
RECORDINGS = Path(recorded.__file__).parent


def main() -> None:
    """Train what the store lacks, print the table, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--lessons", default="")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    references: dict[str, float] = {}
    wanted = set(filter(None, options.lessons.split(",")))
    lines = [HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    with Store() as store:
        known = {item.config.model_dump_json(): item for item in store.experiments() if item.status is Status.FINISHED}
        for lesson in LESSONS:
            if lesson.preset is None or (wanted and lesson.name not in wanted):
                continue
            config = on_file(lesson, options.data)
            experiment = known.get(config.model_dump_json()) or train_here(store, config, ProgressLine())
            lines += [table_line(store, lesson, experiment, run) for run in experiment.runs]
            if options.record:
                references = references or reference_lines(config)
                recorded.record(store, experiment.id, RECORDINGS / f"{lesson.name}.npz", references)
    print("\n".join([*lines, "", *(f"- {name}: test {value:.3f}" for name, value in references.items())]))


def reference_lines(config: ExperimentConfig) -> dict[str, float]:
    """Return the test accuracy of each baseline on the same reviews, tokens and vectors."""
    found = baselines.run(baselines.arguments_for(config.data), lambda message, share: None)
    return {row["title"]: row["test_accuracy"] for row in found["rows"]}


def on_file(lesson: Lesson, path: str) -> ExperimentConfig:
    """Return the lesson's full experiment on the reviews of a file."""
    fields = {"data.source": "csv", "data.path": str(Path(path).resolve())}
    return from_fields(fields, full_experiment_for(lesson))


def table_line(store: Store, lesson: Lesson, experiment: Experiment, run: Run) -> str:
    """Return one run's line; losses are those of training batches."""
    losses = store.steps(run.id)["loss"][-LAST:]
    epochs = experiment.config.training.epochs
    own = run.position == len(experiment.runs) or len(preset(lesson.preset or "").config.runs) > 1
    name = f"**{run.name}**" if own else run.name
    return (
        f"| {lesson.rung} | {name} | {run.parameters:,} | {epochs} | {statistics.fmean(losses):.3f} | "
        f"{statistics.pstdev(losses):.3f} | {_share(run.validation_accuracy)} | {_share(run.test_accuracy)} |"
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
