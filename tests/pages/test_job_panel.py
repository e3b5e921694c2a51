"""The panel of a calculation: offered, started, watched, cancelled, answered. The kind is registered by the test."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig
from sentiment_core.metrics import Status
from sentiment_core.recorded.answers import RecordedAnswer
from sentiment_core.store import WorkProgress
from sentiment_core.work.desk import CANCELLED
from sentiment_core.work.kinds import Kind
from sentiment_core.work.pace import duration
from tests.pages.conftest import answered, button, texts
from ui.server.backend import desk


@pytest.fixture(autouse=True)
def kind(lab: Any, short_kind: Kind[Any, Any]) -> Kind[Any, Any]:
    return short_kind


def script(asked):
    import streamlit as st

    from sentiment_core.work.kinds import kind
    from ui.kit.job_panel import job_panel

    test = kind("test")
    result = job_panel(test, test.arguments(**asked), start_label="Work it out", time_hint="About a second.")
    st.text(f"result: {result}")


def opened(**asked: Any) -> AppTest:
    return AppTest.from_function(script, kwargs={"asked": asked}, default_timeout=30).run()


def test_the_button_starts_it_and_its_result_is_there_for_everyone(kind):
    page = opened(number=4)
    assert texts(page.caption) == "About a second\\." and texts(page.text) == "result: None"
    button(page, "Work it out").click().run()
    answered(kind, kind.arguments(number=4))
    page.run()
    assert texts(page.text) == "result: Answer(answer=8)" and not page.button
    assert texts(opened(number=4).text) == "result: Answer(answer=8)"


def test_what_runs_is_seen_on_the_command_line_cancelled_and_offered_again(kind, capsys, monkeypatch):
    recorded = RecordedAnswer("what was recorded", {"threads": 1, "torch": "3", "device": "cpu", "cpu": "AVX2"})
    monkeypatch.setattr("ui.kit.job_panel.recorded_answer", lambda kind, arguments: recorded)
    page = opened(seconds=60)
    assert "computes it here" in texts(page.caption) and texts(page.text) == "result: what was recorded"
    button(page, "Work it out").click().run()
    assert "was recorded" in texts(page.caption) and "The button" not in texts(page.caption), "it is computed by now"
    asked = kind.arguments(seconds=60)
    job = desk().look(kind, asked)
    assert cli.main(["work", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["kind"], row["title"], row["status"]) == (job.id, "test", "A test", "running")
    button(page, "Cancel").click().run()
    assert desk().look(kind, asked).status is Status.STOPPED
    assert CANCELLED.rstrip(".") in texts(page.info) and button(page, "Work it out")
    assert cli.main(["work"]) == 0
    assert f"{job.id}  A test: stopped, {CANCELLED}" in capsys.readouterr().out


def test_the_command_line_cancels_it(kind, capsys):
    job = desk().submit(kind, kind.arguments(seconds=60))
    assert cli.main(["cancel", job.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": job.id, "status": "stopped"}
    assert cli.main(["cancel", "test-00"]) == 2
    assert "There is no calculation 'test-00'" in capsys.readouterr().err


def test_a_failed_one_says_why_in_literal_text(kind):
    asked = {"refuse": "no column *text*"}
    desk().submit(kind, kind.arguments(**asked))
    answered(kind, kind.arguments(**asked))
    assert texts(opened(**asked).error) == r"no column \*text\*"


def test_how_long_it_takes_is_said_with_the_progress(kind, lab, monkeypatch):
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda self, identifier: None)
    asked = kind.arguments(seconds=1)
    job = desk().submit(kind, asked)
    assert job.message == "Waiting for its turn: number 1 in the queue"

    class Told:
        """Progress elements have no class of their own in AppTest."""

        def __init__(self, page: AppTest) -> None:
            (self.proto,) = [item.proto for item in page.get("progress")]

    assert "number 1 in the queue" in Told(opened(seconds=1)).proto.text
    with lab._write() as connection:
        progress = WorkProgress("working", "Loading the model").to_json()
        connection.exec_driver_sql("UPDATE work SET status = 'running'")
        connection.exec_driver_sql(f"UPDATE work SET progress = '{progress}'")
    hint = Told(opened(seconds=1)).proto.text
    assert hint.startswith("Loading the model\\. "), "where nobody can tell what is left, it is said what it takes"
    with lab._write() as connection:
        progress = WorkProgress("working", "Review 3 of 9", 0.25, eta_seconds=200.0).to_json()
        connection.exec_driver_sql("UPDATE work SET status = 'running'")
        connection.exec_driver_sql(f"UPDATE work SET progress = '{progress}'")
    assert Told(opened(seconds=1)).proto.text == "Review 3 of 9, 3 min left"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (41.4, "41 s"), (100, "2 min"), (5300, "88 min"), (7800, "2 h 10 min")]
)
def test_a_time_in_words(seconds, words):
    assert duration(seconds) == words


def test_training_is_on_the_same_list(lab, capsys):
    experiment = lab.create_experiment(ExperimentConfig())
    assert cli.main(["work", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["title"], row["status"], row["queue_position"]) == (experiment.id, "Training", "queued", 1)
    assert cli.main(["cancel", experiment.id]) == 0
    assert capsys.readouterr().out == f"{experiment.id}: stopped\n"
    assert cli.main(["work"]) == 0
    assert capsys.readouterr().out == "Nothing waits or runs.\n"
