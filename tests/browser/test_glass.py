"""The Glass RNN in a real browser: it plays, steps, answers a click, fits a phone, and stops when the page is left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.shared import FITS, until

pytestmark = pytest.mark.browser

# Share of the strip's pixels that are of no shade of grey: a drawn state has a hue.
COLOURED = """() => {
    const canvas = document.querySelector('.gl-canvas');
    const { data } = canvas.getContext('2d').getImageData(60, 0, canvas.width - 80, 150);
    let hues = 0;
    for (let i = 0; i < data.length; i += 4) {
        const colour = data.slice(i, i + 3);
        hues += Math.max(...colour) - Math.min(...colour) > 40;
    }
    return hues / (data.length / 4);
}"""


def test_a_review_runs_through_the_units_and_the_gradient_comes_back(page, server):
    asked = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(len(frame))))
    page.goto(f"{server.url}/labs?lab=glass-rnn&padding=20")
    page.locator(".gl-canvas").first.wait_for(timeout=60_000)
    until(page, f"({COLOURED})() > 0.3")
    until(page, FITS)
    whole = page.evaluate(COLOURED)
    where = page.locator(".gl-where")

    # Playing asks the server nothing: it walks forward, turns round behind the padding, and the gradient comes back.
    slider = page.get_by_role("slider", name="Word by word forward")
    slider.press("Home")
    page.get_by_text(re.compile("step 1 of 56")).wait_for()
    until(page, f"(whole) => ({COLOURED})() < whole / 2", whole)  # what has not been read yet is dimmed
    before = len(asked)
    page.get_by_role("button", name="Play").click()
    page.get_by_text(re.compile("step [5-9] of 56")).wait_for()
    page.get_by_role("button", name="Pause").click()
    slider.press("End")
    page.get_by_text("gradient at 1 of 56").wait_for()
    expect(page.get_by_text("“The”").first).to_be_visible()
    assert len(asked) == before
    page.get_by_role("button", name="Show all").click()
    expect(where).to_have_text("")
    until(page, f"(whole) => Math.abs(({COLOURED})() - whole) < 0.02", whole)

    # By keyboard to a word, and what it does to the state; its nearest words come from the server.
    page.locator(".gl-word").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".gl-near").first.wait_for()
    page.wait_for_url(re.compile("word=2"))
    expect(page.locator(".gl-moves li")).to_have_count(12)
    expect(page.locator(".gl-readout").first).to_contain_text("“photography”")

    # Who wants no motion walks word by word; the same fits a phone, in the dark.
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, FITS)
    page.get_by_role("button", name="Next word").click()
    expect(where).to_have_text("→ step 3 of 56")
    until(page, f"({COLOURED})() > 0")

    # Left while it plays, it ends; a fault would be noted by the fixture.
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("link", name="All labs").click()
    page.get_by_text("A lab turns one knob all the way").wait_for()
    page.locator(".gl").first.wait_for(state="detached")
