"""The Lessons page: list, question before the run, curves, verdict beside the prediction, and bad links."""

from __future__ import annotations

import pytest

from sentiment_core.config import with_runs
from sentiment_core.glossary import TERMS
from sentiment_core.lessons import BERT_LESSONS, LESSONS, MISTAKES, experiment_for, lesson, mistake
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.work.training import train_here

from .conftest import step_metrics

WAITING = "Yours stands here from its first update on."


def texts(page) -> str:
    drawn = [*page.markdown, *page.caption, *page.header, *page.title]
    return "\n".join(str(element.value) for element in drawn).replace("\\", "")


def button(page, name):
    return next(element for element in page.button if element.label == name)


def ran(store, item, status=Status.FINISHED, prediction=None):
    """Write the lesson's experiment as a worker would have."""
    experiment = store.create_experiment(experiment_for(item), prediction=prediction)
    for place, run in enumerate(experiment.runs):
        store.write_steps({run.id: [step_metrics(step, 0.7 - place * step / 1000) for step in range(1, 41)]})
        store.write_evaluations(run.id, [Evaluation(40, 1, "validation", 0.5, 0.6 + place / 5)])
        store.write_balances(run.id, {"validation": Balance(640, 320)})
        store.update_run(run.id, steps=40, seconds=3.0, tokens=9000)
    store.set_status(experiment.id, status)
    return experiment


def test_the_list_names_every_lesson_and_links_to_it(open_page):
    page = open_page("lessons")
    assert not page.exception and not page.error
    links = [element.proto for element in page.get("page_link")]
    first, lecturers, words, *links = links
    listed = (*LESSONS, *BERT_LESSONS)
    assert "lesson=sheet" in first.query_string and "lesson=teaching" in lecturers.query_string
    assert "lesson=glossary" in words.query_string
    assert len(links) == len(listed)
    assert all(item.title in link.label.replace("\\", "") for item, link in zip(listed, links, strict=True))
    assert all(f"lesson={item.name}" in link.query_string for item, link in zip(listed, links, strict=True))


@pytest.mark.parametrize("name", [item.name for item in LESSONS])
def test_every_lesson_opens_from_its_link(open_page, name):
    item = lesson(name)
    page = open_page("lessons", lesson=name, **({"told": "solution"} if item.exercise else {}))
    assert not page.exception and not page.error
    assert item.title in texts(page) and item.idea in texts(page)
    assert len(page.get("code")) == len(item.code)
    if item.preset:
        assert button(page, "Run this").disabled


def test_an_exercise_gives_a_hint_before_its_solution(open_page):
    item = lesson("padded-last-state")
    page = open_page("lessons", lesson=item.name)
    assert item.exercise in texts(page) and item.hint not in texts(page) and item.idea not in texts(page)
    button(page, "Give me a hint").click().run()
    assert item.hint in texts(page) and item.idea not in texts(page)
    button(page, "Show the solution").click().run()
    assert not page.exception and item.idea in texts(page)
    assert page.query_params["told"] == "solution"


