"""A sweep and a replay in a real browser."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.browser

SWEEP = {"lab": "learning-rates", "rates": "1e-3, 1e-2, 1000", "steps": "30", "limit": "400", "preset": "last-state"}
SHOWN = """() => {
  const plot = document.querySelector('.sl-curves');
  return Math.max(0, ...(plot?.data ?? []).filter((t) => t.yaxis === 'y' && t.x.length).map((t) => Math.max(...t.x)));
}"""


def until(condition, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def test_a_sweep_runs_is_replayed_and_its_best_rate_goes_to_train(page, server):
    page.goto(f"{server.url}/labs?{urlencode(SWEEP)}")
    page.get_by_role("button", name="Run 3 rates").click()
    page.wait_for_url("**experiment=**")
    page.wait_for_selector(".sl-badge[data-status=finished], .sl-badge[data-status=failed]", timeout=90_000)
    until(lambda: page.evaluate(SHOWN) == 30, "all steps are drawn")
    assert page.locator(".sl-name").all_inner_texts() == ["rate 0.001", "rate 0.01", "rate 1000"]

    page.get_by_label("Speed of the replay").select_option("in 10")
    page.get_by_role("button", name="Replay").click()
    until(lambda: 0 < page.evaluate(SHOWN) < 30, "the replay has begun")
    assert page.locator(".sl-badge").inner_text() == "Replay"
    begun = page.evaluate(SHOWN)
    until(lambda: page.evaluate(SHOWN) > begun, "the curves grow")
    page.locator(".sl-play").click()
    until(lambda: page.locator(".sl-play").inner_text().endswith("Play"), "it has paused")
    page.get_by_label("Step of the replay").fill("12")
    until(lambda: page.evaluate(SHOWN) == 12, "scrubbed to a step")
    assert page.locator(".sl-at").inner_text() == "12 / 30"
    page.get_by_label("Step of the replay").fill("30")
    until(lambda: page.evaluate(SHOWN) == 30, "the whole run again")

    take = page.get_by_role("link", name="Train with rate")
    take.wait_for()
    rate = take.inner_text().split("rate ")[1].split(" ")[0]
    assert rate in {"0.001", "0.01"}  # 1000 blows up, or learns nothing
    take.click()
    page.wait_for_url("**/train?**")
    field = page.get_by_role("textbox", name="Learning rate")
    until(lambda: float(field.input_value() or 0) == float(rate), "the form holds the rate")
