"""What is exported is read back with parsers of others, or with one written from the format's own description."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest

from sentiment_core.cli import main
from sentiment_core.config import ExperimentConfig, build
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.export import config_json, export, metrics_csv, tensorboard_zip
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.recorded import PREFIX, recording
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Experiment, Store

HOSTILE = '=1+1/../../ <b>"ö\n'


def measured(step: int, loss: float) -> StepMetrics:
    return StepMetrics(step, 1, loss, 0.5, 1e-3, 4.0, 2.0, 0.3, 0.9, 2.0, 900, step * 0.5)


@pytest.fixture
def store(home: Path):
    with Store() as opened:
        yield opened


@pytest.fixture
def twin(store: Store) -> Experiment:
    runs = [{"name": "off"}, {"name": HOSTILE, "overrides": {"training.clipping": "norm"}}]
    data = {"source": "csv", "path": "/secret/folder/a.csv"}
    made = store.create_experiment(build(ExperimentConfig, {"name": "t", "data": data, "runs": runs}))
    for run in made.runs:
        store.write_steps({run.id: [measured(1, 0.7), measured(2, math.nan), measured(3, math.inf)]})
        store.write_evaluations(
            run.id, [Evaluation(3, 1, "validation", 0.6, 0.7), Evaluation(3, 1, "test", 0.65, 0.68)]
        )
        store.update_run(run.id, steps=3, test_accuracy=0.68)
    store.set_status(made.id, Status.FINISHED)
    return store.experiment(made.id)


def crc32c(data: bytes) -> int:
    """Castagnoli's CRC, bit by bit (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


def records(data: bytes):
    """Yield the records of a TFRecord file: length, its CRC, content, its CRC, all little-endian."""
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        content = data[12 : 12 + length]
        assert struct.unpack("<I", data[8:12])[0] == masked(data[:8])
        assert struct.unpack("<I", data[12 + length : 16 + length])[0] == masked(content)
        yield content
        data = data[16 + length :]


def scalars(data: bytes) -> tuple[list[str], dict[str, list[tuple[int, float]]], list[float]]:
    """Return versions, {tag: [(step, value)]} and wall times of an event file."""
    from tensorboardX.proto.event_pb2 import Event

    versions, curves, times = [], defaultdict(list), []
    for record in records(data):
        event = Event.FromString(record)
        if event.file_version:
            versions.append(event.file_version)
            continue
        times.append(event.wall_time)
        for value in event.summary.value:
            curves[value.tag].append((event.step, value.simple_value))
    return versions, curves, times


def test_event_files_hold_every_step_and_evaluation(store: Store, twin: Experiment) -> None:
    archive = zipfile.ZipFile(io.BytesIO(tensorboard_zip(store, twin.runs)))
    names = archive.namelist()
    assert archive.testzip() is None
    assert len(names) == 4
    assert not any(".." in name or name.startswith("/") or name.count("/") != 1 for name in names)
    for run in twin.runs:
        (path,) = [name for name in names if name.startswith(run.id) and "tfevents" in name]
        versions, curves, times = scalars(archive.read(path))
        assert versions == ["brain.Event:2"]
        assert [step for step, _ in curves["loss/train"]] == [1, 2, 3]
        loss = [value for _, value in curves["loss/train"]]
        assert loss[0] == pytest.approx(0.7) and math.isnan(loss[1]) and loss[2] == math.inf
        assert curves["gradient/norm"] == [(1, 4.0), (2, 4.0), (3, 4.0)]
        assert curves["gradient/norm_after_clipping"] == [(1, 2.0), (2, 2.0), (3, 2.0)]
        assert ("gradient/threshold" in curves) == (run.name == HOSTILE)
        assert curves["accuracy/validation"] == [(3, pytest.approx(0.7))]
        assert curves["accuracy/test"] == [(3, pytest.approx(0.68))]
        assert times[:3] == [pytest.approx(twin.created_at + 0.5 * step) for step in (1, 2, 3)]
        (config,) = json.loads(archive.read(path.rpartition("/")[0] + "/config.json"))["runs"]
        assert config["run_id"] == run.id


