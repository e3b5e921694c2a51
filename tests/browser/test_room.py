"""Fool the model in a room: one edits, two others judge, the projector shows it; hostile texts and names stay texts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import from_fields
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker
from tests.conftest import TINY
from tests.pages.conftest import step_metrics
from ui.server.tickets import COOKIE, issue

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=hit()>"


def test_an_edit_that_fools_the_model_is_judged_and_shown_to_all(
    fresh_server, chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", str(fresh_server.home))
    set_up()
    hits: list[str] = []

    def opened(person: Person):
        """Open the room as this person; the pages' policy, which would stop what had got in, is taken away."""
        settings = class_settings()
        assert settings is not None
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
        context.set_default_timeout(30_000)
        context.expose_function("hit", lambda: hits.append(person.name))
        context.add_cookies([{"name": COOKIE, "value": issue(person, settings), "url": fresh_server.url}])
        page = context.new_page()
        page.goto(f"{fresh_server.url}/room?view=fool")
        return page

    with Store() as store:
        code = store.open_room("Monday").code
        editor, judge, third = (store.join(code, name) for name in (HOSTILE, "Ben", "Cleo"))
        theirs = store.acting_for(editor).create_experiment(from_fields(TINY), worker=Worker.of())
        for run in theirs.runs:
            store.write_steps({run.id: [step_metrics(step, 0.7 - step / 100) for step in range(1, 4)]})
            store.update_run(run.id, steps=3)
        store.set_status(theirs.id, Status.FINISHED)

        editing = opened(editor)
        editing.get_by_role("combobox", name="Start from").click()
        editing.get_by_role("option", name="One of my own").click()
        editing.get_by_label("The review").fill("A warm, funny and moving film. I loved it.")
        editing.get_by_label("The review").blur()
        editing.get_by_label("Your edit").fill(f"An awful, boring and stupid film {HOSTILE}. I hated it.")
        editing.get_by_label("Your edit").blur()
        editing.get_by_text("it has changed its mind").wait_for()
        editing.get_by_role("button", name="Put it on the board").click()
        editing.get_by_text("2 others must say positive").wait_for()

        judging = opened(judge)
        expect(judging.get_by_text(HOSTILE)).to_be_visible()
        judging.get_by_role("button", name="Positive", exact=True).click()
        judging.get_by_text("1 of 1 say positive").wait_for()
        (flip,) = store.flips(code)
        store.acting_for(third).vote(flip.id, 1)

        projector = opened(LECTURER)
        projector.get_by_text("Confirmed: 2 of 2 say positive").wait_for()
        expect(projector.get_by_text(HOSTILE)).to_have_count(2)  # whose edit it is, and what it says
        editing.get_by_text("Confirmed: 2 of 2 say positive").wait_for()

        projector.get_by_role("radio", name="The class").click()
        projector.locator(".sl-cloud-figure .scatterlayer .trace").first.wait_for()
        projector.get_by_text(f"Last to join: Cleo, Ben, {HOSTILE}").wait_for()
        assert hits == []
        projector.evaluate("document.body.innerHTML = '<img src=x onerror=hit()>'")
        projector.wait_for_timeout(200)
        assert len(hits) == 1, "or this test would test nothing"
        for page in (editing, judging, projector):
            page.context.close()
