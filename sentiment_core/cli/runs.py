"""Commands about runs: train one, print or export what it measured."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_core.cli.files import file_fields, source_fields, vector_fields
from sentiment_core.cli.output import write
from sentiment_core.cli.progress import ProgressLine
from sentiment_core.cli.seeds import compared, grouped
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.metrics import Status
from sentiment_core.number_words import percent
from sentiment_core.presets import preset, vary_clipping
from sentiment_core.seeds import over_seeds, parse_seeds
from sentiment_core.training.memory import check_before

if TYPE_CHECKING:
    from sentiment_core.store import Experiment


def build_configs(options: argparse.Namespace) -> list[ExperimentConfig]:
    """Return the experiments that the options of `train` describe, one a seed; later options win, `--set` over all."""
    base = preset(options.preset).config if options.preset else ExperimentConfig()
    fields: dict[str, Any] = {
        "name": options.name,
        "seed": options.seed,
        "device": options.device,
        "data.split": options.split,
        **vector_fields(options),
        "data.limit": options.limit,
        "training.epochs": options.epochs,
        "training.max_steps": options.max_steps,
    }
    told = [text for text in options.set if not text.startswith(("seed=", "data.path=", "data.vectors="))]
    if options.name is None and told:
        # Experiments are told apart by what was asked for; where files lie is nobody else's business.
        fields["name"] = ", ".join([base.name, *told] if options.preset else told)[:120]
    fields = {field: value for field, value in fields.items() if value is not None}
    fields |= source_fields(options.data) | file_fields(options)
    for assignment in options.set:
        field, separator, value = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment}: write FIELD=VALUE, such as training.learning_rate=0.01")
        fields[field.strip()] = value.strip()
    seeds = parse_seeds(fields.pop("seed")) if "seed" in fields else (base.seed,)
    config = from_fields(fields, base)
    return over_seeds(vary_clipping(config) if options.vary == "clipping" else config, seeds)


def train(options: argparse.Namespace) -> tuple[Any, str]:
    configs = build_configs(options)
    if note := check_before(configs[0]):
        print(note, file=sys.stderr)
    # Imported late: torch takes seconds, and a mistyped option should not.
    from sentiment_core.store import Store
    from sentiment_core.work.training import train_each_here

    trained = []
    with Store() as store, closing(train_each_here(store, configs, ProgressLine())) as ended:
        for experiment in ended:
            if sys.stderr.isatty():
                print(file=sys.stderr)
            trained.append((experiment, *_told(experiment)))
        if len(configs) == 1:
            return trained[0][1:]
        return _over_seeds([experiment for experiment, *_ in trained], [told[1:] for told in trained])


def _over_seeds(experiments: Sequence[Experiment], told: Sequence[tuple[Any, str]]) -> tuple[Any, str]:
    """Say what several seeds came to, and how each run of an experiment compares with the first."""
    from sentiment_core.findings.seed_groups import described

    groups, said = grouped([run for experiment in experiments for run in experiment.runs])
    comparisons, words = compared(groups) if len(groups) > 1 else ([], [])
    document = {
        "experiments": [document for document, _ in told],
        "groups": [described(group) for group in groups],
        "comparisons": comparisons,
    }
    return document, "\n".join([*(text for _, text in told), *said, *words])


def _told(experiment: Experiment) -> tuple[dict[str, Any], str]:
    """Return an experiment as it ended, as a document and in lines; raise `DataError` when it failed as a whole."""
    runs = [
        {
            "run_id": run.id,
            "name": run.name,
            "status": str(run.status),
            "parameters": run.parameters,
            "steps": run.steps,
            "seconds": run.seconds,
            "tokens_per_second": run.tokens_per_second,
            "validation_accuracy": run.validation_accuracy,
            "test_accuracy": run.test_accuracy,
            "error": run.error,
        }
        for run in experiment.runs
    ]
    # A run with an error of its own diverged, which is a result; anything else is a fault to mend.
    if experiment.status in {Status.FAILED, Status.INTERRUPTED} and not all(run["error"] for run in runs):
        raise DataError(experiment.error or "training failed")
    lines = [f"experiment {experiment.id}: {experiment.status}"]
    lines += [
        f"  {run.id}  {run.name}: {run.status}, {run.steps} steps, "
        f"validation {percent(run.validation_accuracy, 1)}, test {percent(run.test_accuracy, 1)}"
        for run in experiment.runs
    ]
    return {"experiment_id": experiment.id, "status": str(experiment.status), "runs": runs}, "\n".join(lines)


def metrics(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.recorded import recording_of
    from sentiment_core.steps.quantities import STEP_COLUMNS
    from sentiment_core.store import Store, rows_of

    with Store() as store:
        source = recording_of(options.run_id.rpartition("-")[0]) or store
        source.run(options.run_id)
        rows = rows_of(source, options.run_id)
    for row in rows:
        # Without clipping there is no threshold, which is not the same as a measurement that is not a number.
        row["threshold"] = None if math.isnan(row["threshold"]) else row["threshold"]
    header = ",".join(rows[0] if rows else STEP_COLUMNS)
    lines = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    return rows, "\n".join([header, *lines])


def export(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.export import export
    from sentiment_core.store import Store

    with Store() as store:
        content = export(store, options.run_id, options.format)
    write(options.output, content)
    return {"output": options.output, "bytes": len(content)}, f"{options.output}: {len(content):,} bytes"


def bring(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.explain.archive.reader import import_model
    from sentiment_core.store import Store

    with Store() as store:
        run = import_model(store, Path(options.file))
    return {"run_id": run.id, "name": run.name}, f"{run.id}  {run.name}: imported; ask it with --model {run.id}"
