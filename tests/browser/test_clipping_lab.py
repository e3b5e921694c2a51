"""Clipping compared and a notebook's mistake in a real browser, each started by one click and judged at its end."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.shared import SEEN_AT_ONCE, until

pytestmark = pytest.mark.browser


def test_a_comparison_runs_from_one_click_to_its_end(page, server):
    page.goto(f"{server.url}/labs?{urlencode({'lab': 'clipping', 'seeds': '1', 'steps': '6', 'optimizer': 'sgd'})}")
    page.get_by_role("button", name="Run 1 seed").click()
    page.wait_for_url("**experiments=**")
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").wait_for()
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").wait_for(
        state="detached", timeout=90_000
    )
    page.get_by_text("half to ten times that").wait_for()
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2 * 3)
    expect(page.get_by_text("SGD, rate 0.6")).to_have_count(1)
    page.get_by_role("button", name="New comparison").click()
    page.get_by_role("button", name="Run 1 seed").wait_for()
    page.goto("about:blank")  # a page that watches would keep the server from ending at once


def test_a_mistake_is_switched_on_beside_the_correct_path(page, server):
    short = {"training.max_steps": "6", "training.epochs": "1", "data.limit": "400"}
    page.goto(f"{server.url}/lessons?{urlencode({'lesson': 'clip-norm', **short})}")
    page.get_by_text("Norm read after clipping").click()
    page.wait_for_url("**mistake=norm_after_clipping**")
    page.get_by_role("button", name="Run both").click()
    page.wait_for_url("**experiment=**")
    page.get_by_text("Worked out from this experiment's own measurements").wait_for(timeout=60_000)
    page.get_by_text("The mistake", exact=True).wait_for()
    until(page, SEEN_AT_ONCE)
    page.get_by_text("The correct path").click()
    page.get_by_role("button", name="Run this").wait_for()
    expect(page).not_to_have_url(re.compile("mistake=|experiment="))
    page.goto("about:blank")
