"""Clipping compared and a notebook's mistake in a real browser, each started by one click and judged at its end."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.browser


def test_a_comparison_runs_from_one_click_and_survives_a_reload(page, server):
    page.goto(f"{server.url}/labs?{urlencode({'lab': 'clipping', 'seeds': '2', 'steps': '6', 'optimizer': 'sgd'})}")
    page.get_by_role("button", name="Run 2 seeds").click()
    page.wait_for_url("**experiments=**")
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").wait_for()
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").wait_for(
        state="detached", timeout=90_000
    )
    page.get_by_text("half to ten times that").wait_for()
    assert page.locator(".js-plotly-plot .scatterlayer .trace").count() == 2 * 2 * 3
    page.reload()
    page.get_by_text("half to ten times that").wait_for()
    assert page.get_by_text("SGD, rate 0.6").count() == 1
    page.get_by_role("button", name="New comparison").click()
    page.get_by_role("button", name="Run 2 seeds").wait_for()
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
    assert page.locator(".sl-curves").bounding_box()["y"] < 300
    page.get_by_text("The correct path").click()
    page.get_by_role("button", name="Run this").wait_for()
    assert "mistake=" not in page.url and "experiment=" not in page.url
    page.goto("about:blank")
