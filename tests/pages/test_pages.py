"""Every page opens, says what is wrong with a bad link, and shows what is in the store."""

from __future__ import annotations

import base64
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.config import ExperimentConfig, to_query
from sentiment_core.metrics import Status

from .conftest import button, finished_twin, key_of, texts


@pytest.mark.parametrize("name", ["home", "train", "lessons", "runs", "explain"])
def test_every_page_opens_on_an_empty_store(open_page, name):
    page = open_page(name)
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize("name", ["home", "train", "runs"])
def test_pages_with_experiments_open(open_page, lab, name):
    finished_twin(lab)
    page = open_page(name)
    assert not page.exception
    assert not page.error


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"training.learning_rate": "banana"}, "learning"),
        ({"training.epochs": "100000"}, "epochs"),
        ({"no.such": "1"}, "no such setting"),
        ({"runs": "{"}, "damaged"),
        ({"experiment": "00000000"}, "no experiment"),
        ({"data.source": "csv", "data.path": "/etc/passwd"}, "upload the file"),
        ({"data.source": "csv", "data.path": "../../secret.csv"}, "upload the file"),
    ],
)
def test_bad_link_says_what_is_wrong_and_opens_the_default(open_page, query, message):
    page = open_page("train", **query)
    assert not page.exception
    assert message in page.error[0].value.replace("\\", "")
    assert page.selectbox(key=key_of(page, "field:model.cell")).value == "rnn"
    assert "banana" not in str(page.query_params)


def test_live_changes_start_from_what_is_in_force_and_a_bad_one_is_not_sent(open_page, lab):
    experiment = finished_twin(lab, status=Status.RUNNING)
    page = open_page("train", experiment=experiment.id)
    assert not page.select_slider
    page.toggle(key="live:open").set_value(True).run()
    rate, threshold = page.select_slider
    assert (rate.value, threshold.value) == (1e-3, 1.0)  # of the updates, not of the configuration
    rate.set_value(0.02).run()
    exact = next(item for item in page.text_input if item.label == "Exact threshold")
    exact.set_value("abc").run()
    assert "max_norm" in texts(page.error).replace("\\", "")
    assert [(each.kind, each.value) for each in lab.requested(experiment.id)] == [("learning_rate", 0.02)]
    assert [slider.value for slider in page.select_slider] == [0.02, 1.0], "asked for, and kept where it was"
    assert "rate 0.001 → 0.02 at the next update …" in plot(page)["asked"]
    page.selectbox(key="live:run").set_value(experiment.runs[1].id).run()
    next(item for item in page.text_input if item.label == "Exact threshold").set_value("1/3").run()
    assert page.error and len(lab.requested(experiment.id)) == 1
    next(item for item in page.text_input if item.label == "Exact threshold").set_value(" 0.33 ").run()
    assert not page.error
    assert (lab.requested(experiment.id)[1].value, lab.requested(experiment.id)[1].run_id) == (
        0.33,
        experiment.runs[1].id,
    )
    assert page.select_slider[1].value == 0.33
    lab.obeyed(experiment.id, [request.id for request in lab.requested(experiment.id)])
    assert page.run().select_slider[1].value == 1.0, "nothing was trained with it"


def test_reload_shows_the_experiment_of_the_address(open_page, lab):
    experiment = finished_twin(lab, status=Status.PAUSED)
    page = open_page("train", experiment=experiment.id)
    assert button(page, "Resume")
    assert button(page, "Train").disabled
    assert not button(page, "Stop").disabled


def test_training_starts_an_experiment(open_page, lab, monkeypatch):
    submitted = []
    monkeypatch.setattr(
        "sentiment_core.work.executors.local.LocalExecutor.submit", lambda _self, name: submitted.append(name)
    )
    page = open_page("train")
    button(page, "Train").click().run()
    (experiment,) = lab.experiments()
    assert submitted == [experiment.id]
    assert page.query_params["experiment"] == experiment.id
    assert [run.config.training.clipping for run in experiment.runs] == ["none", "norm"]


def test_stop_and_pause_become_requests(open_page, lab):
    experiment = finished_twin(lab, status=Status.RUNNING)
    page = open_page("train", experiment=experiment.id)
    for label in ("Pause", "Step", "Stop"):
        button(page, label).click().run()
    assert [request.kind for request in lab.requested(experiment.id)] == ["pause", "step", "stop"]


@pytest.mark.parametrize("label", ["Pause", "Step", "Stop"])
def test_a_click_that_comes_after_the_end_is_no_mistake(open_page, lab, label):
    experiment = finished_twin(lab, status=Status.RUNNING)
    page = open_page("train", experiment=experiment.id)
    lab.set_status(experiment.id, Status.FINISHED)
    button(page, label).click().run()
    assert not page.error and not page.exception
    assert button(page, label).disabled and lab.requested(experiment.id) == []


def test_what_is_asked_is_said_while_it_is_not_done(open_page, lab):
    experiment = finished_twin(lab, status=Status.RUNNING)
    page = open_page("train", experiment=experiment.id)
    before = plot(page)
    assert before["asked"] == []
    button(page, "Pause").click().run()
    assert plot(page)["asked"] == ["Pausing …"] and plot(page)["asks"] == before["asks"] + 1
    lab.obeyed(experiment.id, [request.id for request in lab.requested(experiment.id)])
    assert plot(page.run())["asked"] == []


