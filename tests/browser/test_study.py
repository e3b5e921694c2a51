"""Faithfulness over a sample in a real browser: started, watched, read, and opened again from its link."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.browser

QUESTION = {"view": "study", "sample": "12", "methods": "attention,gradient_x_input"}


def test_measure_and_share_the_result(page, server):
    page.goto(f"{server.url}/explain?{urlencode(QUESTION)}")
    page.get_by_role("button", name="Measure").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_text("Over 12 reviews").wait_for(timeout=90_000)
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 2")
    assert page.get_by_role("button", name="Measure").count() == 0
    link = page.url
    assert "view=study" in link and "sample=12" in link
    page.goto("about:blank")
    page.goto(link)
    page.get_by_text("Over 12 reviews").wait_for()  # answered from disk
    page.goto("about:blank")