def test_run_waits_for_a_prediction_and_keeps_it(open_page, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    page = open_page("lessons", lesson="clip-norm", **{"training.max_steps": "3", "seed": "5"})
    assert "training.max_steps = 3" in texts(page)
    page.radio[0].set_value("No clear difference").run()
    button(page, "Run this").click().run()
    assert not page.exception and not page.error
    (experiment,) = lab.experiments()
    assert experiment.prediction == "No clear difference"
    assert WAITING in texts(page)
    assert (experiment.config.training.max_steps, experiment.config.seed) == (3, 5)
    assert [run.name for run in experiment.runs] == ["True last state", "Clip by norm"]
    assert page.query_params["experiment"] == experiment.id
    assert page.query_params["lesson"] == "clip-norm"
    assert not button(page, "Stop").disabled
    assert "You said: **No clear difference**" in texts(page)
    lab.update_run(experiment.runs[0].id, steps=1)
    lab.set_status(experiment.id, Status.RUNNING)
    page.run()
    assert not page.exception and WAITING not in texts(page)


@pytest.mark.parametrize("name", [item.name for item in LESSONS if item.preset])
def test_every_rung_runs_from_its_page_to_its_verdict(open_page, worked_here, name):
    short = {"training.max_steps": "4", "training.epochs": "1", "data.limit": "400"}
    page = open_page("lessons", lesson=name, **short)
    assert any(": 1 epoch of 400 demo reviews" in each.value for each in page.caption)
    prediction = lesson(name).choices[0]
    page.radio[0].set_value(prediction).run()
    button(page, "Run this").click().run()
    assert not page.exception and not page.error
    assert "Worked out from this experiment's own measurements" in texts(page)
    assert f"You said: **{prediction}**" in texts(page)


@pytest.mark.parametrize(
    ("prediction", "sign"),
    [
        ("Clearly more accurate", "As predicted"),
        ("Clearly less accurate", "Not as predicted"),
        (None, "Nobody made a prediction"),
    ],
)
def test_the_verdict_stands_beside_the_prediction(open_page, lab, prediction, sign):
    item = lesson("relu")
    experiment = ran(lab, item, prediction=prediction)
    page = open_page("lessons", lesson=item.name, experiment=experiment.id)
    assert not page.exception and not page.error and not page.warning
    shown = texts(page)
    assert "Measured: **Clearly more accurate**" in shown
    assert sign in shown
    assert "in this run" in shown and item.explanation in shown
    assert "steps that both made" not in shown


def test_no_verdict_while_it_trains(open_page, lab):
    experiment = ran(lab, lesson("relu"), Status.PAUSED, "No clear difference")
    page = open_page("lessons", lesson="relu", experiment=experiment.id)
    assert not page.exception and "Verdict" not in texts(page)
    assert lesson("relu").explanation not in texts(page)


def test_run_again_leads_back_to_the_question(open_page, lab):
    experiment = ran(lab, lesson("relu"))
    page = open_page("lessons", lesson="relu", experiment=experiment.id)
    button(page, "Run again").click().run()
    assert page.radio[0].label.replace("\\", "") == lesson("relu").question
    assert "experiment" not in page.query_params


def test_an_experiment_of_another_lesson_is_said_to_be(open_page, lab):
    experiment = ran(lab, lesson("relu"))
    page = open_page("lessons", lesson="attention", experiment=experiment.id)
    assert not page.exception and "not the one" in page.warning[0].value


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"lesson": "<b>nothing</b>"}, "lesson in this link must be one of"),
        ({"lesson": "relu", "experiment": "00000000"}, "no experiment"),
        ({"lesson": "relu", "training.epochs": "banana"}, "epochs"),
        ({"lesson": "relu", "data.path": "/etc/passwd"}, "cannot change"),
        ({"lesson": "relu", "no.such": "1"}, "cannot change"),
    ],
)
def test_a_bad_link_says_what_is_wrong_and_opens_the_default(open_page, query, message):
    page = open_page("lessons", **query)
    assert not page.exception
    assert message in "".join(item.value for item in [*page.warning, *page.error]).replace("\\", "")
    assert "banana" not in str(page.query_params) and "passwd" not in str(page.query_params)
    assert ("Run this" in [element.label for element in page.button]) == (query["lesson"] == "relu")


@pytest.mark.parametrize(("name", "item"), [(name, item) for item in MISTAKES for name in item.lessons], ids=str)
def test_a_mistake_opens_from_its_link_and_runs_both(open_page, lab, monkeypatch, name, item):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    page = open_page("lessons", lesson=name, mistake=item.name, **{"training.max_steps": "3"})
    assert not page.exception and not page.error
    assert item.what in texts(page) and item.look_for in texts(page)
    assert len(page.get("code")) == len(item.code)
    button(page, "Run both").click().run()
    assert not page.exception and not page.error
    (experiment,) = lab.experiments()
    assert [run.name for run in experiment.runs] == [run for run, _ in item.runs]
    assert experiment.config.training.max_steps == 3
    assert page.query_params["mistake"] == item.name
    assert page.query_params["experiment"] == experiment.id


def test_the_switch_leads_to_the_mistake_and_back(open_page):
    page = open_page("lessons", lesson="attention")
    assert "mistake" not in page.query_params
    page.button_group[0].set_value("cross_review_attention").run()
    assert page.query_params["mistake"] == "cross_review_attention"
    assert button(page, "Run both")
    page.button_group[0].set_value("correct").run()
    assert "mistake" not in page.query_params
    assert button(page, "Run this")


