"""Banners about what is wrong with runs: on Train, Runs and Lessons, once a page, and none about a run that is well."""

from __future__ import annotations

import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.lessons import experiment_for, lesson
from sentiment_core.metrics import Status

from .conftest import finished_twin, step_metrics, texts

BROKEN = "a loss or gradient that is not a finite number"


def said(page) -> str:
    return texts(page.markdown).replace("\\", "")


def links(page) -> list[tuple[str, str]]:
    return [(link.proto.label, link.proto.query_string) for link in page.get("page_link")]


@pytest.mark.parametrize("name", ["train", "runs"])
def test_a_run_that_broke_is_said_with_the_way_to_lab_and_lesson(open_page, lab, name):
    experiment = finished_twin(lab)
    query = {"experiment": experiment.id} if name == "train" else {}
    page = open_page(name, **query)
    assert not page.exception
    assert said(page).count(BROKEN) == len(experiment.runs)
    assert links(page).count(("Lab", "lab=learning-rates")) == len(experiment.runs)
    assert links(page).count(("Lesson", "lesson=learning-rates")) == len(experiment.runs)


@pytest.mark.parametrize("name", ["train", "runs"])
def test_a_run_that_is_well_has_no_banner(open_page, lab, name):
    experiment = lab.create_experiment(ExperimentConfig())
    lab.write_steps({experiment.runs[0].id: [step_metrics(step, 0.5) for step in range(1, 31)]})
    lab.set_status(experiment.id, Status.FINISHED)
    page = open_page(name, **({"experiment": experiment.id} if name == "train" else {}))
    assert not page.exception and not page.error
    assert "Lab" not in [label for label, _ in links(page)] and ":material/warning:" not in said(page)


def test_a_lesson_says_it_while_it_runs_and_leaves_it_to_the_verdict_afterwards(open_page, lab):
    config = experiment_for(lesson("clip-norm"))
    experiment = lab.create_experiment(config)
    rows = [step_metrics(step, float("nan") if step == 7 else 0.5) for step in range(1, 31)]
    lab.write_steps({experiment.runs[0].id: rows})
    lab.set_status(experiment.id, Status.RUNNING)
    page = open_page("lessons", lesson="clip-norm", experiment=experiment.id)
    assert not page.exception and said(page).count(BROKEN) == 1
    assert ("Lab", "lab=learning-rates") in links(page)
    lab.set_status(experiment.id, Status.FINISHED)
    page = open_page("lessons", lesson="clip-norm", experiment=experiment.id)
    assert not page.exception and said(page).count(BROKEN) == 1
    assert ("Lab", "lab=learning-rates") not in links(page)
