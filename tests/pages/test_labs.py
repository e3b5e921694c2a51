"""The Labs page: its list, short links, bad links; the learning-rate lab and the baselines lab.

Longer than other files: the list of labs and the two labs that train, on one set of fakes.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from types import ModuleType

import pytest
import streamlit as st
from sqlalchemy import insert

from sentiment_core import baselines
from sentiment_core.config import from_query
from sentiment_core.errors import StoreError
from sentiment_core.findings.sweep import sweep_experiment
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.recorded import RunSpread, SeedResult, reader, record_runs
from sentiment_core.settings import DataConfig
from sentiment_core.work import desk
from sentiment_core.work.desk import Job
from tests.recorded.making import record
from ui.addresses import lab_address
from ui.kit.address_fields import whole
from ui.labs.rate_figure import rate_figure
from ui.labs.registry import LABS, Lab

from .conftest import button, finished_twin, step_metrics, texts

RESULT = {
    "reviews": {"train": 288, "validation": 32, "test": 80},
    "majority": {"label": "positive", "validation_accuracy": 0.5, "test_accuracy": 0.6},
    "rows": [
        {
            "converged": True,
            "title": title,
            "description": "words",
            "validation_accuracy": 0.7,
            "test_accuracy": accuracy,
            "seconds": 1.0,
            "features": 50,
        }
        for title, accuracy in (("elastic net", 0.71), ("NB-SVM", 0.83))
    ],
}


@pytest.fixture
def no_workers(monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)


@pytest.fixture
def finished_job(monkeypatch):
    """Baselines of 400 demo reviews are there, of others not."""
    done = baselines.arguments_for(DataConfig(limit=400))

    def look(store, kind, arguments):
        return Job("key", Status.FINISHED, result=RESULT) if arguments == done else Job("key", None)

    for module in (desk, baselines):
        monkeypatch.setattr(module, "look", look)


def swept(lab, status=Status.FINISHED):
    experiment = lab.create_experiment(sweep_experiment("relu", (1e-3, 1e-2, 10.0), 30))
    for run, loss in zip(experiment.runs, (0.65, 0.45, float("nan")), strict=True):
        lab.write_steps({run.id: [step_metrics(step, loss) for step in range(1, 31)]})
        lab.write_evaluations(run.id, [Evaluation(30, 1, "validation", loss, 0.7)])
    lab.set_status(experiment.id, status)
    return lab.experiment(experiment.id)


def test_the_list_links_to_every_lab(open_page):
    page = open_page("labs")
    assert not page.exception and not page.error
    links = [link.proto.query_string for link in page.get("page_link")]
    assert links == [f"lab={item.name}" for item in LABS]
    headings = [item.value for item in page.markdown if item.value.startswith("## ")]
    assert headings == [f"## {kind}" for kind in dict.fromkeys(item.kind for item in LABS)]
    assert all(item.summary in texts(page.markdown).replace("\\", "") for item in LABS)


@pytest.mark.parametrize("item", LABS, ids=lambda item: item.name)
def test_every_lab_opens_from_its_link(open_page, item):
    assert callable(import_module(item.module).draw)
    page = open_page("labs", lab=item.name)
    assert not page.exception and not page.error
    assert item.title in texts(page.header).replace("\\", "")


def test_an_unknown_lab_is_named_and_the_list_shown(open_page):
    page = open_page("labs", lab="<b>nothing</b>")
    assert "there is no lab" in page.error[0].value
    assert len(page.get("page_link")) == len(LABS)
    assert "lab" not in page.query_params


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"rates": "1e-3, quick"}, "not a number"),
        ({"steps": "many"}, "whole number"),
        ({"steps": "99999"}, "steps"),
        ({"preset": "nothing"}, "preset in this link must be one of"),
        ({"optimizer": "magic"}, "optimizer"),
        ({"limit": "3"}, "limit"),
        ({"experiment": "00000000"}, "no experiment"),
    ],
)
def test_a_bad_sweep_link_says_what_is_wrong_and_opens_the_default(open_page, query, message):
    page = open_page("labs", lab="learning-rates", **query)
    assert not page.exception
    assert message in texts([*page.warning, *page.error]).replace("\\", "")
    assert button(page, "Run 7 rates")
    assert not set(query) & set(page.query_params)


def test_the_sweep_opens_on_a_recorded_one_and_is_made_ones_own_below(open_page):
    page = open_page("labs", lab="learning-rates")
    assert not page.exception and not page.error and not page.warning
    assert "Recorded: 7 rates, Adam, 100 updates each" in texts(page.caption).replace("\\", "")
    assert page.dataframe[0].value["Rate"].tolist()[0] == "0.0001" and len(page.get("plotly_chart")) == 1
    assert page.expander[0].label == "Make it yours" and not page.expander[0].proto.expanded
    assert open_page("labs", lab="learning-rates", steps="12").expander[0].proto.expanded


def test_settings_go_to_the_address_and_into_the_experiment(open_page, lab, no_workers):
    page = open_page("labs", lab="learning-rates", steps="12", limit="200")
    page.text_input(key="lab:learning-rates:rates").set_value("1e-3, 1").run()
    assert page.query_params["rates"] == "1e-3, 1"
    button(page, "Run 2 rates").click().run()
    assert not page.exception and not page.error
    (experiment,) = lab.experiments()
    assert [run.config.training.learning_rate for run in experiment.runs] == [1e-3, 1.0]
    assert experiment.config.training.max_steps == 12 and experiment.config.data.limit == 200
    assert page.query_params["experiment"] == experiment.id


def test_a_range_fills_in_the_list(open_page):
    page = open_page("labs", lab="learning-rates", rates="1e-4, 1e-1")
    page.number_input[0].set_value(4)
    button(page, "Fill in").click().run()
    assert not page.exception and not page.error
    assert page.query_params["rates"] == "0.0001, 0.001, 0.01, 0.1"


def test_one_click_takes_the_best_rate_to_train(open_page, lab):
    page = open_page("labs", lab="learning-rates", preset="relu", experiment=swept(lab).id)
    assert not page.exception and not page.error
    link = next(item for item in page.get("page_link") if "Train with rate" in item.proto.label)
    assert "0.01" in link.proto.label and "lowest validation loss" in link.proto.label
    from urllib.parse import parse_qsl

    config = from_query(dict(parse_qsl(link.proto.query_string)))
    assert config.training.learning_rate == 0.01
    assert config.training.max_steps is None and len(config.runs) == 1
    table = page.dataframe[0].value
    assert table["Batch loss"].tolist() == ["0.650", "0.450", "diverged at step 1"]


def test_what_diverged_stays_in_the_picture_at_its_upper_edge(lab):
    from sentiment_core.findings.sweep import summarise

    experiment = swept(lab)
    points = summarise(lab, experiment.id)
    figure = rate_figure(points, {run.id: "#0877bd" for run in experiment.runs}, 20)
    batch, validation, diverged = figure.data
    assert list(batch.x) == list(validation.x) == [1e-3, 1e-2]
    assert list(diverged.x) == [10.0]
    assert diverged.y[0] == figure.layout.yaxis.range[1] > max(batch.y)


def test_guessing_is_drawn_at_the_loss_of_these_reviews_and_not_before_they_are_known(open_page, lab):
    experiment = swept(lab)

    def lines():
        spec = json.loads(
            open_page("labs", lab="learning-rates", experiment=experiment.id).get("plotly_chart")[0].proto.spec
        )
        return [item["text"] for item in spec["layout"].get("annotations", [])]

    assert lines() == []
    lab.write_balances(experiment.runs[0].id, {"train": Balance(10, 2)})
    assert lines() == ["guessing: 0.500"]


def test_a_sweep_while_it_trains_and_one_that_is_none(open_page, lab):
    page = open_page("labs", lab="learning-rates", experiment=swept(lab, Status.RUNNING).id)
    assert not page.exception and not page.error
    assert not button(page, "Stop").disabled
    page = open_page("labs", lab="learning-rates", experiment=finished_twin(lab).id)
    assert "does not compare learning rates" in page.error[0].value.replace("\\", "")


def test_baselines_are_offered_then_listed_best_first(open_page, finished_job):
    page = open_page("labs", lab="baselines")
    assert button(page, "Train the baselines")
    page = open_page("labs", lab="baselines", limit="400")
    assert not page.exception and not page.error
    assert page.dataframe[0].value["Baseline"].tolist() == ["NB-SVM", "elastic net", "majority class"]
    assert page.dataframe[0].value["Test"].tolist() == [0.83, 0.71, 0.6]
    assert "The same answer to every review, positive, reaches 0.600." in texts(page.caption).replace("\\", "")
    assert "Not converged" not in texts(page.caption)
    assert "288 reviews" in texts(page.caption).replace("\\", "")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "3"}, "limit"),
        ({"source": "moon"}, "reviews in this link must be one of"),
        ({"source": "csv", "file": "/etc/passwd"}, "upload the file here"),
        ({"vectors": "none"}, "in this link must be one of glove"),
    ],
)
def test_a_bad_baselines_link_says_what_is_wrong(open_page, query, message):
    page = open_page("labs", lab="baselines", **query)
    assert not page.exception
    assert message in texts([*page.warning, *page.error]).replace("\\", "")
    assert query.get("source") == "csv" or button(page, "Train the baselines")
    assert not {name for name, value in query.items() if page.query_params.get(name) in (value, [value])} - {"source"}


def test_csv_without_a_file_is_asked_for(open_page):
    page = open_page("labs", lab="baselines", source="csv")
    assert not page.exception and not page.error
    assert "Train the baselines" not in [item.label for item in page.button]


def test_trained_baselines_are_lines_in_the_accuracy_plot(lab, finished_job, tiny):
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from ui.server.api import routes

    client = TestClient(Starlette(routes=routes()), base_url="http://127.0.0.1:8501")
    same = lab.create_experiment(tiny({"data.limit": 400, "data.embeddings": "glove-50"}))
    answer = client.get(f"/api/experiments/{same.id}").json()
    assert answer["references"] == [{"label": "elastic net", "value": 0.71}, {"label": "NB-SVM", "value": 0.83}]
    later = client.get(f"/api/experiments/{same.id}", params={"after": f"{same.id}-1:1"}).json()
    assert later["references"] is None
    other = lab.create_experiment(tiny())
    assert client.get(f"/api/experiments/{other.id}").json()["references"] == []


TESTS = (0.65, 0.61, 0.68, 0.66, 0.63)


@pytest.fixture
def shipped(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "FOLDER", tmp_path / "shipped")
    record(lab, finished_twin(lab).id, tmp_path / "shipped" / "clip-norm.npz", {"elastic net": 0.78})


def test_a_recording_is_served_like_an_experiment(shipped):
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from ui.server.api import routes

    client = TestClient(Starlette(routes=routes()), base_url="http://127.0.0.1:8501")
    answer = client.get("/api/experiments/recorded-clip-norm").json()
    assert answer["finished"] and [run["name"] for run in answer["runs"]] == ["no clipping", "clip by norm 1"]
    assert answer["runs"][0]["steps"]["step"] == list(range(1, 31))
    assert answer["runs"][0]["steps"]["loss"][6] == "NaN"
    assert answer["references"] == [{"label": "elastic net", "value": 0.78}]
    after = ",".join(f"{run['id']}:28" for run in answer["runs"])
    later = client.get("/api/experiments/recorded-clip-norm", params={"after": after}).json()
    assert [run["steps"]["step"] for run in later["runs"]] == [[29, 30], [29, 30]]
    for name in ("recorded-relu", "recorded-..", "recorded-%2e%2e%2fx", "recorded-"):
        assert client.get(f"/api/experiments/{name}").status_code == 404


def test_a_lesson_with_a_recording_offers_it(open_page, shipped):
    page = open_page("lessons", lesson="relu")
    assert not [item for item in page.button if "recorded" in item.label]
    page = open_page("lessons", lesson="clip-norm")
    offer = next(item for item in page.button if item.label.startswith("Watch the recorded run"))
    offer.click().run()
    assert not page.exception and not page.error
    assert page.query_params["watch"] == "recorded"
    assert "Validation accuracy 0.750" in texts(page.markdown).replace("\\", "")
    assert "One run cannot tell a cause from chance" in texts(page.markdown)
    button(page, "Close").click().run()
    assert "watch" not in page.query_params
    assert not page.exception


def test_a_recording_over_seeds_says_what_they_can_tell(open_page, lab, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "FOLDER", tmp_path / "shipped")
    twin = finished_twin(lab)
    spread = [
        RunSpread(
            run.name, tuple(SeedResult(seed, None, test + place / 20) for seed, test in enumerate(TESTS, start=1))
        )
        for place, run in enumerate(twin.runs)
    ]
    made = [{"torch": "2.13.0", "device": "CPU", "threads": 1, "cpu": "AVX2"}] * 2
    path = tmp_path / "shipped" / "clip-norm.npz"
    record_runs(lab, twin.config, twin.runs, path, made=made, spread=spread)
    page = open_page("lessons", lesson="clip-norm", watch="recorded")
    assert not page.exception and not page.error
    shown = texts(page.markdown).replace("\\", "")
    assert "better in 5 of 5, difference +0.050" in shown and "clearly more accurate" in shown
    assert "computed by PyTorch 2.13.0, CPU, 1 thread, AVX2" in shown
    captions = "\n".join(str(item.value) for item in page.caption).replace("\\", "")
    assert "clearly more accurate" in captions and "Rounding alone" in captions


def test_a_lab_is_a_module_and_an_entry(open_page, monkeypatch):
    module = ModuleType("a_lab_of_somebody_else")
    module.ADDRESS = lab_address("doubling", whole("knob", 0, 9, 3))
    module.draw = lambda: st.text(2 * st.slider("Knob", 0, 9, key=module.ADDRESS.key("knob")))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = Lab("doubling", "Doubling", "Twice as much.", module.__name__, ":material/add:", "Sums")
    monkeypatch.setattr("ui.labs.registry.LABS", [*LABS, entry])
    assert "lab=doubling" in [link.proto.query_string for link in open_page("labs").get("page_link")]
    page = open_page("labs", lab="doubling", knob="7")
    assert page.text[0].value == "14" and not page.warning and not page.exception
    page.slider[0].set_value(4).run()
    assert page.query_params["knob"] in ("4", ["4"]) and page.text[0].value == "8"
    assert "whole number from 0 to 9" in texts(open_page("labs", lab="doubling", knob="70").warning)


def test_of_several_experiments_all_are_started_or_none(open_page, lab, no_workers, monkeypatch):
    page = open_page("labs", lab="clipping")
    with monkeypatch.context() as patch:
        patch.setattr(
            "sentiment_core.store.experiments.insert", lambda table: full() if table.name == "runs" else insert(table)
        )
        button(page, "Run 3 seeds").click().run()
    assert not page.exception and "the disk is full" in texts(page.error)
    assert lab.experiments() == [] and "experiments" not in page.query_params
    button(page, "Run 3 seeds").click().run()
    started = ",".join(made.id for made in reversed(lab.experiments()))
    assert started.count(",") == 2 and page.query_params["experiments"] in (started, [started])


def full():
    raise StoreError("the disk is full")
