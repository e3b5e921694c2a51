"""Commands about runs: train one, print or export what it measured."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

from sentiment_core.cli.files import file_fields, source_fields
from sentiment_core.cli.numbers import percent
from sentiment_core.cli.output import write
from sentiment_core.cli.progress import ProgressLine
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.errors import ConfigError, DataError
from sentiment_core.metrics import Status
from sentiment_core.presets import preset, vary_clipping
from sentiment_core.training.memory import check_before


def build_config(options: argparse.Namespace) -> ExperimentConfig:
    """Return the experiment that the options of `train` describe; later ones win: preset, options, `--set`."""
    base = preset(options.preset).config if options.preset else ExperimentConfig()
    fields: dict[str, Any] = {
        "name": options.name,
        "seed": options.seed,
        "device": options.device,
        "data.split": options.split,
        "data.embeddings": options.embeddings,
        "data.limit": options.limit,
        "training.epochs": options.epochs,
        "training.max_steps": options.max_steps,
    }
    fields = {field: value for field, value in fields.items() if value is not None}
    fields |= source_fields(options.data) | file_fields(options)
    for assignment in options.set:
        field, separator, value = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment}: write FIELD=VALUE, such as training.learning_rate=0.01")
        fields[field.strip()] = value.strip()
    config = from_fields(fields, base)
    return vary_clipping(config) if options.vary == "clipping" else config


def train(options: argparse.Namespace) -> tuple[Any, str]:
    config = build_config(options)
    if note := check_before(config):
        print(note, file=sys.stderr)
    # Imported late: torch takes seconds, and a mistyped option should not.
    from sentiment_core.store import Store
    from sentiment_core.work.training import train_here

    with Store() as store:
        experiment = train_here(store, config, ProgressLine())
        if sys.stderr.isatty():
            print(file=sys.stderr)
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
        f"validation {percent(run.validation_accuracy)}, test {percent(run.test_accuracy)}"
        for run in experiment.runs
    ]
    return {"experiment_id": experiment.id, "status": str(experiment.status), "runs": runs}, "\n".join(lines)


def metrics(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.steps.quantities import STEP_COLUMNS
    from sentiment_core.store import Store

    with Store() as store:
        store.run(options.run_id)
        rows = store.step_rows(options.run_id)
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
