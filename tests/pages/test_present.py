"""Present mode: what it leaves, where its keys lead, and the way out; all of it in the address."""

from __future__ import annotations

import pytest

from sentiment_core.lessons import LESSONS, results
from sentiment_core.recorded import recording

from .conftest import button, finished_twin, texts


@pytest.mark.parametrize("name", [LESSONS[0].name, "clip-norm", LESSONS[-1].name])
def test_a_lesson_asks_before_it_tells_and_has_ends(open_page, name):
    page = open_page("lessons", lesson=name, present="1")
    assert not page.exception and not page.error
    assert button(page, "Back").disabled == (name == LESSONS[0].name)
    assert button(page, "Next").disabled == (name == LESSONS[-1].name)
    assert not page.radio and not any(each.label == "Run this" for each in page.button)
    if name == "clip-norm":
        (folded,) = [each for each in page.expander if each.label == "What happened"]
        said = results(recording(name))[0]
        assert said in texts(folded.markdown).replace("\\", "")
        outside = texts(page.markdown).replace("\\", "").replace(texts(folded.markdown).replace("\\", ""), "")
        assert said not in outside


def test_keys_turn_the_lessons_and_leave_the_mode(open_page):
    page = open_page("lessons", lesson=LESSONS[1].name, present="1")
    button(page, "Next").click().run()
    assert page.query_params["lesson"] == LESSONS[2].name and page.query_params["present"] == "1"
    button(page, "Leave").click().run()
    assert page.query_params["lesson"] == LESSONS[2].name and "present" not in page.query_params
    button(page, "Present").click().run()
    assert page.query_params["present"] == "1"


def test_an_experiment_is_presented_run_by_run(open_page, lab):
    first, second = finished_twin(lab).runs
    page = open_page("train", experiment=first.experiment_id, present="1")
    assert not page.exception and not page.error and not page.selectbox
    shown = []
    while True:
        shown.append(page.query_params.get("only"))
        if button(page, "Next").disabled:
            break
        button(page, "Next").click().run()
    assert shown == [None, first.id, second.id]
    assert page.header[0].value.replace("\\", "") == second.name


def test_a_run_of_another_experiment_is_refused(open_page, lab):
    experiment, other = finished_twin(lab), finished_twin(lab)
    page = open_page("train", experiment=experiment.id, present="1", only=other.runs[0].id)
    assert "not of this experiment" in page.error[0].value and not page.exception