def test_a_finished_mistake_has_a_verdict_and_its_text(open_page, lab):
    item = mistake("off_by_one_mask", "attention")
    experiment = lab.create_experiment(experiment_for(lesson("attention"), mistake=item))
    for place, run in enumerate(experiment.runs):
        lab.write_steps({run.id: [step_metrics(step, 0.7 - place * step / 1000) for step in range(1, 41)]})
        lab.write_evaluations(run.id, [Evaluation(40, 1, "validation", 0.5, 0.6 + place / 5)])
        lab.update_run(run.id, steps=40, seconds=3.0, tokens=9000)
    lab.set_status(experiment.id, Status.FINISHED)
    page = open_page("lessons", lesson="attention", mistake=item.name, experiment=experiment.id)
    assert not page.exception and not page.error and not page.warning
    shown = texts(page)
    assert "Verdict" in shown and item.look_for in shown and "Your prediction" not in shown


def test_a_mistake_of_another_lesson_is_named_and_left_out(open_page):
    page = open_page("lessons", lesson="relu", mistake="off_by_one_mask")
    assert "no mistake" in page.error[0].value.replace("\\", "")
    assert "mistake" not in page.query_params and button(page, "Run this")


def test_the_setting_names_the_vectors_of_the_link(open_page):
    page = open_page("lessons", lesson="clip-norm", **{"data.embeddings": "random"})
    assert not page.error
    assert "GloVe 50-d, rate" not in texts(page) and "Random vectors, rate" in texts(page)


def test_lesson_and_runs_say_the_same_of_where_two_runs_part(open_page, lab, tiny):
    """Whose norm is read after clipping is logged otherwise, and trained the same."""
    taught = experiment_for(lesson("clip-norm"), mistake=mistake("norm_after_clipping", "clip-norm"))
    clipping = {"training.clipping": "norm", "training.max_norm": 0.01, "training.max_steps": 7}
    made = train_here(lab, with_runs(tiny(clipping), taught.runs), lambda progress: None)
    norms = [lab.steps(run.id)["grad_norm"] for run in made.runs]
    assert max(norms[1]) <= 0.01 < max(norms[0])
    said = "have the same loss, bit for bit, at all 7 steps that both made."
    for page in (
        open_page("lessons", lesson="clip-norm", mistake="norm_after_clipping", experiment=made.id),
        open_page("runs", runs=",".join(run.id for run in made.runs)),
    ):
        assert not page.exception
        assert said in texts(page) and "part at" not in texts(page) and "differ from the first" not in texts(page)


@pytest.mark.parametrize("own", [True, False])
def test_a_rate_that_is_too_high_is_said_to_be_the_lessons_own_where_it_is(open_page, lab, own):
    item = lesson("clip-norm")
    changes = {} if own else {"training.learning_rate": "9"}
    experiment = lab.create_experiment(experiment_for(item, changes))
    for run in experiment.runs:
        lab.write_steps({run.id: [step_metrics(step, 4 + step % 2 / 10) for step in range(1, 201)]})
        lab.write_evaluations(run.id, [Evaluation(200, 1, "validation", 4.0, 0.5)])
        lab.write_balances(run.id, {"train": Balance(640, 320), "validation": Balance(640, 320)})
        lab.update_run(run.id, steps=200)
    lab.set_status(experiment.id, Status.FINISHED)
    page = open_page("lessons", lesson=item.name, experiment=experiment.id, **changes)
    assert not page.exception
    assert "is the first thing to try" in texts(page)
    assert ("this lesson was given" in texts(page)) is own


def test_the_glossary_is_a_page_and_a_lesson_explains_its_terms_where_they_stand(open_page):
    page = open_page("lessons", lesson="glossary")
    assert not page.exception
    assert all(f"**{term.name}**: {term.meaning}" in texts(page) for term in TERMS)
    idea = next(
        item for item in open_page("lessons", lesson="relu").markdown if item.value.startswith("The state comes")
    )
    assert "tanh" in idea.help and "ReLU" in idea.help


@pytest.mark.parametrize("name", ["clip-norm", "bert-two-tasks"])
def test_what_others_saw_is_folded_until_the_question_is_answered(open_page, name):
    page = open_page("lessons", lesson=name)
    folded = [each for each in page.expander if each.label.startswith("What")]
    assert len(folded) == 1 and not folded[0].proto.expanded
    inside = [str(each.value) for each in folded[0].caption]
    assert inside and not any(each.value in inside for each in page.caption if each not in [*folded[0].caption])