def test_config_json_rebuilds_the_run_and_names_no_folder(store: Store, twin: Experiment) -> None:
    text = config_json(twin.runs).decode()
    assert "secret" not in text
    documents = json.loads(text)["runs"]
    assert [document["test_accuracy"] for document in documents] == [0.68, 0.68]
    again = [build(ExperimentConfig, document["config"]) for document in documents]
    assert [config.training for config in again] == [run.config.training for run in twin.runs]
    assert again[0].data.path == "a.csv"


def test_csv_has_a_row_a_step_and_no_formula(store: Store, twin: Experiment) -> None:
    rows = list(csv.DictReader(io.StringIO(metrics_csv(store, twin.runs).decode(), newline="")))
    assert len(rows) == 6
    assert [row["loss"] for row in rows[:3]] == ["0.7", "nan", "inf"]
    assert rows[5]["run"] == "'" + HOSTILE
    assert {row["run_id"] for row in rows} == {run.id for run in twin.runs}


def test_a_run_without_steps_exports(store: Store) -> None:
    made = store.create_experiment(ExperimentConfig())
    archive = zipfile.ZipFile(io.BytesIO(export(store, [made.runs[0].id], "tensorboard")))
    (path,) = [name for name in archive.namelist() if "tfevents" in name]
    assert scalars(archive.read(path))[1] == {}
    assert len(export(store, [made.runs[0].id], "csv").splitlines()) == 1


def test_what_cannot_be_exported_is_said(store: Store, twin: Experiment) -> None:
    with pytest.raises(NotFoundError, match="nonsense"):
        export(store, ["nonsense"], "csv")
    with pytest.raises(ConfigError, match="choose csv, json, tensorboard"):
        export(store, [twin.runs[0].id], "xlsx")


def test_command_line_writes_the_file(store: Store, twin: Experiment, tmp_path: Path, capsys) -> None:
    target = tmp_path / "run.zip"
    assert main(["export", twin.runs[0].id, "--format", "tensorboard", "--output", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"output": str(target), "bytes": target.stat().st_size}
    assert zipfile.is_zipfile(target)
    assert main(["export", twin.runs[0].id, "--format", "csv", "--output", str(tmp_path / "no" / "x.csv")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert main(["export", "nonsense", "--format", "csv", "--output", str(target)]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_runs_of_recordings_are_exported_beside_others(store, twin, capsys):
    recorded = recording("clip-norm")
    ids = [run.id for run in recorded.experiment(PREFIX + "clip-norm").runs]
    rows = list(csv.DictReader(io.StringIO(export(store, [twin.runs[0].id, *ids], "csv").decode())))
    steps = {run_id: [row["loss"] for row in rows if row["run_id"] == run_id] for run_id in ids}
    assert [len(found) for found in steps.values()] == [recorded.run(run_id).steps for run_id in ids]
    assert list(map(float, steps[ids[1]])) == recorded.steps(ids[1])["loss"]
    told = json.loads(export(store, ids, "json"))["runs"]
    assert [run["test_accuracy"] for run in told] == [recorded.run(run_id).test_accuracy for run_id in ids]
    archive = zipfile.ZipFile(io.BytesIO(export(store, ids[:1], "tensorboard")))
    assert {name.partition(" ")[0] for name in archive.namelist()} == {ids[0]}
    page = export(store, [twin.runs[0].id, *ids], "html").decode()
    assert recorded.experiment(PREFIX + "clip-norm").name in page and "<h2>t</h2>" in page
    assert main(["metrics", ids[0], "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == recorded.run(ids[0]).steps
    with pytest.raises(NotFoundError, match="no recording 'moon'"):
        export(store, ["recorded-moon-1"], "csv")
