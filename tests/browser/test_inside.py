"""The labs that look inside, in a real browser: projector and phone, light and dark, and a knob that answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.shared import FITS, SIZES, go, until

pytestmark = pytest.mark.browser

LABS = {
    "saturation": "of the pre-activations lie",
    "clipping-geometry": "times the threshold",
    "batch-norm": "moves by exactly 0",
    "temporal-order": "seeds solve length 30",
    "gradient-through-time": "64 words earlier",
    "initialisation": "The gradient at word 1 of",
}


def test_each_lab_is_drawn_at_both_sizes_and_a_knob_answers(page, server):
    page.goto(f"{server.url}/labs")
    page.get_by_text("A lab turns one knob").wait_for()
    for turn, (name, sentence) in enumerate(LABS.items()):
        go(page, f"/labs?lab={name}")
        said = page.get_by_text(sentence).first
        said.wait_for(timeout=60_000)
        page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=90_000)
        for size, scheme in SIZES if turn % 2 else SIZES[::-1]:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            until(page, FITS)
            expect(said).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 720})
    before = said.inner_text()
    page.get_by_role("slider", name="Gain: every weight matrix times").press("End")
    page.wait_for_url(re.compile("gain=3"))
    expect(said).not_to_have_text(before)
    page.get_by_text("It explodes", exact=True).click()
    page.get_by_text("Yes. The gradient at word 1").wait_for()
    go(page, "/labs?lab=temporal-order")
    # Plotly's own layer lies over the words and takes the click.
    page.locator(".annotation-text").last.click(force=True)
    page.wait_for_url(re.compile("way=orthogonal"))
    page.get_by_text("from an orthogonal start, clipped: with").wait_for()
    page.goto("about:blank")
