"""Runs that watched their inside: the route with its limits, and the pages that show them or say how to get there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.inside.watched import histograms, watched
from sentiment_core.metrics import Status
from sentiment_core.presets import vary_clipping
from sentiment_core.recorded import read
from sentiment_core.steps.inside import ACTIVATIONS, BINS, COLUMNS, PLACES, USUAL_EVERY
from sentiment_core.steps.quantities import Diagnostic
from sentiment_core.store import Experiment, Store
from tests.recorded.making import record
from ui.server.api import routes
from ui.server.inside_json import MOST_LOOKS

from .conftest import finished_twin, key_of, step_metrics, texts


def look(run_id: str, step: int) -> list[Diagnostic]:
    """What an LSTM's look leaves: the gradient 40 columns far, half a decade shorter with each, nothing at the end."""
    through = np.full((2, len(COLUMNS)), np.nan, np.float32)
    through[0, :40], through[1] = -np.arange(40) / 2, 0
    through[0, 39], through[1, :40] = -math.inf, 32
    layers, outputs = np.zeros((len(PLACES), BINS)), np.zeros((len(ACTIVATIONS), BINS))
    layers[2, 20], outputs[0, step % BINS] = 1, 1
    spectrum = np.full((1, 4), step / 2)
    values: dict[str, Any] = {
        "gradient_recurrence": 0.5 * step,
        "gradient_head": math.nan,
        "update_ratio_head": -3.25,
        "saturated_share": 0.125,
        "gradient_through_time": through,
        "recurrent_radius": spectrum,
        "recurrent_stretch": 2 * spectrum,
        "weight_histograms": layers,
        "gradient_histograms": layers,
        "activation_histograms": outputs,
    }
    return [Diagnostic(run_id, step, name, value) for name, value in values.items()]


def watched_run(store: Store, looks: int = 3, every: int = 10) -> Experiment:
    experiment = store.create_experiment(from_fields({"name": "Watched", "watch_every": every}))
    (run,) = experiment.runs
    steps = [1 + every * place for place in range(looks)]
    rows = [item for step in steps for item in look(run.id, step)]
    store.write_steps({run.id: [step_metrics(step, 0.5) for step in range(1, steps[-1] + 1)]}, rows)
    store.update_run(run.id, steps=steps[-1])
    store.set_status(experiment.id, Status.FINISHED)
    return store.experiment(experiment.id)


@pytest.fixture
def client(lab: Store) -> TestClient:
    return TestClient(Starlette(routes=routes()), base_url="http://127.0.0.1:8501")


def test_the_route_sends_looks_and_then_only_new_ones(client: TestClient, lab: Store) -> None:
    experiment = watched_run(lab)
    address, run_id = f"/api/experiments/{experiment.id}/inside", experiment.runs[0].id
    answer = client.get(address).json()
    assert answer["finished"] is True and answer["starts"][:3] == [0, 1, 2] and answer["words"][32] == "32–35"
    (run,) = answer["runs"]
    assert run["step"] == [1, 11, 21] and run["matrices"] == ["input", "forget", "cell", "output"]
    assert run["numbers"]["gradient_recurrence"] == [0.5, 5.5, 10.5] and run["numbers"]["gradient_head"] == ["NaN"] * 3
    assert "dead_relu_share" not in run["numbers"]
    assert len(run["lengths"][0]) == 40 and run["lengths"][0][37:] == [-18.5, -19, "-Infinity"]
    assert run["reviews"][2] == [32] * 40
    assert run["radius"][1] == [5.5] * 4 and run["stretch"][1] == [11] * 4
    (later,) = client.get(address, params={"after": f"{run_id}:11"}).json()["runs"]
    assert later["step"] == [21] and len(later["lengths"]) == 1
    (nothing,) = client.get(address, params={"after": f"{run_id}:21"}).json()["runs"]
    assert nothing["step"] == [] and nothing["lengths"] == []
    assert client.get(address, params={"after": "nonsense"}).status_code == 400


def test_histograms_are_those_of_the_last_look_before_a_step(client: TestClient, lab: Store) -> None:
    experiment = watched_run(lab)
    address = f"/api/experiments/{experiment.id}/inside"
    kinds = client.get(f"{address}/15").json()["runs"][0]["histograms"]
    assert [item["kind"] for item in kinds] == ["weights", "gradients", "activations"]
    assert {item["step"] for item in kinds} == {11} and kinds[0]["places"] == ["recurrence 1"]
    assert kinds[2]["places"] == ["states"] and kinds[2]["shares"][0].index(1) == 11
    assert client.get(f"{address}/0").json()["runs"][0]["histograms"] == []
    assert client.get(f"{address}/-1").status_code == 400 and client.get(f"{address}/1e9").status_code == 400
    assert client.get("/api/experiments/00000000/inside").status_code == 404


