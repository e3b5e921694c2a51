"""A quantity declared at run time, measured while training: command line, files, route, page and recordings have it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sentiment_core import cli
from sentiment_core.config import RunConfig, with_runs
from sentiment_core.errors import StoreError
from sentiment_core.export import export
from sentiment_core.recorded import read
from sentiment_core.steps.quantities import DIAGNOSTICS, Diagnostic, Panel, Quantity, declare
from sentiment_core.store import Experiment, RunSource, Store, table
from sentiment_core.store.source import measured
from sentiment_core.training.run import TrainingRun
from sentiment_core.work.training import train_here
from tests.app_page import open_app
from tests.recorded.making import record
from tests.test_export import scalars
from ui.server.api import routes

STEPS = 5


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    """Two quantities: a number, measured at every other step, and an array."""
    declare("update_ratio", Quantity("update : weight", "", "measured", "A ratio.", Panel("ratio", "Ratios", log=True)))
    declare("layer_norms", Quantity("norms", "", "measured", "A norm each.", array=True))
    yield
    for name in ("update_ratio", "layer_norms"):
        del DIAGNOSTICS[name]


def measure(run: TrainingRun) -> None:
    if run.step % 2 == 0:
        run.measure("update_ratio", torch.tensor(run.step / 8))
        run.measure("layer_norms", torch.arange(3.0) * run.step)


@pytest.fixture
def trained(store: Store, tiny: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """A twin of whose runs only the first measures them."""
    config = with_runs(tiny({"training.max_steps": STEPS}), [RunConfig(name="one"), RunConfig(name="two")])
    noted = TrainingRun.note_update

    def note(run: TrainingRun, *given: Any) -> None:
        noted(run, *given)
        if run.id.endswith("-1"):
            measure(run)

    monkeypatch.setattr(TrainingRun, "note_update", note)
    return train_here(store, config, lambda progress: None)


def test_it_is_in_the_command_line_and_in_exported_files(store: Store, trained: Experiment, capsys: Any) -> None:
    first, second = trained.runs
    expected = [None, 0.25, None, 0.5, None]
    assert cli.main(["metrics", first.id, "--json"]) == 0
    assert [row["update_ratio"] for row in json.loads(capsys.readouterr().out)] == expected
    assert cli.main(["metrics", first.id]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(",update_ratio") and [line.rpartition(",")[2] for line in lines[1:3]] == ["", "0.25"]
    assert cli.main(["quantities"]) == 0
    assert "update_ratio" in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(export(store, [first.id, second.id], "csv").decode())))
    assert [row["update_ratio"] for row in rows] == ["", "0.25", "", "0.5", ""] + [""] * STEPS
    assert "layer_norms" not in rows[0]
    archive = zipfile.ZipFile(io.BytesIO(export(store, [first.id], "tensorboard")))
    (events,) = [name for name in archive.namelist() if "tfevents" in name]
    assert scalars(archive.read(events))[1]["ratio/update_ratio"] == [(2, 0.25), (4, 0.5)]


def test_the_route_sends_it_with_the_steps_and_arrays_when_asked(store: Store, trained: Experiment) -> None:
    client = TestClient(Starlette(routes=routes()), base_url="http://127.0.0.1:8501")
    address = f"/api/experiments/{trained.id}"
    first, second = client.get(address).json()["runs"]
    assert first["steps"]["update_ratio"] == [None, 0.25, None, 0.5, None]
    assert "update_ratio" not in second["steps"] and "layer_norms" not in first["steps"]
    assert first["undrawn"] == ["grad_norm_clipped", "threshold"]
    found = client.get(f"{address}/quantities/layer_norms", params={"after": "2"}).json()
    assert found["quantity"]["title"] == "norms"
    assert [run["step"] for run in found["runs"]] == [[4], []] and found["runs"][0]["value"] == [[0, 4, 8]]
    rates = client.get(f"{address}/quantities/learning_rate").json()["runs"][0]
    assert rates["step"] == [1, 2, 3, 4, 5] and len(rates["value"]) == STEPS
    assert client.get(f"{address}/quantities/nonsense").status_code == 404
    assert client.get(f"{address}/quantities/loss", params={"after": "-1"}).status_code == 400
    assert client.get("/api/experiments/zz/quantities/loss").status_code == 404


def test_the_page_is_told_how_to_draw_it(trained: Experiment) -> None:
    page = open_app("train", experiment=trained.id)
    assert not page.exception
    (plot,) = [item.proto for item in page.get("bidi_component") if "live_plot" in item.proto.component_name]
    data = json.loads(plot.json)
    assert data["quantities"]["update_ratio"]["title"] == "update : weight"
    assert ("ratio", "Ratios", True) in [(item["name"], item["title"], item["log"]) for item in data["panels"]["more"]]
    assert [panel["title"] for panel in data["panels"]["curves"]] == ["Loss", "Gradient norm"]


def test_a_recording_gives_both_back(store: Store, trained: Experiment, tmp_path: Path) -> None:
    found: RunSource = read(record(store, trained.id, tmp_path / "twin.npz"))
    run = "recorded-twin-1"
    assert found.diagnostic_names(run) == ["layer_norms", "update_ratio"]
    assert table(found, run)["update_ratio"] == table(store, trained.runs[0].id)["update_ratio"]
    assert found.diagnostics(run, "update_ratio", after=2) == ([4], [0.5])
    assert found.diagnostics(run, "update_ratio", until=3) == ([2], [0.25])
    assert found.diagnostics(run, "update_ratio", most=1)[0] == [2]
    steps, values = found.diagnostics(run, "layer_norms")
    assert steps == [2, 4] and np.array_equal(values, [[0, 2, 4], [0, 4, 8]])
    assert found.diagnostics(run, "never") == ([], []) and found.diagnostic_names("recorded-twin-2") == []


def test_an_array_that_changes_its_shape_is_not_recorded(store: Store, trained: Experiment, tmp_path: Path) -> None:
    store.write_steps({}, [Diagnostic(trained.runs[0].id, 5, "layer_norms", np.zeros(7, np.float32))])
    with pytest.raises(StoreError, match="another shape"):
        record(store, trained.id, tmp_path / "twin.npz")


def test_training_is_the_same_with_and_without_measuring(store: Store, trained: Experiment) -> None:
    one, two = (store.steps(run.id) for run in trained.runs)
    assert repr({**one, "seconds": []}) == repr({**two, "seconds": []})


def test_what_is_not_declared_or_no_number_is_refused() -> None:
    run = TrainingRun.__new__(TrainingRun)
    run.step, run._diagnostics = 1, []
    with pytest.raises(ValueError, match="declare it in"):
        run.measure("undeclared", 1.0)
    with pytest.raises(ValueError, match="one number a step"):
        run.measure("update_ratio", torch.zeros(2))
    run.measure("update_ratio", 1)
    assert len(run._diagnostics) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["update_ratio", "layer_norms", "loss"]),
    st.integers(0, STEPS + 1),
    st.one_of(st.none(), st.integers(1, STEPS)),
)
def test_a_store_and_its_recording_answer_alike(
    store: Store, trained: Experiment, tmp_path: Path, name: str, after: int, most: int | None
) -> None:
    path = tmp_path / "twin.npz"
    if not path.exists():
        record(store, trained.id, path)
    ours, theirs = (
        measured(source, run_id, name, after, most)
        for source, run_id in ((store, trained.runs[0].id), (read(path), "recorded-twin-1"))
    )
    assert ours[0] == theirs[0] and np.array_equal(ours[1], theirs[1])
    assert len(ours[0]) <= (most or STEPS) and all(step > after for step in ours[0])
