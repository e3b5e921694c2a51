"""The panel of a background job: offered, started, watched, cancelled, answered."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.work import desk
from tests.pages.conftest import button, texts


@pytest.fixture(autouse=True)
def kind(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(desk.KINDS, "test", "job_kinds:run")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1] / "work"))


def script(arguments):
    import streamlit as st

    from ui.kit.job_panel import job_panel

    result = job_panel("test", arguments, start_label="Work it out", time_hint="About a second.")
    st.text(f"result: {result}")


def opened(**arguments: Any) -> AppTest:
    return AppTest.from_function(script, kwargs={"arguments": arguments}, default_timeout=30).run()


def test_the_button_starts_the_job_and_its_result_is_there_for_everyone():
    page = opened(number=4)
    assert texts(page.caption) == "About a second\\." and texts(page.text) == "result: None"
    button(page, "Work it out").click().run()
    deadline = time.monotonic() + 30
    while texts(page.text) == "result: None" and time.monotonic() < deadline:
        time.sleep(0.1)
        page.run()
    assert texts(page.text) == "result: {'answer': 8}" and not page.button
    assert texts(opened(number=4).text) == "result: {'answer': 8}"


def test_a_running_job_is_cancelled_and_offered_again():
    page = opened(seconds=60)
    button(page, "Work it out").click().run()
    button(page, "Cancel").click().run()
    assert desk.look("test", {"seconds": 60}).state == "cancelled"
    assert desk.CANCELLED.rstrip(".") in texts(page.info) and button(page, "Work it out")


def test_a_failed_job_says_why_in_literal_text():
    arguments = {"refuse": "no column *text*"}
    desk.submit("test", arguments)
    while desk.look("test", arguments).state == "running":
        time.sleep(0.02)
    assert texts(opened(**arguments).error) == r"no column \*text\*"
