"""Runs taken elsewhere: metrics as CSV, configurations as JSON, curves as TensorBoard event files."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.recorded import recording_of
from sentiment_core.steps.quantities import CORE, DIAGNOSTICS, STEP_COLUMNS
from sentiment_core.store import Experiment, Run, RunSource, Store, table

FORMATS = ("csv", "json", "tensorboard", "model", "html")


def export(store: Store, run_ids: Sequence[str], form: str) -> bytes:
    """Return runs, of recordings as well, in one of `FORMATS`; a recording has no model.

    Raises `NotFoundError` for unknown runs, `ConfigError` for an unknown format.
    """
    if form == "model":
        return model_zip(store, run_ids)
    runs = [_source(store, run_id.rpartition("-")[0]).run(run_id) for run_id in run_ids]
    if form == "csv":
        return metrics_csv(store, runs)
    if form == "json":
        return config_json(runs)
    if form == "tensorboard":
        return tensorboard_zip(store, runs)
    if form == "html":
        return report_html(store, runs)
    raise ConfigError(f"{form}: not a format; choose {', '.join(FORMATS)}")


def metrics_csv(store: Store, runs: Sequence[Run]) -> bytes:
    """Return every measured step of `runs` as CSV; numbers that are not finite are written `nan` and `inf`.

    A diagnostic is empty where it was not measured; arrays are left out.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    tables = {run.id: table(_source(store, run.experiment_id), run.id) for run in runs}
    columns = list(dict.fromkeys(chain(STEP_COLUMNS, *tables.values())))
    writer.writerow(["run_id", "run", *columns])
    for run in runs:
        # A leading apostrophe keeps a spreadsheet from taking a name for a formula.
        name = f"'{run.name}" if run.name[:1] in "=+-@\t\r" else run.name
        found = tables[run.id]
        nothing = [None] * len(found["step"])
        for row in zip(*(found.get(column, nothing) for column in columns), strict=True):
            writer.writerow([run.id, name, *row])
    return text.getvalue().encode()


def config_json(runs: Sequence[Run]) -> bytes:
    """Return one JSON document: each run's results and its whole configuration, without folders of this machine."""
    return (json.dumps({"runs": [_described(run) for run in runs]}, indent=1, ensure_ascii=False) + "\n").encode(
        "utf-8", "replace"
    )


def tensorboard_zip(store: Store, runs: Sequence[Run]) -> bytes:
    """Return a zip with a folder a run: an event file for TensorBoard, and the configuration as JSON.

    Unpack it and point `tensorboard --logdir` at the folder. Validation and test are curves of their own. Wall times
    are training time since the experiment started. Raises `StoreError` when the temporary folder refuses.
    """
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:
            for run in runs:
                folder = f"{run.id} {_file_name(run.name)}".strip()
                source = _source(store, run.experiment_id)
                experiment = source.experiment(run.experiment_id)
                path = _write_events(source, run, experiment, Path(scratch) / run.id)
                archive.write(path, f"{folder}/events.out.tfevents.{experiment.created_at:.0f}.{run.id}")
                archive.writestr(f"{folder}/config.json", config_json([run]))
    except OSError as error:
        raise StoreError(
            f"cannot write event files: {error.strerror}. Free some space in the temporary folder."
        ) from error
    return packed.getvalue()


def report_html(store: Store, runs: Sequence[Run]) -> bytes:
    """Return the experiments of `runs` as one self-contained HTML file, see `report.page`."""
    # Imported late: what the findings need takes a moment that the other formats do not.
    from sentiment_core.report import report

    return report(store, [run.experiment_id for run in runs])


def model_zip(store: Store, model_ids: Sequence[str]) -> bytes:
    """Return one model as an archive, see `explain.archive.writer`; raises `ConfigError` for several."""
    if len(model_ids) != 1:
        raise ConfigError("an archive holds one model; name one run")
    # Imported late: torch takes seconds.
    from sentiment_core.explain.archive.writer import model_archive

    return model_archive(store, model_ids[0])


def _source(store: Store, experiment_id: str) -> RunSource:
    return recording_of(experiment_id) or store


def _write_events(source: RunSource, run: Run, experiment: Experiment, folder: Path) -> Path:
    # Imported late: the package loads torch where it is installed, which takes seconds and no page needs.
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    folder.mkdir()
    start = experiment.started_at or experiment.created_at
    writer = EventsWriter(str(folder / "events"))
    seconds = 0.0
    for step, seconds, values in _points(source, run):
        scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        writer.write_event(Event(wall_time=start + seconds, step=step, summary=Summary(value=scalars)))
    for found in source.evaluations(run.id):
        scalars = [
            Summary.Value(tag=f"loss/{found.part}", simple_value=found.loss),
            Summary.Value(tag=f"accuracy/{found.part}", simple_value=found.accuracy),
        ]
        writer.write_event(Event(wall_time=start + seconds, step=found.step, summary=Summary(value=scalars)))
    writer.close()
    (path,) = folder.iterdir()
    return path


def _points(source: RunSource, run: Run) -> Iterator[tuple[int, float, dict[str, float]]]:
    """Yield step, seconds since the first step and the scalars of each measured step."""
    columns = table(source, run.id)
    without = run.config.training.threshold is None
    known = [CORE.get(name) or DIAGNOSTICS[name] for name in columns]
    tags = {item.name: item.tag for item in known if item.tag and not (without and item.name == "threshold")}
    for place, step in enumerate(columns["step"]):
        seconds = columns["seconds"][place]
        values = {tag: columns[name][place] for name, tag in tags.items() if columns[name][place] is not None}
        yield step, seconds if math.isfinite(seconds) else 0.0, values


def _described(run: Run) -> dict[str, Any]:
    config = run.config.model_dump(mode="json")
    if config["data"]["path"]:
        config["data"]["path"] = PurePath(config["data"]["path"]).name
    return {
        "run_id": run.id,
        "name": run.name,
        "experiment_id": run.experiment_id,
        "status": str(run.status),
        "error": run.error,
        "parameters": run.parameters,
        "steps": run.steps,
        "seconds": run.seconds,
        "validation_accuracy": run.validation_accuracy,
        "test_accuracy": run.test_accuracy,
        "config": config,
    }


def _file_name(name: str) -> str:
    """Return `name` as every file system takes it."""
    return re.sub(r"[^\w+-]+", "_", name).strip("_")[:60]
