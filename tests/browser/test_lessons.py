"""A lesson in a real browser: opened by its link, predicted, run, judged."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.shared import SEEN_AT_ONCE, until

pytestmark = pytest.mark.browser

SHORT = {"training.max_steps": "12", "training.epochs": "1", "data.limit": "400"}


def test_predict_run_and_read_the_verdict(page, server):
    page.goto(f"{server.url}/lessons?{urlencode({'lesson': 'clip-norm', **SHORT})}")
    run = page.get_by_role("button", name="Run this")
    run.wait_for()
    expect(run).to_be_disabled()
    page.get_by_text("No clear difference").click()
    run.click()  # once it can be clicked
    page.wait_for_url("**experiment=**")
    page.wait_for_selector(".sl-curves .main-svg")
    until(page, SEEN_AT_ONCE)
    page.get_by_text("Worked out from this experiment's own measurements").wait_for(timeout=60_000)
    page.get_by_text("You said: No clear difference").wait_for()
    page.get_by_text("True last state and Clip by norm end alike").wait_for()
    page.get_by_text("What was measured").click()
    page.get_by_text("True last state and Clip by norm have the same loss").or_(
        page.get_by_text("True last state and Clip by norm differ")
    ).first.wait_for()
    page.reload()
    page.get_by_text("You said: No clear difference").wait_for()
    expect(page).to_have_url(re.compile("lesson=clip-norm.*experiment=|experiment=.*lesson=clip-norm"))


def test_from_the_list_to_a_lesson_and_on_to_the_next(page, server):
    page.goto(server.url)
    page.get_by_role("link", name="Lessons", exact=True).first.click()
    page.get_by_role("link", name="4 · Clip by norm").click()
    page.wait_for_url("**lesson=clip-norm")
    page.get_by_text("Clearly less accurate").click()
    expect(page.get_by_role("button", name="Run this")).to_be_enabled()
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**lesson=clip-value")
    page.get_by_text("4 · Clip by value").wait_for()
    page.get_by_role("link", name="All lessons").click()
    page.get_by_role("link", name="10 · Attention").wait_for()
    expect(page).not_to_have_url(re.compile("lesson="))
