"""Faithfulness over a sample in a real browser: started, watched and read."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.shared import until

pytestmark = pytest.mark.browser

QUESTION = {"view": "study", "sample": "12", "methods": "attention,gradient_x_input"}


def test_measure_and_read_the_result(page, server):
    page.goto(f"{server.url}/explain?{urlencode(QUESTION)}")
    page.get_by_role("button", name="Measure").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_text("Over 12 reviews").wait_for(timeout=90_000)
    until(page, "document.querySelectorAll('.js-plotly-plot .main-svg').length >= 2")
    expect(page.get_by_role("button", name="Measure")).to_have_count(0)
    assert "view=study" in page.url and "sample=12" in page.url
    page.goto("about:blank")
