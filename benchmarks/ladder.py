"""The ladder on real reviews over seeds: lessons' runs as the notebook set them, a table, the recordings to replay.

    python -m benchmarks.ladder --data FILE.csv.gz [--seeds 1,2,3,4,5] [--lessons clip-norm,attention] [--record]
                                [--stored]

`FILE.csv.gz` holds the 40,000 IMDb reviews in columns `text,label`; the vectors are `glove-100`. Each different run of
the ladder is trained once per seed, in an experiment of its own and on one thread: beside others it would come to the
same numbers, bit for bit. Runs stay in the store and are not trained again, so a ladder that was interrupted goes on;
`--stored` trains nothing and takes what is there. `--record` writes what the app replays: the first seed's runs, with
what all seeds reached.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from sentiment_core import baselines, recorded
from sentiment_core.cli.progress import ProgressLine
from sentiment_core.clipping import RULES
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.errors import SentimentLabError
from sentiment_core.explain.catalogue import model_folder
from sentiment_core.lessons import LESSONS, Lesson, full_experiment_for
from sentiment_core.metrics import Status
from sentiment_core.recorded import RunSpread, SeedResult, mean_and_deviation, paired
from sentiment_core.store import Run, Store
from sentiment_core.training.checkpoints import load_model
from sentiment_core.work.training import train_here

HEAD = (
    "| rung | run | parameters | epochs | seeds | validation | test | test, against the lesson's first run "
    "(95 % interval) |"
)
RECORDINGS = Path(recorded.__file__).parent
EVERY_EXPERIMENT = 100_000


def main() -> None:
    """Train what the store lacks, print the table, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--lessons", default="")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--stored", action="store_true")
    options = parser.parse_args()
    # Another number of threads adds in another order, and training magnifies the last bit.
    torch.set_num_threads(1)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    wanted = set(filter(None, options.lessons.split(",")))
    lessons = [item for item in LESSONS if item.preset is not None and (not wanted or item.name in wanted)]
    references: dict[str, float] = {}
    lines = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    with Store() as store:
        known = finished(store)
        if not options.stored:
            train(store, [on_file(item, options.data, seed) for seed in seeds for item in lessons], known)
        for item in lessons:
            config = on_file(item, options.data, seeds[0])
            per_seed = {seed: found_runs(on_file(item, options.data, seed), known) for seed in seeds}
            spread = spread_of(config, per_seed)
            first = per_seed[seeds[0]]
            lines += table_lines(item, first, spread)
            if options.record and all(first):
                references = references or reference_lines(config)
                runs = [run for run in first if run]
                made = [made_by(store, run) for run in runs]
                path = RECORDINGS / f"{item.name}.npz"
                recorded.record_runs(store, config, runs, path, references, made, spread)
    print("\n".join([*lines, "", *(f"- {name}: test {value:.3f}" for name, value in references.items())]))


def on_file(lesson: Lesson, path: str, seed: int) -> ExperimentConfig:
    """Return the lesson's full experiment on the reviews of a file."""
    fields = {"data.source": "csv", "data.path": str(Path(path).resolve()), "seed": seed}
    return from_fields(fields, full_experiment_for(lesson))


def what_is_trained(config: ExperimentConfig) -> str:
    """Return a single-run configuration without what changes no number: names, where it is trained, idle thresholds."""
    own = config.training.clipping
    idle = {rule.threshold for rule in RULES.values() if rule.threshold and rule.name != own}
    return config.model_dump_json(exclude={"name": True, "runs": True, "device": True, "training": idle})


def finished(store: Store) -> dict[str, Run]:
    """Return the finished runs of the store by what they trained."""
    ended = (item for item in store.experiments(EVERY_EXPERIMENT) if item.status is Status.FINISHED)
    return {what_is_trained(run.config): run for item in ended for run in item.runs if run.status is Status.FINISHED}


def train(store: Store, configs: Iterable[ExperimentConfig], known: dict[str, Run]) -> None:
    """Train each run of `configs` that `known` lacks, alone, and add it."""
    for config in configs:
        for run in config.runs:
            alone = config.resolve(run)
            key = what_is_trained(alone)
            if key in known:
                continue
            named = alone.model_copy(update={"name": f"seed {config.seed}: {run.name}"})
            ended = train_here(store, named, ProgressLine())
            if ended.status is Status.STOPPED:
                raise SystemExit("Stopped; the same command goes on from here.")
            known[key] = ended.runs[0]


def found_runs(config: ExperimentConfig, known: dict[str, Run]) -> list[Run | None]:
    """Return the run of `known` for each run of `config`; None where nobody has trained it."""
    return [known.get(what_is_trained(config.resolve(run))) for run in config.runs]


def spread_of(config: ExperimentConfig, per_seed: Mapping[int, Sequence[Run | None]]) -> list[RunSpread]:
    """Return what each run of `config` reached over the seeds that have them all: they are compared in pairs."""
    whole = {seed: runs for seed, runs in per_seed.items() if all(runs)}
    return [
        RunSpread(
            named.name,
            tuple(
                SeedResult(seed, run.validation_accuracy, run.test_accuracy)
                for seed, runs in whole.items()
                if (run := runs[place])
            ),
        )
        for place, named in enumerate(config.runs)
    ]


def made_by(store: Store, run: Run) -> dict[str, object]:
    """Return what computed a run, as its saved model tells; empty when it does not."""
    try:
        return dict(load_model(model_folder(run.id, store)).details.get("made", {}))
    except SentimentLabError:
        return {}


def reference_lines(config: ExperimentConfig) -> dict[str, float]:
    """Return the test accuracy of each baseline on the same reviews, tokens and vectors."""
    found = baselines.run(baselines.arguments_for(config.data), lambda message, share: None)
    return {row["title"]: row["test_accuracy"] for row in found["rows"]}


def table_lines(lesson: Lesson, first: Sequence[Run | None], spread: Sequence[RunSpread]) -> list[str]:
    """Return one line a run; accuracies are mean ± standard deviation over seeds."""
    lines = []
    for place, (run, over_seeds) in enumerate(zip(first, spread, strict=True)):
        found = paired(spread[0], over_seeds) if place else None
        against = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})" if found else "–"
        results = over_seeds.results
        lines.append(
            f"| {lesson.rung} | {over_seeds.name} | {f'{run.parameters:,}' if run and run.parameters else '–'} | "
            f"{run.config.training.epochs if run else '–'} | {len(results)} | "
            f"{mean_and_deviation([item.validation for item in results if item.validation is not None])} | "
            f"{mean_and_deviation(over_seeds.tests.values())} | {against} |"
        )
    return lines


if __name__ == "__main__":
    main()
