"""Train the recipes on real reviews with several seeds and print how well they do: the README's table.

    python -m benchmarks.recipes --data FILE.csv.gz [--presets best-frozen,best] [--seeds 1,2,3] [--precision bf16]

`FILE.csv.gz` holds IMDb reviews in columns `text,label`. Everything was chosen on the validation part; the test part of
the notebook's split is measured once per run, at the end of its training. The presets train side by side over the same
reviews, in batches planned by the first preset's lengths. Runs stay in the store, where `benchmarks.pretrained` finds
the one to ship; a seed that is there already is not trained again.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import FIELDS, ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.metrics import Status
from sentiment_core.presets import preset
from sentiment_core.store import Run, Store
from sentiment_core.work.training import train_here


def main() -> None:
    """Train each seed in turn and print a line per preset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--presets", default="best-frozen,best")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--precision", default="fp32", help="bf16 is faster on processors that have it")
    options = parser.parse_args()
    names = options.presets.split(",")
    runs: dict[str, list[Run]] = {name: [] for name in names}
    with Store() as store:
        known = {item.config.model_dump_json(): item for item in store.experiments() if item.status is Status.FINISHED}
        for seed in map(int, options.seeds.split(",")):
            config = side_by_side(names, options.data, seed, options.precision)
            experiment = known.get(config.model_dump_json()) or train_here(store, config, ProgressLine())
            if experiment.status is not Status.FINISHED:
                raise SystemExit(f"seed {seed}: {experiment.status}, {experiment.error}")
            for name, run in zip(names, experiment.runs, strict=True):
                found = f"validation {run.validation_accuracy:.4f}, test {run.test_accuracy:.4f}"
                print(f"seed {seed}, {name}: run {run.id}, {found}", flush=True)
                runs[name].append(run)
    for name in names:
        validation, test = (_spread(runs[name], part) for part in ("validation_accuracy", "test_accuracy"))
        minutes = statistics.mean(run.seconds for run in runs[name]) / 60
        print(f"| `{name}` | {runs[name][0].parameters:,} | {validation} | {test} | {minutes:.0f} min |")


def side_by_side(names: list[str], data: str, seed: int, precision: str) -> ExperimentConfig:
    """Return one experiment with a run for each preset; each encodes the reviews its own way."""
    base = preset(names[0]).config
    fields = {"name": f"Recipes, seed {seed}", "seed": seed, "training.precision": precision}
    fields |= {"data.source": "csv", "data.path": str(Path(data).resolve())}
    # As the published figures were measured.
    fields |= {"data.split": "notebook", "data.tokenizer": "word"}
    tree = from_fields(fields, base).model_dump()
    tree["runs"] = [RunConfig(name=name, overrides=_difference(base, preset(name).config)) for name in names]
    return build(ExperimentConfig, tree)


def _difference(base: ExperimentConfig, other: ExperimentConfig) -> dict[str, object]:
    pairs = [(name, *(_value(config, name) for config in (base, other))) for name in FIELDS if name != "name"]
    return {name: theirs for name, ours, theirs in pairs if ours != theirs}


def _value(config: ExperimentConfig, name: str) -> object:
    section, _, field = name.rpartition(".")
    return getattr(getattr(config, section) if section else config, field)


def _spread(runs: list[Run], part: str) -> str:
    values = [getattr(run, part) for run in runs]
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.4f}"


if __name__ == "__main__":
    main()
