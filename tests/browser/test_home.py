"""Home in a real browser: recorded curves that follow two sliders without the server, and a training of the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from benchmarks.home import DRAWN, MOVED
from sentiment_core.findings.twin_grid import read, sentence
from tests.browser.shared import until

pytestmark = pytest.mark.browser

BEGUN = "(document.querySelector('.sl-curves')?.data ?? []).some((trace) => trace.x?.length)"


def test_sliders_morph_the_curves_and_the_same_twin_trains_live(page, server):
    page.goto(server.url)
    until(page, DRAWN)
    for label, place in (("Learning rate", 2), ("Clip gradients", 4), ("Learning rate", 9)):
        taken = page.evaluate(MOVED, [label, place])
        assert taken is not None, "the curves did not follow"
        # `benchmarks.home` measures how soon; this would only catch a way round by the server that hangs.
        assert taken < 3000
    expect(page.locator(".sl-sentence")).to_have_text(sentence(read(), 9, 4))
    page.get_by_role("button", name="Train this live").click()
    page.wait_for_url("**/train?**")
    expect(page.get_by_role("textbox", name="Learning rate")).to_have_value("2")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".sl-name")).to_have_text(["no clipping", "clip by norm 2"])
    until(page, BEGUN)
