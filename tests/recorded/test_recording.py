"""A recording gives back what the store held, to the last bit, and nothing about the machine."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sentiment_core.config import from_fields
from sentiment_core.errors import NotFoundError, StoreError
from sentiment_core.findings.verdict import judge
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.recorded import (
    RunSpread,
    SeedResult,
    read,
    reader,
    record_runs,
    recording,
    recordings,
)
from sentiment_core.steps.quantities import StepMetrics
from tests.recorded.making import record

FILE = {"data.source": "csv", "data.path": "/home/somebody/movie.csv.gz", "name": "Twin"}


@pytest.fixture
def twin(store):
    """An ended twin of 120 steps whose numbers are float32, as trained; one step blew up."""
    rng = np.random.default_rng(0)
    experiment = store.create_experiment(vary_clipping(from_fields(FILE)))
    for position, run in enumerate(experiment.runs):
        norms = rng.gamma(2.0, 0.4, 120).astype(np.float32)
        rows = []
        for number, norm in enumerate(norms.tolist(), start=1):
            loss = math.nan if number == 60 else float(np.float32(0.7 - number / 400))
            after = min(norm, 1.0) if position else norm
            threshold = 1.0 if position else math.nan
            rows.append(StepMetrics(number, 1, loss, 0.6, 1e-3, norm, after, 0.1, 1.0, threshold, 300, number / 10))
        store.write_steps({run.id: rows})
        store.write_evaluations(run.id, [Evaluation(120, 1, "validation", 0.55, 0.75 + position / 50)])
        store.update_run(run.id, steps=120, seconds=12.0, parameters=29_569, test_accuracy=0.74, status="finished")
    store.set_status(experiment.id, Status.FINISHED)
    return store.experiment(experiment.id)


def test_what_was_measured_comes_back_to_the_last_bit(store, twin, tmp_path):
    found = read(record(store, twin.id, tmp_path / "twin.npz"))
    kept = found.experiment("recorded-twin")
    assert (kept.name, kept.status) == ("Twin", Status.FINISHED)
    for run, original in zip(kept.runs, twin.runs, strict=True):
        steps, before = found.steps(run.id), store.steps(original.id)
        for column in ("step", "loss", "grad_norm", "grad_norm_clipped", "epoch", "tokens"):
            np.testing.assert_array_equal(steps[column], before[column])
        np.testing.assert_allclose(steps["learning_rate"], before["learning_rate"], rtol=1e-6)
        assert found.evaluations(run.id) == store.evaluations(original.id)
        assert (run.name, run.parameters, run.test_accuracy) == (original.name, 29_569, 0.74)
        assert run.config.training == original.config.training


def test_the_verdict_on_a_recording_is_the_verdict_on_the_experiment(store, twin, tmp_path):
    for run in twin.runs:
        store.write_balances(run.id, {"validation": Balance(800, 500)})
    found = read(record(store, twin.id, tmp_path / "twin.npz"))
    original, replayed = judge(store, twin.id), judge(found, "recorded-twin")
    assert [finding.text for finding in replayed.findings] == [finding.text for finding in original.findings]
    assert replayed.runs[1].clipped_share == original.runs[1].clipped_share > 0
    assert replayed.runs[0].clipped_share is None


def test_steps_are_read_in_pieces(store, twin, tmp_path):
    found = read(record(store, twin.id, tmp_path / "twin.npz"))
    run_id = found.recorded.runs[0].id
    assert found.steps(run_id, after=100, limit=5)["step"] == [101, 102, 103, 104, 105]
    assert found.steps(run_id, after=120)["step"] == []
    assert found.queue_position("recorded-twin") is None


def test_nothing_of_the_machine_is_recorded(store, twin, tmp_path):
    path = record(store, twin.id, tmp_path / "twin.npz")
    with np.load(path) as archive:
        about = archive["about"].tobytes().decode()
    assert "movie.csv.gz" in about
    assert "/home" not in about and "somebody" not in about
    assert path.stat().st_size < 20_000
    assert [child.name for child in tmp_path.iterdir() if "part" in child.name] == []


def test_only_an_ended_experiment_is_recorded(store, twin, tmp_path):
    with pytest.raises(NotFoundError, match="experiment"):
        record(store, "00000000", tmp_path / "no.npz")
    store.set_status(twin.id, Status.RUNNING)
    with pytest.raises(StoreError, match="ended"):
        record(store, twin.id, tmp_path / "no.npz")
    assert not (tmp_path / "no.npz").exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 cut off"])
def test_a_damaged_recording_is_said_to_be(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(StoreError, match="bad cannot be read"):
        read(tmp_path / "bad.npz")


def test_recordings_are_found_by_name_and_nothing_else_is(store, twin, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "FOLDER", tmp_path / "shipped")
    record(store, twin.id, tmp_path / "shipped" / "clip-norm.npz")
    record(store, twin.id, tmp_path / "outside.npz")
    assert recordings() == ("clip-norm",)
    assert recording("clip-norm").recorded.id == "recorded-clip-norm"
    for name in ("../outside", "outside", "", "clip-norm.npz"):
        with pytest.raises(NotFoundError):
            recording(name)


def test_all_that_ships_can_be_read_and_stays_small():
    assert sum((reader.FOLDER / f"{name}.npz").stat().st_size for name in recordings()) <= 2 * 1024**2
    for name in recordings():
        found = recording(name)
        if found.recorded.config.task == "sentiment":
            assert all(found.balances(run.id)["validation"].reviews for run in found.recorded.runs)


def test_a_recording_without_parts_says_nothing_of_them(store, twin, tmp_path):
    assert read(record(store, twin.id, tmp_path / "twin.npz")).balances("recorded-twin-1") == {}


def test_parts_are_recorded(store, twin, tmp_path):
    known = {"validation": Balance(100, 80), "test": Balance(50, 10)}
    for run in twin.runs:
        store.write_balances(run.id, known)
    assert read(record(store, twin.id, tmp_path / "twin.npz")).balances("recorded-twin-2") == known


def test_runs_of_several_experiments_are_recorded_as_one(store, twin, tmp_path):
    other = store.create_experiment(from_fields(FILE))
    store.update_run(other.runs[0].id, steps=1, parameters=7, status="finished", test_accuracy=0.5)
    runs = [twin.runs[0], store.experiment(other.id).runs[0]]
    with pytest.raises(StoreError, match="ended"):
        record_runs(store, twin.config, runs, tmp_path / "both.npz")
    store.set_status(other.id, Status.FINISHED)
    spread = [RunSpread(run.name, (SeedResult(1, 0.7, 0.74), SeedResult(2, 0.6, None))) for run in twin.runs]
    made = [{"torch": "2.13.0", "device": "CPU", "threads": 1, "cpu": "AVX2"}, {}]
    found = read(record_runs(store, twin.config, runs, tmp_path / "both.npz", made=made, spread=spread))
    assert [run.name for run in found.recorded.runs] == [run.name for run in twin.config.runs]
    assert [run.parameters for run in found.recorded.runs] == [29_569, 7]
    assert found.spread == tuple(spread) and found.made == tuple(made)
    assert found.recorded.status is Status.FINISHED


def test_a_recording_of_one_seed_has_no_spread(store, twin, tmp_path):
    found = read(record(store, twin.id, tmp_path / "twin.npz"))
    assert (found.spread, found.made) == ((), ())


def test_a_recording_from_before_there_was_a_spread_can_be_read(store, twin, tmp_path):
    path = record(store, twin.id, tmp_path / "twin.npz")
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    about = json.loads(arrays["about"].tobytes())
    del about["spread"], about["made"]
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez_compressed(tmp_path / "old.npz", **arrays)
    assert read(tmp_path / "old.npz").spread == ()
