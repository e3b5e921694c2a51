"""The route behind the live plot: strict JSON and limits."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sentiment_core.config import ExperimentConfig, RunConfig
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.store import Store
from ui.server.api import routes
from ui.server.asked import parse_after
from ui.server.shared_work import SharedWork

from .conftest import finished_twin, step_metrics

HIDDEN = ("norm_after_clipping",)


@pytest.fixture
def client(lab) -> TestClient:
    return TestClient(Starlette(routes=routes()), base_url="http://127.0.0.1:8501")


def test_answers_all_rows_and_then_only_new_ones(client, lab):
    experiment = finished_twin(lab)
    first = client.get(f"/api/experiments/{experiment.id}").json()
    assert first["status"] == "finished"
    assert first["finished"] is True
    assert [run["clipping"] for run in first["runs"]] == ["none", "norm"]
    assert first["runs"][0]["steps"]["step"] == list(range(1, 31))
    after = ",".join(f"{run['id']}:28" for run in first["runs"])
    later = client.get(f"/api/experiments/{experiment.id}", params={"after": after}).json()
    assert [run["steps"]["step"] for run in later["runs"]] == [[29, 30], [29, 30]]


def test_chance_and_guessing_are_those_of_the_reviews_and_are_sent_before_the_first_step(client, lab):
    experiment = finished_twin(lab)
    address = f"/api/experiments/{experiment.id}"
    unknown = client.get(address).json()
    assert unknown["references"] == [] and unknown["guessing"] is None
    lab.write_balances(experiment.runs[0].id, {"train": Balance(10, 2), "validation": Balance(100, 20)})
    waiting = {"after": f"{experiment.runs[0].id}:0"}
    for found in (client.get(address).json(), client.get(address, params=waiting).json()):
        assert found["references"] == [{"label": "chance", "value": 0.8}]
        assert found["guessing"] == pytest.approx(0.5004, abs=1e-4)
    later = client.get(address, params={"after": f"{experiment.runs[0].id}:5"}).json()
    assert later["references"] is None and later["guessing"] is None


def test_the_server_says_which_steps_were_clipped(client, lab):
    runs = (RunConfig(name="clipped"), RunConfig(name="hidden", overrides={"training.mistakes": HIDDEN}))
    experiment = lab.create_experiment(ExperimentConfig(runs=runs))
    steps = [step_metrics(1, 0.7), replace(step_metrics(2, 0.7), grad_norm=1.0)]
    steps.append(replace(step_metrics(3, 0.7), threshold=math.nan))
    lab.write_steps({run.id: steps for run in experiment.runs})
    found = client.get(f"/api/experiments/{experiment.id}").json()["runs"]
    assert [run["steps"]["clipped"] for run in found] == [[True, False, None], [None, None, None]]


def test_what_is_not_finite_travels_as_its_name(client, lab):
    experiment = finished_twin(lab)
    lab.write_steps({experiment.runs[0].id: [step_metrics(31, math.inf), step_metrics(32, -math.inf)]})
    answer = client.get(f"/api/experiments/{experiment.id}")
    loss = json.loads(answer.text, parse_constant=pytest.fail)["runs"][0]["steps"]["loss"]
    assert (loss[6], loss[30], loss[31]) == ("NaN", "Infinity", "-Infinity")


def test_long_runs_come_in_pieces(client, lab, monkeypatch):
    monkeypatch.setattr("ui.server.experiment_json.ROWS_PER_ANSWER", 20)
    monkeypatch.setattr("ui.server.step_blocks.ROWS_PER_ANSWER", 20)
    monkeypatch.setattr("ui.server.step_blocks.BLOCK", 10)
    experiment = finished_twin(lab)
    answer = client.get(f"/api/experiments/{experiment.id}").json()
    assert answer["more"] is True
    assert len(answer["runs"][0]["steps"]["step"]) == 20


def test_a_browser_that_knows_nothing_may_look_a_long_run_over_first(client, lab, monkeypatch):
    experiment = finished_twin(lab)
    address = f"/api/experiments/{experiment.id}"
    whole = client.get(address).json()
    assert client.get(address, params={"overview": ""}).json() == whole, "a short run is there at once"
    for place in ("ui.server.experiment_json.LONG", "ui.server.step_blocks.LONG"):
        monkeypatch.setattr(place, 20)
    monkeypatch.setattr("ui.server.step_blocks.STRETCHES", 4)
    over = client.get(address, params={"overview": ""}).json()
    assert (over["overview"], over["more"], whole["overview"], whole["more"]) == (True, True, False, False)
    assert len(over["runs"][0]["steps"]["step"]) < len(whole["runs"][0]["steps"]["step"])
    assert over["runs"][0]["evaluations"] == whole["runs"][0]["evaluations"]
    assert client.get(address).json() == whole


@pytest.mark.parametrize("name", ["ffffffff", "../../etc", "A" * 500, "%00", "1;drop"])
def test_unknown_experiment_is_404_with_a_message(client, name):
    answer = client.get(f"/api/experiments/{name}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "after", ["x", "ab-1", "ab-1:-3", "ab-1:1," * 900, "ab-1:99999999999999", "ab-1:1:x", "ab-1:1:2:3"]
)
def test_bad_after_is_refused(client, lab, after):
    experiment = finished_twin(lab)
    answer = client.get(f"/api/experiments/{experiment.id}", params={"after": after})
    assert answer.status_code == 400
    assert "after" in answer.json()["error"]


def test_queued_experiment_has_a_position(client, lab):
    experiment = finished_twin(lab, status=Status.QUEUED)
    answer = client.get(f"/api/experiments/{experiment.id}").json()
    assert answer["queue_position"] == 1
    assert answer["finished"] is False


def test_evaluations_come_when_there_are_others_than_those_known(client, lab):
    experiment = finished_twin(lab)
    first, second = (run.id for run in experiment.runs)
    lab.write_evaluations(second, [Evaluation(40, 2, "validation", 0.5, 0.8)])
    answer = client.get(f"/api/experiments/{experiment.id}", params={"after": f"{first}:30:1,{second}:30:1"}).json()
    assert answer["runs"][0]["evaluations"] is None
    assert [evaluation["step"] for evaluation in answer["runs"][1]["evaluations"]] == [30, 40]


def test_no_evaluations_are_an_empty_list(client, lab):
    experiment = lab.create_experiment(vary_clipping(ExperimentConfig()))
    answer = client.get(f"/api/experiments/{experiment.id}").json()
    assert [run["evaluations"] for run in answer["runs"]] == [[], []]


def test_answers_are_compressed_for_those_who_read_it(client, lab):
    experiment = finished_twin(lab)
    plain, packed = (
        client.get(f"/api/experiments/{experiment.id}", headers={"accept-encoding": accepted})
        for accepted in ("identity", "gzip, br")
    )
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.json() == plain.json()


def test_too_many_questions_are_told_when_to_come_back(client, lab, monkeypatch):
    monkeypatch.setattr("ui.server.api._work", SharedWork(threads=1, most_waiting=0))
    answer = client.get(f"/api/experiments/{finished_twin(lab).id}")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "busy" in answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/api/experiments/" + "a" * 5000, "/api/experiments/zz", "/api/experiments/recorded-none"]
)
def test_ids_that_cannot_be_never_reach_the_store(client, lab, monkeypatch, path):
    monkeypatch.setattr(Store, "experiment", pytest.fail)
    answer = client.get(path)
    assert answer.status_code == 404
    assert "error" in answer.json()


def test_names_of_experiments_are_only_text(client, lab):
    name = '"},"runs":[{"steps":"</script>\u2028'
    experiment = lab.create_experiment(vary_clipping(ExperimentConfig(name=name.strip())))
    answer = client.get(f"/api/experiments/{experiment.id}").json()
    assert answer["name"] == experiment.name
    assert len(answer["runs"]) == 2


def test_parse_after():
    assert parse_after("") == {}
    assert parse_after("ab12-1:7,ab12-2:0:3") == {"ab12-1": (7, 0), "ab12-2": (0, 3)}


def test_scripts_are_served(client):
    assert "envelope" in client.get("/assets/series.js").text
    plotly = client.get("/assets/plotly.min.js")
    assert plotly.status_code == 200
    assert "immutable" in plotly.headers["cache-control"]
    assert client.get("/assets/../api.py").status_code == 404


@pytest.mark.parametrize("path", ["/train/extra", "/explain/a/b/", "/runs/"])
def test_what_lies_below_a_page_leads_to_the_page(client, path):
    page = path.split("/")[1]
    answer = client.get(f"{path}?text=a%26b", headers={"accept": "text/html,*/*"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/{page}?text=a%26b")
    # Streamlit looks for itself there.
    assert client.get(f"/{page}/_stcore/health", headers={"accept": "application/json, */*"}).status_code == 404
