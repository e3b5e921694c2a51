"""A lesson in a class: a lecturer at the projector, a student on a phone."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from sentiment_core.classroom.settings import set_up
from sentiment_core.presets import preset
from sentiment_core.store import Store
from tests.conftest import TINY

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=hit()>"


def test_a_student_joins_trains_and_leaves_the_lecturers_run_alone(
    fresh_server, page, chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", str(fresh_server.home))
    _, access = set_up()
    hits: list[str] = []
    page.expose_function("hit", lambda: hits.append("executed"))
    with Store(f"sqlite:///{fresh_server.home / 'store.sqlite3'}") as store:
        theirs = store.create_experiment(preset("clip-norm").config.model_copy(update={"name": "The lecturer's"}))
        store.stop(theirs.id)
        page.goto(f"{fresh_server.url}/room")
        page.get_by_text("I am the lecturer").click()
        page.get_by_label("Access code").fill(access)
        page.get_by_role("button", name="Open the class").click()
        page.get_by_label("Name of a new room").fill("Monday")
        page.get_by_role("button", name="Open a room").click()
        page.get_by_text("Nobody has joined yet").wait_for()
        (room,) = store.rooms()

        phone = chromium.new_context(viewport={"width": 390, "height": 844})
        student = phone.new_page()
        student.set_default_timeout(30_000)
        student.goto(f"{fresh_server.url}/join/{room.code}")
        student.get_by_label("Your name").fill(HOSTILE)
        student.get_by_role("button", name="Join").click()
        student.get_by_text("No lesson is open for all yet").wait_for()
        page.get_by_text("Joined: 1").wait_for()
        page.get_by_text(f"Last to join: {HOSTILE}").wait_for()
        store.open_lesson(room.code, "clip-norm")
        student.get_by_role("link", name="Open the lesson").wait_for()

        student.goto(f"{fresh_server.url}/train?{urlencode(TINY)}")
        student.get_by_role("button", name="Train", exact=True).click()
        student.get_by_text("Finished", exact=True).first.wait_for()
        (trained,) = [each for each in store.experiments() if each.id != theirs.id]
        assert trained.owner == store.members(room.code)[0].id

        student.goto(f"{fresh_server.url}/runs?runs={theirs.runs[0].id}")
        delete = student.get_by_role("button", name="Delete")
        delete.wait_for()
        assert delete.is_disabled()
        phone.close()
    assert hits == []
