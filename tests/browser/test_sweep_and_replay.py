"""A sweep and a replay in a real browser."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.shared import until

pytestmark = pytest.mark.browser

SWEEP = {"lab": "learning-rates", "rates": "1e-3, 1e-2, 1000", "steps": "15", "limit": "200", "preset": "last-state"}
SHOWN = """() => {
  const plot = document.querySelector('.sl-curves');
  return Math.max(0, ...(plot?.data ?? []).filter((t) => t.yaxis === 'y' && t.x.length).map((t) => Math.max(...t.x)));
}"""


def test_a_sweep_runs_is_replayed_and_its_best_rate_goes_to_train(page, server):
    page.goto(f"{server.url}/labs?{urlencode(SWEEP)}")
    page.get_by_role("button", name="Run 3 rates").click()
    page.wait_for_url("**experiment=**")
    page.wait_for_selector(".sl-badge[data-status=finished], .sl-badge[data-status=failed]", timeout=90_000)
    until(page, f"({SHOWN})() === 15")
    expect(page.locator(".sl-name")).to_have_text(["rate 0.001", "rate 0.01", "rate 1000"])

    page.get_by_label("Speed of the replay").select_option("in 10")
    page.get_by_role("button", name="Replay").click()
    until(page, f"({SHOWN})() > 0 && ({SHOWN})() < 15")
    expect(page.locator(".sl-badge")).to_have_text("Replay")
    begun = page.evaluate(SHOWN)
    until(page, f"(begun) => ({SHOWN})() > begun", begun)
    page.locator(".sl-play").click()
    expect(page.locator(".sl-play")).to_have_text(re.compile("Play$"))
    page.get_by_label("Step of the replay").fill("6")
    until(page, f"({SHOWN})() === 6")
    expect(page.locator(".sl-at")).to_have_text("6 / 15")
    page.get_by_label("Step of the replay").fill("15")
    until(page, f"({SHOWN})() === 15")

    take = page.get_by_role("link", name="Train with rate")
    take.wait_for()
    rate = take.inner_text().split("rate ")[1].split(" ")[0]
    assert rate in {"0.001", "0.01"}  # 1000 blows up, or learns nothing
    take.click()
    page.wait_for_url("**/train?**")
    expect(page.get_by_role("textbox", name="Learning rate")).to_have_value(rate)