def plot(page):
    shown = [item.proto for item in page.get("bidi_component") if item.proto.component_name.endswith(".live_plot")]
    return json.loads(shown[0].json)


def test_runs_shows_only_settings_that_differ(open_page, lab):
    finished_twin(lab)
    columns = open_page("runs").dataframe[0].value.columns
    assert "Clipping" in columns
    assert "Cell" not in columns


def test_metrics_csv_keeps_what_is_not_finite(lab):
    from sentiment_core.export import metrics_csv

    experiment = finished_twin(lab)
    lines = metrics_csv(lab, experiment.runs).decode().splitlines()
    assert len(lines) == 1 + 2 * 30
    assert ",nan," in lines[7]


def test_deleting_asks_first(open_page, lab):
    finished_twin(lab)
    page = open_page("runs")
    button(page, "Delete").click().run()
    assert lab.experiments()
    page.button(key="delete:confirm").click().run()
    assert not lab.experiments()


def test_unwritable_home_is_explained(monkeypatch, tmp_path, open_page):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("SENTIMENT_HOME", str(blocked))
    page = open_page("runs")
    assert not page.exception
    assert "SENTIMENT_HOME" in page.error[0].value.replace("\\", "")


def test_explain_without_models_says_how_to_get_one(open_page, monkeypatch):
    monkeypatch.setattr("sentiment_core.explain.available_models", lambda _store: [])
    page = open_page("explain")
    assert "no trained model" in texts(page.info)


def test_diverged_model_says_so_and_sends_the_browser_no_nan():
    from sentiment_core.explain import Attribution, Explanation, ModelInfo, TokenScore
    from ui.explain.answers import Answer
    from ui.explain.blocks import DIVERGED, block

    token = TokenScore("good", 0, 4, known=True, used=True, attention=math.nan)
    found = Explanation("x", math.nan, 0, (token,), truncated=False, known_tokens=1, used_tokens=1, seconds=0.1)
    scores = Attribution("attention", "Attention", False, 0, np.array([math.nan]), passes=1, seconds=0.1)
    shown = block(Answer(ModelInfo("x", "Twin", "", None, has_attention=True), "good", found, (scores,)))
    assert shown.verdict == DIVERGED
    assert shown.probability is None
    assert shown.rows[0].scores == (None,)


def test_pages_need_no_torch(lab):
    import subprocess

    root = Path(__file__).resolve().parents[2]
    code = (
        "import sys, app; import ui.train.form, ui.explain.blocks, ui.runs.table, ui.kit.run_controls;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_links_round_trip(open_page):
    config = ExperimentConfig(name="Mine")
    assert open_page("train", **to_query(config)).query_params["name"] == "Mine"


def test_home_plays_what_its_link_says_and_trains_just_that(open_page, monkeypatch):
    from sentiment_core.findings import twin_grid
    from ui.kit.components import twins

    assert "rate in this link" in texts(open_page("home", rate="0.7").warning)
    home = open_page("home", rate="0.8", threshold="0.5")
    assert not home.exception and not home.error and not home.warning
    assert (home.query_params["rate"], home.query_params["threshold"]) == ("0.8", "0.5")
    # The browser says: train the twin at these places.
    place = [twin_grid.RATES.index(0.4), twin_grid.THRESHOLDS.index(1.0)]
    monkeypatch.setattr(twins, "_component", lambda **_: {"train": place})
    train = home.run()
    assert train.text_input(key=key_of(train, "field:training.learning_rate")).value == "0.4"
    assert train.text_input(key=key_of(train, "field:training.max_norm")).value == "1"
    assert "These very settings" in texts(train.caption)


def test_what_a_browser_says_of_the_twins_is_checked(open_page, monkeypatch):
    from ui.kit.components import twins

    monkeypatch.setattr(twins, "_component", lambda **_: {"train": [99, 0], "moved": [99, 0]})
    page = open_page("home")
    assert not page.exception and page.title[0].value == "Sentiment Lab"


def test_the_recorded_curves_travel_once_and_whole():
    from ui.server.twins_json import document

    found = json.loads(document())
    runs = len(found["rates"]) * (1 + len(found["cuts"]))
    for name in ("losses", "norms"):
        assert len(base64.b64decode(found[name])) == 4 * runs * found["updates"]
    assert len(document()) < 400_000 and len(found["sentences"]) == len(found["rates"])


def test_while_a_training_waits_its_recording_plays(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda _self, _name: None)
    page = open_page("train")
    button(page, "Train").click().run()
    assert "These very settings, trained before. Yours" in texts(page.caption) and plot(page)["awaited"]
    assert any(item.proto.component_name.endswith(".twins") for item in page.get("bidi_component"))
    (experiment,) = lab.experiments()
    other = lab.create_experiment(ExperimentConfig())
    assert "Not your settings" in texts(open_page("train", experiment=other.id).caption)
    lab.update_run(experiment.runs[0].id, steps=1)
    begun = open_page("train", experiment=experiment.id)
    assert "trained before" not in texts(begun.caption) and not plot(begun)["awaited"]
    lab.request(other.id, "stop")
    assert not plot(open_page("train", experiment=other.id))["awaited"], "it stopped in the queue: nothing will come"


def test_a_long_name_is_cut_where_that_shows(lab, open_page):
    lab.create_experiment(ExperimentConfig(name="model.cell=gru, training.learning_rate=0.003"))
    links = [link.proto.label for link in open_page("home").get("page_link")]
    assert any(label.endswith("=…, queued") for label in links), links
