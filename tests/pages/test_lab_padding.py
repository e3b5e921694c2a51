"""The padding lab: one click trains three models, its address shows them again, a bad address says what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from sentiment_core.explain.job import ReviewQuestion
from sentiment_core.explain.padding_probe import probe_experiment
from sentiment_core.metrics import Status
from ui.labs import padding as lab_padding
from ui.labs.padding import AMOUNTS, figure, sentence

from .conftest import button, finished_twin, texts

LINES = {
    "padded_last": np.linspace(0.8, 0.3, len(AMOUNTS)),
    "last": np.full(len(AMOUNTS), 0.7),
    "attention": np.full(len(AMOUNTS), 0.6),
}


@pytest.fixture
def keep_models(lab, tmp_path):
    """`keep_models(config)` is an experiment that finished and kept a model of each run."""

    def keep(config):
        experiment = lab.create_experiment(config)
        for run in experiment.runs:
            folder = tmp_path / "experiments" / experiment.id / run.id
            folder.mkdir(parents=True)
            (folder / "model.json").write_text("{}")
        lab.set_status(experiment.id, Status.FINISHED)
        return lab.experiment(experiment.id)

    return keep


@pytest.fixture
def three_models(keep_models, monkeypatch):
    """Three finished runs whose answers are `LINES`."""
    experiment = keep_models(probe_experiment())

    def line(model, kind, review):
        return LINES[kind]

    monkeypatch.setattr(lab_padding, "probed", line)
    return ",".join(run.id for run in experiment.runs)


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_one_click_trains_three_models_side_by_side(open_page, lab, monkeypatch):
    submitted = []
    monkeypatch.setattr(
        "sentiment_core.work.executors.local.LocalExecutor.submit",
        lambda self, identifier: submitted.append(identifier),
    )
    page = open_page("labs", lab="padding")
    assert "small models that ship" in said(page) and "runs" not in page.query_params
    assert "though no word has changed" in said(page) and said(page).count("It does not move") == 2
    button(page, "Train the three models").click().run()
    assert not page.exception and not page.error
    (experiment,) = lab.experiments()
    assert submitted == [experiment.id]
    assert [run.config.model.pooling for run in experiment.runs] == [("padded_last",), ("last",), ("attention_dot",)]
    assert page.query_params["runs"] == ",".join(run.id for run in experiment.runs)
    assert button(page, "Stop")
    assert not page.slider


def test_the_newest_models_are_probed_and_the_address_names_them(open_page, three_models):
    page = open_page("labs", lab="padding")
    assert not page.exception and not page.error
    assert page.query_params["runs"] == three_models
    assert "Padded last state: 0.800 without padding" in said(page)
    assert "0.300 with 500 and the answer turns. It moves by 0.500" in said(page)
    assert said(page).count("It does not move") == 2
    page.slider(key="lab:padding:padding").set_value(500).run()
    assert page.query_params["padding"] == "500"
    page.text_area(key="lab:padding:text").set_value("Fine.").run()
    assert page.query_params["text"] == "Fine."
    again = open_page("labs", **{name: page.query_params[name] for name in page.query_params})
    assert again.slider(key="lab:padding:padding").value == 500
    assert again.text_area(key="lab:padding:text").value == "Fine."


@pytest.mark.parametrize("padding", ["-3", "501", "many", "²"])
def test_a_bad_amount_is_named(open_page, three_models, padding):
    page = open_page("labs", lab="padding", padding=padding)
    assert "a whole number from 0 to 500" in page.warning[0].value.replace("\\", "")
    assert page.slider(key="lab:padding:padding").value == 100


def test_a_link_does_not_start_what_takes_long(open_page, three_models):
    page = open_page("labs", lab="padding", text="good film " * 3000)
    assert len(page.text_area[0].value) == lab_padding.MOST_CHARACTERS
    assert "at most 20,000 characters" in page.warning[0].value.replace("\\", "")


def test_what_takes_long_is_offered_as_a_job(open_page, keep_models, monkeypatch):
    class Slow:
        def read(self, review):
            return None, np.ones(4000, dtype=bool)

    monkeypatch.setattr(lab_padding, "_predictor", lambda run_id: Slow())
    monkeypatch.setattr(lab_padding, "_line", lambda *asked: pytest.fail("the page asked the model itself"))
    asked = lambda what, run, review, *_: ReviewQuestion(what, run, "", review, (), None, "mean")  # noqa: E731
    monkeypatch.setattr(lab_padding, "arguments_for", asked)
    keep_models(probe_experiment())
    page = open_page("labs", lab="padding")
    assert not page.exception and not page.error
    assert [item.label for item in page.button if item.label.startswith("Ask the")] == [
        f"Ask the {name}" for name in lab_padding.NAMES.values()
    ]


def test_a_lone_attention_model_does_not_make_the_page_open_on_a_flat_line(open_page, keep_models, monkeypatch):
    lone = keep_models(probe_experiment().model_copy(update={"runs": probe_experiment().runs[2:]}))
    monkeypatch.setattr(lab_padding, "probed", lambda model, kind, review: LINES[kind])
    page = open_page("labs", lab="padding")
    assert not page.exception and "small models that ship" in said(page) and "It moves by 0.500" in said(page)
    page = open_page("labs", lab="padding", runs=lone.runs[0].id)
    assert "small models that ship" not in said(page) and "Attention: 0.600 whatever" in said(page)


def test_runs_that_cannot_be_probed_are_named_and_others_used(open_page, lab, three_models):
    twin = finished_twin(lab).runs[0].id
    page = open_page("labs", lab="padding", runs="nothing-1")
    assert "nothing-1" in page.error[0].value.replace("\\", "")
    assert page.query_params["runs"] == three_models
    assert open_page("labs", lab="padding", runs=twin).query_params["runs"] == twin
    failed = lab.create_experiment(probe_experiment())
    lab.set_status(failed.id, Status.FAILED)
    page = open_page("labs", lab="padding", runs=failed.runs[0].id)
    assert "has not finished" in page.error[0].value.replace("\\", "")


def test_the_runs_are_named_and_another_one_can_be_chosen(open_page, lab, three_models):
    page = open_page("labs", lab="padding")
    first = page.selectbox(key=f"lab:padding:run:padded_last:{three_models.split(',')[0]}")
    (experiment,) = lab.experiments()
    year = f"{datetime.fromtimestamp(experiment.created_at, UTC):%Y-%m-%d}"
    assert first.options[1].startswith(f"Padding probe · padded last state · Demo reviews · {year}")
    first.set_value("").run()
    assert not page.exception and not page.error
    assert page.query_params["runs"] == three_models.partition(",")[2]
    assert "Padded last state: 0" not in said(page) and "True last state: 0.7" in said(page)


def test_unlike_runs_are_refused_with_what_differs(open_page, lab, three_models, keep_models):
    other = probe_experiment()
    fields = {"data": other.data.model_copy(update={"batching": "bucketed"}), "seed": 9}
    experiment = keep_models(other.model_copy(update=fields))
    mixed = [three_models.split(",")[0], experiment.runs[1].id]
    page = open_page("labs", lab="padding", runs=",".join(mixed))
    refused = page.error[0].value.replace("\\", "")
    assert "Seed (1, 9), Batches (Random (notebook), By length)" in refused
    assert not page.slider and button(page, "Train the three models")
    # Without being asked, the page takes runs that are alike, here the newest.
    page = open_page("labs", lab="padding")
    assert not page.error and page.slider
    assert page.query_params["runs"] == ",".join(run.id for run in experiment.runs)


def test_the_whole_set_comes_before_the_newest_run(open_page, lab, three_models, keep_models):
    lone = probe_experiment()
    keep_models(lone.model_copy(update={"seed": 5, "runs": lone.runs[:1]}))
    assert open_page("labs", lab="padding").query_params["runs"] == three_models


def test_sentence_and_figure_come_from_the_numbers():
    assert sentence("last", LINES["last"], 0) == "True last state: 0.700 whatever the padding. It does not move."
    steady = sentence("padded_last", np.linspace(0.8, 0.7, len(AMOUNTS)), 0)
    assert "0.800 with 0, 0.700 with 500. It moves by 0.100" in steady
    made = figure(LINES, 120)
    assert [line.name for line in made.data] == list(lab_padding.NAMES.values())
    assert made.layout.shapes[1].x0 == 120