def test_a_long_run_is_thinned_and_one_that_did_not_watch_is_empty(client: TestClient, lab: Store) -> None:
    experiment = watched_run(lab, looks=MOST_LOOKS + 40, every=1)
    (run,) = client.get(f"/api/experiments/{experiment.id}/inside").json()["runs"]
    assert len(run["step"]) == MOST_LOOKS == len(run["radius"]) and run["step"][-1] == MOST_LOOKS + 40
    other = client.get(f"/api/experiments/{finished_twin(lab).id}/inside").json()["runs"]
    assert [run["step"] for run in other] == [[], []]


def test_the_curves_are_not_slowed_by_what_they_do_not_draw(client: TestClient, lab: Store) -> None:
    experiment = watched_run(lab)
    steps = client.get(f"/api/experiments/{experiment.id}").json()["runs"][0]["steps"]
    assert not {"gradient_recurrence", "saturated_share"} & steps.keys() and len(steps["step"]) == 21


def test_a_recording_of_it_says_the_same(lab: Store, tmp_path: Path) -> None:
    experiment = watched_run(lab)
    recording = read(record(lab, experiment.id, tmp_path / "watched.npz"))
    ours, theirs = watched(lab, experiment.runs[0].id), watched(recording, "recorded-watched-1")
    assert ours.steps == theirs.steps and ours.numbers.keys() == theirs.numbers.keys()
    for name in ("lengths", "reviews", "radius", "stretch"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name), equal_nan=True)
    assert histograms(recording, "recorded-watched-1", 99)[2].shares[0, 21] == 1


def inside(page: AppTest) -> list[Any]:
    return [
        json.loads(item.proto.json)
        for item in page.get("bidi_component")
        if item.proto.component_name.endswith(".inside")
    ]


@pytest.mark.parametrize("name", ["train", "runs"])
def test_pages_show_the_inside_of_a_run_that_watched(open_page: Callable[..., AppTest], lab: Store, name: str) -> None:
    experiment = watched_run(lab)
    chosen = {"runs": experiment.runs[0].id} if name == "runs" else {"experiment": experiment.id}
    page = open_page(name, **chosen)
    assert not page.exception
    (data,) = inside(page)
    assert data["sources"][0]["url"].endswith(f"/api/experiments/{experiment.id}")
    assert "did not watch" not in texts(page.caption)


@pytest.mark.parametrize("name", ["train", "runs", "lessons"])
def test_pages_say_how_to_watch_a_run_that_did_not(open_page: Callable[..., AppTest], lab: Store, name: str) -> None:
    experiment = finished_twin(lab)
    chosen = {"experiment": experiment.id} | ({"lesson": "clip-norm"} if name == "lessons" else {})
    page = open_page(name, **({"runs": experiment.runs[0].id} if name == "runs" else chosen))
    assert not page.exception and not inside(page)
    assert "does not watch its inside" in texts(page.caption)
    (link,) = [item.proto for item in page.get("page_link") if item.proto.label == "Start one that does"]
    assert f"watch_every={USUAL_EVERY}" in link.query_string and link.page.endswith("train")


def test_one_switch_on_train_and_in_its_link(open_page: Callable[..., AppTest]) -> None:
    page = open_page("train")
    switch = page.toggle(key=key_of(page, "widget:watch"))
    assert switch.value is False and "watch_every" not in page.query_params
    switch.set_value(True).run()
    assert page.query_params["watch_every"] == str(USUAL_EVERY)
    assert page.number_input(key=key_of(page, "field:watch_every")).value == USUAL_EVERY
    page.toggle(key=key_of(page, "widget:watch")).set_value(False).run()
    assert "watch_every" not in page.query_params
    linked = open_page("train", watch_every="7")
    assert linked.toggle(key=key_of(linked, "widget:watch")).value is True
    assert ExperimentConfig().watch_every == 0


def test_the_command_line_prints_what_was_seen(lab: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = watched_run(lab).runs[0].id
    assert cli.main(["inside", run_id, "--json"]) == 0

    def refused(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    seen = json.loads(capsys.readouterr().out, parse_constant=refused)
    assert None in seen[0].values()  # what was no number
    last = seen[-1]
    assert last["step"] == 21 and last["recurrent_radius"] == [[10.5] * 4]
    assert last["gradient_through_time"][32] == {
        "tokens_before_the_last": "32–35",
        "log10_length": -16,
        "reviews": 32,
    }
    assert len(last["gradient_through_time"]) == 40
    assert cli.main(["inside", run_id]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("1,0.5,nan,-3.25,0.125")
    assert cli.main(["inside", finished_twin(lab).runs[0].id]) == 0
    assert "did not watch" in capsys.readouterr().out


def test_what_a_twin_of_2000_updates_keeps_is_small(lab: Store, tmp_path: Path) -> None:
    def size() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob("store.sqlite3*"))

    experiment = lab.create_experiment(vary_clipping(from_fields({"watch_every": USUAL_EVERY})))
    before = size()
    for run in experiment.runs:
        rows = [item for step in range(1, 2001, USUAL_EVERY) for item in look(run.id, step)]
        lab.write_steps({}, rows)
    assert 500_000 < size() - before < 5_000_000
